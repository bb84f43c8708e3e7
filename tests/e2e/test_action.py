"""The action for GitHub workflows, and the example workflows: their own steps, run as a runner would,
for each event, with real repositories and a real PostgreSQL."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest
import world
import yaml
from test_deploy import until

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import action_runner  # noqa: E402

pytestmark = pytest.mark.plain

ACTION = world.ROOT / "ci/action"
EXAMPLES = world.ROOT / "docs/examples/workflows"
EVENTS = ["push", "pull_request", "merge_group", "workflow_dispatch", "deployment"]
BASED = {"push": "before", "pull_request": "base", "merge_group": "base"}


class Hosted:
    """A repository as GitHub hosts it: with an event, and what a runner gets of it."""

    def __init__(self, folder, repo, predeploy):
        self.folder, self.repo, self.predeploy = folder, repo, predeploy
        repo.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.base = repo.git("rev-parse", "HEAD")
        self.count = 0
        self.artifacts = []
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/predeploy").symlink_to(pathlib.Path(predeploy.binary).resolve())

    def change(self, branch="feature"):
        """What a developer commits to a branch: one more migration."""
        self.repo.git("checkout", "-q", "-b", branch)
        self.repo.migration("0003_more", "CREATE TABLE more (id int);\n", "DROP TABLE more;\n")
        self.repo.commit("One more")

    def runner(self, event, environment="production", **more):
        """The runner of an event about what the repository's HEAD is."""
        tip = self.repo.git("rev-parse", "HEAD")
        repository = {"default_branch": "main", "full_name": "acme/shop"}
        ref = "refs/heads/main"
        if event == "push":
            self.repo.git("branch", "-f", "main", tip, check=False)
            payload = dict(ref=ref, before=self.base, after=tip)
        elif event == "pull_request":
            tree = self.repo.git("rev-parse", "HEAD^{tree}")
            tip = self.repo.git("commit-tree", "-p", self.base, "-p", tip, "-m", "Merge", tree)
            ref = "refs/pull/1/merge"
            self.repo.git("update-ref", ref, tip)
            payload = dict(number=1, pull_request=dict(base=dict(sha=self.base, ref="main")))
        elif event == "merge_group":
            ref = f"refs/heads/gh-readonly-queue/main/pr-1-{self.base}"
            self.repo.git("update-ref", ref, tip)
            payload = dict(merge_group=dict(base_sha=self.base, head_sha=tip, head_ref=ref))
        elif event == "deployment":
            ref = ""
            payload = dict(deployment=dict(sha=tip, ref=tip, environment=environment))
        else:
            self.repo.git("update-ref", ref, tip)
            payload = dict(ref=ref, inputs={})
        self.count += 1
        env = self.predeploy.env(more.pop("env", None))
        env["PATH"] = f"{self.folder / 'bin'}{os.pathsep}{env['PATH']}"
        actions = {
            "actions/checkout": action_runner.checkout(self.repo.path),
            "actions/upload-artifact": self.keep,
            "your-org/predeploy/ci/action": ACTION,
        }
        return action_runner.Runner(self.folder / f"run{self.count}", event,
                                    dict(payload, repository=repository), tip, ref, actions, env)

    def keep(self, runner, inputs):
        self.artifacts.append((inputs["name"], json.loads(pathlib.Path(inputs["path"]).read_text())))

    def checked_out(self, event, depth=0, **more):
        runner = self.runner(event, **more)
        runner.actions["actions/checkout"](runner, {"fetch-depth": depth})
        return runner

    def act(self, runner, secrets=(), env=None, **inputs):
        """Runs the action; its outputs and its conclusion."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        scope = runner.action(ACTION, given, env, list(secrets))
        self.predeploy.recorder.add(runner.log.text.encode(), runner.summary.encode())
        it = scope.contexts["steps"]["it"]
        assert not runner.log.token, "the runner was left deaf"
        return it["outputs"], it["conclusion"]


@pytest.fixture
def hosted(tmp_path, repo, predeploy):
    return Hosted(tmp_path / "hosted", repo, predeploy)


def secrets_of(db, webhook=None):
    return {"production": dict(
        DATABASE_URL=db.url, PREDEPLOY_BACKUP_URL=webhook.url if webhook else "",
        PREDEPLOY_BACKUP_SECRET=world.WEBHOOK_SECRET if webhook else "")}


@pytest.mark.parametrize("event", EVENTS)
def test_open_gate(hosted, event):
    hosted.change()
    runner = hosted.checked_out(event)
    outputs, conclusion = hosted.act(runner)
    assert conclusion == "success", runner.log.text
    report = json.loads(pathlib.Path(outputs.pop("report-path")).read_text())
    assert outputs == {"verdict": "open", "exit-status": "0", "applied": "0", "pending": "",
                       "tables": "", "backup-reference": "", "commit": runner.github["sha"],
                       "database": "not asked"}
    assert report["revision"]["commit"] == runner.github["sha"]
    if event in BASED:
        assert report["base"]["commit"] == hosted.base
    assert "✅ open" in runner.summary
    assert {kind for kind, _, _ in runner.log.annotations} <= {"notice"}


@pytest.mark.parametrize("event", EVENTS)
def test_closed_gate(hosted, event):
    hosted.repo.git("checkout", "-q", "-b", "feature")
    hosted.repo.write(hosted.repo.up("0001_orders"), "CREATE TABLE orders (id bigint);\n")
    hosted.repo.commit("edit", record=False)
    runner = hosted.checked_out(event)
    outputs, conclusion = hosted.act(runner)
    assert (conclusion, outputs["verdict"], outputs["exit-status"]) == ("failure", "closed", "1")
    rules = {properties["title"] for kind, properties, _ in runner.log.annotations if kind == "error"}
    assert "hash-mismatch" in rules and ("history-edited" in rules) == (event != "workflow_dispatch")
    place = next(one for one in runner.log.annotations if one[1]["title"] == "hash-mismatch")
    assert place[1]["file"] == hosted.repo.up("0001_orders")
    assert "❌ closed" in runner.summary
    assert json.loads(pathlib.Path(outputs["report-path"]).read_text())["verdict"] == "closed"


@pytest.mark.parametrize("command", ["check", "deploy"])
@pytest.mark.parametrize("empty", ["", " \n"])
def test_empty_database_url(hosted, db, command, empty):
    """A secret that the job does not get, whatever stands in the step's environment."""
    runner = hosted.checked_out("push")
    outputs, conclusion = hosted.act(runner, command=command, database_url=empty, env=db.env,
                                     secrets=[db.url])
    assert (conclusion, outputs["verdict"], outputs["exit-status"]) == ("failure", "undecided", "2")
    (_, _, message), = runner.log.annotations
    assert "database-url is empty: does this job get the secret?" in message
    assert outputs["database"] == "" and db.tables() == []


