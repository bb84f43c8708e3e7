"""--transaction each: what was committed stays in, is told with status 6 whatever stopped the rest, and
the same command goes on behind it."""

import os
import signal

import pytest
from test_deploy import ALL, deployments, waiting

SLOW = "CREATE TABLE slow ();\nSELECT pg_sleep(300) AS zzz_each;\n"


@pytest.fixture
def two(repo, db):
    """Two more migrations behind what is deployed; the second one is the test's."""
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(".predeploy", "[deploy]\n\ttransaction = each\n\tlockTimeout = 200ms\n\tretries = 1\n")
    repo.migration("0003_first", "CREATE TABLE first ();\n", "DROP TABLE first;\n")
    return repo


def partly(result, db, repo):
    """The first is in, of the second there is nothing, and the report says so."""
    assert result.status == 6, result
    report = result.json
    assert report["verdict"] == "failed" and report["error"]["kind"] == "partial", report
    steps = {step["name"]: step["state"] for step in report["plan"]["steps"]}
    assert steps["0003_first"] == "done" and steps["0004_second"] in ("failed", "undone"), steps
    assert report["error"]["hint"], report
    assert db.tables() == ["customers", "first", "orders"]
    assert db.applied() == [*ALL, "0003_first"]
    assert len(db.drizzle()) == 4
    assert report["deployment"]["migrations"] == ["0003_first"], report
    names = db.query("SELECT migrations FROM predeploy.deployments ORDER BY seq DESC LIMIT 1")
    assert names == "{0003_first}"
    checked = repo.check("HEAD", env=db.env)
    assert (checked.status, checked.rules) == (0, []), checked


def completes(repo, db, table):
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert [step["name"] for step in result.json["plan"]["steps"]] == ["0004_second"]
    assert db.applied() == [*ALL, "0003_first", "0004_second"]
    assert len(db.drizzle()) == 5
    assert table in db.tables()
    assert db.query("SELECT count(*) FROM customers") == "2"
    assert deployments(db)[-1] == "succeeded"


def test_lock_timeout(two, db):
    repo = two
    repo.migration("0004_second", "CREATE TABLE second ();\nALTER TABLE customers ADD COLUMN tier text;\n")
    repo.commit("two")
    with db.session() as say:
        say("BEGIN")
        say("LOCK TABLE customers IN ACCESS SHARE MODE")
        result = repo.run("deploy", "--format", "json", env=db.env)
        partly(result, db, repo)
    assert "lock" in str(result.json["error"]), result
    completes(repo, db, "second")


def test_failing_statement(two, db):
    repo = two
    repo.migration("0004_second", "CREATE TABLE second ();\n--> statement-breakpoint\nSELECT nosuch();\n")
    repo.commit("two")
    result = repo.run("deploy", "--format", "json", env=db.env)
    partly(result, db, repo)
    assert result.json["error"]["sqlstate"] == "42883", result
    partly_again = repo.run("deploy", "--format", "json", env=db.env)
    assert partly_again.status == 5, "this run has changed nothing"
    repo.write(repo.up("0004_second"), "CREATE TABLE second ();\n")
    repo.commit("mended")
    completes(repo, db, "second")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal(number, two, db):
    repo = two
    repo.migration("0004_second", SLOW)
    repo.commit("two")
    process = repo.predeploy.start("deploy", "--format", "json", env=db.env, cwd=repo.path)
    waiting(db, "zzz_each%")
    os.kill(process.pid, number)
    result = repo.predeploy.finish(process, ("--format", "json"))
    partly(result, db, repo)
    assert deployments(db)[-1] in ("failed", "interrupted")
    assert db.query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%zzz_each%'"
                    " AND pid <> pg_backend_pid() AND state = 'active'") == "0"
    repo.write(repo.up("0004_second"), "CREATE TABLE slow ();\n")
    repo.commit("faster")
    completes(repo, db, "slow")


def test_signal_in_the_first(two, db):
    """Nothing was committed yet: interrupted, and the database is as before."""
    repo = two
    repo.write(repo.up("0003_first"), SLOW)
    repo.commit("one")
    before = db.dump_but_ledger()
    process = repo.predeploy.start("deploy", "--format", "json", env=db.env, cwd=repo.path)
    waiting(db, "zzz_each%")
    os.kill(process.pid, signal.SIGINT)
    assert repo.predeploy.finish(process, ("--format", "json")).status == 130
    assert db.dump_but_ledger() == before and db.applied() == ALL


def test_connection_lost(two, db):
    repo = two
    repo.migration("0004_second", SLOW)
    repo.commit("two")
    process = repo.predeploy.start("deploy", "--format", "json", env=db.env, cwd=repo.path)
    waiting(db, "zzz_each%")
    db.server.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                   f" '{db.name}' AND pid <> pg_backend_pid()")
    result = repo.predeploy.finish(process, ("--format", "json"))
    assert result.status == 6, result
    assert db.tables() == ["customers", "first", "orders"]
    assert db.applied() == [*ALL, "0003_first"]
    repo.write(repo.up("0004_second"), "CREATE TABLE slow ();\n")
    repo.commit("faster")
    completes(repo, db, "slow")


@pytest.mark.parametrize("args", [
    ("--format", "json", "--nosuch"), ("--nosuch", "--format", "json"), ("--format=json", "--nosuch"),
    ("--nosuch", "--format=json"), ("-x", "--format", "json"), ("--format", "json", "--database"),
    ("--format", "json", "a", "b", "c"), ("--format", "json", "--quiet=yes"),
])
@pytest.mark.parametrize("command", ["deploy", "check", "depoly"])
def test_usage_error_is_one_object(command, args, repo):
    result = repo.run(command, *args)
    if "json" not in args:
        repo.predeploy.validate(result)
    assert result.status == 2, result
    assert result.json["error"]["kind"] == "usage", result
    assert result.json["error"]["message"] and result.json["verdict"] == "undecided"
