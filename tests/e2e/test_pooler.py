"""Behind a PgBouncer: what works, what is refused, and that nothing of ours is left in the sessions
that others get after us."""

import os
import pathlib
import signal
import threading
import time

import pooler
import pytest
import world

pytestmark = pytest.mark.skipif(
    not pathlib.Path(pooler.PROGRAM).exists(), reason="there is no pgbouncer"
)


@pytest.fixture
def through(tmp_path, server):
    opened = []

    def start(mode, **options):
        opened.append(pooler.Pooler(tmp_path / f"pooler{len(opened)}", server, mode, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.stop()


SESSIONS = (
    "SELECT name || '=' || setting FROM pg_settings WHERE source = 'session' AND name NOT IN"
    " ('application_name', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone',"
    " 'standard_conforming_strings', 'transaction_deferrable', 'transaction_isolation',"
    " 'transaction_read_only', 'is_superuser', 'session_authorization', 'in_hot_standby')"
    " UNION ALL SELECT 'advisory lock' FROM pg_locks WHERE locktype = 'advisory'"
    " AND pid = pg_backend_pid()"
    " UNION ALL SELECT 'temporary ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()"
    " UNION ALL SELECT 'listens ' || c FROM pg_listening_channels() AS c"
    " UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements"
    " UNION ALL SELECT 'cursor ' || name FROM pg_cursors"
)

POLLUTION = """SET search_path = 'nowhere';
--> statement-breakpoint
SET lock_timeout = '7s';
--> statement-breakpoint
SELECT set_config('work_mem', '1MB', false);
--> statement-breakpoint
CREATE TEMPORARY TABLE leftover ();
--> statement-breakpoint
LISTEN leftover;
--> statement-breakpoint
PREPARE leftover AS SELECT 1;
--> statement-breakpoint
SELECT pg_advisory_lock(4711);
--> statement-breakpoint
DECLARE leftover CURSOR WITH HOLD FOR SELECT 1;
"""
SLOW = "SELECT pg_sleep(300) AS zzz_pooled;\n"


def left_behind(pool, db, count=5):
    """What stands in the sessions of the pool; each is looked at."""
    with pool.clients(db, count) as clients:
        pids = {say("SELECT pg_backend_pid()")[0] for say in clients}
        assert len(pids) == count
        return [line for say in clients for line in say(SESSIONS)]


def running(db, text):
    until(db, f"query LIKE '%{text}%'")


def outcomes(db):
    return [row[0] for row in db.rows("SELECT outcome FROM predeploy.deployments ORDER BY seq")]


def until(db, condition):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if db.query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    f" AND pid <> pg_backend_pid() AND {condition}") != "0":
            return
        time.sleep(0.05)
    raise AssertionError(f"never: {condition}")


@pytest.mark.parametrize("transaction", ["all", "each"])
@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_deploy(mode, transaction, through, repo, db):
    pool = through(mode)
    repo.migration("0003_pollution", POLLUTION)
    repo.migration("0004_after", "CREATE TABLE after (id int);\n")
    repo.commit("more")
    env = pool.env(db)
    first = repo.run("deploy", "--format", "json", "--transaction", transaction, env=env)
    assert first.status == 0, first
    assert len(db.applied()) == 5 and "after" in db.tables()
    assert left_behind(pool, db) == []
    again = repo.run("deploy", "--format", "json", env=env)
    assert again.status == 0 and again.json["nothing_to_do"], again
    for command in ("status", "plan", "verify"):
        assert repo.run(command, env=env).status == 0, command
    back = repo.run("rollback", "--format", "json", env=env)
    assert back.status == 0, back
    assert outcomes(db)[-1] == "succeeded" and len(db.applied()) == 4
    assert left_behind(pool, db) == []


def test_statement_mode_is_refused(through, repo, db):
    pool = through("statement")
    before = db.dump()
    result = repo.run("deploy", "--format", "json", env=pool.env(db))
    assert result.status == 3, result
    assert "pooler" in result.json["error"]["hint"], result
    assert db.dump() == before
    assert repo.run("deploy", env=db.env).status == 0
    # What reads all at once is no transaction for a pooler.
    for command in ("status", "plan"):
        assert repo.run(command, env=pool.env(db)).status == 0, command


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_a_pool_that_is_too_small(mode, through, repo, db):
    pool = through(mode, size=1)
    repo.write(".predeploy", "[deploy]\n\tconnectTimeout = 1s\n")
    repo.commit("impatient")
    result = repo.run("deploy", "--format", "json", env=pool.env(db))
    assert result.status == 3, result
    assert result.seconds < 15 * repo.predeploy.patience
    assert db.tables() == []


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_outside_transactions(mode, through, repo, db):
    pool = through(mode)
    assert repo.run("deploy", env=pool.env(db)).status == 0
    repo.migration("0003_more", "CREATE TABLE more (id int);\n")
    repo.migration("0004_index", "CREATE INDEX CONCURRENTLY orders_idx ON orders (customer);\n")
    repo.commit("index")
    before = db.dump()
    result = repo.run("deploy", "--format", "json", env=pool.env(db))
    if mode == "session":
        assert result.status == 0, result
        assert len(db.applied()) == 5
    else:
        assert result.status == 3, result
        assert "port of the server" in result.json["error"]["hint"], result
        assert db.dump() == before
        assert repo.run("deploy", env=db.env).status == 0
    assert left_behind(pool, db) == []


def test_a_failure_leaves_nothing(through, repo, db):
    pool = through("transaction")
    assert repo.run("deploy", env=pool.env(db)).status == 0
    repo.migration("0003_pollution", POLLUTION + "--> statement-breakpoint\nSELECT nosuch();\n")
    repo.commit("bad")
    before = db.dump_but_ledger()
    result = repo.run("deploy", "--format", "json", env=pool.env(db))
    assert result.status == 5, result
    assert result.json["error"]["sqlstate"] == "42883", result
    assert db.dump_but_ledger() == before and outcomes(db)[-1] == "failed"
    assert left_behind(pool, db) == []


@pytest.mark.parametrize("mode", ["session", "transaction"])
def test_ten_at_once(mode, through, repo, db):
    # Each of them has three connections at most; a pool that has too few keeps others waiting.
    pool = through(mode, size=32)
    repo.migration("0003_pause", "SELECT pg_sleep(0.3);\n")
    repo.commit("pause")
    processes = [
        repo.predeploy.start("deploy", "--format", "json", env=pool.env(db), cwd=repo.path)
        for _ in range(10)
    ]
    results = [repo.predeploy.finish(p, ("--format", "json"), timeout=120) for p in processes]
    assert [result.status for result in results] == [0] * 10, results
    assert sorted(result.json["nothing_to_do"] for result in results) == [False] + [True] * 9
    assert db.query("SELECT count(*) FROM customers") == "2"
    assert len(db.applied()) == 4 and len(db.drizzle()) == 4
    assert outcomes(db) == ["succeeded"]
    assert db.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0"


@pytest.mark.parametrize("first", ["direct", "pooled"])
def test_one_lock_for_all(first, through, repo, db):
    pool = through("transaction")
    ways = {"direct": db.env, "pooled": pool.env(db)}
    other = "pooled" if first == "direct" else "direct"
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 0\n")
    repo.migration("0003_held", "SELECT pg_advisory_xact_lock(42);\n")
    repo.commit("held")
    with db.session() as say:
        say("SELECT pg_advisory_lock(42)")
        process = repo.predeploy.start("deploy", env=ways[first], cwd=repo.path)
        until(db, "wait_event = 'advisory'")
        result = repo.run("deploy", "--no-wait", "--format", "json", env=ways[other])
        assert result.status == 8, result
        assert "predeploy" in result.json["error"]["detail"], result
        say("SELECT pg_advisory_unlock(42)")
        assert repo.predeploy.finish(process).status == 0
    assert outcomes(db) == ["succeeded"]


def test_both_sessions_are_kept_while_it_waits(through, repo, db):
    """Nobody else gets one of them meanwhile, with our settings in it."""
    pool = through("session", size=2, server_reset_query="")
    ours = "application_name LIKE 'predeploy%'"
    found = []

    def next_client():
        with pool.clients(db, 1) as (say,):
            found.extend(say(SESSIONS))

    with db.session() as say:
        say("SELECT pg_advisory_lock(1886545252, 1886154617)")
        process = repo.predeploy.start("deploy", env=pool.env(db), cwd=repo.path)
        until(db, f"{ours} AND 2 = (SELECT count(*) FROM pg_stat_activity WHERE {ours})")
        # Only one that has begun to wait asks who holds the lock.
        until(db, f"{ours} AND query LIKE '%pg_locks%'")
        client = threading.Thread(target=next_client)
        client.start()
        say("SELECT pg_advisory_unlock_all()")
        result = repo.predeploy.finish(process)
    client.join()
    assert result.status == 0, result
    assert found == []


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal(number, status, through, repo, db):
    pool = through("transaction")
    repo.migration("0003_slow", POLLUTION + "--> statement-breakpoint\n" + SLOW)
    repo.commit("slow")
    process = repo.predeploy.start("deploy", env=pool.env(db), cwd=repo.path)
    running(db, "zzz_pooled")
    begun = time.monotonic()
    os.kill(process.pid, number)
    result = repo.predeploy.finish(process)
    assert result.status == status, result
    assert time.monotonic() - begun < 1 * repo.predeploy.patience + 0.5
    assert outcomes(db) == ["interrupted"] and db.tables() == []
    assert left_behind(pool, db) == []


def test_killed(through, repo, db):
    pool = through("transaction")
    repo.migration("0003_slow", SLOW)
    repo.commit("slow")
    process = repo.predeploy.start("deploy", env=pool.env(db), cwd=repo.path)
    running(db, "zzz_pooled")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    repo.write(repo.up("0003_slow"), "CREATE TABLE fast (id int);\n")
    repo.commit("fast")
    result = repo.run("deploy", env=pool.env(db))
    assert result.status == 0, result
    assert outcomes(db) == ["interrupted", "succeeded"]
    assert db.tables() == ["customers", "fast", "orders"]
    assert left_behind(pool, db) == []
