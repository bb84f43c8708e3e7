"""The pipelines of docs/examples and .github: read by linters, and those that need no GitHub run."""

import fcntl
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import world
import yaml

pytestmark = pytest.mark.plain

HERE = pathlib.Path(__file__).parent
EXAMPLES = world.ROOT / "docs/examples"
WORKFLOWS = sorted([*(world.ROOT / ".github/workflows").iterdir(), *(EXAMPLES / "workflows").iterdir()])
ACTION = world.ROOT / "ci/action/action.yml"
GUIDE = world.ROOT / "docs/pipelines.md"
PINNED = re.compile(r"^\s*(?:- )?uses: (?:\./ci/action|your-org/predeploy/ci/action@v[\d.]+"
                    r"|[\w-]+/[\w/-]+@[0-9a-f]{40} # v[\d.]+)$")


@functools.cache
def packages():
    """node_modules of the linters; made by whoever comes first."""
    folder = world.ROOT / "build/pipelines"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "pipelines/package-lock.json").read_bytes()
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / ".installed"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "pipelines" / name, folder)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=folder, check=True, stdin=subprocess.DEVNULL,
            )
            stamp.write_bytes(wanted)
    return folder / "node_modules"


def lint(kind, *files):
    done = subprocess.run(
        ["node", HERE / "pipelines/lint.mjs", kind, *files], check=True, stdout=subprocess.PIPE,
        env={**os.environ, "NODE_PATH": str(packages())},
    )
    return json.loads(done.stdout)


def fenced(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.M | re.S)


def as_workflow(action):
    """The steps of a composite action as a job, so that a linter of workflows reads its expressions."""
    inputs = {name: dict(type="string", default=about.get("default", ""))
              for name, about in action["inputs"].items()}
    steps = [dict(step) for step in action["runs"]["steps"]]
    outputs = {name: about["value"] for name, about in action["outputs"].items()}
    job = {"runs-on": "ubuntu-latest", "outputs": outputs, "steps": steps}
    return yaml.safe_dump({"on": {"workflow_call": {"inputs": inputs}}, "jobs": {"it": job}})


def test_linters_find_nothing(tmp_path):
    action = yaml.safe_load(ACTION.read_text())
    (tmp_path / "action-as-workflow.yml").write_text(as_workflow(action))
    files = [*WORKFLOWS, tmp_path / "action-as-workflow.yml"]
    # The guide's fragments are steps, to be put into the job of the example.
    for number, fragment in enumerate(fenced(GUIDE, "yaml")):
        workflow = yaml.safe_load((EXAMPLES / "workflows/check.yml").read_text())
        workflow["on"] = workflow.pop(True)  # what YAML takes the word for
        found = yaml.safe_load(fragment)
        job = workflow["jobs"]["check"]
        if isinstance(found, list):
            job["steps"] += found
        else:
            job.update(found)
        files.append(tmp_path / f"fragment{number}.yml")
        files[-1].write_text(yaml.safe_dump(workflow))
    assert not any(lint("workflow", *files).values()), lint("workflow", *files)
    assert not any(lint("action", ACTION).values())


BREAKS = [
    ("steps.deploy.outputs", "steps.nobody.outputs"), ("inputs.backup", "inputs.nothing"),
    ("cancel-in-progress: false", "cancel: false"), ("runs-on:", "runs-in:"),
]


def test_linters_find_what_is_broken(tmp_path):
    text = (EXAMPLES / "workflows/migrate.yml").read_text()
    broken = [tmp_path / f"{number}.yml" for number in range(len(BREAKS))]
    for path, (old, new) in zip(broken, BREAKS):
        assert old in text
        path.write_text(text.replace(old, new))
    assert all(lint("workflow", *broken).values())
    broken[0].write_text(ACTION.read_text().replace("using: composite", "using: nothing"))
    assert any(lint("action", broken[0]).values())


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_conventions(path):
    """What linters do not ask: pinned versions, least rights, an end in time, no text of others in a
    script."""
    text = path.read_text()
    for line in text.split("\n"):
        assert "uses:" not in line or PINNED.match(line), line
    about = yaml.load(text, Loader=yaml.BaseLoader)
    jobs = about.get("jobs", {}) or {"it": about["runs"]}
    for job in jobs.values():
        if path != ACTION:
            assert job["permissions"] == {"contents": "read"} and about["permissions"] == {}
            assert int(job["timeout-minutes"]) <= 360
            assert "cancel-in-progress" in about["concurrency"]
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["fetch-depth"] == "0"
                assert step["with"]["persist-credentials"] == "false"


def test_migrate_is_never_cancelled():
    workflow = yaml.load((EXAMPLES / "workflows/migrate.yml").read_text(), Loader=yaml.BaseLoader)
    assert workflow["concurrency"] == {"group": "production-database", "cancel-in-progress": "false"}
    assert workflow["jobs"]["migrate"]["environment"] == "production"
    job = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())["migrate-production"]
    assert job["interruptible"] is False and job["resource_group"] == "production-database"
    assert job["environment"] == {"name": "production"}


