"""A revision goes into the database, and each exit status leaves it as the table promises."""

import hashlib
import os
import re
import signal
import time

import pytest
import world

ALL = ["0000_customers", "0001_orders", "0002_seed"]


def deployments(db, columns="outcome"):
    return [row[0] if columns == "outcome" else row for row in db.rows(
        f"SELECT {columns} FROM predeploy.deployments ORDER BY seq")]


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders", "plain"])
@pytest.mark.parametrize("mode", ["all", "each"])
def test_deploy(layout, mode, make_repo, db):
    repo = make_repo(layout)
    head = repo.git("rev-parse", "HEAD")
    result = repo.run("deploy", "--format", "json", "--transaction", mode, env=db.env)
    assert result.status == 0, result
    report = result.json
    assert report["revision"]["commit"] == head
    assert report["migrations"]["layout"] == layout
    assert [step["state"] for step in report["plan"]["steps"]] == ["done"] * 3
    assert (report["tables"]["before"], report["tables"]["after"]) == (0, 2)
    assert db.tables() == ["customers", "orders"]
    assert db.query("SELECT count(*) FROM customers") == "2"
    assert len(db.applied()) == 3
    hashes = [hashlib.sha256((repo.path / repo.up(name)).read_bytes()).hexdigest()
              for name in db.applied()]
    assert [row[0] for row in db.rows("SELECT hash FROM predeploy.migrations ORDER BY seq")] == hashes
    assert deployments(db) == ["succeeded"]
    if layout == "plain":
        assert db.drizzle() == []
    else:
        assert [row[0] for row in db.drizzle()] == hashes
    dump = db.dump_but_ledger()
    again = repo.run("deploy", "--format", "json", env=db.env)
    assert again.status == 0 and again.json["nothing_to_do"], again
    assert db.dump_but_ledger() == dump
    assert db.query("SELECT count(*) FROM customers") == "2"


