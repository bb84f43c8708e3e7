"""A deployment with nothing to do relies on the verdict before, as long as all that it depended on is
as it was: one thing is broken in a world that agrees, and all gates are asked again."""

import pathlib
import shutil
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pooler
import pytest
import world
from conftest import shop_migrations

ALL = ["0000_customers", "0001_orders", "0002_seed"]
SETTINGS = "[migrations]\n\tpath = drizzle\n[verify]\n\tminTables = 2\n"


class Settled:
    """A repository and a database in which nothing is to be done, and whose verdict is kept."""

    def __init__(self, folder, recorder, server, layout="drizzle", settings=SETTINGS, prepare=""):
        self.folder = folder
        self.server = server
        predeploy = world.Predeploy(folder / "home", recorder)
        self.repo = world.Repo(folder / "repo", predeploy, layout)
        for name, up, down in shop_migrations(layout):
            self.repo.migration(name, up, down)
        if settings:
            self.repo.write(".predeploy", settings)
        self.repo.commit("first")
        self.repo.publish(folder / "origin.git")
        self.db = server.database()
        self.db.query(prepare)
        for _ in range(2):
            assert relied(deploy(self.repo, self.db)) is None
        assert relied(deploy(self.repo, self.db))

    def copy(self, folder):
        """Another one: databases and repositories are quick to copy."""
        other = object.__new__(Settled)
        other.repo = object.__new__(world.Repo)
        other.repo.__dict__.update(self.repo.__dict__, path=folder / "repo")
        other.repo.entries = list(self.repo.entries)
        shutil.copytree(self.repo.path, other.repo.path, symlinks=True)
        other.db = self.server.database()
        self.server.psql("postgres", f"DROP DATABASE {other.db.name}")
        self.server.psql("postgres", f"CREATE DATABASE {other.db.name} TEMPLATE {self.db.name}")
        return other


def deploy(repo, db, *args):
    return repo.run("deploy", "--format", "json", *args, env=db.env)


def relied(result, status=0):
    """The deployment whose verdict was relied on, None: all was asked."""
    assert result.status == status, result
    recalled = result.json["relies_on"]
    assert recalled is None or result.json["nothing_to_do"], result
    return recalled and recalled["deployment"]


@pytest.fixture(scope="module")
def original(session_folder, recorder, server):
    folder = session_folder / "recall"
    folder.mkdir()
    return Settled(folder, recorder, server)


@pytest.fixture
def settled(original, tmp_path):
    return original.copy(tmp_path)


def test_what_is_relied_on_is_said(settled):
    repo, db = settled.repo, settled.db
    result = deploy(repo, db)
    recalled = result.json["relies_on"]
    [[deployment, verdict]] = db.rows("SELECT id, verdict FROM predeploy.deployments")
    assert recalled["deployment"] == deployment and recalled["given_at"] == verdict.split()[1]
    assert [gate["state"] for gate in result.json["gates"]] == ["open"] * 6, result
    assert result.json["migrations"] == {"folder": "drizzle", "layout": "drizzle", "count": 3}
    assert result.json["standing"]["relation"] == "equal" and result.json["tables"]["after"] == 2
    text = repo.run("deploy", env=db.env)
    assert f"kept with deployment {deployment[:8]}" in text.out.replace("\n            ", " "), text
    for command in ("check", "plan", "verify"):
        other = repo.run(command, "--format", "json", env=db.env)
        assert other.status == 0 and other.json["relies_on"] is None, other


def test_migrations_are_not_read(settled):
    """Their objects are gone: who must read them fails."""
    repo, db = settled.repo, settled.db
    oid = repo.git("rev-parse", f"HEAD:{repo.up(ALL[1])}")
    lost = repo.path / ".git/objects" / oid[:2] / oid[2:]
    lost.chmod(lost.stat().st_mode | stat.S_IWUSR)
    lost.unlink()
    assert relied(deploy(repo, db))
    for args in (("--allow-ahead",), ("--path", "drizzle"), ("--transaction", "each"),
                 ("--base", "HEAD"), ("--layout", "drizzle"), ("--allow-empty",)):
        assert relied(deploy(repo, db, *args), status=3) is None
    assert repo.check().status == 3
    assert relied(deploy(repo, db, "--no-wait", "--verbose", "--color", "never"))