class GitLab:
    """Runs the jobs of the GitLab example in a shell of this machine, in a clone as GitLab makes it."""

    def __init__(self, folder, repo, predeploy):
        self.folder, self.predeploy = folder / "clone", predeploy
        repo.write(".gitlab-ci.yml", (EXAMPLES / "gitlab-ci.yml").read_text())
        repo.commit("pipeline")
        predeploy_folder = folder / "bin"
        predeploy_folder.mkdir()
        (predeploy_folder / "predeploy").symlink_to(pathlib.Path(predeploy.binary).resolve())
        self.path = f"{predeploy_folder}{os.pathsep}{os.environ['PATH']}"
        subprocess.run(["git", "clone", "-q", repo.path, self.folder], check=True)
        self.git("remote", "set-url", "origin", "git@gitlab.example.com:acme/shop.git")

    def git(self, *args):
        subprocess.run(["git", *args], cwd=self.folder, check=True, env=self.predeploy.env(),
                       stdin=subprocess.DEVNULL)

    def run(self, *args, env=None):
        done = subprocess.run(
            [packages() / ".bin/gitlab-ci-local", "--force-shell-executor", "--no-shell-isolation", *args],
            cwd=self.folder, env={**self.predeploy.env(env), "PATH": self.path},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.predeploy.recorder.add(done.stdout)
        return done.returncode, done.stdout.decode()

    def junit(self):
        return (self.folder / "predeploy.xml").read_text()


def test_gitlab(tmp_path, repo, predeploy, db):
    gitlab = GitLab(tmp_path, repo, predeploy)
    status, out = gitlab.run("--list")
    assert status == 0 and "json schema validated" in out, out
    assert re.search(r"^migrations .*on_success", out, re.M), out
    assert re.search(r"^migrate-production .*manual", out, re.M), out
    status, out = gitlab.run("migrations")
    assert status == 0 and "gate open" in out, out
    assert "<testsuites" in gitlab.junit()
    status, out = gitlab.run("migrate-production", env=db.env)
    assert status == 0 and db.applied()[-1] == "0002_seed", out
    path = gitlab.folder / repo.up("0001_orders")
    path.write_text("CREATE TABLE orders (id bigint);\n")
    gitlab.git("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-qam", "edit")
    status, out = gitlab.run("migrations")
    assert status != 0 and "hash-mismatch" in gitlab.junit(), out


def test_gitlab_schema_is_asked(tmp_path, repo, predeploy):
    gitlab = GitLab(tmp_path, repo, predeploy)
    path = gitlab.folder / ".gitlab-ci.yml"
    path.write_text(path.read_text().replace("resource_group:", "resource_grp:"))
    status, out = gitlab.run("--list")
    assert status != 0 and "resource_grp" in out, out


def pipeline(repo, *args, env=None):
    binary = repo.path.parent / "bin"
    binary.mkdir(exist_ok=True)
    if not (binary / "predeploy").exists():
        (binary / "predeploy").symlink_to(pathlib.Path(repo.predeploy.binary).resolve())
    env = repo.predeploy.env({"PAUSE": 0, **(env or {})})
    env["PATH"] = f"{binary}{os.pathsep}{env['PATH']}"
    done = subprocess.run([EXAMPLES / "pipeline.sh", *args], cwd=repo.path, env=env,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    repo.predeploy.recorder.add(done.stdout)
    return done.returncode, done.stdout.decode()


@pytest.fixture
def clone(tmp_path, repo, predeploy):
    """A shallow clone, as CI servers like to make them."""
    folder = tmp_path / "clone"
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", folder)
    clone = object.__new__(world.Repo)
    clone.__dict__.update(repo.__dict__, path=folder)
    return clone


def test_shell(clone, db):
    status, out = pipeline(clone, "check")
    assert status == 0 and "gate open" in out, out
    assert "<testsuites" in (clone.path / "predeploy.xml").read_text()
    status, out = pipeline(clone, "migrate", env=db.env)
    assert status == 0 and db.applied()[-1] == "0002_seed", out
    clone.write(clone.up("0001_orders"), "CREATE TABLE orders (id bigint);\n")
    clone.commit("edit")
    status, out = pipeline(clone, "check", "origin/main")
    assert status == 1 and "history-edited" in out and "trying again" not in out, out


def test_shell_tries_again(clone, db):
    status, out = pipeline(clone, "migrate", env={"DATABASE_URL": db.url.replace(db.name, "nowhere")})
    assert status == 3 and out.count("trying again") == 2, out
    status, out = pipeline(clone, "migrate")
    assert status != 0 and "names the database" in out, out
    status, out = pipeline(clone, "bogus")
    assert status == 2 and "usage" in out, out
