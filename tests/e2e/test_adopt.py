"""Databases that other tools have migrated: taken over, then deployed further, nothing run twice."""

import hashlib
import zlib

import pytest
import world

UP = {
    "a": "CREATE TABLE a (id int);\nINSERT INTO ran VALUES ('a');\n",
    "b": "CREATE TABLE b (id int);\nINSERT INTO ran VALUES ('b');\n",
    "c": "CREATE TABLE c (id int);\nINSERT INTO ran VALUES ('c');\n",
}
DOWN = {name: f"DROP TABLE {name};\nDELETE FROM ran WHERE name = '{name}';\n" for name in UP}


def flyway_checksum(text):
    crc = 0
    for line in text.encode().splitlines():
        crc = zlib.crc32(line, crc)
    return crc - (1 << 32) if crc >= 1 << 31 else crc


class Pairs:
    """Two files a migration, in the tool's own table a row each, unless it says otherwise."""

    folder = "migrations"
    versions = {"a": "00001", "b": "00002", "c": "00003"}
    checksum = None

    def name(self, letter):
        return f"{self.versions[letter]}_{letter}"

    def files(self, letter):
        return {self.up(letter): UP[letter], self.down(letter): DOWN[letter]}

    def up(self, letter):
        return f"{self.name(letter)}.up.sql"

    def down(self, letter):
        return f"{self.name(letter)}.down.sql"

    def text(self, letter):
        return next(iter(self.files(letter).values()))

    def applied(self, *letters):
        return "".join(self.row(rank + 1, letter) for rank, letter in enumerate(letters))


class GolangMigrate(Pairs):
    layout = "golang-migrate"
    table = "schema_migrations"
    versions = {"a": "1", "b": "9", "c": "10"}
    make = ('CREATE TABLE IF NOT EXISTS "public"."schema_migrations" (version bigint not null '
            "primary key, dirty boolean not null);")
    broken = "UPDATE schema_migrations SET dirty = true;"

    def applied(self, *letters):
        return f"INSERT INTO schema_migrations VALUES ({self.versions[letters[-1]]}, false);"


class Sqlx(Pairs):
    layout = "sqlx"
    table = "_sqlx_migrations"
    versions = {"a": "20240101000000", "b": "20240102000000", "c": "20240103000000"}
    make = ("CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description "
            "TEXT NOT NULL, installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT "
            "NULL, checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL);")
    broken = "UPDATE _sqlx_migrations SET success = false WHERE description = 'b';"
    checksum = "UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE description = 'a';"

    def row(self, rank, letter):
        digest = hashlib.sha384(self.text(letter).encode()).hexdigest()
        return (f"INSERT INTO _sqlx_migrations VALUES ({self.versions[letter]}, '{letter}', now(), "
                f"true, '\\x{digest}', 1000);")


class Diesel(Pairs):
    layout = "diesel"
    table = "__diesel_schema_migrations"
    versions = {"a": "2024-01-01-000000", "b": "20240102000000", "c": "2024-01-03-000000"}
    make = ("CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version VARCHAR(50) PRIMARY "
            "KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP);")
    broken = None

    def up(self, letter):
        return f"{self.name(letter)}/up.sql"

    def down(self, letter):
        return f"{self.name(letter)}/down.sql"

    def row(self, rank, letter):
        version = self.versions[letter].replace("-", "")
        return f"INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}');"


class Prisma(Pairs):
    layout = "prisma"
    folder = "prisma/migrations"
    table = "_prisma_migrations"
    versions = Sqlx.versions
    make = ("CREATE TABLE _prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum "
            "VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ, migration_name VARCHAR(255) NOT NULL, "
            "logs TEXT, rolled_back_at TIMESTAMPTZ, started_at TIMESTAMPTZ NOT NULL DEFAULT now(), "
            "applied_steps_count INTEGER NOT NULL DEFAULT 0);")
    broken = "UPDATE _prisma_migrations SET finished_at = NULL WHERE id = 'b';"
    checksum = "UPDATE _prisma_migrations SET checksum = repeat('0', 64) WHERE id = 'a';"

    def up(self, letter):
        return f"{self.name(letter)}/migration.sql"

    def down(self, letter):
        return f"{self.name(letter)}/down.sql"

    def row(self, rank, letter):
        return ("INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, "
                f"applied_steps_count) VALUES ('{letter}', '{world.sha256(self.text(letter))}', "
                f"now(), '{self.name(letter)}', 1);")


