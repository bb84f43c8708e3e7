"""The image, carried out and run as `docker run` does, with everything taken away that can be:
a root that is read-only, no capabilities, and a repository that belongs to somebody else."""

import pathlib
import re
import shutil
import subprocess

import project
import pytest
from project import SOURCE

LIMITS = {"predeploy": 60, "server": 360}  # MiB on top of the base


def size(root):
    return sum(
        path.lstat().st_size
        for layer in root.layers[2:]
        for path in layer.rglob("*")
        if path.is_file() and not path.is_symlink()
    ) / (1 << 20)


@pytest.fixture
def repo(tmp_path):
    return project.make(tmp_path / "shop")


def tried(result, status=0):
    assert result.returncode == status, result.stdout + result.stderr
    return result.stdout + result.stderr


def test_what_the_image_says(build, image, server_image):
    assert build.stage_names()[-1] == "predeploy", "the last stage is built by default"
    assert re.fullmatch(r"debian:\d+\.\d+-slim", re.search(r"ARG BASE=(\S+)", (SOURCE / "Dockerfile").read_text()).group(1))
    for stage in (image, server_image):
        assert stage.entrypoint == ["predeploy"]
        assert stage.user == "10001:10001"
        assert stage.folder == "/repo"
        assert stage.labels["org.opencontainers.image.licenses"] == "MIT"


@pytest.mark.parametrize("name", LIMITS)
def test_small(build, name):
    assert 1 < size(build.stages[name].root) < LIMITS[name]


@pytest.mark.parametrize("path", ["usr/bin/cc", "usr/bin/cmake", "src", "package/*"])
def test_nothing_of_the_build_is_left(build, image, path):
    assert image.root.file(path) is None
    assert path.startswith("package") or build.stages["build"].root.file(path)


def test_help_is_the_default(image):
    assert "predeploy COMMAND" in tried(image.run())


def test_version(image):
    version = re.search(r"project\(predeploy VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text()).group(1)
    assert tried(image.run("--version")) == f"predeploy {version}\n"


def test_nothing_can_be_written(image):
    image_with_shell = image.__class__(image.root)
    image_with_shell.__dict__.update(image.__dict__, entrypoint=["sh", "-c"])
    said = tried(image_with_shell.run("id -u; touch /repo/x /etc/x /home/x; grep CapEff /proc/self/status"))
    assert said.startswith("10001\n")
    assert "0000000000000000" in said
    assert said.count("Read-only file system") == 3


def test_somebody_elses_repository(image, repo):
    said = tried(image.run("check", repo=repo))
    assert "open" in said.splitlines()[-1]


def test_any_user(image, repo):
    tried(image.run("check", repo=repo, user=(4711, 4711)))


def test_only_the_mounted_one_is_trusted(image, repo):
    said = tried(
        image.run(
            "check", "--repo", "/tmp/other",
            script=f'mkdir "$root/tmp/other"; mount --bind {repo} "$root/tmp/other"',
        ),
        3,
    )
    assert "another user owns it" in said
    assert "safe.directory" in said


def test_trusted_by_the_environment(image, repo):
    tried(
        image.run(
            "check", "--repo", "/tmp/other",
            script=f'mkdir "$root/tmp/other"; mount --bind {repo} "$root/tmp/other"',
            env={
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "/tmp/other",
            },
        )
    )


def test_a_database_outside(image, repo, db):
    tried(image.run("deploy", repo=repo, env={"DATABASE_URL": db.url}))
    assert db.tables() == ["customers"]
    tried(image.run("rollback", repo=repo, env={"DATABASE_URL": db.url}))
    assert db.tables() == []


def test_no_server_in_the_small_one(image, repo):
    said = tried(image.run("deploy", "--ephemeral", repo=repo), 3)
    assert "PREDEPLOY_PG_BINDIR" in said


def test_a_throwaway_server(server_image, repo):
    said = tried(server_image.run("deploy", "--ephemeral", repo=repo))
    assert "0001_customers" in said


def test_linter(tmp_path):
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    here = pathlib.Path(__file__).parent / "linter"
    folder = SOURCE / "build/linter"
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "installed"
    wanted = (here / "package-lock.json").read_bytes()
    if not stamp.exists() or stamp.read_bytes() != wanted:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(here / name, folder)
        subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder, check=True, stdin=subprocess.DEVNULL,
        )
        stamp.write_bytes(wanted)
    shutil.copy(here / "lint.js", folder)

    def lint(path):
        done = subprocess.run(
            ["node", "lint.js", str(path)], cwd=folder, check=True, capture_output=True, text=True
        )
        return done.stdout

    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM debian\nRUM true\n")
    assert "RUM" in lint(wrong)
    assert lint(SOURCE / "Dockerfile") == ""
