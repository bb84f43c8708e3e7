"""The first deployment to a database that was migrated by somebody whose notes are not found."""

import pytest
import world

CONFIG = ("import { defineConfig } from 'drizzle-kit';\n"
          "export default defineConfig({ dialect: 'postgresql', schema: './schema.ts',\n"
          "  out: './drizzle', %s dbCredentials: { url: process.env.DATABASE_URL! } });\n")
TOLERANT = [("0000_a", "CREATE TABLE IF NOT EXISTS a (id int);\n"),
            ("0001_b", "INSERT INTO a VALUES (1);\n")]
ELSEWHERE = [("0000_a", "CREATE SCHEMA s;\n--> statement-breakpoint\nCREATE TABLE s.a (id int);\n")]

# what the database has; the migrations; what the finding says of it; what its hint says
THERE = {
    "a table": ("CREATE TABLE customers (id int)", None, "creates public.customers", "right database"),
    "two": ("CREATE TABLE customers (id int); CREATE TABLE orders (id int)", None, "1 more", "[ledger]"),
    "the second": ("CREATE TABLE orders (id int)", None, "0001_orders creates", "[ledger]"),
    "a view": ("CREATE TABLE x (id int); CREATE VIEW customers AS SELECT 1", None, "customers", ""),
    "tolerated": ("CREATE TABLE a (id int); INSERT INTO a VALUES (1)", TOLERANT, "public.a", ""),
    "elsewhere": ("CREATE SCHEMA s; CREATE TABLE s.a (id int)", ELSEWHERE, "creates s.a", ""),
    "Drizzle's under another name": (
        "CREATE TABLE customers (id int); CREATE TABLE migs (id serial, hash text, created_at bigint)",
        None, "customers", "ledger.schema public && git config -f .predeploy ledger.table migs"),
    "Drizzle 1.0's": (
        "CREATE TABLE customers (id int); CREATE SCHEMA store; CREATE TABLE store.migs "
        "(id serial, hash text, created_at bigint, name text, applied_at timestamptz)",
        None, "customers", "ledger.schema store && git config -f .predeploy ledger.table migs"),
    "and an empty table of Drizzle's": (
        "CREATE TABLE customers (id int); CREATE SCHEMA drizzle; CREATE TABLE "
        "drizzle.__drizzle_migrations (id serial, hash text, created_at bigint)",
        None, "customers", "not drizzle.__drizzle_migrations"),
}
ABSENT = {
    "nothing": ("", None),
    "other tables": ("CREATE TABLE x (id int)", None),
    "another schema's": ("CREATE SCHEMA s; CREATE TABLE s.customers (id int)", None),
    "taken away first": ("CREATE TABLE a (id int)",
                         [("0000_a", "DROP TABLE a;\n--> statement-breakpoint\nCREATE TABLE a (i int);\n")]),
    "a temporary one": ("CREATE TABLE a (id int)", [("0000_a", "CREATE TEMP TABLE a (id int);\n")]),
}


def project(make_repo, migrations, layout="drizzle"):
    return make_repo(layout, migrations and [(name, up, "SELECT 1;\n") for name, up in migrations])


@pytest.mark.parametrize("what", THERE)
def test_tables_that_are_there_close_the_gate(what, make_repo, db):
    made, migrations, says, hint = THERE[what]
    repo = project(make_repo, migrations)
    db.query(made)
    tables = db.tables()
    for command in ("check", "plan", "deploy"):
        result = repo.run(command, "--format", "json", env=db.env)
        assert (result.status, result.rules) == (1, ["table-exists"]), result
        finding = result.json["findings"][0]
        assert says in finding["message"] and hint in finding["hint"], finding
        assert finding["path"].startswith("drizzle/") and finding["line"] >= 1, finding
    assert db.tables() == tables
    repo.write(".predeploy", '[rule "table-exists"]\n\tseverity = warning\n')
    repo.commit("lenient")
    assert repo.check(env=db.env).status == 0


@pytest.mark.parametrize("what", ABSENT)
def test_others_do_not(what, make_repo, db):
    made, migrations = ABSENT[what]
    repo = project(make_repo, migrations)
    if made:
        db.query(made)
    for command in ("check", "deploy"):
        result = repo.run(command, "--format", "json", env=db.env)
        assert (result.status, result.rules) == (0, []), result