DEPLOYMENT = ("INSERT INTO predeploy.deployments (id, kind, commit, actor, tool_version, started_at, outcome,"
              " finished_at) SELECT gen_random_uuid(), kind, commit, actor, tool_version, now(), ")

# What somebody does to the database: name, SQL, status of the deployment behind it.
BROKEN = [
    ("row of the ledger", "UPDATE predeploy.migrations SET duration_ms = duration_ms + 1", 1),
    ("row of the ledger gone", "DELETE FROM predeploy.migrations WHERE seq = 3", 1),
    ("row of a deployment", "UPDATE predeploy.deployments SET actor = 'nobody'", 1),
    ("deployment of an older predeploy", "UPDATE predeploy.deployments SET hash = NULL", 1),
    ("deployment that runs", DEPLOYMENT + "'running', NULL FROM predeploy.deployments", 1),
    ("deployment that failed", DEPLOYMENT + "'failed', now() FROM predeploy.deployments", 1),
    ("rollback", "UPDATE predeploy.deployments SET kind = 'rollback'", 1),
    ("other commit", "UPDATE predeploy.deployments SET commit = repeat('0', 40)", 1),
    ("half applied", "INSERT INTO predeploy.statements (migration, direction, number, hash, digest, kind,"
     " state, deployment, backend_pid, backend_start) SELECT '0002_seed', 'up', 1, repeat('0', 64),"
     " repeat('0', 64), 'VACUUM', 'running', id, 1, now() FROM predeploy.deployments", 1),
    ("row of Drizzle", "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES"
     " (repeat('a', 64), 1)", 1),
    ("row of Drizzle edited", "UPDATE drizzle.__drizzle_migrations SET hash = repeat('a', 64) WHERE id = 2", 1),
    ("row of Drizzle gone", "DELETE FROM drizzle.__drizzle_migrations WHERE id = 2", 1),
    ("Drizzle's table gone", "DROP TABLE drizzle.__drizzle_migrations", 1),
    ("no verdict", "UPDATE predeploy.deployments SET verdict = NULL", 0),
    ("no text of a verdict", "UPDATE predeploy.deployments SET verdict = 'x'", 0),
    ("other key", "UPDATE predeploy.deployments SET verdict = repeat('0', 64) || substr(verdict, 65)", 0),
    ("other layout", "UPDATE predeploy.deployments SET verdict = replace(verdict, ' drizzle ', ' plain ')", 0),
    ("other count", "UPDATE predeploy.deployments SET verdict = replace(verdict, ' 3 ', ' 4 ')", 0),
    ("other folder", "UPDATE predeploy.deployments SET verdict = verdict || '2'", 0),
    ("trigger", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
     " CREATE TRIGGER t BEFORE INSERT ON predeploy.migrations FOR EACH ROW EXECUTE FUNCTION f()", 3),
    ("trigger on Drizzle's table", "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW;"
     " END'; CREATE TRIGGER t BEFORE INSERT ON drizzle.__drizzle_migrations FOR EACH ROW EXECUTE FUNCTION f()", 3),
    ("rule", "CREATE RULE r AS ON INSERT TO predeploy.seal DO ALSO NOTHING", 3),
    ("row level security", "ALTER TABLE predeploy.statements ENABLE ROW LEVEL SECURITY", 3),
    ("foreign key from elsewhere", "CREATE TABLE own (id uuid REFERENCES predeploy.deployments)", 3),
    ("child", "CREATE TABLE child () INHERITS (predeploy.migrations)", 3),
    ("parent", "CREATE TABLE parent (); ALTER TABLE predeploy.migrations INHERIT parent", 3),
    ("check that calls", "CREATE FUNCTION g(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';"
     " ALTER TABLE predeploy.migrations ADD CHECK (g(name))", 3),
    ("default that calls", "CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $$SELECT ''$$;"
     " ALTER TABLE predeploy.deployments ALTER detail SET DEFAULT g()", 3),
    ("index that calls", "CREATE FUNCTION g(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT ''$$;"
     " CREATE INDEX ON predeploy.migrations (g(name))", 3),
    ("statistics that call", "CREATE FUNCTION g(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT ''$$;"
     " CREATE STATISTICS somebodys ON (g(name)) FROM predeploy.migrations", 3),
    ("type of somebody", "CREATE DOMAIN d AS text; ALTER TABLE predeploy.statements ADD COLUMN c d", 3),
    ("others may write", "GRANT INSERT ON predeploy.migrations TO {role}", 3),
    ("others may write a column", "GRANT UPDATE (name) ON predeploy.migrations TO {role}", 3),
    ("others may create", "GRANT CREATE ON SCHEMA predeploy TO {role}", 3),
    ("others may move the sequence", "GRANT UPDATE ON SEQUENCE predeploy.migrations_seq_seq TO {role}", 3),
    ("subscription that writes to it", "SET allow_system_table_mods = on; INSERT INTO pg_subscription_rel"
     " (srsubid, srrelid, srsubstate) SELECT 1, 'predeploy.migrations'::regclass, 'r'", 3),
    ("other owner", "ALTER TABLE predeploy.migrations OWNER TO {role}", 3),
    ("ledger of a newer predeploy", "INSERT INTO predeploy.schema_migrations (name, hash, tool_version)"
     " VALUES ('9999_x', repeat('0', 64), '9')", 3),
]


