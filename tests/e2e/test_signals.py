"""SIGINT and SIGTERM at every phase, also when nobody answers any more: predeploy ends within a second,
tells what it was, and the next run goes on. And [deploy] timeout, which ends a run the same way."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time

import faults
import pytest
import world

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import wire_proxy  # noqa: E402

SECOND = 1.0
SLACK = 0.5  # for a machine that does other things, too
BOTH = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]


def outcomes(db):
    return [row[0] for row in db.rows("SELECT outcome FROM predeploy.deployments ORDER BY seq")]


def until(db, condition, count=1):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = db.query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                         f" AND pid <> pg_backend_pid() AND ({condition})")
        if int(found) >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"never: {condition}")


def interrupt(repo, process, number, status=None):
    """Sends the signal, and holds the end against the clock."""
    begun = time.monotonic()
    os.kill(process.pid, number)
    result = repo.predeploy.finish(process)
    seconds = time.monotonic() - begun
    assert seconds < SECOND * repo.predeploy.patience + SLACK, (seconds, result)
    assert status is None or result.status == status, result
    return result


def through(db, proxy):
    url = db.url.replace(f":{db.server.port}/", f":{proxy.port}/")
    return {"DATABASE_URL": url + "?sslmode=disable&gssencmode=disable"}


def slow(repo, name="0003_slow"):
    repo.migration(name, "CREATE TABLE slow ();\nSELECT pg_sleep(300) AS zzz_signal;\n")
    repo.commit("slow")


def finishes(repo, db):
    result = repo.run("deploy", env=db.env)
    assert result.status == 0, result
    assert "running" not in outcomes(db) and outcomes(db)[-1] == "succeeded"
    assert db.tables() == ["customers", "orders"]


@pytest.mark.parametrize("number, status", BOTH)
def test_running_statement(number, status, repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    slow(repo)
    before = db.dump_but_ledger()
    process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
    until(db, "query LIKE '%zzz_signal%'")
    interrupt(repo, process, number, status)
    assert db.dump_but_ledger() == before
    assert outcomes(db)[-1] == "interrupted"
    assert db.query("SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'predeploy%'"
                    " AND datname = current_database()") == "0"


def test_waiting_for_the_deployment_lock(repo, db):
    with db.session() as say:
        say("SELECT pg_advisory_lock(1886545252, 1886154617)")
        process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
        until(db, "query LIKE '%pg_try_advisory_lock%' AND state = 'idle'"
                  " OR query LIKE '%pg_locks%' AND application_name LIKE 'predeploy%'")
        interrupt(repo, process, signal.SIGINT, 130)
    finishes(repo, db)


def test_waiting_for_a_table(repo, db):
    """In the statement, or in the pause before the next attempt."""
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 200ms\n\tretries = 1000\n")
    repo.migration("0003_alter", "ALTER TABLE customers ADD COLUMN more text;\n")
    repo.commit("alter")
    with db.session() as say:
        say("BEGIN")
        say("LOCK TABLE customers")
        process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
        until(db, "wait_event_type = 'Lock' AND query LIKE '%ADD COLUMN%'")
        time.sleep(0.3)  # whatever it does now is as good
        interrupt(repo, process, signal.SIGTERM, 143)
    assert outcomes(db)[-1] == "interrupted"


@pytest.mark.parametrize("answer", ["pending", "silence"])
def test_waiting_for_the_backup(answer, repo, db, webhook):
    let_go = threading.Event()

    def silence(_):
        let_go.wait(60)
        return 200, {}, {"status": "completed"}

    pending = (202, {"Location": webhook.url, "Retry-After": "30"}, {"status": "running"})
    webhook.answers = [pending if answer == "pending" else silence]
    process = repo.predeploy.start("deploy", "--backup",
                                   env={**db.env, **webhook.env}, cwd=repo.path)
    deadline = time.monotonic() + 60
    while not webhook.requests and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        interrupt(repo, process, signal.SIGINT, 130)
    finally:
        let_go.set()
    assert outcomes(db) == ["interrupted"] and db.tables() == []


def test_connecting(repo, db):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        env = {"DATABASE_URL": f"postgresql://app@127.0.0.1:{silent.getsockname()[1]}/x"}
        process = repo.predeploy.start("deploy", env=env, cwd=repo.path)
        with silent.accept()[0]:
            interrupt(repo, process, signal.SIGTERM, 143)


class Hole:
    """Nothing gets through any more from the client's message of that number on; a signal is sent as
    soon as that has come."""

    def __init__(self, server, at):
        self.come = threading.Event()
        self.proxy = wire_proxy.Proxy(server.port, (wire_proxy.FRONT, at), self._act)

    def _act(self, _):
        self.come.set()
        return wire_proxy.HOLE


def waits(repo, db):
    """Numbers of the client's messages that it waits behind, in an undisturbed deployment."""
    with wire_proxy.Proxy(db.server.port, record=True) as proxy:
        assert repo.run("deploy", env=through(db, proxy)).status == 0
        return [m.number for m in proxy.seen
                if m.direction == wire_proxy.FRONT and m.kind not in "PBDEHX"]