def test_a_deployed_database_is_another_matter(make_repo, db):
    repo = make_repo()
    assert repo.run("deploy", env=db.env).status == 0
    db.query("CREATE TABLE b (id int)")
    repo.migration("0003_b", "CREATE TABLE b (id int);\n", "DROP TABLE b;\n")
    repo.commit("more")
    assert repo.check(env=db.env).rules == []
    assert repo.run("deploy", env=db.env).status == 5


def test_a_database_that_push_made(make_repo, db):
    """What docs/rules/table-exists.md says of it."""
    repo = make_repo()
    db.query("CREATE TABLE customers (id int); CREATE TABLE orders (id int)")
    assert repo.check(env=db.env).rules == ["table-exists"]
    page = (world.ROOT / "docs/rules/table-exists.md").read_text()
    create = page[page.index("  CREATE SCHEMA"):page.index("  INSERT INTO")]
    db.query(create + "".join(
        "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES "
        f"('{world.sha256((repo.path / repo.up(entry['tag'])).read_bytes())}', {entry['when']});"
        for entry in repo.entries[:2]))
    assert "would adopt 2 migrations" in repo.run("adopt", "--dry-run", env=db.env).out
    assert repo.run("adopt", env=db.env).status == 0
    assert "1 migration to apply" in repo.run("plan", env=db.env).out


def test_other_layouts_adopt(make_repo, db):
    repo = make_repo("plain")
    db.query("CREATE TABLE customers (id int); CREATE TABLE orders (id int)")
    result = repo.run("plan", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["table-exists"]), result
    assert "predeploy adopt --through 0003_seed --dry-run" in result.json["findings"][0]["hint"]
    assert repo.run("adopt", "--through", "0003_seed", env=db.env).status == 0
    assert repo.run("deploy", env=db.env).status == 0


@pytest.mark.parametrize("schema, table, there", [
    ("public", "migs", {}), ("public", None, {}), (None, "migs", {}), ("drizzle", "__drizzle_migrations", {}),
    ("public", "migs", {"schema": "public"}),
])
def test_init_reads_where_drizzle_keeps_its_table(schema, table, there, make_repo, db):
    repo = make_repo()
    said = [f"{key}: '{value}'" for key, value in (("table", table), ("schema", schema)) if value]
    repo.write("drizzle.config.ts", CONFIG % f"migrations: {{ {', '.join(said)}, prefix: 'index' }},")
    repo.write(".predeploy", "".join(f"[ledger]\n\t{key} = {value}\n" for key, value in there.items()))
    result = repo.run("init", "--no-hook")
    assert result.status == 0 and "keep    drizzle.config.ts" not in result.out, result
    wanted = {"schema": schema or "drizzle", "table": table or "__drizzle_migrations"}
    usual = {"schema": "drizzle", "table": "__drizzle_migrations"}
    for key, value in wanted.items():
        got = repo.git("config", "-f", ".predeploy", "--get-all", f"ledger.{key}", check=False)
        assert got.stdout.decode().strip() == (value if value != usual[key] else ""), (key, got)
    repo.commit("under the gate")
    assert repo.run("deploy", env=db.env).status == 0
    rows = db.query(f'SELECT count(*) FROM "{wanted["schema"]}"."{wanted["table"]}"')
    assert "3" in str(rows), rows
    assert "keep" in repo.run("init", "--no-hook").out


@pytest.mark.parametrize("text", [
    "migrations: { table: process.env.T, schema: 'public' },", "migrations: where,", "migrations,",
    "migrations: { table: `m${n}` },", "migrations: { ...base },",
])
def test_init_says_what_it_cannot_read(text, make_repo):
    repo = make_repo()
    repo.write("drizzle.config.ts", CONFIG % text)
    result = repo.run("init", "--no-hook")
    assert result.status == 0 and "git config -f .predeploy ledger.table TABLE" in result.out, result
    assert "ledger" not in (repo.path / ".predeploy").read_text()
    repo.git("config", "-f", ".predeploy", "ledger.table", "migs")
    assert "ledger.table TABLE" not in repo.run("init", "--no-hook").out


def test_init_says_what_disagrees(make_repo):
    repo = make_repo()
    repo.write("drizzle.config.ts", CONFIG % "migrations: { table: 'migs' },")
    repo.write(".predeploy", "[ledger]\n\ttable = migz\n")
    result = repo.run("init", "--no-hook")
    assert result.status == 0 and "ledger.table migs" in result.out and "migz" in result.out, result
    assert "migz" in (repo.path / ".predeploy").read_text()