def test_empty_variable(hosted):
    outputs, conclusion = hosted.act(hosted.checked_out("push"), env={"DATABASE_URL": ""})
    assert (conclusion, outputs["verdict"], outputs["exit-status"]) == ("failure", "undecided", "2")


@pytest.mark.parametrize("given", [{}, {"database_url": "none"}])
def test_no_database_url(hosted, db, given):
    """The caller said so, or the step's environment names the database."""
    runner = hosted.checked_out("push")
    outputs, _ = hosted.act(runner, **given)
    assert (outputs["verdict"], outputs["database"]) == ("open", "not asked"), runner.log.text
    assert "the database was not asked" in runner.log.text and "no database" in runner.summary
    outputs, _ = hosted.act(runner, **given, env=db.env, secrets=[db.url])
    assert (outputs["verdict"], outputs["database"]) == ("open", "asked"), runner.log.text


@pytest.mark.parametrize("event", ["pull_request", "merge_group"])
def test_example_check(hosted, event):
    hosted.change()
    runner = hosted.runner(event)
    scope = runner.job(EXAMPLES / "check.yml", "check")
    assert not scope.failed, runner.log.text
    assert "0003_more" in runner.summary and runner.summary.count("## predeploy") == 2
    assert hosted.runner("push").job(EXAMPLES / "check.yml", "check") is None


def test_example_check_closes(hosted):
    hosted.change()
    hosted.repo.migration("0004_broken", "CREATE TABLE orders (id int);\n")
    hosted.repo.commit("applies to no database")
    runner = hosted.runner("pull_request")
    assert runner.job(EXAMPLES / "check.yml", "check").failed
    assert "42P07" in runner.summary, "the rehearsal finds what no gate reads from the files"


def test_example_migrate(hosted, db):
    hosted.change("release")
    runner = hosted.runner("deployment")
    scope = runner.job(EXAMPLES / "migrate.yml", "migrate", secrets_of(db))
    assert not scope.failed, runner.log.text
    outputs = scope.contexts["steps"]["deploy"]["outputs"]
    assert outputs["applied"] == "4" and outputs["pending"] == "0" and outputs["tables"] == "3"
    assert db.applied()[-1] == "0003_more"
    (name, report), = hosted.artifacts
    assert name == "predeploy-report-1" and report["deployment"]["outcome"] == "succeeded"
    assert not world.leaked((runner.log.text + runner.summary).encode())
    without = hosted.runner("deployment")
    assert without.job(EXAMPLES / "migrate.yml", "migrate").failed and "secret?" in without.log.text
    other = hosted.runner("deployment", environment="staging")
    assert other.job(EXAMPLES / "migrate.yml", "migrate", secrets_of(db)) is None
    assert hosted.runner("push").job(EXAMPLES / "migrate.yml", "migrate", secrets_of(db)) is None