@pytest.fixture(scope="module")
def role(server):
    server.psql("postgres", "CREATE ROLE recall_other LOGIN")
    yield "recall_other"


@pytest.mark.parametrize("sql, status", [pytest.param(*case[1:], id=case[0]) for case in BROKEN])
def test_what_somebody_did_to_the_database(sql, status, settled, role):
    settled.db.query(sql.format(role=role))
    assert relied(deploy(settled.repo, settled.db), status) is None


def test_altered_behind_the_newest_deployment(settled):
    repo, db = settled.repo, settled.db
    repo.write("other.txt", "other\n")
    repo.commit("other")
    for recalled in (False, True):
        assert bool(relied(deploy(repo, db))) == recalled
    assert db.query("SELECT count(*) FROM predeploy.deployments") == "2"
    db.query("UPDATE predeploy.deployments SET actor = 'nobody' WHERE seq = 1")
    result = deploy(repo, db)
    assert relied(result, status=1) is None and result.rules == ["ledger-altered"], result


def test_altered_by_a_transaction_that_began_before(settled):
    """The number of what it writes is between the numbers that are there: their sum is the same."""
    repo, db = settled.repo, settled.db
    edit = "UPDATE drizzle.__drizzle_migrations SET hash = {} WHERE id IN ({})"
    with db.session() as say:
        db.query(edit.format("hash", 1))
        say("BEGIN; SELECT txid_current()")
        db.query(edit.format("hash", 2))
        assert relied(deploy(repo, db)) is None
        assert relied(deploy(repo, db))
        say(edit.format("repeat('a', 64)", "1, 2") + "; COMMIT")
    numbers = db.rows("SELECT DISTINCT xmin FROM drizzle.__drizzle_migrations WHERE id IN (1, 2)")
    assert len(numbers) == 1 and relied(deploy(repo, db), status=1) is None


CALLED = "CREATE OR REPLACE FUNCTION f() RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS 'BEGIN {} RETURN true; END';"


@pytest.mark.parametrize("sql", [
    pytest.param(CALLED.format("") + "CREATE INDEX ON predeploy.statements (state) WHERE f();"
                 + CALLED.format("RAISE LOG ''%{mark}'', ''='';"), id="index"),
    pytest.param("CREATE EXTENSION file_fdw; CREATE SERVER s FOREIGN DATA WRAPPER file_fdw;"
                 " CREATE FOREIGN TABLE child () INHERITS (predeploy.migrations) SERVER s"
                 " OPTIONS (program 'printf =%s {mark} >&2')", id="foreign table"),
])
def test_nothing_of_somebody_runs(sql, settled, server):
    mark = f"called_{settled.db.name}"
    settled.db.query(sql.format(mark=mark))
    assert relied(deploy(settled.repo, settled.db), status=3) is None
    log = (server.folder / "log").read_text(errors="replace")
    assert mark in log and f"={mark}" not in log


