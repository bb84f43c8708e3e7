"""Statements that cannot run in a transaction: run one by one, recorded before and behind each, and
gone on with where they stopped."""

import json
import signal
import time

import pytest

IDX = "CREATE INDEX CONCURRENTLY orders_customer ON orders (customer);\n"
UNIQUE = "CREATE UNIQUE INDEX CONCURRENTLY customers_name ON customers (name);\n"


def more(repo, name, up, down="SELECT 1;\n"):
    names = {
        "drizzle": f"00{name}",
        "plain": f"00{name}",
        "drizzle-folders": f"202402{name[:2]}000000_{name[3:]}",
    }
    repo.migration(names[repo.layout], up, down)
    repo.commit(name)
    return names[repo.layout]


def deploy(repo, db, *args):
    return repo.run("deploy", "--format", "json", *args, env=db.env)


def index(db, name):
    """The index as PostgreSQL writes it, with INVALID behind it when it is."""
    return db.query(
        "SELECT pg_get_indexdef(indexrelid) || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END"
        f" FROM pg_index WHERE indexrelid = to_regclass('{name}')")


def statements(db, columns="number, state, before"):
    return db.rows(f"SELECT {columns} FROM predeploy.statements ORDER BY migration, number")


@pytest.fixture
def shop(repo, db):
    """What stands before: customers Ada and Grace, orders, an index on orders (customer)."""
    result = deploy(repo, db)
    assert result.status == 0, result
    return repo


def applied(repo, db, result, name):
    assert result.status == 0, result
    assert db.applied()[-1] == name
    assert statements(db) == []
    if repo.layout != "plain":
        assert len(db.drizzle()) == len(db.applied())
    again = deploy(repo, db)
    assert again.status == 0 and again.json["nothing_to_do"], again


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders", "plain"])
@pytest.mark.parametrize("mode", ["all", "each"])
def test_concurrent_index(layout, mode, make_repo, db):
    repo = make_repo(layout)
    name = more(repo, "05_idx", IDX, "DROP INDEX CONCURRENTLY orders_customer;\n")
    behind = more(repo, "06_behind", "CREATE TABLE behind (id int);\n", "DROP TABLE behind;\n")
    result = deploy(repo, db, "--transaction", mode)
    assert [step["state"] for step in result.json["plan"]["steps"]] == ["done"] * 5, result
    applied(repo, db, result, behind)
    assert db.applied()[-2] == name
    assert index(db, "orders_customer") == (
        "CREATE INDEX orders_customer ON public.orders USING btree (customer)")
    assert (result.json["tables"]["before"], result.json["tables"]["after"]) == (0, 3)
    back = repo.run("rollback", "2", "--format", "json", env=db.env)
    assert back.status == 0, back
    assert index(db, "orders_customer") == ""
    assert len(db.applied()) == 3 and statements(db) == []


def test_unique_violation_then_mended(shop, db):
    db.query("INSERT INTO customers (name) VALUES ('Ada')")
    name = more(shop, "05_unique", UNIQUE, "DROP INDEX CONCURRENTLY customers_name;\n")
    failed = deploy(shop, db)
    assert failed.status == 6, failed
    assert failed.json["error"]["sqlstate"] == "23505"
    assert "half applied" in failed.json["error"]["hint"], failed
    assert index(db, "customers_name").endswith("INVALID")
    assert statements(db) == [("1", "running", "absent")]
    assert "unique" in statements(db, "error")[0][0]
    again = deploy(shop, db)
    assert again.status == 6, again
    assert index(db, "customers_name").endswith("INVALID")
    assert db.query("SELECT attempts FROM predeploy.statements") == "2"
    db.query("DELETE FROM customers WHERE id = 3")
    applied(shop, db, deploy(shop, db), name)
    assert not index(db, "customers_name").endswith("INVALID")