def test_example_migrate_by_hand(hosted, db, webhook):
    hosted.repo.git("tag", "v1")
    hosted.change("release")
    runner = hosted.runner("workflow_dispatch")
    scope = runner.job(EXAMPLES / "migrate.yml", "migrate", secrets_of(db, webhook),
                       inputs=dict(revision="v1", backup=True))
    outputs = scope.contexts["steps"]["deploy"]["outputs"]
    assert outputs["applied"] == "3" and outputs["backup-reference"] == "backup-1", runner.log.text
    assert outputs["commit"] == hosted.base
    webhook.answers = [(200, {}, {"status": "failed", "message": "the disk is full"})]
    webhook.requests.clear()
    again = hosted.runner("workflow_dispatch")
    scope = again.job(EXAMPLES / "migrate.yml", "migrate", secrets_of(db, webhook),
                      inputs=dict(revision="", backup=True))
    assert scope.failed and scope.contexts["steps"]["deploy"]["outputs"]["exit-status"] == "4"
    assert hosted.artifacts[-1][1]["status"] == 4, "the report is kept of a failure, too"
    assert "0003_more" not in db.applied()
    assert not world.leaked((runner.log.text + again.log.text).encode())


@pytest.mark.parametrize("format, begins", [("sarif", "{"), ("junit", "<?xml")])
def test_formats(hosted, format, begins):
    outputs, _ = hosted.act(hosted.checked_out("push"), format=format)
    path = pathlib.Path(outputs["report-path"])
    assert path.read_text().startswith(begins) and path.suffix in (".sarif", ".xml")


def test_other_folder_and_arguments(hosted, db):
    hosted.repo.write("app/.keep", "")
    hosted.repo.commit("app")
    runner = hosted.checked_out("push")
    outputs, _ = hosted.act(runner, command="deploy", working_directory="app", database_url=db.url,
                            arguments="  --transaction=each\n\n--no-wait \n", secrets=[db.url])
    assert outputs["verdict"] == "open" and outputs["applied"] == "3", runner.log.text
    outputs, _ = hosted.act(runner, command="rollback", arguments="2", env=db.env, secrets=[db.url])
    assert outputs["applied"] == "2" and db.applied() == ["0000_customers"], runner.log.text
    outputs, _ = hosted.act(runner, command="plan", env=db.env, secrets=[db.url])
    assert outputs["pending"] == "2"


def test_shallow_checkout(hosted):
    hosted.change()
    runner = hosted.checked_out("pull_request", depth=1)
    outputs, conclusion = hosted.act(runner)
    assert (conclusion, outputs["verdict"], outputs["exit-status"]) == ("failure", "undecided", "3")
    (_, _, message), = runner.log.annotations
    assert "fetch-depth: 0" in message and hosted.base in message


def test_secrets_are_masked(hosted, server):
    database = server.database()
    runner = hosted.checked_out("push")
    wrong = database.url.replace(database.name, "nowhere")
    outputs, conclusion = hosted.act(
        runner, command="deploy", database_url=wrong, backup="true",
        secrets=[wrong, world.WEBHOOK_SECRET],
        backup_url="http://127.0.0.1:1/token-cAnary", backup_secret=world.WEBHOOK_SECRET)
    assert (conclusion, outputs["exit-status"]) == ("failure", "3"), runner.log.text
    for secret in (world.PASSWORD, wrong, world.WEBHOOK_SECRET, "http://127.0.0.1:1/token-cAnary"):
        assert secret in runner.log.masks
    report = pathlib.Path(outputs["report-path"]).read_bytes()
    everything = report + (runner.summary + json.dumps(outputs)).encode()
    assert not world.leaked(everything) and b"nowhere" in everything
    for variable in ("DATABASE_URL", "PREDEPLOY_BACKUP_SECRET"):
        assert f"  {variable}:" not in runner.log.text