def forget(db):
    db.query("UPDATE predeploy.deployments SET verdict = NULL")


@pytest.mark.parametrize("lock", [
    "SELECT FROM predeploy.deployments FOR UPDATE",
    "LOCK TABLE predeploy.deployments IN SHARE MODE",
])
def test_nobody_is_waited_for(lock, settled):
    """As long as somebody is in the way no verdict is kept, which is nothing to wait for."""
    repo, db = settled.repo, settled.db
    forget(db)
    with db.session() as say:
        say("BEGIN; " + lock)
        begun = time.monotonic()
        assert relied(deploy(repo, db)) is None
        assert time.monotonic() - begun < 4  # lockTimeout is 5 s
    assert relied(deploy(repo, db)) is None
    assert relied(deploy(repo, db))


def test_no_standby_is_waited_for(settled, server):
    repo, db = settled.repo, settled.db
    forget(db)
    standbys = "ALTER SYSTEM {}; SELECT pg_reload_conf()"
    server.psql("postgres", standbys.format("SET synchronous_standby_names = 'nobody'"))
    try:
        for _ in range(200):
            if db.query("SHOW synchronous_standby_names") == "nobody":
                break
            time.sleep(0.05)
        assert relied(deploy(repo, db)) is None
    finally:
        server.psql("postgres", "SET synchronous_commit = off; " + standbys.format("RESET synchronous_standby_names"))
    assert relied(deploy(repo, db))


@pytest.mark.skipif(not pathlib.Path(pooler.PROGRAM).exists(), reason="there is no pgbouncer")
def test_behind_a_pooler_of_transactions(settled, server, tmp_path):
    """Another session than the one that keeps the verdict holds the deployment lock."""
    forget(settled.db)
    between = pooler.Pooler(tmp_path / "pooler", server, "transaction")
    try:
        env = {"DATABASE_URL": settled.db.url.replace(f":{server.port}/", f":{between.port}/")}
        for recalled in (False, True):
            assert bool(relied(settled.repo.run("deploy", "--format", "json", env=env))) == recalled
    finally:
        between.stop()


def test_connection_lost_over_the_verdict(settled):
    """All else is done then, and stays done."""
    repo, db = settled.repo, settled.db
    forget(db)
    end = ("DO $$ BEGIN FOR i IN 1..2000 LOOP PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
           " query LIKE 'UPDATE predeploy.deployments%verdict%' AND wait_event_type = 'Lock' AND datname ="
           " current_database(); EXIT WHEN FOUND; PERFORM pg_stat_clear_snapshot(); PERFORM pg_sleep(0.005);"
           " END LOOP; IF NOT FOUND THEN RAISE 'nobody waits'; END IF; END $$")
    with db.session() as say, ThreadPoolExecutor() as beside:
        say("BEGIN; SELECT FROM predeploy.deployments FOR UPDATE")
        ended = beside.submit(db.query, end)
        assert relied(deploy(repo, db)) is None
        ended.result()
    assert relied(deploy(repo, db)) is None
    assert relied(deploy(repo, db))


# Ends with what stands there in the first place.
TOUCHED = [
    "UPDATE predeploy.migrations SET name = name WHERE seq = 2",
    "UPDATE predeploy.deployments SET verdict = verdict",
    "UPDATE predeploy.schema_migrations SET name = name WHERE name LIKE '0002%'",
    "UPDATE drizzle.__drizzle_migrations SET hash = hash WHERE id = 1",
    "WITH gone AS (DELETE FROM drizzle.__drizzle_migrations RETURNING *)"
    " INSERT INTO drizzle.__drizzle_migrations SELECT * FROM gone",
    "VACUUM FULL predeploy.migrations",
    "ALTER TABLE predeploy.statements DISABLE ROW LEVEL SECURITY",
    "GRANT USAGE ON SCHEMA predeploy TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA predeploy TO {role}",
    "GRANT SELECT (name) ON predeploy.migrations TO {role}; REVOKE SELECT (name) ON predeploy.migrations FROM {role}",
    "GRANT SELECT ON SEQUENCE predeploy.migrations_seq_seq TO {role}",
    "CREATE VIEW own AS SELECT name FROM predeploy.migrations",
]