class Flyway(Pairs):
    layout = "flyway"
    table = "flyway_schema_history"
    versions = {"a": "1", "b": "1_9", "c": "1.10"}
    make = ('CREATE TABLE "public"."flyway_schema_history" ("installed_rank" INT NOT NULL, '
            '"version" VARCHAR(50), "description" VARCHAR(200) NOT NULL, "type" VARCHAR(20) NOT '
            'NULL, "script" VARCHAR(1000) NOT NULL, "checksum" INTEGER, "installed_by" VARCHAR(100) '
            'NOT NULL, "installed_on" TIMESTAMP NOT NULL DEFAULT now(), "execution_time" INTEGER '
            'NOT NULL, "success" BOOLEAN NOT NULL); ALTER TABLE "public"."flyway_schema_history" '
            'ADD CONSTRAINT "flyway_schema_history_pk" PRIMARY KEY ("installed_rank"); CREATE INDEX '
            '"flyway_schema_history_s_idx" ON "public"."flyway_schema_history" ("success");')
    broken = "UPDATE flyway_schema_history SET success = false WHERE description = 'b';"
    checksum = "UPDATE flyway_schema_history SET checksum = 5 WHERE description = 'a';"

    def up(self, letter):
        return f"V{self.versions[letter]}__{letter}.sql"

    def down(self, letter):
        return f"U{self.versions[letter]}__{letter}.sql"

    def row(self, rank, letter):
        version = self.versions[letter].replace("_", ".")
        return ("INSERT INTO flyway_schema_history (installed_rank, version, description, type, "
                f"script, checksum, installed_by, execution_time, success) VALUES ({rank}, "
                f"'{version}', '{letter}', 'SQL', '{self.up(letter)}', "
                f"{flyway_checksum(self.text(letter))}, 'app', 3, true);")


class Dbmate(Pairs):
    layout = "dbmate"
    folder = "db/migrations"
    table = "schema_migrations"
    versions = Sqlx.versions
    make = 'create table if not exists "public"."schema_migrations" (version varchar primary key);'
    broken = None

    def files(self, letter):
        text = f"-- migrate:up\n{UP[letter]}\n-- migrate:down\n{DOWN[letter]}"
        return {f"{self.name(letter)}.sql": text}

    def row(self, rank, letter):
        return f"INSERT INTO schema_migrations VALUES ('{self.versions[letter]}');"


class Goose(Pairs):
    layout = "goose"
    table = "goose_db_version"
    make = ("CREATE TABLE goose_db_version (id integer PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY, "
            "version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL "
            "DEFAULT now()); INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true);")
    broken = None

    def files(self, letter):
        text = f"-- +goose Up\n{UP[letter]}\n-- +goose Down\n{DOWN[letter]}"
        return {f"{self.name(letter)}.sql": text}

    def row(self, rank, letter):
        return ("INSERT INTO goose_db_version (version_id, is_applied) VALUES "
                f"({int(self.versions[letter])}, true);")


TOOLS = [GolangMigrate(), Sqlx(), Diesel(), Prisma(), Flyway(), Dbmate(), Goose()]
each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.layout)


@pytest.fixture
def project(make_repo):
    """A repository of that tool with its first two migrations."""

    def make(tool):
        repo = make_repo("plain", [], commit=False)
        repo.folder = tool.folder
        repo.write(".predeploy", f"[migrations]\n\tpath = {tool.folder}\n\tlayout = {tool.layout}\n")
        if tool.layout == "prisma":
            repo.write(f"{tool.folder}/migration_lock.toml", 'provider = "postgresql"\n')
        for letter in "ab":
            add(repo, tool, letter)
        repo.commit("first")
        return repo

    return make