def test_masks_of_odd_urls(hosted):
    runner = hosted.checked_out("push")
    odd = "postgresql://app:100%25\\n%0a::x@127.0.0.1:1/db"
    hosted.act(runner, database_url=odd)
    assert "100%\\n\n::x" not in runner.log.text and {"100%\\n", "::x"} <= set(runner.log.masks)
    runner = hosted.checked_out("push")
    hosted.act(runner, database_url="postgresql://app:app@127.0.0.1:1/db")
    assert "app" not in runner.log.masks, "a password that is the user's name stays readable"


HOSTILE = [
    "$(touch pwned)`touch pwned`", "'; touch pwned; \"; touch pwned; '",
    "a\ntouch pwned\n::set-output name=verdict::open", "##[set-output name=verdict]open\x1b[2J",
    "%0A::stop-commands::x", "--output=pwned", "--format=human", "../..",
]


@pytest.mark.parametrize("name", ["command", "revision", "base", "database_url", "backup", "format",
                                  "arguments", "working_directory", "binary", "backup_url"])
def test_hostile_inputs(hosted, name):
    runner = hosted.checked_out("push")
    for value in HOSTILE:
        if name == "binary" and value == "../..":
            continue
        runner.log.obeyed.clear()
        given = {"command": "deploy", "backup": "true", name: value}
        outputs, conclusion = hosted.act(runner, **given)
        assert conclusion == "failure", (name, value, runner.log.text)
        assert outputs["verdict"] in ("undecided", "failed", ""), (name, value, outputs)
        assert not set(runner.log.obeyed) & action_runner.OLD, (value, runner.log.text)
    assert not list(runner.folder.rglob("*pwned*"))


def test_hostile_repository(hosted, db):
    repo = hosted.repo
    evil = "x::set-output name=verdict::open ##[set-output name=verdict]open $(touch pwned)"
    branch = "$(touch${IFS}x);##set-output"
    repo.git("checkout", "-q", "-b", branch)
    repo.migration("0003_##[set-output name=verdict]open", "SELECT 1;\n",
                   "DO $$BEGIN RAISE NOTICE E'\\n::set-output name=verdict::open'; END$$;\n")
    repo.migration("0004_notice", f"DO $$BEGIN RAISE NOTICE E'\\n::error::{evil}\\n##[add-path]/x';"
                   f" RAISE EXCEPTION E'\\n::set-output name=verdict::open\\n{evil}'; END$$;\n")
    repo.commit(f"::set-output name=verdict::open\n\n::add-mask::e\n{evil}")
    runner = hosted.checked_out("push")
    runner.env.update(GITHUB_REF=f"refs/heads/{branch}", GITHUB_REF_NAME=branch)
    for command in ("check", "plan", "deploy"):
        outputs, conclusion = hosted.act(runner, command=command, env=db.env,
                                         arguments="--verbose", secrets=[db.url])
        assert (conclusion == "success") == (outputs["verdict"] == "open")
    assert (conclusion, outputs["verdict"], outputs["exit-status"]) == ("failure", "failed", "5")
    allowed = {"add-mask", "stop-commands", "error", "warning", "notice"}
    assert set(runner.log.obeyed) <= allowed, set(runner.log.obeyed) - allowed
    assert "e" not in runner.log.masks
    assert not list(runner.folder.rglob("*pwned*"))
    assert "set-output" in runner.log.text, "the test shows nothing when none of it is printed"


