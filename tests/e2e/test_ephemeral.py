"""--ephemeral: a PostgreSQL of its own, gone without trace."""

import os
import pathlib
import signal
import time

import pytest


def processes(marker):
    """Processes whose environment or command line names the private temporary folder."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "cmdline").read_bytes() + os.readlink(folder / "cwd").encode()
        except OSError:
            continue
        if marker in text:
            found.append((folder.name, text))
    return found


@pytest.fixture
def private(tmp_path_factory, session_folder):
    """A TMPDIR of its own: whatever is left in it was left behind. Short, for the socket."""
    path = session_folder / f"t{os.urandom(3).hex()}"
    path.mkdir()
    path.chmod(0o1777)
    if os.geteuid() == 0:
        session_folder.chmod(session_folder.stat().st_mode | 0o011)
    return path


def gone(private):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        left = list(private.iterdir()), processes(str(private).encode())
        if left == ([], []):
            return
        time.sleep(0.1)
    raise AssertionError(f"left behind: {left}")


def test_success(repo, private):
    result = repo.run("deploy", "--ephemeral", "--format", "json", env={"TMPDIR": private})
    assert result.status == 0, result
    assert result.json["database"]["ephemeral"] is True
    assert result.json["tables"]["after"] == 2
    gone(private)


def test_database_url_is_not_touched(repo, private, db):
    before = db.dump()
    assert repo.run("deploy", "--ephemeral", env={"TMPDIR": private, **db.env}).status in (0, 2)
    assert db.dump() == before
    gone(private)


def test_failure(repo, private):
    repo.migration("0003_bad", "SELECT nosuch();\n")
    repo.commit("bad")
    assert repo.run("deploy", "--ephemeral", env={"TMPDIR": private}).status == 5
    gone(private)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143),
                                            (signal.SIGHUP, 143)])
@pytest.mark.parametrize("when", ["starting", "running"])
def test_signal(number, status, when, repo, private):
    repo.migration("0003_slow", "SELECT pg_sleep(300);\n")
    repo.commit("slow")
    process = repo.predeploy.start("deploy", "--ephemeral", env={"TMPDIR": private}, cwd=repo.path)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if when == "starting" and any(path.is_dir() for path in private.iterdir()):
            break
        if when == "running" and any(private.glob("*/**/.s.PGSQL.*")):
            time.sleep(1.5)
            break
        time.sleep(0.02)
    os.kill(process.pid, number)
    result = repo.predeploy.finish(process)
    assert result.status == status, result
    gone(private)


def test_no_server_programs(repo, private):
    result = repo.run("deploy", "--ephemeral",
                      env={"TMPDIR": private, "PREDEPLOY_PG_BINDIR": "/nonexistent"})
    assert result.status == 3, result
    assert "hint" in result.both.lower()
    gone(private)


def test_two_at_once(repo, private):
    started = [repo.predeploy.start("deploy", "--ephemeral", env={"TMPDIR": private}, cwd=repo.path)
               for _ in range(2)]
    for process in started:
        assert repo.predeploy.finish(process).status == 0
    gone(private)