def add(repo, tool, letter):
    for name, text in tool.files(letter).items():
        repo.write(f"{tool.folder}/{name}", text)


def migrate(db, tool, *letters):
    """What the tool itself would have done."""
    db.query("CREATE TABLE ran (name text);" + tool.make + "".join(UP[letter] for letter in letters)
             + (tool.applied(*letters) if letters else ""))


def ran(db):
    return db.query("SELECT string_agg(name, ' ' ORDER BY name) FROM ran")


def names(db):
    return db.applied()


@each_tool
def test_adopted_then_deployed_further(tool, project, db):
    repo = project(tool)
    migrate(db, tool, "a", "b")
    before, others = db.dump(), db.dump_but_ledger()

    for command in ("check", "plan"):
        closed = repo.run(command, "--format", "json", env=db.env)
        assert (closed.status, closed.rules) == (1, ["ledger-foreign"]), closed
        assert "predeploy adopt" in closed.json["findings"][0]["hint"]
    assert f"public.{tool.table} looks like" in repo.run("status", env=db.env).out
    dry = repo.run("adopt", "--dry-run", env=db.env)
    assert dry.status == 0, dry
    assert "would adopt 2 migrations" in dry.out
    assert db.dump() == before
    closed = repo.run("deploy", "--format", "json", env=db.env)
    assert (closed.status, closed.rules) == (1, ["ledger-foreign"]), closed
    assert db.dump_but_ledger() == others

    adopted = repo.run("adopt", env=db.env)
    assert adopted.status == 0, adopted
    assert "adopted 2 migrations" in adopted.out
    assert f"found public.{tool.table} of {tool.layout}" in adopted.err
    applied = names(db)
    assert len(applied) == 2
    assert all(name in adopted.err for name in applied), adopted
    assert db.dump_but_ledger() == others
    assert db.rows("SELECT DISTINCT adopted, drizzle_id IS NULL, down_sql LIKE '%DROP TABLE%' "
                   "FROM predeploy.migrations") == [("t", "t", "t")]
    assert db.rows("SELECT kind, outcome, migrations FROM predeploy.deployments") == [
        ("adopt", "succeeded", "{}")]

    again = repo.run("adopt", "--format", "json", env=db.env)
    assert again.status == 0 and again.json["nothing_to_do"], again
    assert db.query("SELECT count(*) FROM predeploy.deployments") == "1"

    add(repo, tool, "c")
    repo.commit("third")
    assert repo.run("deploy", env=db.env).status == 0
    assert ran(db) == "a b c"
    assert names(db)[:2] == applied and len(names(db)) == 3
    assert repo.run("verify", env=db.env).status == 0
    assert repo.check(env=db.env).status == 0
    status = repo.run("status", "--format", "json", env=db.env)
    assert [row["adopted"] for row in status.json["applied"]] == [True, True, False]
    assert [row["kind"] for row in status.json["deployments"]] == ["deploy", "adopt"]
    assert "adopt succeeded" in repo.run("status", env=db.env).out


@each_tool
def test_what_was_adopted_comes_out_and_goes_in_again(tool, project, db):
    repo = project(tool)
    migrate(db, tool, "a", "b")
    assert repo.run("adopt", env=db.env).status == 0
    result = repo.run("rollback", env=db.env)
    assert result.status == 0, result
    assert ran(db) == "a"
    assert len(names(db)) == 1
    # The tool's own table still says that it is applied; predeploy knows better.
    again = repo.run("adopt", "--format", "json", env=db.env)
    assert again.status == 0 and again.json["nothing_to_do"], again
    assert len(names(db)) == 1
    assert repo.run("deploy", env=db.env).status == 0
    assert ran(db) == "a b"


