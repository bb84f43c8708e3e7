"""What the ledger says and what is true stay one: nobody edits it unseen, and no migration keeps rows
out of it."""

import subprocess

import pytest
import world
from test_deploy import ALL

MORE = "0003_more"


@pytest.fixture
def deployed(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    return repo


def test_companion_that_was_changed_in_the_repository(deployed, db):
    """A rollback runs what the ledger keeps; that the file says something else is told."""
    repo = deployed
    repo.write(repo.down(ALL[1]), "DROP TABLE orders CASCADE;\n")
    repo.commit("the companion is mended")
    for command in ("check", "plan", "deploy"):
        result = repo.run(command, "--format", "json", env=db.env)
        assert (result.status, result.rules) == (1, ["applied-companion-changed"]), result
        finding = result.json["findings"][0]
        assert finding["severity"] == "error" and finding["path"] == repo.down(ALL[1]), finding
        assert ALL[1] in finding["message"] and finding["hint"], finding
    states = {gate["name"]: gate["state"] for gate in result.json["gates"]}
    assert states["ledger"] == "closed", states
    repo.write(".predeploy", '[rule "applied-companion-changed"]\n\tseverity = warning\n')
    repo.commit("lenient")
    assert repo.check(env=db.env).status == 0
    assert repo.check().status == 0, "the ledger was not asked"


def test_companion_that_came_later_is_no_change(make_repo, db):
    repo = make_repo(commit=False)
    repo.remove(repo.down(ALL[1]))
    repo.write(".predeploy", "[migrations]\n\trollback = warn\n")
    repo.commit("without")
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(repo.down(ALL[1]), "DROP TABLE orders;\n")
    repo.commit("with")
    assert repo.check(env=db.env).rules == []


@pytest.mark.parametrize("twins", [1, 2])
def test_twin_rows_do_not_hide_a_migration_of_equal_text(twins, make_repo, db):
    """Two migrators raced and left a row twice; a later migration repeats the text of that one."""
    text = "INSERT INTO customers (name) VALUES ('again');\n"
    repo = make_repo()
    repo.migration(MORE, text, "DELETE FROM customers WHERE name = 'again';\n")
    repo.commit("once")
    assert repo.run("deploy", env=db.env).status == 0
    for _ in range(twins):
        db.query("INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT hash, created_at"
                 " FROM drizzle.__drizzle_migrations ORDER BY id DESC LIMIT 1")
    repo.migration("0004_again", text, "SELECT 1;\n")
    repo.commit("twice")
    checked = repo.check(env=db.env)
    assert (checked.status, set(checked.rules)) == (0, {"ledger-duplicate"}), checked
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert (result.status, set(result.rules)) == (0, {"ledger-duplicate"}), result
    assert [step["name"] for step in result.json["plan"]["steps"]] == ["0004_again"]
    assert result.json["plan"]["pending"] == 1, result
    assert db.query("SELECT count(*) FROM customers WHERE name = 'again'") == "2"
    assert db.applied() == [*ALL, MORE, "0004_again"]
    assert len(db.drizzle()) == 5 + twins
    again = repo.run("deploy", "--format", "json", env=db.env)
    assert again.status == 0 and again.json["nothing_to_do"], again
    assert db.query("SELECT count(*) FROM customers WHERE name = 'again'") == "2"


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders"])
def test_twin_rows_of_a_race_are_adopted_once(layout, make_repo, db):
    """The same with what Drizzle alone has left: no ledger of ours yet."""
    repo = make_repo(layout)
    assert repo.run("deploy", env=db.env).status == 0
    db.query("DROP SCHEMA predeploy CASCADE")
    columns = "hash, created_at" + (", name" if layout == "drizzle-folders" else "")
    db.query(f"INSERT INTO drizzle.__drizzle_migrations ({columns}) SELECT {columns}"
             " FROM drizzle.__drizzle_migrations ORDER BY id DESC LIMIT 1")
    name = MORE if layout == "drizzle" else "20240104000000_more"
    repo.migration(name, "INSERT INTO customers (name) VALUES ('Ada'), ('Grace');\n", "SELECT 1;\n")
    repo.commit("the seed's text again")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert (result.status, set(result.rules)) == (0, {"ledger-duplicate"}), result
    assert result.json["plan"]["pending"] == 1, result
    assert db.query("SELECT count(*) FROM customers") == "4"
    assert db.query("SELECT count(*) FROM predeploy.migrations WHERE adopted") == "3"
    assert db.applied()[-1] == name and len(db.applied()) == 4


TABLES = {"own": "predeploy.migrations", "drizzle": "drizzle.__drizzle_migrations"}
FUNCTION = ("CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN NULL; END $$;\n")
SWALLOWED = {
    "trigger": FUNCTION + "CREATE TRIGGER swallow BEFORE INSERT ON {table} FOR EACH ROW"
                          " EXECUTE FUNCTION public.swallow();\n",
    "always": FUNCTION + "CREATE TRIGGER swallow BEFORE INSERT ON {table} FOR EACH ROW"
                         " EXECUTE FUNCTION public.swallow();\n"
                         "ALTER TABLE {table} ENABLE ALWAYS TRIGGER swallow;\n",
    "update": FUNCTION + "CREATE TRIGGER swallow BEFORE INSERT OR UPDATE OR DELETE ON {table}"
                         " FOR EACH ROW EXECUTE FUNCTION public.swallow();\n",
    "rule": "CREATE RULE swallow AS ON INSERT TO {table} DO INSTEAD NOTHING;\n",
    "conditional": "CREATE RULE swallow AS ON INSERT TO {table} WHERE NEW.hash IS NOT NULL"
                   " DO INSTEAD NOTHING;\n",
    "dynamic": "DO $$ BEGIN EXECUTE 'CREATE RULE swallow AS ON INSERT TO {table} DO INSTEAD NOTHING';"
               " END $$;\n",
    "deletes": "CREATE FUNCTION public.drops() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
               " DELETE FROM {table}; RETURN NULL; END $$;\n"
               "CREATE TRIGGER drops AFTER INSERT ON {table} FOR EACH ROW"
               " EXECUTE FUNCTION public.drops();\n",
    "changes": "CREATE FUNCTION public.changes() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
               " NEW.hash := repeat('0', 64); RETURN NEW; END $$;\n"
               "CREATE TRIGGER changes BEFORE INSERT ON {table} FOR EACH ROW"
               " EXECUTE FUNCTION public.changes();\n",
}


LENIENT = '[rule "ledger-edit"]\n\tseverity = warning\n'


@pytest.mark.parametrize("first", [True, False], ids=["fresh", "deployed"])
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", SWALLOWED)
def test_a_migration_that_swallows_the_ledgers_rows(how, table, first, repo, db):
    """Exit 0 with a ledger that lacks rows would run them all again at the next deployment. The text
    tells most of them; what it does not tell, or may not, the deployment finds."""
    repo.write(".predeploy", LENIENT)
    if not first:
        assert repo.run("deploy", env=db.env).status == 0
    repo.migration(MORE, SWALLOWED[how].format(table=TABLES[table]), "SELECT 1;\n")
    repo.migration("0004_next", "CREATE TABLE next ();\n", "DROP TABLE next;\n")
    repo.commit("swallows")
    before = db.dump_but_ledger(), db.applied(), db.drizzle()
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 5, result
    assert (db.dump_but_ledger(), db.applied(), db.drizzle()) == before
    for name in TABLES.values():
        if db.query(f"SELECT to_regclass('{name}')"):
            left = db.query(f"SELECT count(*) FROM pg_trigger WHERE tgrelid = '{name}'::regclass"
                            f" AND NOT tgisinternal") + db.query(
                            f"SELECT count(*) FROM pg_rewrite WHERE ev_class = '{name}'::regclass")
            assert left == "00", name
    assert result.json["error"]["message"] and result.json["error"]["hint"], result
    # the set without it goes in
    for made in (MORE, "0004_next"):
        repo.remove(repo.up(made))
        repo.remove(repo.down(made))
        repo.entries.pop()
    repo.journal()
    repo.commit("mended")
    assert repo.run("deploy", env=db.env).status == 0
    assert db.applied() == ALL and len(db.drizzle()) == 3


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("how", ["trigger", "rule"])
def test_each_does_not_lose_rows_either(how, table, repo, db):
    repo.write(".predeploy", LENIENT)
    repo.migration(MORE, SWALLOWED[how].format(table=TABLES[table]), "SELECT 1;\n")
    repo.commit("swallows")
    result = repo.run("deploy", "--format", "json", "--transaction", "each", env=db.env)
    assert result.status in (5, 6), result
    assert db.applied() == ALL and len(db.drizzle()) == 3
    assert db.tables() == ["customers", "orders"]
    assert db.query("SELECT count(*) FROM pg_proc WHERE proname = 'swallow'") == "0"
    again = repo.run("deploy", "HEAD~1", "--format", "json", env=db.env)
    assert again.status == 0 and again.json["nothing_to_do"], again


EDITS = {
    "DELETE FROM predeploy.migrations WHERE seq = 1": "own",
    "DROP SCHEMA predeploy CASCADE": "own",
    "ALTER TABLE predeploy.seal RENAME TO x": "own",
    "WITH x AS (DELETE FROM predeploy.migrations RETURNING 1) SELECT * FROM x": "own",
    "DELETE FROM drizzle.__drizzle_migrations": "drizzle",
    "DROP SCHEMA drizzle CASCADE": "drizzle",
}


@pytest.mark.parametrize("companion", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("layout", ["drizzle", "plain"])
@pytest.mark.parametrize("sql", EDITS)
def test_a_migration_that_names_the_ledger(sql, layout, companion, make_repo, db):
    """It is found before anything runs, with its place; elsewhere than on Drizzle's layouts a schema
    drizzle is nobody's ledger."""
    repo = make_repo(layout)
    texts = ["SELECT 1;\n", f"SELECT 1;\n  {sql};\n"]
    up, down = texts if companion else reversed(texts)
    repo.migration(MORE if layout == "drizzle" else "0004_more", up, down)
    repo.commit("edits")
    found = layout == "drizzle" or EDITS[sql] == "own"
    for command in ("check", "deploy") if found else ("check",):
        result = repo.run(command, "--format", "json", env=db.env)
        assert (result.status, result.rules) == ((1, ["ledger-edit"]) if found else (0, [])), result
    if found:
        finding = result.json["findings"][0]
        assert (finding["line"], finding["column"]) == (2, 3), finding
        name = repo.entries[-1]["tag"] if repo.entries else "0004_more"
        assert finding["path"] == (repo.down(name) if companion else repo.up(name)), finding
        assert db.tables() == [] and db.applied() == []


@pytest.mark.parametrize("layout", ["drizzle", "plain"])
def test_a_ledger_altered_by_hand(layout, make_repo, db):
    repo = make_repo(layout)
    assert repo.run("deploy", env=db.env).status == 0
    name = db.applied()[1]
    db.query(f"UPDATE predeploy.migrations SET duration_ms = 7777 WHERE name = '{name}'")
    commands = (("check",), ("plan",), ("deploy",), ("rollback", "1"), ("verify",), ("status",))
    for command in commands:
        result = repo.run(*command, "--format", "json", env=db.env)
        status = 7 if command[0] == "verify" else 1
        assert (result.status, result.rules) == (status, ["ledger-altered"]), (command, result)
        finding = result.json["findings"][0]
        assert "predeploy.migrations" in finding["message"] and finding["hint"], finding
    assert "altered by hand" in repo.run("status", env=db.env).out
    assert repo.check().status == 0, "without a database there is nothing to say"
    # looked at, and accepted by one deployment
    repo.write(".predeploy", '[rule "ledger-altered"]\n\tseverity = warning\n')
    repo.commit("accepted")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert (result.status, result.rules) == (0, ["ledger-altered"]), result
    again = repo.run("deploy", "--format", "json", env=db.env)
    assert (again.status, again.rules, again.json["nothing_to_do"]) == (0, [], True), again
    repo.remove(".predeploy")
    repo.commit("strict")
    assert repo.run("deploy", "--format", "json", env=db.env).rules == []
    db.query("UPDATE predeploy.deployments SET actor = 'nobody' WHERE seq = 1")
    assert repo.check(env=db.env).rules == [], "it stands in front of the new beginning"
    db.query("UPDATE predeploy.deployments SET actor = 'nobody' WHERE seq = 2")
    assert repo.check(env=db.env).rules == ["ledger-altered"]


def test_an_emptied_ledger(repo, db):
    """A ledger that lost all rows is not one that never had any: nothing runs twice."""
    assert repo.run("deploy", env=db.env).status == 0
    db.query("TRUNCATE predeploy.deployments CASCADE")
    for command in ("check", "deploy", "status"):
        result = repo.run(command, "--format", "json", env=db.env)
        assert (result.status, result.rules) == (1, ["ledger-altered"]), (command, result)


def test_a_ledger_whose_migrations_were_all_taken_out(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    assert repo.run("rollback", str(len(db.applied())), env=db.env).status == 0
    for command in ("status", "deploy"):
        result = repo.run(command, "--format", "json", env=db.env)
        assert (result.status, result.rules) == (0, []), (command, result)


def test_a_seal_that_is_gone_is_no_fault_of_the_migration(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    db.query("DROP TABLE predeploy.seal")
    repo.migration("20240301000000_more" if repo.layout == "drizzle-folders" else "0009_more",
                   "CREATE TABLE more ();\n", "DROP TABLE more;\n")
    repo.commit("more")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 5, result
    hint = result.json["error"]["hint"]
    assert "predeploy.seal" in hint and "Mend the migration" not in hint, result


def test_an_altered_ledger_is_accepted_by_a_deployment_of_nothing(repo, db):
    """Also where the commit is the one that is deployed already."""
    repo.write(".predeploy", '[rule "ledger-altered"]\n\tseverity = warning\n')
    repo.commit("lenient")
    assert repo.run("deploy", env=db.env).status == 0
    db.query("UPDATE predeploy.deployments SET detail = 'x'")
    assert repo.check(env=db.env).rules == ["ledger-altered"]
    assert repo.run("deploy", env=db.env).status == 0
    assert repo.check(env=db.env).rules == []


def test_a_restored_backup_is_no_edit(repo, db, server):
    assert repo.run("deploy", env=db.env).status == 0
    assert repo.run("rollback", env=db.env).status == 0
    other = server.database()
    subprocess.run(f"{server.bin}/pg_dump -h {server.folder} -p {server.port} -U app -Fc {db.name} |"
                   f" {server.bin}/pg_restore -h {server.folder} -p {server.port} -U app"
                   f" -d {other.name}", shell=True, check=True)
    result = repo.check(env=other.env)
    assert (result.status, result.rules) == (0, []), result
    assert repo.run("deploy", env=other.env).status == 0


def test_a_long_way_of_our_own_is_no_edit(repo, db):
    """Deployments that apply, do nothing, fail, are undone and adopt."""
    def fine():
        checked = repo.check(env=db.env)
        assert (checked.status, checked.rules) == (0, []), checked

    assert repo.run("deploy", "--transaction", "each", env=db.env).status == 0
    fine()
    repo.migration(MORE, "SELECT 1 / 0;\n", "SELECT 1;\n")
    repo.commit("fails")
    assert repo.run("deploy", env=db.env).status == 5
    fine()
    repo.migration("0004_late", "SELECT 1;\n", "SELECT 1;\n")
    repo.write(repo.up(MORE), "SELECT 1;\n")
    repo.commit("mended")
    assert repo.run("deploy", "--transaction", "each", env=db.env).status == 0
    fine()
    assert repo.run("rollback", "2", env=db.env).status == 0
    repo.commit("the same again")
    assert repo.run("deploy", env=db.env).status == 0
    fine()
    repo.commit("nothing new")
    assert repo.run("deploy", env=db.env).status == 0
    fine()
    db.query("DROP SCHEMA predeploy CASCADE")
    assert repo.run("deploy", env=db.env).status == 0
    fine()


@pytest.mark.parametrize("edited", [False, True])
def test_the_row_to_bring_back_is_the_one_that_was_there(edited, deployed, db):
    hash, when = db.rows("SELECT hash, created_at FROM drizzle.__drizzle_migrations ORDER BY id")[1]
    db.query("DELETE FROM drizzle.__drizzle_migrations WHERE id = 2")
    if edited:
        deployed.write(deployed.up(ALL[1]), "SELECT 1;\n")
        deployed.commit("edited")
    result = deployed.check(env=db.env)
    found = {finding["rule"]: finding["hint"] for finding in result.json["findings"]}
    assert set(found) == {"ledger-disagrees"} | ({"applied-edited"} if edited else set()), result
    hint = found["ledger-disagrees"]
    assert world.sha256(b"SELECT 1;\n") not in hint, hint
    assert (f"hash {hash}, created_at {when}" in hint) is not edited, hint
    if not edited:
        db.query(f"INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('{hash}', {when})")
        assert deployed.check(env=db.env).rules == []