def in_a_hole(repo, server, at, number, status):
    db = server.database()
    hole = Hole(server, at)
    with hole.proxy:
        process = repo.predeploy.start("deploy", env=through(db, hole.proxy), cwd=repo.path)
        while not hole.come.wait(0.02) and process.poll() is None:
            pass
        result = interrupt(repo, process, number)
    # 9 only where nobody can tell; the last message says goodbye to what is done.
    assert result.status in (status, 9) or (result.status == 0 and process.poll() == 0), result
    finishes(repo, db)
    assert "interrupted" in outcomes(db) or outcomes(db) == ["succeeded"]


@pytest.mark.parametrize("part", range(2))
def test_nobody_answers(part, repo, server):
    """At every wait for the server that a deployment has."""
    places = waits(repo, server.database())
    places = places[:: 1 if faults.AMOUNT != "sample" else 5]

    def run(at):
        in_a_hole(repo, server, at, *BOTH[at % 2])

    faults.in_parallel(run, places[part::2], workers=2)


def test_nobody_answers_behind_an_error(repo, server):
    """The server says that there is no ledger, which is no error yet, and then nothing any more."""
    db = server.database()
    come = threading.Event()

    def is_missing(message):
        return message.direction == wire_proxy.BACK and b"C42P01\0" in message.data

    def act(_):
        come.set()
        return wire_proxy.HOLE_AFTER

    with wire_proxy.Proxy(server.port, is_missing, act) as proxy:
        process = repo.predeploy.start("deploy", env=through(db, proxy), cwd=repo.path)
        assert come.wait(60)
        time.sleep(0.3)  # whether it has read it by then or not
        interrupt(repo, process, signal.SIGTERM, 143)
    finishes(repo, db)


def test_nobody_answers_to_the_last_word(repo, server):
    """How a deployment ended is written down undisturbed, but not for ever."""
    repo.migration("0003_bad", "SELECT nosuch();\n")
    repo.commit("bad")
    db = server.database()
    come = threading.Event()

    def act(_):
        come.set()
        return wire_proxy.HOLE

    def is_last(message):
        return message.direction == wire_proxy.FRONT and b"$3::text AS detail" in message.data

    with wire_proxy.Proxy(server.port, is_last, act) as proxy:
        process = repo.predeploy.start("deploy", env=through(db, proxy), cwd=repo.path)
        assert come.wait(60)
        interrupt(repo, process, signal.SIGINT, 5)
    assert outcomes(db) == ["running"]


def test_nobody_answers_behind_a_lost_commit(repo, server):
    """While it is found out what became of it."""
    db = server.database()
    assert repo.run("deploy", env=db.env).status == 0
    repo.migration("0003_view", "CREATE VIEW names AS SELECT name FROM customers;\n")
    repo.commit("view")
    come = threading.Event()

    def act(_):
        come.set()
        proxy.sever_all()
        proxy.hole = True
        return wire_proxy.HOLE

    def is_commit(message):
        return faults.ends_batch(message) and b"COMMIT\0" in message.data[:30]

    with wire_proxy.Proxy(server.port, is_commit, act) as proxy:
        process = repo.predeploy.start("deploy", env=through(db, proxy), cwd=repo.path)
        assert come.wait(60)
        time.sleep(0.5)  # the resolution is under way
        interrupt(repo, process, signal.SIGTERM, 9)
    finishes(repo, db)


def test_second_signal(repo, server, db):
    """Is not waited for at all: here the first has nothing to wait for but a server that is gone."""
    slow(repo)
    with wire_proxy.Proxy(server.port) as proxy:
        process = repo.predeploy.start("deploy", env=through(db, proxy), cwd=repo.path)
        until(db, "query LIKE '%zzz_signal%'")
        proxy.hole = True
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGTERM)
        process.communicate()
    assert process.returncode in (-signal.SIGTERM, 130)
    repo.write(repo.up("0003_slow"), "SELECT 1;\n")
    repo.commit("fast")
    finishes(repo, db)