def test_no_rollback_in_front_of_what_is_not_adopted(project, db):
    tool = Goose()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    assert repo.run("adopt", env=db.env).status == 0
    add(repo, tool, "c")
    repo.commit("third")
    db.query(UP["c"] + tool.row(3, "c"))
    result = repo.run("rollback", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["ledger-foreign"]), result
    assert ran(db) == "a b c"
    assert repo.run("adopt", env=db.env).status == 0
    assert repo.run("rollback", env=db.env).status == 0
    assert ran(db) == "a b"


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.broken], ids=lambda t: t.layout)
def test_unfinished_is_refused(tool, project, db):
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query(tool.broken)
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-unfinished"]), result
    assert db.dump() == before


@pytest.mark.parametrize("tool", [tool for tool in TOOLS if tool.checksum], ids=lambda t: t.layout)
def test_other_content_is_refused(tool, project, db):
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query(tool.checksum)
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-mismatch"]), result
    assert db.dump() == before


def test_two_rows_where_the_tool_keeps_one(project, db):
    tool = GolangMigrate()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query("INSERT INTO schema_migrations VALUES (1, false)")
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-unfinished"]), result
    assert "2 rows (1, 9)" in result.json["findings"][0]["message"]
    assert db.dump() == before
    closed = repo.run("deploy", "--format", "json", env=db.env)
    assert (closed.status, closed.rules) == (1, ["ledger-foreign", "adopt-unfinished"]), closed
    assert ran(db) == "a b"
    db.query("DELETE FROM schema_migrations WHERE version = 1")  # as migrate force leaves it
    assert repo.run("adopt", env=db.env).status == 0


def test_each_row_of_a_migration_has_its_content(project, db):
    tool = Prisma()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query("INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name) VALUES "
             f"('x', 'deadbeef', now(), '{tool.name('b')}')")
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-mismatch"]), result
    assert db.dump() == before
    db.query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE id = 'x'")
    assert repo.run("adopt", env=db.env).status == 0


@pytest.mark.parametrize("change", [
    "type = 'JDBC', script = 'V1_9__b.java', checksum = NULL",
    "type = 'JDBC', checksum = NULL",
    "script = 'V1_9__other.sql', checksum = NULL",
])
def test_something_else_of_that_version(project, db, change):
    tool = Flyway()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query(f"UPDATE flyway_schema_history SET {change} WHERE description = 'b'")
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-mismatch"]), result
    assert db.dump() == before


@each_tool
def test_what_the_revision_lacks_is_refused(tool, project, db):
    repo = project(tool)
    migrate(db, tool, "a", "b", "c")
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-unknown"]), result
    assert db.dump() == before


@pytest.mark.parametrize("tool", TOOLS[1:], ids=lambda tool: tool.layout)
def test_gap(tool, project, db):
    repo = project(tool)
    migrate(db, tool, "b")
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-gap"]), result
    assert db.dump() == before


def test_nothing_is_applied_yet(project, db):
    tool = Goose()
    repo = project(tool)
    migrate(db, tool)
    before = db.dump()
    result = repo.run("adopt", env=db.env)
    assert result.status == 0 and "nothing to do" in result.out, result
    assert db.dump() == before
    assert repo.run("deploy", env=db.env).status == 0
    assert ran(db) == "a b"


def test_two_that_fit(project, db):
    goose, golang = Goose(), GolangMigrate()
    repo = project(goose)
    migrate(db, goose, "a", "b")
    db.query(golang.make + golang.applied("a"))
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-ambiguous"]), result
    result = repo.run("adopt", "--from", "goose", env=db.env)
    assert result.status == 0, result
    assert len(names(db)) == 2
    result = repo.run("adopt", "--from", "flyway", env=db.env)
    assert result.status == 2 and "public.goose_db_version (goose)" in result.both, result


def test_two_that_fit_are_not_chosen_from_by_a_lower_severity(project, db):
    goose, golang = Goose(), GolangMigrate()
    repo = project(goose)
    settings = (repo.path / ".predeploy").read_text()
    repo.write(".predeploy", settings + '[rule "adopt-ambiguous"]\n\tseverity = warning\n')
    repo.commit("lowered")
    migrate(db, goose, "a", "b")
    db.query(golang.make + golang.applied("a"))
    before = db.dump()
    result = repo.run("adopt", env=db.env)
    assert result.status == 2 and "--from" in result.both, result
    assert db.dump() == before
    assert repo.run("adopt", "--from", "goose", env=db.env).status == 0
    assert len(names(db)) == 2


