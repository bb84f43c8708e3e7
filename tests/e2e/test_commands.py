"""The commands that only read, the helper commands, and what all of them say."""

import re

import pytest
import world

ALL = ["0000_customers", "0001_orders", "0002_seed"]
COMMANDS = ["init", "new", "record", "check", "plan", "deploy", "verify", "status", "rollback", "hook"]


def test_version_and_help(predeploy):
    version = predeploy.run("--version")
    assert version.status == 0 and re.fullmatch(r"predeploy \d+\.\d+\.\d+\n", version.out), version
    overview = predeploy.run("--help")
    assert overview.status == 0 and not overview.err
    for command in COMMANDS:
        assert re.search(rf"^\s+{command}\b", overview.out, re.M), command
        page = predeploy.run(command, "--help")
        assert page.status == 0 and not page.err, page
        assert f"predeploy {command}" in page.out
        assert max(map(len, page.out.splitlines())) <= 100
    assert "--backup" in predeploy.run("deploy", "--help").out
    assert "--to" in predeploy.run("rollback", "--help").out


def test_full_disk_is_not_success(repo):
    import subprocess

    with open("/dev/full", "w") as full:
        status = subprocess.call([world.BINARY, "check"], cwd=repo.path, stdout=full,
                                 stderr=subprocess.DEVNULL, env=repo.predeploy.env())
    assert status not in (0, 1)


def test_plan(repo, db):
    before = db.dump()
    result = repo.run("plan", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert [step["name"] for step in result.json["plan"]["steps"]] == ALL
    assert {step["state"] for step in result.json["plan"]["steps"]} == {"planned"}
    verbs = [s["verb"] for s in result.json["plan"]["steps"][1]["statements"]]
    assert verbs == ["CREATE TABLE", "CREATE INDEX"]
    assert db.dump() == before, "plan writes nothing"
    human = repo.run("plan", env=db.env)
    for name in ALL:
        assert name in human.out
    assert "CREATE INDEX" in repo.run("plan", "-v", env=db.env).out
    assert repo.run("deploy", env=db.env).status == 0
    after = db.dump()
    assert repo.run("plan", "--format", "json", env=db.env).json["plan"]["steps"] == []
    assert db.dump() == after


def test_check_says_whether_it_asked_the_database(repo, db):
    without = repo.check().json["gates"]
    assert {gate["state"] for gate in without if gate["name"] in ("ledger", "verify")} <= {"skipped"}
    before = db.dump()
    given = repo.check(env=db.env).json["gates"]
    assert {gate["state"] for gate in given if gate["name"] == "ledger"} == {"open"}
    assert db.dump() == before, "check writes nothing"


def test_status(repo, db):
    before = db.dump()
    assert repo.run("status", env=db.env).status == 0
    assert db.dump() == before, "status writes nothing"
    head = repo.git("rev-parse", "HEAD")
    assert repo.run("deploy", env=db.env).status == 0
    result = repo.run("status", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert [row["name"] for row in result.json["applied"]] == ALL
    assert result.json["deployments"][0]["commit"] == head
    human = repo.run("status", env=db.env)
    assert head[:7] in human.out
    for name in ALL:
        assert name in human.out


def test_status_outside_a_repository(repo, db, tmp_path):
    assert repo.run("deploy", env=db.env).status == 0
    (tmp_path / "elsewhere").mkdir()
    result = repo.run("status", env=db.env, cwd=tmp_path / "elsewhere")
    assert result.status == 0 and ALL[0] in result.out, result


def test_verify(repo, db):
    before = db.dump()
    result = repo.run("verify", "--format", "json", env=db.env)
    assert result.status in (1, 7), result
    assert "verify-no-ledger" in result.rules or "verify-pending" in result.rules
    assert db.dump() == before
    assert repo.run("deploy", env=db.env).status == 0
    before = db.dump()
    assert repo.run("verify", env=db.env).status == 0
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("more")
    result = repo.run("verify", "--format", "json", env=db.env)
    assert result.status in (1, 7) and "verify-pending" in result.rules, result
    assert repo.run("verify", "HEAD~1", env=db.env).status == 0
    repo.write(".predeploy", "[verify]\n\ttables = 5\n")
    repo.commit("count")
    assert "verify-tables" in repo.run("verify", "--format", "json", env=db.env).rules
    assert db.dump() == before, "verify writes nothing"


def test_quiet_and_verbose(repo, db):
    quiet = repo.run("deploy", "-q", env=db.env)
    assert quiet.status == 0 and not quiet.err, quiet
    assert len(quiet.out.splitlines()) <= 2
    normal = repo.run("check", env=db.env)
    verbose = repo.run("check", "--verbose", env=db.env)
    assert len(verbose.both) >= len(normal.both)


def test_color(repo):
    assert "\x1b" not in repo.run("check").both
    assert "\x1b[" in repo.run("check", "--color", "always").out
    assert "\x1b" not in repo.run("check", "--color", "never").both


def terminal(repo, env):
    status, text = repo.predeploy.in_terminal("check", env=env, cwd=repo.path)
    assert status == 0
    return text


def test_terminal(repo):
    assert "\x1b[" in terminal(repo, {"TERM": "xterm"})
    plain = terminal(repo, {"TERM": "xterm", "NO_COLOR": "1"})
    assert not re.search(r"\x1b\[[0-9;]*m", plain)


def test_stdout_is_the_report(repo, db):
    result = repo.run("deploy", "--format", "json", "-v", env=db.env)
    assert result.status == 0
    assert result.json["command"] == "deploy"  # nothing else on stdout, or it would not parse


# --- record ---------------------------------------------------------------------------------------


def sums(repo):
    return (repo.migrations / "SHA256SUMS").read_text()


def test_record(make_repo):
    repo = make_repo(commit=False)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "no hashes yet")
    missing = repo.check()
    assert missing.rules == ["sums-missing"]
    assert "predeploy record" in missing.json["findings"][0]["hint"]
    result = repo.run("record")
    assert result.status == 0, result
    written = sums(repo)
    repo.record()
    assert sums(repo) == written, "sha256sum writes the same"
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "recorded")
    assert repo.check().status == 0
    assert repo.run("record").status == 0
    assert sums(repo) == written
    assert not list(repo.migrations.glob("*tmp*"))