def test_only_what_is_pending(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    repo.migration("0003_more", "CREATE TABLE more (id int);\n", "DROP TABLE more;\n")
    repo.commit("more")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert [step["name"] for step in result.json["plan"]["steps"]] == ["0003_more"]
    assert db.applied() == [*ALL, "0003_more"]
    assert deployments(db) == ["succeeded"] * 2
    # an older revision is not a deploy backwards
    old = repo.run("deploy", "--format", "json", "HEAD~1", env=db.env)
    assert (old.status, old.rules) == (1, ["database-ahead"]), old


# --- 1: closed, untouched -------------------------------------------------------------------------


def test_closed_gate_leaves_the_database_alone(repo, db):
    repo.write(repo.up("0001_orders"), "CREATE TABLE other ();\n")
    repo.commit("tampered", record=False)
    before = db.dump()
    result = repo.run("deploy", env=db.env)
    assert result.status == 1 and "hash-mismatch" in result.out, result
    assert db.dump() == before


LEDGER = {
    "applied-edited": lambda repo, db: repo.write(repo.up("0001_orders"), "CREATE TABLE orders();\n"),
    "applied-missing": lambda repo, db: (
        repo.remove(repo.up("0001_orders")),
        repo.remove(repo.down("0001_orders")),
        repo.entries.pop(1),
        repo.journal(),
    ),
    "database-ahead": lambda repo, db: (
        repo.remove(repo.up("0002_seed")),
        repo.remove(repo.down("0002_seed")),
        repo.entries.pop(),
        repo.journal(),
    ),
    "out-of-order": lambda repo, db: (
        repo.migration("0003_between", "SELECT 1;\n"),
        repo.entries.insert(1, repo.entries.pop()),
        repo.entries[1].update(when=repo.entries[0]["when"] + 1),
        repo.journal(),
    ),
    "ledger-disagrees": lambda repo, db: db.query(
        "DELETE FROM drizzle.__drizzle_migrations WHERE id = (SELECT max(id) FROM"
        " drizzle.__drizzle_migrations)"
    ),
    "ledger-duplicate": lambda repo, db: db.query(
        "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT hash, created_at FROM"
        " drizzle.__drizzle_migrations ORDER BY id DESC LIMIT 1"
    ),
}


@pytest.mark.parametrize("rule", LEDGER)
def test_ledger_gate(rule, repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    LEDGER[rule](repo, db)
    repo.commit("changed")
    before = db.dump()
    result = repo.check("--database", db.url)
    assert rule in result.rules, result
    assert result.status == (0 if rule == "ledger-duplicate" else 1)
    assert db.dump() == before
    if result.status == 1:
        before = db.dump_but_ledger()
        assert repo.run("deploy", env=db.env).status == 1
        assert db.dump_but_ledger() == before


# --- 2 and 3: usage, out of reach -----------------------------------------------------------------


@pytest.mark.parametrize("args", [
    ("deploy",), ("nosuch",), (), ("deploy", "--nosuch"), ("check", "a", "b"),
    ("check", "--format", "xml"), ("rollback", "x"), ("rollback", "0"), ("rollback", "-1"),
    ("rollback", "1", "--to", "0000_customers"), ("deploy", "--transaction", "some"),
    ("hook",), ("hook", "nosuch"), ("status",), ("check", "--color", "red"),
    ("deploy", "--database", "nonsense=1"), ("deploy", "--database", "postgresql://h:x/db"),
    ("check", "--layout", "rails"), ("deploy", "--ephemeral", "--database", "dbname=x"),
])
def test_usage(args, repo):
    result = repo.run(*args)
    assert result.status == 2, result
    assert re.search("hint|usage|--help", result.both.lower()), result


def test_usage_as_json(repo):
    result = repo.run("check", "--format", "json", "--nosuch")
    assert result.status == 2
    assert result.json["error"]["kind"] == "usage"


def test_did_you_mean(repo):
    assert "deploy" in repo.run("depoly").err
    assert "--database" in repo.run("deploy", "--databse", "x").err


@pytest.mark.parametrize("command", ["check", "deploy", "plan", "verify", "status", "rollback"])
def test_database_out_of_reach(command, repo, server):
    port = world.free_port()
    result = repo.run(command, "--format", "json", "--database", f"postgresql://127.0.0.1:{port}/x")
    assert result.status == 3, result
    assert result.json["error"]["kind"] == "unreachable"
    assert result.json["error"]["hint"]


def test_first_contact(repo, db, server):
    def message(url, **env):
        result = repo.run("deploy", env={"DATABASE_URL": url, **env})
        assert result.status == 3, result
        assert "hint" in result.both.lower(), result
        return result.both

    good = db.url
    assert "does not exist" in message(good.replace(db.name, "no_such_db"))
    assert "password" in message(good.replace("cAnary", "wrong"))
    assert "password" in message(f"postgresql://app@127.0.0.1:{server.port}/{db.name}")
    assert "password" in message(good.replace("app:", "nobody_here:"))
    assert "SSL" in message(good + "?sslmode=require").replace("TLS", "SSL")
    message("postgresql://no.such.host.invalid/x")
    begun = time.monotonic()
    message("postgresql://127.0.0.1:1/x?connect_timeout=2")
    assert time.monotonic() - begun < 30


def test_server_that_never_answers(repo):
    import socket

    repo.write(".predeploy", "[deploy]\n\tconnectTimeout = 1s\n")
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(8)
        url = f"postgresql://127.0.0.1:{deaf.getsockname()[1]}/x"
        result = repo.run("deploy", "--database", url + "?connect_timeout=2", timeout=40)
    assert result.status == 3, result


def test_read_only_server(repo, db):
    db.query(f"ALTER DATABASE {db.name} SET default_transaction_read_only = on")
    before = db.dump()
    result = repo.run("deploy", env=db.env)
    assert result.status == 3 and "read" in result.both, result
    assert db.dump() == before


# --- 5: failed and rolled back --------------------------------------------------------------------


def failing(repo):
    repo.migration(
        "0003_bad",
        "CREATE TABLE half (id int);\n--> statement-breakpoint\n"
        "ALTER TABLE customers\n    ADD COLUMN tier text,\n    ADD COLUMN age integr;\n",
        "DROP TABLE half;\n",
    )
    return repo.commit("bad")


@pytest.mark.parametrize("fresh", [True, False])
def test_failure_leaves_no_trace(fresh, repo, db):
    if not fresh:
        assert repo.run("deploy", env=db.env).status == 0
    failing(repo)
    before = db.dump_but_ledger()
    applied, drizzle = db.applied(), db.drizzle()
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 5, result
    assert db.dump_but_ledger() == before
    assert (db.applied(), db.drizzle()) == (applied, drizzle)
    assert deployments(db)[-1] == "failed"
    failure = result.json["failure"]
    assert failure["migration"] == "0003_bad"
    assert (failure["path"], failure["line"], failure["column"]) == ("drizzle/0003_bad.sql", 5, 20)
    assert failure["sqlstate"] == "42704"
    assert 'type "integr" does not exist' in failure["message"]


def test_failure_shows_place_and_caret(repo, db):
    failing(repo)
    result = repo.run("deploy", env=db.env)
    assert result.status == 5
    text = result.both
    assert "drizzle/0003_bad.sql:5:20" in text, result
    assert 'type "integr" does not exist' in text and "42704" in text
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if "ADD COLUMN age integr" in line)
    caret = lines[at + 1]
    assert caret.index("^") == lines[at].index("integr"), result


def test_failure_with_detail_and_hint(repo, db):
    repo.migration("0003_twice", "INSERT INTO customers (id, name) VALUES (1, 'again');\n")
    repo.commit("duplicate key")
    result = repo.run("deploy", env=db.env)
    assert result.status == 5
    for word in ("23505", "customers_pkey", "already exists", "0003_twice.sql:1"):
        assert word in result.both, (word, result)
    repo.write(repo.up("0003_twice"), "SELECT nme FROM customers;\n")
    repo.commit("hint")
    result = repo.run("deploy", env=db.env)
    assert 'Perhaps you meant to reference the column "customers.name"' in result.both, result


def test_each_keeps_what_went_before(repo, db):
    failing(repo)
    result = repo.run("deploy", "--format", "json", "--transaction", "each", env=db.env)
    assert result.status in (5, 6), result
    assert db.tables() == ["customers", "orders"]
    assert db.applied() == ALL
    assert len(db.drizzle()) == 3
    states = [step["state"] for step in result.json["plan"]["steps"]]
    assert states[:3] == ["done"] * 3 and states[3] in ("failed", "undone")
    repo.write(repo.up("0003_bad"), "CREATE TABLE half (id int);\n")
    repo.commit("mended")
    assert repo.run("deploy", env=db.env).status == 0
    assert db.tables() == ["customers", "half", "orders"]
    assert db.query("SELECT count(*) FROM customers") == "2"


@pytest.mark.parametrize("text", [
    "DO $$ BEGIN EXECUTE 'COMMIT'; END $$;\n",
    "CREATE TABLE half (id int);\n"
    "CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;\nCALL p();\n",
])
def test_hidden_commit(text, repo, db):
    """What a parser overlooks: inside a transaction block the server refuses it."""
    repo.migration("0003_hidden", text)
    repo.commit("hidden")
    before = db.dump_but_ledger()
    result = repo.run("deploy", env=db.env)
    assert result.status in (5, 6), result
    if result.status == 5:
        assert db.dump_but_ledger() == before


def test_session_settings_do_not_leak(repo, db):
    repo.migration(
        "0003_elsewhere",
        "CREATE SCHEMA elsewhere;\nSET search_path = elsewhere;\nCREATE TABLE inner_one (id int);\n"
        "SET ROLE pg_read_all_data;\nRESET ROLE;\nSET statement_timeout = 1;\n"
        "RESET statement_timeout;\nCREATE TEMP TABLE customers (x int);\n",
        "DROP SCHEMA elsewhere CASCADE;\n",
    )
    repo.migration("0004_outer", "CREATE TABLE outer_one (id int);\n"
                   "INSERT INTO customers (name) VALUES ('still the real one');\n",
                   "DROP TABLE outer_one;\n")
    repo.commit("search_path")
    result = repo.run("deploy", env=db.env)
    assert result.status == 0, result
    assert db.tables() == ["customers", "orders", "outer_one"]
    assert db.query("SELECT count(*) FROM elsewhere.inner_one") == "0"
    assert db.query("SELECT count(*) FROM public.customers") == "3"
    assert len(db.applied()) == 5


def test_shadowed_functions_are_not_called(repo, db):
    repo.migration(
        "0003_shadow",
        "CREATE SCHEMA evil;\n"
        "CREATE FUNCTION evil.count(text) RETURNS bigint LANGUAGE sql AS 'SELECT 99::bigint';\n"
        "CREATE TABLE evil.pg_class (relname text);\nSET search_path = evil, pg_catalog;\n",
        "DROP SCHEMA evil CASCADE;\n",
    )
    repo.commit("shadow")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert result.json["tables"]["after"] == 2


# --- 7: verification ------------------------------------------------------------------------------


@pytest.mark.parametrize("setting, value, status", [
    ("minTables", 2, 0), ("minTables", 3, 7), ("tables", 2, 0), ("tables", 1, 7), ("tables", 3, 7),
])
def test_verification(setting, value, status, repo, db):
    repo.write(".predeploy", f"[verify]\n\t{setting} = {value}\n")
    repo.commit("count")
    before = db.dump_but_ledger()
    result = repo.run("deploy", env=db.env)
    assert result.status == status, result
    if status == 7:
        assert db.dump_but_ledger() == before
        assert (db.applied(), db.drizzle()) == ([], [])
        assert deployments(db) == ["failed"]


def test_a_trigger_that_makes_tables_is_noticed(repo, db):
    """The plan predicts the count; what it could not foresee is found before COMMIT."""
    db.query(
        "CREATE FUNCTION more() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF to_regclass('public.surprise') IS NULL THEN CREATE TABLE public.surprise (); END IF;"
        " END $$; CREATE EVENT TRIGGER more ON ddl_command_end WHEN TAG IN ('CREATE INDEX')"
        " EXECUTE FUNCTION more()"
    )
    before = db.dump_but_ledger()
    result = repo.run("deploy", env=db.env)
    assert result.status == 7, result
    assert db.dump_but_ledger() == before


def test_nothing_to_do_still_verifies(repo, db):
    repo.write(".predeploy", "[verify]\n\ttables = 2\n")
    repo.commit("count")
    assert repo.run("deploy", env=db.env).status == 0
    db.query("CREATE TABLE by_hand (id int)")
    before = db.dump_but_ledger()
    result = repo.run("deploy", env=db.env)
    assert result.status == 7, result
    assert db.dump_but_ledger() == before
    assert repo.run("verify", env=db.env).status in (1, 7)


# --- 8: locks -------------------------------------------------------------------------------------


def test_table_lock(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 200ms\n\tretries = 1\n")
    repo.migration("0003_tier", "CREATE TABLE t3 ();\nALTER TABLE customers ADD COLUMN tier text;\n",
                   "ALTER TABLE customers DROP COLUMN tier;\n")
    repo.commit("tier")
    before = db.dump_but_ledger()
    with db.session() as say:
        say("BEGIN")
        say("LOCK TABLE customers IN ACCESS SHARE MODE")
        result = repo.run("deploy", env=db.env)
        assert result.status == 8, result
    assert "customers" in result.both or "lock" in result.both
    assert db.dump_but_ledger() == before
    assert repo.run("deploy", env=db.env).status == 0


def test_table_lock_given_back_in_time(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 300ms\n\tretries = 20\n")
    repo.migration("0003_tier", "ALTER TABLE customers ADD COLUMN tier text;\n", "SELECT 1;\n")
    repo.commit("tier")
    with db.session() as say:
        say("BEGIN")
        say("LOCK TABLE customers IN ACCESS SHARE MODE")
        process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
        time.sleep(1)
        say("COMMIT")
        result = repo.predeploy.finish(process)
    assert result.status == 0, result


def until(db, condition, seconds=60):
    """Waits until a session of the database is in a state."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if db.server.psql("postgres", "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND"
                          f" datname = '{db.name}' AND {condition}"):
            return
        time.sleep(0.05)
    raise AssertionError(f"never came: {condition}")


def waiting(db, text):
    """Waits until a statement with this text runs in the database."""
    until(db, f"query LIKE '%{text}%'")


def held(repo, name, text=""):
    """A migration that lasts for as long as somebody holds advisory lock 42."""
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 0\n[verify]\n\tminTables = 0\n")
    repo.migration(name, text + "SELECT pg_advisory_xact_lock(42);\n")
    repo.commit("held")


def slow_migration(repo, seconds=2):
    repo.migration("0003_slow", f"CREATE TABLE slow ();\nSELECT pg_sleep({seconds}) AS zzz_slow;\n",
                   "DROP TABLE slow;\n")
    repo.commit("slow")


def test_no_wait(repo, db):
    held(repo, "0003_held")
    with db.session() as say:
        say("SELECT pg_advisory_lock(42)")
        first = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
        until(db, "wait_event = 'advisory'")
        second = repo.run("deploy", "--no-wait", "--format", "json", env=db.env)
        assert second.status == 8, second
        assert second.json["error"]["kind"] == "locked"
        say("SELECT pg_advisory_unlock(42)")
        assert repo.predeploy.finish(first).status == 0
    assert len(db.applied()) == 4


def test_ten_at_once(repo, db):
    repo.migration("0003_pause", "SELECT pg_sleep(0.5);\n")
    repo.commit("pause")
    processes = [
        repo.predeploy.start("deploy", "--format", "json", env=db.env, cwd=repo.path)
        for _ in range(10)
    ]
    results = [repo.predeploy.finish(p, ("--format", "json"), timeout=120) for p in processes]
    assert [result.status for result in results] == [0] * 10, results
    assert sorted(result.json["nothing_to_do"] for result in results) == [False] + [True] * 9
    assert db.query("SELECT count(*) FROM customers") == "2"
    assert len(db.applied()) == 4 and len(db.drizzle()) == 4


def test_ten_at_once_without_waiting(repo, db):
    held(repo, "0003_held")
    with db.session() as say:
        say("SELECT pg_advisory_lock(42)")
        processes = [repo.predeploy.start("deploy", "--no-wait", env=db.env, cwd=repo.path)
                     for _ in range(10)]
        deadline = time.monotonic() + 100
        while sum(p.poll() is None for p in processes) > 1 and time.monotonic() < deadline:
            time.sleep(0.1)
        say("SELECT pg_advisory_unlock(42)")
        statuses = sorted(repo.predeploy.finish(p).status for p in processes)
    assert statuses == [0] + [8] * 9
    assert len(db.applied()) == 4


# --- 130 and 143 ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(number, status, repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    slow_migration(repo, 300)
    before = db.dump_but_ledger()
    process = repo.predeploy.start("deploy", "--format", "json", env=db.env, cwd=repo.path)
    waiting(db, "zzz_slow%")
    os.kill(process.pid, number)
    result = repo.predeploy.finish(process, ("--format", "json"))
    assert result.status == status, result
    assert result.seconds < 20 * repo.predeploy.patience
    assert db.dump_but_ledger() == before
    assert db.query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%zzz_slow%'"
                    " AND pid <> pg_backend_pid() AND state = 'active'") == "0"
    assert deployments(db)[-1] == "interrupted"
    assert repo.run("deploy", "HEAD~1", env=db.env).status == 0


def test_killed(repo, db):
    """A deployment that never finished is told as interrupted by the next one."""
    assert repo.run("deploy", env=db.env).status == 0
    slow_migration(repo, 1)
    process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
    waiting(db, "zzz_slow%")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    result = repo.run("deploy", env=db.env)
    assert result.status == 0, result
    assert deployments(db) == ["succeeded", "interrupted", "succeeded"]
    assert len(db.applied()) == 4


def test_connection_lost(repo, db):
    slow_migration(repo, 300)
    before = db.dump_but_ledger()
    process = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
    waiting(db, "zzz_slow%")
    db.server.psql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname ="
                   f" '{db.name}' AND pid <> pg_backend_pid()")
    result = repo.predeploy.finish(process)
    assert result.status in (3, 5, 9), result
    assert db.dump_but_ledger() == before


def test_statement_timeout(repo, db):
    repo.write(".predeploy", "[deploy]\n\tstatementTimeout = 500ms\n")
    slow_migration(repo, 300)
    before = db.dump_but_ledger()
    result = repo.run("deploy", env=db.env)
    assert result.status == 5, result
    assert "57014" in result.both
    assert db.dump_but_ledger() == before


def test_ledger_of_a_less_trusted_role(repo, db):
    """Who can create the schema first must not get statements of ours run."""
    db.query(f"CREATE ROLE mallory_{db.name}; CREATE SCHEMA predeploy AUTHORIZATION mallory_{db.name}")
    before = db.dump()
    result = repo.run("deploy", env=db.env)
    assert result.status == 3, result
    assert db.dump() == before
    db.query(f"DROP SCHEMA predeploy; DROP ROLE mallory_{db.name}")