@pytest.mark.parametrize("row, rules", [
    ("(4, false)", ["ledger-foreign", "adopt-unknown"]),
    ("(4, true)", ["ledger-foreign", "adopt-unfinished"]),
    ("(3, false)", ["ledger-foreign"]),
])
def test_an_older_release_of_a_set_of_ones_own(make_repo, db, row, rules):
    """golang-migrate's table is at a version that this revision does not have: all in it has run."""
    repo = make_repo("plain", commit=False)
    repo.write(".predeploy", "[migrations]\n\tlayout = custom\n[layout]\n\tup = {version}_{name}.sql\n"
               "\trollback = {version}_{name}-rollback.sql\n")
    repo.commit("a layout of its own")
    db.query(GolangMigrate.make + f"INSERT INTO schema_migrations VALUES {row}")
    before = db.dump_but_ledger()
    closed = repo.run("deploy", "--format", "json", env=db.env)
    assert (closed.status, closed.rules) == (1, rules), closed
    assert names(db) == [] and db.dump_but_ledger() == before


BROKEN = [
    ("(-1, true)", ["adopt-unfinished"], "version -1 is dirty"),
    ("(9, true)", ["ledger-foreign", "adopt-unfinished"], "version 9 is dirty"),
    ("(77, true)", ["ledger-foreign", "adopt-unfinished"], "version 77 is dirty"),
    ("(77, false)", ["ledger-foreign", "adopt-unknown"], "version 77, which is neither"),
]


@pytest.mark.parametrize("row, rules, part", BROKEN)
def test_a_broken_table_opens_no_gate(project, db, row, rules, part):
    tool = GolangMigrate()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query(f"DELETE FROM schema_migrations; INSERT INTO schema_migrations VALUES {row}")
    others = db.dump_but_ledger()
    for command in ("check", "plan", "verify", "deploy"):
        closed = repo.run(command, "--format", "json", env=db.env)
        told = [rule for rule in closed.rules if not rule.startswith("verify-")]
        assert (closed.status, told) == (7 if command == "verify" else 1, rules), closed
        told = [finding for finding in closed.json["findings"] if finding["rule"] == rules[-1]]
        assert part in told[0]["message"]
        assert not any("severity" in finding["hint"] for finding in closed.json["findings"]), closed
    assert db.dump_but_ledger() == others


@pytest.mark.parametrize("version", ["0", None])
def test_a_table_at_the_start(project, db, version):
    tool = GolangMigrate()
    repo = project(tool)
    migrate(db, tool)
    if version is not None:
        db.query(f"INSERT INTO schema_migrations VALUES ({version}, false)")
    result = repo.run("adopt", env=db.env)
    assert result.status == 0 and "nothing to do" in result.out, result
    assert repo.run("deploy", env=db.env).status == 0
    assert ran(db) == "a b"