@pytest.mark.parametrize("sql", TOUCHED)
def test_what_does_no_harm_is_looked_at_once(sql, settled, role):
    repo, db = settled.repo, settled.db
    db.query(sql.format(role=role))
    assert relied(deploy(repo, db)) is None
    if "(name)" not in sql:  # what is left of it, an empty list, is not as usual
        assert relied(deploy(repo, db))


@pytest.mark.parametrize("sql", [
    "ANALYZE",
    "REINDEX TABLE predeploy.deployments",
    "VACUUM (FREEZE, ANALYZE) predeploy.migrations",
    "CREATE TABLE own (id serial PRIMARY KEY)",
    "BEGIN; SELECT FROM predeploy.migrations FOR UPDATE; COMMIT",
    "BEGIN; UPDATE predeploy.migrations SET name = name || 'x'; ROLLBACK",
    "CREATE SCHEMA evil; CREATE FUNCTION evil.eq(oid, oid) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE"
    " ''called''; END'; CREATE OPERATOR evil.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = evil.eq);"
    " ALTER DATABASE {database} SET search_path = evil, pg_catalog, public",
])
def test_what_changes_nothing(sql, settled):
    settled.db.query(sql.format(database=settled.db.name))
    assert relied(deploy(settled.repo, settled.db))


def test_who_connects(settled, server):
    """Also who may do everything is somebody else than who owns the ledger."""
    server.psql("postgres", "CREATE ROLE recall_super SUPERUSER LOGIN; UPDATE pg_authid SET rolpassword ="
                " (SELECT rolpassword FROM pg_authid WHERE rolname = 'app') WHERE rolname = 'recall_super'")
    env = {"DATABASE_URL": settled.db.url.replace("//app:", "//recall_super:")}
    for _ in range(3):
        assert relied(settled.repo.run("deploy", "--format", "json", env=env)) is None
    assert relied(deploy(settled.repo, settled.db))


def test_tables_are_counted(settled):
    settled.db.query("DROP TABLE orders")
    result = deploy(settled.repo, settled.db)
    assert relied(result, status=7) and result.json["tables"]["after"] == 1, result
    assert settled.repo.run("check", env=settled.db.env).status == 0


@pytest.mark.parametrize("change, status", [
    pytest.param(lambda repo: repo.write(".predeploy", SETTINGS + "[deploy]\n\tlockTimeout = 4s\n"), 0, id="setting"),
    pytest.param(lambda repo: repo.write(repo.down(ALL[1]), "DROP TABLE orders CASCADE;\n"), 1, id="companion"),
    pytest.param(lambda repo: repo.write(repo.up(ALL[2]), "SELECT 1;\n"), 1, id="migration"),
    pytest.param(lambda repo: repo.write("other.txt", "other\n"), 0, id="commit"),
])
def test_other_commit(change, status, settled):
    change(settled.repo)
    settled.repo.commit("change")
    assert relied(deploy(settled.repo, settled.db), status) is None


def test_base_that_moved(settled):
    """What is published is asked of other commits then, and the verdict is kept anew."""
    repo, db = settled.repo, settled.db
    repo.git("checkout", "-q", "-b", "elsewhere")
    repo.write("other.txt", "other\n")
    tip = repo.commit("published elsewhere")
    repo.git("update-ref", "refs/remotes/origin/main", tip)
    repo.git("checkout", "-q", "main")
    assert relied(deploy(repo, db)) is None
    assert relied(deploy(repo, db))
    repo.migration("0003_more", "SELECT 1;\n")
    tip = repo.commit("a migration that this revision lacks")
    repo.git("update-ref", "refs/remotes/origin/main", tip)
    assert relied(deploy(repo, db, "HEAD~")) is None