def test_cancelled_job(hosted, db):
    """The runner interrupts the shell alone; predeploy has to hear of it, and takes all back."""
    hosted.act(hosted.checked_out("push"), command="deploy", env=db.env, secrets=[db.url])
    hosted.repo.write(".predeploy", "[deploy]\n\tlockTimeout = 60s\n")
    hosted.repo.migration("0003_waits", "CREATE TABLE a (id int);\nALTER TABLE orders ADD x int;\n")
    hosted.repo.commit("waits")
    runner = hosted.checked_out("push")
    begun = []

    def cancel(process):
        if runner.count == 2:  # the step that runs predeploy
            until(db, "wait_event_type = 'Lock'")
            begun.append(time.monotonic())
            os.kill(process.pid, signal.SIGINT)

    with db.session() as say:
        say("BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        runner.during = cancel
        outputs, conclusion = hosted.act(runner, command="deploy", env=db.env, secrets=[db.url])
    assert time.monotonic() - begun[0] < 7, "the runner kills after 7.5 s"
    assert (conclusion, outputs["exit-status"], outputs["verdict"]) == ("cancelled", "143", "failed")
    assert "a" not in db.tables() and "0003_waits" not in db.applied()
    assert db.query("SELECT outcome FROM predeploy.deployments ORDER BY seq DESC LIMIT 1") == "interrupted"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_workspace_of_somebody_else(hosted):
    """A job in a container runs as root in a workspace of the runner's user."""
    runner = hosted.checked_out("push")
    subprocess.run(["chown", "-R", "nobody", runner.workspace], check=True)
    refused = hosted.predeploy.run("check", cwd=runner.workspace)
    assert refused.status == 3, "git trusts nobody's folder"
    outputs, _ = hosted.act(runner)
    assert outputs["verdict"] == "open", runner.log.text
    runner.env["GITHUB_WORKSPACE"] = "/elsewhere"
    outputs, _ = hosted.act(runner)
    assert outputs["exit-status"] == "3", "another folder is not trusted"


STAND_INS = {
    "apt-get": 'case "$*" in *install*) cp {binary} {bin}/predeploy ;; esac\n',
    "cmake": "echo '::error::a compiler talks'\nfor last; do :; done\n",
    "cpack": "touch predeploy_0.1.0_amd64.deb\n",
    "dpkg-query": "echo installed\n",
    "sudo": 'exec "$@"\n',
}


def test_built_once_and_cached(hosted):
    """Where there is no predeploy: a package is built, cached under a key of the sources, installed."""
    called = hosted.folder / "called"
    for name, body in STAND_INS.items():
        path = hosted.folder / "bin" / name
        body = body.format(binary=pathlib.Path(hosted.predeploy.binary).resolve(), bin=path.parent)
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{called}\n{body}')
        path.chmod(0o755)
    cache, keys = {}, []

    def restore(runner, inputs):
        path = pathlib.Path(inputs["path"])
        keys.append(inputs["key"])
        if inputs["key"] in cache:
            path.mkdir()
            (path / "predeploy.deb").touch()
        cache[inputs["key"]] = path

    for round in range(2):
        (hosted.folder / "bin/predeploy").unlink()
        called.unlink(missing_ok=True)
        runner = hosted.checked_out("push")
        runner.env["PATH"] = f"{hosted.folder / 'bin'}:/usr/bin:/bin"
        runner.actions["actions/cache"] = restore
        outputs, _ = hosted.act(runner)
        assert outputs["verdict"] == "open", runner.log.text
        assert ("cmake -S" in called.read_text()) == (round == 0), "the cache was there"
        assert runner.log.annotations == []
    assert keys[0] == keys[1] and re.fullmatch(r"predeploy-\w+-[\w.]+-\w+-[0-9a-f]{32}", keys[0])


def test_build_fails(hosted):
    for name, body in {**STAND_INS, "cmake": "exit 1\n"}.items():
        path = hosted.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{body.format(binary='/bin/true', bin=path.parent)}")
        path.chmod(0o755)
    (hosted.folder / "bin/predeploy").unlink()
    runner = hosted.checked_out("push")
    runner.env["PATH"] = f"{hosted.folder / 'bin'}:/usr/bin:/bin"
    runner.actions["actions/cache"] = lambda runner, inputs: None
    outputs, conclusion = hosted.act(runner)
    assert conclusion == "failure" and outputs["verdict"] == "", "never open"
    (_, _, message), = runner.log.annotations
    assert "could not be built" in message


STRAY = """#!/bin/sh
for line in '::set-output name=verdict::open' 'x ##[set-output name=verdict]open' '::stop-commands::x' \\
    '::add-mask::e' '::error title=a::b'; do
    echo "$line"
    echo "$line" >&2
done
echo "verdict=open" >>"$GITHUB_OUTPUT"
kill -9 $$
"""


def test_a_binary_that_strays(hosted):
    """The second wall: whatever is printed, the runner obeys annotations and nothing else."""
    path = hosted.folder / "bin/predeploy"
    path.unlink()
    path.write_text(STRAY)
    path.chmod(0o755)
    runner = hosted.checked_out("push")
    outputs, conclusion = hosted.act(runner)
    assert (conclusion, outputs["verdict"], outputs["exit-status"]) == ("failure", "failed", "137")
    assert outputs["report-path"] == ""
    assert runner.log.obeyed == ["stop-commands", "error"] and runner.log.masks == []


def test_outputs_and_inputs_are_those_of_the_guide():
    """The tables of docs/pipelines.md have what the action has."""
    action = yaml.safe_load((ACTION / "action.yml").read_text())
    page = (world.ROOT / "docs/pipelines.md").read_text()
    for part, title in (("inputs", "### Inputs"), ("outputs", "### Outputs")):
        table = page.split(title)[1].split("\n#")[0]
        assert re.findall(r"^\| `([a-z-]+)` \|", table, re.M) == list(action[part])