def test_failure_that_leaves_nothing(shop, db):
    name = more(shop, "05_idx", "CREATE INDEX CONCURRENTLY i ON nosuch (id);\n")
    failed = deploy(shop, db)
    assert failed.status == 5, failed
    assert failed.json["error"]["sqlstate"] == "42P01"
    assert failed.json["failure"]["line"] == 1, failed
    assert statements(db) == []
    shop.write(shop.up(name), "CREATE INDEX CONCURRENTLY i ON orders (id);\n")
    shop.commit("mended")
    applied(shop, db, deploy(shop, db), name)


def test_if_not_exists_never_takes_an_invalid_index(shop, db):
    db.query("INSERT INTO customers (name) VALUES ('Ada')")
    db.server.psql(db.name, UNIQUE, check=False)
    assert index(db, "customers_name").endswith("INVALID")
    name = more(shop, "05_unique", UNIQUE.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS"))
    failed = deploy(shop, db)
    assert failed.status == 5, failed
    assert "DROP INDEX CONCURRENTLY public.customers_name" in failed.json["error"]["hint"]
    assert db.applied()[-1] != name and statements(db) == []
    db.query("DELETE FROM customers WHERE id = 3")
    db.query("DROP INDEX CONCURRENTLY customers_name")
    applied(shop, db, deploy(shop, db), name)


@pytest.mark.parametrize(
    "there, status",
    [
        ("CREATE UNIQUE INDEX customers_name ON customers (name)", 0),
        ("CREATE INDEX customers_name ON customers (name)", 5),
        ("CREATE UNIQUE INDEX customers_name ON customers (name DESC)", 5),
        ("CREATE UNIQUE INDEX customers_name ON customers (name, id)", 5),
        ("CREATE UNIQUE INDEX customers_name ON customers (name) INCLUDE (id)", 5),
        ("CREATE UNIQUE INDEX customers_name ON customers (name) WHERE id > 0", 5),
        ("CREATE UNIQUE INDEX customers_name ON customers (lower(name))", 5),
        ("CREATE UNIQUE INDEX customers_name ON orders (id)", 5),
        ("CREATE TABLE customers_name ()", 5),
    ],
)
def test_if_not_exists_compares(there, status, shop, db):
    db.query(there)
    name = more(shop, "05_unique", UNIQUE.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS"))
    result = deploy(shop, db)
    assert result.status == status, result
    assert (db.applied()[-1] == name) == (status == 0)
    assert statements(db) == []


ON = "INDEX {} customers_name ON customers "


@pytest.mark.parametrize(
    "there, wanted, status",
    [
        ("(lower(name))", "(lower(customers.name))", 0),
        ("(lower(name))", "(upper(name))", 5),
        ("(name, lower(name))", "(name, (lower( name)))", 0),
        ("(name) WHERE name = 'a'", "(name) WHERE name='a'::text", 0),
        ("(name) WHERE name = 'a'", "(name) WHERE name = 'b'", 5),
        ("(name text_pattern_ops)", "(name)", 5),
        ("(name text_pattern_ops)", "(name pg_catalog.text_pattern_ops)", 0),
        ('(name COLLATE "C")', "(name)", 5),
        ('(name COLLATE "C")', '((name COLLATE "C") DESC)', 5),
        ('(name COLLATE "C" DESC)', '((name COLLATE "C") DESC)', 0),
        ("(name) WITH (fillfactor = 70)", "(name)", 0),
        ("(name)", "(name) TABLESPACE pg_default", 0),
    ],
)
def test_what_only_the_server_can_compare(there, wanted, status, shop, db):
    db.query("CREATE " + ON.format("") + there)
    name = more(shop, "05_index", "CREATE " + ON.format("CONCURRENTLY IF NOT EXISTS") + wanted + ";\n")
    result = deploy(shop, db)
    assert result.status == status, result
    assert (db.applied()[-1] == name) == (status == 0)
    if status:
        assert "operator classes" in result.json["error"]["detail"], result
    assert statements(db) == []


def test_no_leave_to_compare(shop, db):
    """A gate that cannot be evaluated is closed."""
    db.query("CREATE UNIQUE INDEX customers_name ON customers (name)")
    db.query(f"REVOKE TEMPORARY ON DATABASE {db.name} FROM PUBLIC")
    more(shop, "05_unique", UNIQUE.replace("CONCURRENTLY", "CONCURRENTLY IF NOT EXISTS"))
    shop.write(".predeploy", "[deploy]\n\trole = builder\n")
    shop.commit("role")
    db.query("DO $$ BEGIN CREATE ROLE builder; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    db.query("GRANT ALL ON SCHEMA public TO builder; ALTER TABLE customers OWNER TO builder;"
             " ALTER TABLE orders OWNER TO builder; GRANT builder TO CURRENT_USER")
    result = deploy(shop, db)
    assert result.status == 5 and "TEMPORARY on the database" in result.json["error"]["hint"], result
    assert statements(db) == []


def test_existing_index_is_no_success(shop, db):
    db.query("CREATE UNIQUE INDEX customers_name ON customers (name)")
    more(shop, "05_unique", UNIQUE)
    failed = deploy(shop, db)
    assert failed.status == 5 and failed.json["error"]["sqlstate"] == "42P07", failed
    assert statements(db) == []


MIXED = """CREATE TABLE notes (id int, body text);
INSERT INTO notes SELECT i, 'note' FROM generate_series(1, 10) AS i;
CREATE INDEX CONCURRENTLY notes_id ON notes (id);
ALTER TABLE notes ADD COLUMN at date;
UPDATE notes SET at = '2024-01-01';
VACUUM notes;
"""


def test_mixed_file(shop, db):
    name = more(shop, "05_notes", MIXED, "DROP TABLE notes;\n")
    result = deploy(shop, db)
    applied(shop, db, result, name)
    assert db.query("SELECT count(at) FROM notes") == "10"
    assert "notes_id" in index(db, "notes_id")
    assert (result.json["tables"]["before"], result.json["tables"]["after"]) == (2, 3)


def test_a_part_is_in_or_out_as_a_whole(shop, db):
    text = MIXED.replace("'2024-01-01'", "(SELECT value FROM later)")
    name = more(shop, "05_notes", text, "DROP TABLE notes;\n")
    failed = deploy(shop, db)
    assert failed.status == 6, failed
    assert statements(db, "number, state") == [("1", "done"), ("2", "done"), ("3", "done")]
    assert "at" not in db.query("SELECT string_agg(attname, ',') FROM pg_attribute"
                                " WHERE attrelid = 'notes'::regclass AND attnum > 0").split(",")
    db.query("CREATE TABLE later AS SELECT date '2024-01-01' AS value")
    applied(shop, db, deploy(shop, db), name)
    assert db.query("SELECT count(at) FROM notes") == "10"


DRIZZLE = """CREATE TABLE notes (id int);
--> statement-breakpoint
COMMIT;
--> statement-breakpoint
CREATE INDEX CONCURRENTLY notes_id ON notes (id);
--> statement-breakpoint
BEGIN;
--> statement-breakpoint
INSERT INTO notes VALUES (1);
"""


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders"])
@pytest.mark.parametrize("together", [False, True])
def test_the_way_drizzle_users_write_it(layout, together, make_repo, db):
    text = DRIZZLE.replace("--> statement-breakpoint\n", "") if together else DRIZZLE
    repo = make_repo(layout)
    name = more(repo, "05_notes", text, text.replace("CREATE INDEX CONCURRENTLY notes_id ON notes (id)",
                                                     "DROP INDEX CONCURRENTLY notes_id")
                .replace("CREATE TABLE notes (id int)", "SELECT 1")
                .replace("INSERT INTO notes VALUES (1)", "DROP TABLE notes"))
    applied(repo, db, deploy(repo, db), name)
    assert db.query("SELECT id FROM notes") == "1"
    assert "notes_id" in index(db, "notes_id")
    back = repo.run("rollback", "--format", "json", env=db.env)
    assert back.status == 0, back
    assert "notes" not in db.tables() and statements(db) == []


@pytest.mark.parametrize("text", [
    "SELECT 1;\nCOMMIT;\nSELECT 2;\nBEGIN;\n",
    "COMMIT;\nVACUUM;\n;BEGIN;\nCOMMIT;\nBEGIN;\n",
    "BEGIN;\nVACUUM;\nCOMMIT;\n",
    "BEGIN;\nCREATE INDEX CONCURRENTLY i ON orders (id);\nCOMMIT;\n",
    "BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;\n",
    "BEGIN READ ONLY;\nSELECT 1;\nCOMMIT;\n",
    "BEGIN;\nSELECT 1;\n",
    "-- predeploy: no-transaction\nBEGIN;\nSELECT 1;\nCOMMIT;\n",
    "COMMIT;\nVACUUM;\nBEGIN ISOLATION LEVEL SERIALIZABLE;\n",
    "COMMIT AND CHAIN;\nVACUUM;\nBEGIN;\n",
    "ROLLBACK;\nVACUUM;\nBEGIN;\n",
])
def test_other_transaction_control_stays_refused(text, shop, db):
    more(shop, "05_x", text)
    result = deploy(shop, db)
    assert result.status == 1 and set(result.rules) == {"sql-transaction-control"}, result


def test_marker(shop, db):
    """CALL may commit, and each ordinary statement has a transaction of its own."""
    name = more(shop, "05_fill", """-- predeploy: no-transaction
CREATE TABLE log (x xid8 DEFAULT pg_current_xact_id());
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log DEFAULT VALUES;
    COMMIT;
    INSERT INTO log DEFAULT VALUES;
END $$;
CALL fill();
INSERT INTO log DEFAULT VALUES;
INSERT INTO log DEFAULT VALUES;
""", "DROP PROCEDURE fill;\nDROP TABLE log;\n")
    applied(shop, db, deploy(shop, db), name)
    assert db.query("SELECT count(DISTINCT x) FROM log") == "4"


def test_a_procedure_in_doubt_is_not_guessed(shop, db):
    name = more(shop, "05_fill", """-- predeploy: no-transaction
CREATE TABLE log (x int);
CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO log VALUES (1);
    COMMIT;
    INSERT INTO log SELECT 1 FROM nosuch;
END $$;
CALL fill();
""", "DROP PROCEDURE fill;\nDROP TABLE log;\n")
    failed = deploy(shop, db)
    assert failed.status == 6, failed
    assert "UPDATE predeploy.statements" in failed.json["error"]["hint"], failed
    assert db.query("SELECT count(*) FROM log") == "1"
    status = shop.run("status", env=db.env)
    assert "if statement 3 (CALL) can be run again" in " ".join(status.out.split()), status
    shown = shop.run("deploy", env=db.env)
    assert "stopped half-way after" in shown.out and "rolled back" not in shown.out, shown
    doubt = deploy(shop, db)
    assert doubt.status == 6 and "statement 3 (CALL)" in doubt.json["error"]["message"], doubt
    assert db.query("SELECT count(*) FROM log") == "1"
    db.query("CREATE TABLE nosuch ()")
    db.query("DELETE FROM predeploy.statements WHERE migration = '%s' AND number = 3" % name)
    applied(shop, db, deploy(shop, db), name)
    assert db.query("SELECT count(*) FROM log") == "2"


def test_what_a_statement_sets_reaches_the_next(shop, db):
    name = more(shop, "05_set", """CREATE SCHEMA other;
CREATE TABLE other.t (id int);
SET search_path = other;
CREATE INDEX CONCURRENTLY t_id ON t (id);
INSERT INTO t VALUES (1);
""", "DROP SCHEMA other CASCADE;\n")
    behind = more(shop, "06_behind", "CREATE TABLE behind ();\n", "DROP TABLE behind;\n")
    applied(shop, db, deploy(shop, db), behind)
    assert name in db.applied()
    assert "other.t" in index(db, "other.t_id")
    assert "behind" in db.tables()


def test_changed_text_is_refused(shop, db):
    name = more(shop, "05_notes", "CREATE TABLE notes (id int);\n"
                "CREATE INDEX CONCURRENTLY notes_id ON notes (nosuch);\n", "DROP TABLE notes;\n")
    assert deploy(shop, db).status == 6
    text = "CREATE TABLE notes (id int, other int);\nCREATE INDEX CONCURRENTLY notes_id ON notes (id);\n"
    shop.write(shop.up(name), text)
    shop.commit("other text")
    result = deploy(shop, db)
    assert result.status == 1 and "half-applied" in result.rules, result
    shop.write(shop.up(name), text.replace(", other int", ""))
    shop.commit("what is not done may change")
    applied(shop, db, deploy(shop, db), name)


def test_what_is_done_is_done_once(shop, db):
    """Also when the marker goes with the mistake: nothing asks for it to run outside any more."""
    text = "CREATE TABLE notes (id int);\nINSERT INTO notes VALUES (1);\nSELECT nosuch();\n"
    name = more(shop, "05_notes", "-- predeploy: no-transaction\n" + text, "DROP TABLE notes;\n")
    assert deploy(shop, db).status == 6
    shop.write(shop.up(name), text.replace("nosuch", "now"))
    shop.commit("no marker")
    applied(shop, db, deploy(shop, db), name)
    assert db.query("SELECT count(*) FROM notes") == "1"


def test_missing_half_is_refused(shop, db):
    name = more(shop, "05_notes", "CREATE TABLE notes (id int);\nVACUUM nosuch;\n", "DROP TABLE notes;\n")
    assert deploy(shop, db).status == 6
    result = deploy(shop, db, "HEAD~1")
    assert (result.status, result.rules) == (1, ["half-applied"]), result
    back = shop.run("rollback", "--format", "json", env=db.env)
    assert (back.status, back.rules) == (1, ["half-applied"]), back
    assert name not in db.applied()


def test_what_only_parts_the_text_is_not_counted(shop, db):
    more(shop, "05_notes", "--> statement-breakpoint\n".join((
        "CREATE TABLE notes (id int);\n", "COMMIT;\n", "DROP INDEX CONCURRENTLY nosuch;\n",
        "BEGIN;\n")), "DROP TABLE notes;\n")
    failed = deploy(shop, db)
    assert failed.status == 6, failed
    assert "1 of its 2 statements is done" in failed.json["error"]["hint"], failed


def test_half_taken_out(shop, db):
    name = more(shop, "05_idx", IDX, "DROP INDEX CONCURRENTLY orders_customer;\nSELECT nosuch();\n")
    assert deploy(shop, db).status == 0
    failed = shop.run("rollback", "--format", "json", env=db.env)
    assert failed.status == 6, failed
    assert "with a new one" not in failed.json["error"]["hint"], failed
    assert index(db, "orders_customer") == "" and db.applied()[-1] == name
    result = deploy(shop, db)
    assert (result.status, result.rules) == (1, ["half-applied"]), result
    db.query("CREATE FUNCTION nosuch() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    back = shop.run("rollback", "--format", "json", env=db.env)
    assert back.status == 0, back
    assert name not in db.applied() and statements(db) == []


def test_unnamed_index_is_refused(shop, db):
    more(shop, "05_idx", "CREATE INDEX CONCURRENTLY ON orders (customer);\n")
    result = deploy(shop, db)
    assert (result.status, result.rules) == (1, ["sql-no-transaction"]), result


# ---- broken off from outside ----

@pytest.fixture
def blocked(shop, db):
    """A build that waits for a transaction that is open, and never ends while `say` lives."""
    more(shop, "05_idx", "CREATE TABLE notes (id int);\n" + IDX, "DROP TABLE notes;\n")
    with db.session() as say:
        say("BEGIN")
        say("INSERT INTO orders (customer) VALUES (NULL)")
        yield say


def wait_for_build(db, process):
    for _ in range(600):
        if db.query("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%'"
                    " AND state = 'active' AND wait_event_type = 'Lock'") == "1":
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    raise AssertionError("no build is waiting")


def finishes(repo, db):
    result = deploy(repo, db)
    applied(repo, db, result, db.applied()[-1])
    assert index(db, "orders_customer").endswith("(customer)")
    assert db.tables() == ["customers", "notes", "orders"]
    assert db.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal(number, shop, blocked, db):
    with shop.predeploy.start("deploy", "--format", "json", env=db.env, cwd=shop.path) as process:
        wait_for_build(db, process)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 6
    report = json.loads(out)
    assert "half applied" in report["error"]["hint"], report["error"]
    assert statements(db, "number, state") == [("1", "done"), ("2", "running")]
    assert db.query("SELECT outcome FROM predeploy.deployments ORDER BY seq DESC LIMIT 1") == "interrupted"
    blocked("ROLLBACK")
    finishes(shop, db)


def test_killed(shop, blocked, db):
    """The server goes on with what the dead one sent: the next run ends that first."""
    with shop.predeploy.start("deploy", env=db.env, cwd=shop.path) as process:
        wait_for_build(db, process)
        process.kill()
        process.wait()
    blocked("ROLLBACK")
    finishes(shop, db)


def test_what_a_dead_run_left_at_work(shop, blocked, db):
    """status names it; the next run ends it, and does not warn of it."""
    shop.write(".predeploy", "[deploy]\n\tlockTimeout = 200ms\n\tstatementTimeout = 1s\n")
    shop.commit("impatient")
    with shop.predeploy.start("deploy", env=db.env, cwd=shop.path) as process:
        wait_for_build(db, process)
        pid = db.query("SELECT pid FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%'")
        status = shop.run("status", env=db.env)
        assert f"Process {pid} of the server is at work" in " ".join(status.out.split()), status
        rows = shop.run("status", "--format", "json", env=db.env).json["unfinished"]
        assert [row["pid"] for row in rows] == [None, int(pid)], rows
        process.kill()
        process.wait()
    result = deploy(shop, db)
    assert (result.status, result.rules) == (6, ["old-transaction"]), result
    finding = result.json["findings"][0]
    assert f"process {pid} " not in finding["message"], finding
    assert "without a limit" in finding["hint"], finding
    blocked("ROLLBACK")
    finishes(shop, db)


def test_backend_terminated(shop, blocked, db):
    with shop.predeploy.start("deploy", "--format", "json", env=db.env, cwd=shop.path) as process:
        wait_for_build(db, process)
        db.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                 " WHERE query LIKE 'CREATE INDEX CONC%'")
        process.communicate(timeout=60)
    assert process.returncode == 6
    assert index(db, "orders_customer").endswith("INVALID")
    status = shop.run("status", env=db.env)
    assert "half applied" in status.out and "2 CREATE INDEX CONCURRENTLY" in status.out, status
    report = shop.run("status", "--format", "json", env=db.env).json
    assert [(row["number"], row["state"], row["object"]) for row in report["unfinished"]] == [
        (1, "done", None), (2, "running", "public.orders_customer")], report
    blocked("ROLLBACK")
    finishes(shop, db)


def test_statement_timeout(shop, blocked, db):
    shop.write(".predeploy", "[deploy]\n\tstatementTimeout = 300ms\n")
    shop.commit("timeout")
    result = deploy(shop, db)
    assert result.status == 6 and result.json["error"]["sqlstate"] == "57014", result
    assert index(db, "orders_customer").endswith("INVALID")
    blocked("ROLLBACK")
    finishes(shop, db)


def test_lock_timeout_is_tried_again(shop, db):
    """Those that do not wait by design keep to lockTimeout, so that nobody queues behind them."""
    shop.write(".predeploy", "[deploy]\n\tlockTimeout = 200ms\n\tretries = 1\n")
    name = more(shop, "05_full", "CREATE TABLE notes ();\nVACUUM FULL orders;\n", "DROP TABLE notes;\n")
    with db.session() as say:
        say("BEGIN")
        say("SELECT count(*) FROM orders")
        result = deploy(shop, db)
        assert result.status == 6 and result.json["error"]["sqlstate"] == "55P03", result
        assert result.json["blockers"], result
    applied(shop, db, deploy(shop, db), name)


def test_two_at_once(shop, blocked, db):
    """The second one asks for the deployment lock again and again: the build does not wait for it."""
    with shop.predeploy.start("deploy", env=db.env, cwd=shop.path) as first:
        wait_for_build(db, first)
        with shop.predeploy.start("deploy", "--format", "json", env=db.env, cwd=shop.path) as second:
            for _ in range(600):
                if db.query("SELECT count(*) > 2 FROM pg_stat_activity"
                            " WHERE application_name LIKE 'predeploy%'") == "t":
                    break
                time.sleep(0.05)
            blocked("COMMIT")
            assert first.wait(timeout=60) == 0
            out, _ = second.communicate(timeout=60)
    assert second.returncode == 0 and json.loads(out)["nothing_to_do"]
    finishes(shop, db)


def test_adoption_waits_for_the_other_half(shop, db):
    more(shop, "05_notes", "CREATE TABLE notes (id int);\nVACUUM nosuch;\n", "DROP TABLE notes;\n")
    assert deploy(shop, db).status == 6
    result = shop.run("adopt", "--format", "json", env=db.env)
    assert result.status == 1 and "half-applied" in result.rules, result


def test_marker_of_a_companion(shop, db):
    name = more(shop, "05_fill", "CREATE TABLE log (x xid8);\n", """-- predeploy: no-transaction
INSERT INTO customers (name) VALUES (pg_current_xact_id()::text);
INSERT INTO customers (name) VALUES (pg_current_xact_id()::text);
DROP TABLE log;
""")
    applied(shop, db, deploy(shop, db), name)
    back = shop.run("rollback", "--format", "json", env=db.env)
    assert back.status == 0, back
    assert db.query("SELECT count(DISTINCT name) FROM customers") == "4"


@pytest.mark.parametrize("mode", ["all", "each"])
def test_several_in_one_plan(mode, shop, db):
    for i in range(5, 9):
        more(shop, f"0{i}_t", f"CREATE TABLE t{i} (id int);\nCREATE INDEX CONCURRENTLY t{i}_id ON t{i} (id);\n",
             f"DROP TABLE t{i};\n")
    name = more(shop, "09_last", "CREATE TABLE last ();\n", "DROP TABLE last;\n")
    result = deploy(shop, db, "--transaction", mode)
    applied(shop, db, result, name)
    assert result.json["tables"]["after"] == 7
    back = shop.run("rollback", "5", "--format", "json", env=db.env)
    assert back.status == 0, back
    assert db.tables() == ["customers", "orders"]


def test_exact_tables_are_verified_in_the_end(shop, db):
    shop.write(".predeploy", "[verify]\n\ttables = 9\n")
    name = more(shop, "05_notes", "CREATE TABLE notes (id int);\nVACUUM notes;\n", "DROP TABLE notes;\n")
    result = deploy(shop, db)
    assert result.status == 7 and "half applied" in result.json["error"]["hint"], result
    assert db.applied()[-1] != name
    shop.write(".predeploy", "[verify]\n\ttables = 3\n")
    shop.commit("right")
    applied(shop, db, deploy(shop, db), name)


def test_reindex_broken_off(shop, db):
    """Its leaves go, also those beside a TOAST table, as far as the role can name them."""
    db.query("CREATE TABLE texts (body text PRIMARY KEY)")
    name = more(shop, "05_reindex", "REINDEX TABLE CONCURRENTLY texts;\n")
    shop.write(".predeploy", "[deploy]\n\tstatementTimeout = 300ms\n")
    shop.commit("timeout")
    with db.session() as say:
        say("BEGIN")
        say("INSERT INTO texts VALUES ('x')")
        assert deploy(shop, db).status == 6
        left = db.query("SELECT string_agg(indexrelid::regclass::text, ' ' ORDER BY 1) FROM pg_index"
                        " WHERE NOT indisvalid")
        assert "texts_pkey_ccnew" in left, left
        say("COMMIT")
    applied(shop, db, deploy(shop, db), name)
    assert db.query("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == "0"