def test_other_release(settled, tmp_path):
    """The same program but for its version."""
    data = open(world.BINARY, "rb").read()
    version = settled.repo.run("--version").out.split()[1].encode()
    other = tmp_path / ("predeploy-asan" if "asan" in world.BINARY else "predeploy")
    # A linker may keep it as the end of another string.
    other.write_bytes(data.replace(version + b"\0", b"9" * len(version) + b"\0"))
    other.chmod(0o755)
    settled.repo.predeploy = world.Predeploy(tmp_path / "home", settled.repo.predeploy.recorder, binary=str(other))
    assert settled.repo.run("deploy", "--format", "json", env=settled.db.env).json["relies_on"] is None


def test_beside_another_deployment(settled):
    """Who holds the deployment lock may be about to change everything."""
    repo, db = settled.repo, settled.db
    lock = "SELECT pg_advisory_lock(1886545252, 1886154617)"
    with db.session() as say:
        say(lock)
        result = deploy(repo, db, "--no-wait")
        assert result.status == 8 and result.json["relies_on"] is None, result
    assert relied(deploy(repo, db))


def test_warnings_are_said_each_time(settled):
    repo, db = settled.repo, settled.db
    db.query("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT hash, created_at"
             " FROM drizzle.__drizzle_migrations ORDER BY id DESC LIMIT 1")
    for _ in range(3):
        result = deploy(repo, db)
        assert relied(result) is None and set(result.rules) == {"ledger-duplicate"}, result


def test_behind_a_deployment_that_failed(settled):
    repo, db = settled.repo, settled.db
    repo.migration("0003_broken", "SELECT 1 / 0;\n")
    repo.commit("broken")
    assert deploy(repo, db).status == 5
    assert relied(deploy(repo, db, "HEAD~")) is None
    assert db.query("SELECT string_agg(outcome, ' ' ORDER BY seq) FROM predeploy.deployments") == "succeeded failed"


def test_a_closed_gate_is_closed_without_a_database(settled):
    """Who cannot be reached is asked first, and says nothing about what the gates say."""
    repo = settled.repo
    env = {"DATABASE_URL": f"postgresql://app@127.0.0.1:{world.free_port()}/nowhere"}
    assert relied(repo.run("deploy", "--format", "json", env=env), status=3) is None
    repo.write(repo.up(ALL[2]), "SELECT 1;\n")
    repo.commit("edited")
    closed = repo.run("deploy", "--format", "json", env=env)
    assert relied(closed, status=1) is None and closed.json["database"] is None, closed


@pytest.mark.parametrize("layout", ["drizzle-folders", "plain"])
def test_layouts_that_are_found(layout, tmp_path, recorder, server):
    """Without settings, the layout is known from the migrations alone."""
    settled = Settled(tmp_path, recorder, server, layout, settings=None)
    report = deploy(settled.repo, settled.db).json
    assert report["migrations"]["layout"] == layout and report["relies_on"], report
    if layout == "plain":
        settled.db.query("CREATE TABLE schema_migrations (version bigint, dirty boolean)")
        assert deploy(settled.repo, settled.db).json["relies_on"] is None


def test_a_table_of_drizzle_beside_another_layout(tmp_path, recorder, server):
    settled = Settled(tmp_path, recorder, server, "plain", settings=None)
    settled.db.query("CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY,"
                     " hash text NOT NULL, created_at bigint)")
    assert relied(deploy(settled.repo, settled.db))
    forget(settled.db)
    assert relied(deploy(settled.repo, settled.db)) is None
    assert relied(deploy(settled.repo, settled.db))


def test_role(tmp_path, recorder, server):
    server.psql("template1", "CREATE ROLE recall_role")
    settled = Settled(tmp_path, recorder, server, settings=SETTINGS + "[deploy]\n\trole = recall_role\n",
                      prepare="GRANT CREATE ON SCHEMA public TO recall_role")
    server.psql("postgres", "ALTER ROLE recall_role RENAME TO recall_gone")
    assert relied(deploy(settled.repo, settled.db), status=3) is None