def test_record_adds_and_mends_what_is_not_published(repo):
    base = repo.git("rev-parse", "HEAD")
    repo.migration("0003_more", "SELECT 1;\n")
    assert repo.run("record", "--base", base).status == 0
    repo.write(repo.up("0003_more"), "SELECT 2;\n")
    assert repo.run("record", "--base", base).status == 0
    written = sums(repo)
    repo.record()
    assert sums(repo) == written


def test_record_refuses_what_is_published(repo):
    base = repo.git("rev-parse", "HEAD")
    before = sums(repo)
    repo.migration("0003_more", "SELECT 1;\n")
    repo.write(repo.up("0001_orders"), "CREATE TABLE orders ();\n")
    result = repo.run("record", "--base", base)
    assert result.status == 2, result
    assert "0001_orders.sql" in result.both
    assert sums(repo) == before, "nothing may be written then"


@pytest.mark.parametrize("remote", [False, True])
def test_record_in_a_repository_without_a_remote(remote, repo, tmp_path):
    """It has published nothing, as the gate says, too: a companion that was filled later is recorded."""
    if remote:
        repo.publish(tmp_path / "origin.git")
    repo.write(repo.up("0001_orders"), "CREATE TABLE orders ();\n")
    assert repo.run("record").status == (2 if remote else 0)
    repo.commit("changed")
    assert repo.check().status == (1 if remote else 0)


def test_record_in_a_bare_repository(repo, tmp_path):
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "bare.git")
    assert repo.run("record", cwd=tmp_path / "bare.git").status == 2


def test_record_hashes_what_git_stores(repo):
    repo.git("config", "core.autocrlf", "true")
    repo.migration("0003_crlf", "SELECT 1;\r\nSELECT 2;\r\n", "SELECT 1;\r\n")
    assert repo.run("record").status == 0
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "crlf")
    assert b"\r" not in repo.git("show", "HEAD:drizzle/0003_crlf.sql").encode()
    assert repo.check().status == 0