def test_the_same_signal_twice(repo, db):
    """A terminal sends it to the process group, and a wrapper passes it on."""
    slow(repo)
    process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
    until(db, "query LIKE '%zzz_signal%'")
    os.kill(process.pid, signal.SIGSTOP)
    os.kill(process.pid, signal.SIGINT)
    os.kill(process.pid, signal.SIGTERM)
    os.kill(process.pid, signal.SIGCONT)
    result = repo.predeploy.finish(process)
    assert result.status in (130, 143), result
    assert outcomes(db) == ["interrupted"]


def test_suspended(repo, db):
    """Ctrl-Z and fg change nothing."""
    repo.migration("0003_pause", "SELECT pg_sleep(1) AS zzz_signal;\n")
    repo.commit("pause")
    process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
    until(db, "query LIKE '%zzz_signal%'")
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(0.2)
    os.kill(process.pid, signal.SIGCONT)
    assert repo.predeploy.finish(process).status == 0
    assert outcomes(db) == ["succeeded"]


def test_hangup_that_is_ignored(repo, db):
    repo.migration("0003_pause", "SELECT pg_sleep(1) AS zzz_signal;\n")
    repo.commit("pause")
    process = subprocess.Popen(
        ["nohup", repo.predeploy.binary, "deploy"], env=repo.predeploy.env(db.env), cwd=repo.path,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True)
    until(db, "query LIKE '%zzz_signal%'")
    os.kill(process.pid, signal.SIGHUP)
    assert repo.predeploy.finish(process).status == 0


# --- [deploy] timeout -----------------------------------------------------------------------------


def limited(repo, text="", timeout="1s"):
    repo.write(".predeploy", f"[deploy]\n\ttimeout = {timeout}\n{text}")
    return repo.commit("limited")


def late(repo, env, status, *args):
    result = repo.run("deploy", "--format", "json", *args, env=env)
    assert result.status == status, result
    assert "took longer than 1.0 s" in result.json["error"]["message"], result
    assert "[deploy] timeout" in result.json["error"]["hint"], result
    assert result.seconds < 6 * repo.predeploy.patience
    return result


def test_timeout_of_statements(repo, db):
    slow(repo)
    limited(repo)
    late(repo, db.env, 5)
    assert outcomes(db) == ["failed"] and db.tables() == []
    assert "took longer" in db.query("SELECT detail FROM predeploy.deployments")


def test_timeout_behind_a_part(repo, db):
    slow(repo)
    limited(repo, "\ttransaction = each\n", "3s")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 6, result
    assert len(db.applied()) == 3


def test_timeout_of_the_deployment_lock(repo, db):
    limited(repo)
    with db.session() as say:
        say("SELECT pg_advisory_lock(1886545252, 1886154617)")
        late(repo, db.env, 8)


def test_timeout_of_retries(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    repo.migration("0003_alter", "ALTER TABLE customers ADD COLUMN more text;\n")
    limited(repo, "\tlockTimeout = 50ms\n\tretries = 1000\n")
    with db.session() as say:
        say("BEGIN")
        say("LOCK TABLE customers")
        result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status in (5, 8), result
    assert "took longer than 1.0 s" in result.json["error"]["message"], result
    assert outcomes(db)[-1] == "failed"


def test_timeout_of_the_backup(repo, db, webhook):
    limited(repo)
    webhook.answers = [(202, {"Location": webhook.url, "Retry-After": "30"}, {"status": "running"})]
    late(repo, {**db.env, **webhook.env}, 4, "--backup")
    assert outcomes(db) == ["failed"] and db.tables() == []


def test_no_timeout(repo, db):
    limited(repo, timeout="0")
    assert repo.run("deploy", env=db.env).status == 0


# --- what the environment says --------------------------------------------------------------------


def test_session_options_of_the_environment(repo, db):
    """They would change what every migration does."""
    db.query("CREATE SCHEMA elsewhere")
    env = {**db.env, "PGOPTIONS": "-c search_path=elsewhere -c statement_timeout=1"}
    assert repo.run("deploy", env=env).status == 0
    assert db.tables() == ["customers", "orders"]