# What a tool does that nobody has stopped: tool, its SQL, the rule that tells.
WENT_ON = [
    (GolangMigrate(), "UPDATE schema_migrations SET version = 10", "adopt-unknown"),
    (GolangMigrate(), "UPDATE schema_migrations SET version = 10, dirty = true", "adopt-unfinished"),
    (GolangMigrate(), "UPDATE schema_migrations SET version = 1; DROP TABLE b", "ledger-disagrees"),
    (GolangMigrate(), "DELETE FROM schema_migrations", "ledger-disagrees"),
    (Goose(), Goose().row(5, "c"), "adopt-unknown"),
    (Goose(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (2, false)",
     "ledger-disagrees"),
    (Dbmate(), "INSERT INTO schema_migrations VALUES ('20990101000000')", "adopt-unknown"),
    (Flyway(), "UPDATE flyway_schema_history SET type = 'UNDO_SQL' WHERE description = 'b'",
     "ledger-disagrees"),
    (Prisma(), Prisma().row(3, "c"), "adopt-unknown"),
]


@pytest.mark.parametrize("tool, sql, rule", WENT_ON, ids=lambda value: getattr(value, "layout", None))
def test_a_tool_that_goes_on_after_its_adoption(tool, sql, rule, project, db):
    repo = project(tool)
    migrate(db, tool, "a", "b")
    assert repo.run("adopt", env=db.env).status == 0
    assert repo.run("verify", env=db.env).status == 0
    db.query(sql)
    for command, status in (("check", 1), ("verify", 7), ("deploy", 1), ("adopt", 1), ("rollback", 1)):
        closed = repo.run(command, "--format", "json", env=db.env)
        assert closed.status == status and set(closed.rules) == {rule}, (command, closed)
    db.query(f"DROP TABLE {tool.table}")  # as its users are told, when nothing uses it any more
    assert repo.run("check", env=db.env).status == 0


def test_another_databases_table_fits_by_chance(project, db):
    tool = GolangMigrate()
    repo = project(tool)
    db.query("CREATE TABLE invoices (id int); CREATE TABLE b (id int);" + tool.make + tool.applied("a", "b"))
    result = repo.run("adopt", "--dry-run", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (0, ["adopt-table-missing"]), result
    assert "the table public.a that it makes" in result.json["findings"][0]["message"]
    db.query("CREATE TABLE a (id int)")
    assert repo.run("adopt", "--dry-run", "--format", "json", env=db.env).rules == []


def test_the_name_of_its_table_was_changed(project, db):
    tool = GolangMigrate()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    db.query("ALTER TABLE schema_migrations RENAME TO shop_migrations")
    closed = repo.run("deploy", "--format", "json", env=db.env)
    assert (closed.status, closed.rules) == (1, ["ledger-foreign"]), closed
    db.query("CREATE SCHEMA other; ALTER TABLE shop_migrations SET SCHEMA other")
    result = repo.run("adopt", "--from", "public.shop_migrations", env=db.env)
    assert result.status == 2 and "SCHEMA.TABLE" in result.both, result
    assert repo.run("adopt", "--from", "other.shop_migrations", env=db.env).status == 0
    assert repo.run("verify", env=db.env).status == 0


@pytest.mark.parametrize("sql", ["CREATE TYPE a AS ENUM ('x')", "CREATE INDEX a ON ran (name)"])
def test_what_is_there_and_nobody_knows_of(make_repo, db, sql):
    repo = make_repo("plain", commit=False)
    repo.write("migrations/0001_customers.sql", f"{sql};\n")
    repo.commit("first")
    db.query(f"CREATE TABLE ran (name text); {sql}")
    result = repo.run("deploy", env=db.env)
    assert result.status == 5 and "predeploy adopt --through NAME" in result.both, result


def test_by_name(make_repo, db):
    repo = make_repo("plain")
    db.query("CREATE TABLE customers (id serial PRIMARY KEY, name text NOT NULL)")
    before = db.dump()
    result = repo.run("adopt", env=db.env)
    assert result.status == 2 and "--through NAME" in result.both, result
    result = repo.run("adopt", "--through", "0001_customer", env=db.env)
    assert result.status == 2 and "Did you mean 0001_customers?" in result.both, result
    assert db.dump() == before
    result = repo.run("adopt", "--through", "7", env=db.env)
    assert result.status == 2 and "names no migration" in result.both, result
    result = repo.run("adopt", "--through", "1", env=db.env)
    assert result.status == 0, result
    assert names(db) == ["0001_customers"]
    assert repo.run("deploy", env=db.env).status == 0
    assert db.tables() == ["customers", "orders"]
    assert repo.run("rollback", "--to", "2", env=db.env).status == 0
    assert names(db) == ["0001_customers", "0002_orders"]


def test_a_companion_of_the_ledger_has_the_name_of_its_file(project, db):
    tool = GolangMigrate()
    repo = project(tool)
    repo.write("migrations/9_b.down.sql", "DROP TABLE gone;\n")
    repo.commit("a companion that fails")
    migrate(db, tool, "a", "b")
    assert repo.run("adopt", env=db.env).status == 0
    result = repo.run("rollback", env=db.env)
    assert result.status == 5 and "ledger:9_b.down.sql:1:1" in result.both, result


def test_by_name_against_a_table(project, db):
    tool = Goose()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    result = repo.run("adopt", "--through", "00001_a", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["adopt-through"]), result
    assert repo.run("adopt", "--through", "00002_b", env=db.env).status == 0


def test_a_program_that_its_tool_has_run(project, db):
    tool = Goose()
    repo = project(tool)
    settings = (repo.path / ".predeploy").read_text()
    repo.write(".predeploy", settings + "\trollbackSince = 00003_program.go\n")
    repo.write("migrations/00003_program.go", "package migrations\n")
    assert repo.run("record").status == 0
    repo.commit("a program", record=False)
    assert "migration-needs-tool" in repo.check(env=db.env).rules
    migrate(db, tool, "a", "b")
    db.query("INSERT INTO goose_db_version (version_id, is_applied) VALUES (3, true)")
    result = repo.run("adopt", env=db.env)
    assert result.status == 0, result
    assert names(db) == ["00001_a", "00002_b", "00003_program.go"]
    assert repo.run("deploy", env=db.env).status == 0
    assert ran(db) == "a b"


def test_closed_gate_asks_no_database(project, db):
    tool = Goose()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    repo.write("migrations/SHA256SUMS", "")
    repo.commit("unrecorded", record=False)
    before = db.dump()
    result = repo.run("adopt", "--format", "json", env=db.env)
    assert result.status == 1 and "sums-unlisted" in result.rules, result
    assert db.dump() == before


def test_another_applications_table(make_repo, db):
    repo = make_repo("plain")
    db.query(Dbmate.make + "INSERT INTO schema_migrations VALUES ('20190101'), ('20190102')")
    assert repo.run("deploy", env=db.env).status == 0
    assert names(db) == ["0001_customers", "0002_orders", "0003_seed"]


def test_said_to_be_another_applications(make_repo, db):
    repo = make_repo("plain")
    db.query(GolangMigrate.make + "INSERT INTO schema_migrations VALUES (2, false)")
    assert repo.run("deploy", env=db.env).status == 1
    assert names(db) == []
    repo.write(".predeploy", '[rule "ledger-foreign"]\n\tseverity = warning\n')
    repo.commit("not ours")
    before = db.dump()
    result = repo.run("adopt", env=db.env)
    assert result.status == 2 and "another application's" in result.both, result
    assert db.dump() == before
    assert "ledger-foreign" in repo.check(env=db.env).out
    assert repo.run("deploy", env=db.env).status == 0
    assert names(db) == ["0001_customers", "0002_orders", "0003_seed"]


def test_drizzle(make_repo, db):
    repo = make_repo("drizzle")
    assert repo.run("deploy", env=db.env).status == 0
    db.query("DROP SCHEMA predeploy CASCADE")
    rows = db.drizzle()
    result = repo.run("adopt", env=db.env)
    assert result.status == 0 and "of Drizzle" in result.err, result
    assert len(names(db)) == 3 and db.drizzle() == rows
    assert db.query("SELECT count(drizzle_id) FROM predeploy.migrations") == "3"
    assert repo.run("adopt", env=db.env).status == 0
    assert repo.run("rollback", env=db.env).status == 0
    assert len(db.drizzle()) == 2


def test_drizzle_without_its_table(make_repo, db):
    repo = make_repo("drizzle")
    before = db.dump()
    result = repo.run("adopt", "--through", "0000_customers", env=db.env)
    assert result.status == 2 and "is not there" in result.both, result
    assert db.dump() == before


def test_another_deployment_holds_the_lock(project, db):
    tool = Goose()
    repo = project(tool)
    migrate(db, tool, "a", "b")
    with db.session() as say:
        say("SELECT pg_advisory_lock(1886545252, 1886154617)")
        result = repo.run("adopt", "--no-wait", env=db.env)
    assert result.status == 8, result
    assert names(db) == []
