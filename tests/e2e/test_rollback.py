"""What went in comes out again, by the companion that was committed with it."""

import pytest

ALL = ["0000_customers", "0001_orders", "0002_seed"]


@pytest.fixture
def deployed(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    return repo


@pytest.mark.parametrize("args, left", [
    ((), ALL[:2]), (("1",), ALL[:2]), (("2",), ALL[:1]), (("3",), []), (("--to", ALL[0]), ALL[:1]),
    (("--to", ALL[1]), ALL[:2]),
])
def test_steps(args, left, deployed, db):
    result = deployed.run("rollback", "--format", "json", *args, env=db.env)
    assert result.status == 0, result
    assert db.applied() == left
    assert len(db.drizzle()) == len(left)
    assert db.tables() == [["customers", "orders"][n] for n in range(min(len(left), 2))]
    assert [step["name"] for step in result.json["plan"]["steps"]] == ALL[:len(left) - 1 if left else None:-1]
    assert deployed.run("deploy", env=db.env).status == 0
    assert db.applied() == ALL
    assert db.query("SELECT count(*) FROM customers") == "2"


@pytest.mark.parametrize("args, out", [
    ((), ALL[:1:-1]), (("2",), ALL[:0:-1]), (("--to", ALL[0]), ALL[:0:-1]), (("--to", ALL[2]), []),
])
def test_dry_run(args, out, deployed, db):
    """The plan is the one that a rollback then carries out; nothing is written."""
    before = db.dump()
    result = deployed.run("rollback", "--dry-run", "--format", "json", *args, env=db.env)
    assert result.status == 0 and result.json["deployment"] is None, result
    steps = (result.json["plan"] or {"steps": []})["steps"]
    assert [(step["name"], step["kind"], step["state"]) for step in steps] == [
        (name, "revert", "planned") for name in out]
    shown = deployed.run("rollback", "--dry-run", "--verbose", *args, env=db.env)
    said = f"would take out {len(out)} migration" if out else "nothing to do"
    assert shown.status == 0 and said in shown.out and "took out" not in shown.out, shown
    assert ("DELETE" in shown.out) == bool(out), "the statements of the companion of the newest"
    assert db.dump() == before and db.applied() == ALL
    assert deployed.run("rollback", *args, env=db.env).status == 0
    assert db.applied() == ALL[:len(ALL) - len(out)]


def test_dry_run_of_what_cannot_be(make_repo, db):
    repo = make_repo(migrations=[("0000_a", "CREATE TABLE a ();\n", "DROP TABLE a;\n"),
                                 ("0001_b", "SELECT 1;\n",
                                  "-- predeploy: irreversible: the mails are sent\n")])
    assert repo.run("deploy", env=db.env).status == 0
    before = db.dump()
    result = repo.run("rollback", "--dry-run", "2", env=db.env)
    assert result.status == 1 and "the mails are sent" in result.out, result
    assert db.dump() == before


def test_dry_run_of_an_adopted_one(make_repo, db):
    repo = make_repo("plain")
    for migration in sorted(repo.migrations.glob("*.sql")):
        if "rollback" not in migration.name:
            db.query(migration.read_text())
    assert repo.run("adopt", "--through", "0002_orders", env=db.env).status == 0
    assert repo.run("deploy", env=db.env).status in (0, 6)
    shown = repo.run("rollback", "--dry-run", "--to", "0001_customers", env=db.env)
    assert shown.status == 0, shown
    noted = [line.split()[2] for line in shown.out.splitlines() if "adopted, not deployed" in line]
    assert noted == ["0002_orders"], shown


@pytest.mark.parametrize("layout", ["drizzle-folders", "plain"])
def test_layouts(layout, make_repo, db):
    repo = make_repo(layout)
    before = db.dump_but_ledger()
    assert repo.run("deploy", env=db.env).status == 0
    assert repo.run("rollback", "3", env=db.env).status == 0
    assert db.applied() == [] and db.drizzle() == []
    assert db.dump_but_ledger() == before


def test_too_many_or_unknown(deployed, db):
    before = db.dump_but_ledger()
    for args in (("4",), ("--to", "0009_nowhere")):
        result = deployed.run("rollback", *args, env=db.env)
        assert result.status in (1, 2), result
        assert result.both.strip()
    assert db.dump_but_ledger() == before
    assert db.applied() == ALL


def test_newest_already(deployed, db):
    result = deployed.run("rollback", "--to", ALL[2], env=db.env)
    assert result.status == 0, result
    assert db.applied() == ALL


def test_companion_of_the_revision_that_applied_it(deployed, db):
    deployed.write(deployed.down(ALL[2]), "DROP TABLE customers CASCADE;\n")
    deployed.commit("the companion today is another")
    result = deployed.run("rollback", env=db.env)
    assert result.status == 0, result
    assert db.tables() == ["customers", "orders"]
    assert db.query("SELECT count(*) FROM customers") == "0"


def test_failing_companion(make_repo, db):
    repo = make_repo(commit=False)
    repo.write(repo.down(ALL[1]), "DROP TABLE orders;\n--> statement-breakpoint\nDROP TABLE gone;\n")
    repo.commit("bad companion")
    assert repo.run("deploy", env=db.env).status == 0
    before, applied, drizzle = db.dump_but_ledger(), db.applied(), db.drizzle()
    result = repo.run("rollback", "2", env=db.env)
    assert result.status == 5, result
    assert 'table "gone" does not exist' in result.both
    assert f"ledger:{ALL[1]}-rollback.sql:3:1" in result.both, result
    assert db.dump_but_ledger() == before
    assert (db.applied(), db.drizzle()) == (applied, drizzle)


def test_irreversible_stops_before_it_starts(make_repo, db):
    repo = make_repo(commit=False)
    repo.write(repo.down(ALL[1]), "-- predeploy: irreversible: orders are merged\n")
    repo.commit("irreversible")
    assert repo.run("deploy", env=db.env).status == 0
    before = db.dump_but_ledger()
    result = repo.run("rollback", "2", env=db.env)
    assert result.status == 1, result
    assert "orders are merged" in result.both
    assert db.dump_but_ledger() == before and db.applied() == ALL
    assert repo.run("rollback", "1", env=db.env).status == 0


def test_never_behind_what_has_a_companion(make_repo, db):
    repo = make_repo(commit=False)
    repo.remove(repo.down(ALL[0]))
    repo.write(".predeploy", f"[migrations]\n\trollbackSince = {ALL[0]}\n")
    repo.commit("old migrations have none")
    assert repo.run("deploy", env=db.env).status == 0
    result = repo.run("rollback", "--format", "json", "3", env=db.env)
    assert (result.status, result.rules) == (1, ["rollback-unavailable"]), result
    assert db.applied() == ALL
    assert repo.run("rollback", "2", env=db.env).status == 0


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders", "plain"])
def test_with_the_older_release_checked_out(layout, make_repo, db):
    """On a bad day somebody goes back first: the migration's file is not there any more."""
    repo = make_repo(layout)
    repo.git("tag", "older")
    name = {"drizzle": "0003_more", "drizzle-folders": "20240104000000_more", "plain": "0004_more"}[layout]
    columns = "hash, created_at" + (", name" if layout == "drizzle-folders" else "")
    assert repo.run("deploy", env=db.env).status == 0
    before = db.dump_but_ledger(), db.drizzle(columns), db.applied()
    repo.migration(name, "CREATE TABLE more (id int);\n", "DROP TABLE more;\n")
    repo.commit("newer")
    assert repo.run("deploy", env=db.env).status == 0
    newer = db.dump_but_ledger(), db.drizzle(columns), db.applied()
    assert newer[2] == [*before[2], name]
    repo.git("checkout", "-q", "older")
    assert repo.run("deploy", env=db.env).status == 1, "the older release lacks what is applied"
    result = repo.run("rollback", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert (db.dump_but_ledger(), db.drizzle(columns), db.applied()) == before
    again = repo.run("deploy", "--format", "json", env=db.env)
    assert again.status == 0 and again.json["nothing_to_do"], again
    repo.git("checkout", "-q", "main")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0 and not result.json["nothing_to_do"], result
    steps = [(step["name"], step["state"]) for step in result.json["plan"]["steps"]]
    assert steps == [(name, "done")] and result.json["plan"]["pending"] == 1, result
    assert (db.dump_but_ledger(), db.drizzle(columns), db.applied()) == newer
    assert db.query(f"SELECT adopted FROM predeploy.migrations WHERE name = '{name}'") == "f"


@pytest.mark.parametrize("change", [
    "down_sql = 'DROP TABLE customers CASCADE'", "down_sql = down_sql || ' '",
    "down_hash = repeat('0', 64)",
])
def test_companion_that_was_changed_in_the_ledger(change, deployed, db):
    db.query("CREATE TABLE public.kept AS TABLE predeploy.migrations")
    db.query(f"UPDATE predeploy.migrations SET {change} WHERE name = '{ALL[1]}'")
    before = db.dump()
    result = deployed.run("rollback", "--format", "json", "2", env=db.env)
    assert (result.status, result.rules) == (1, ["rollback-unavailable", "ledger-altered"]), result
    finding = result.json["findings"][0]
    assert ALL[1] in finding["message"] and "down_sql" in finding["hint"], finding
    assert db.dump() == before, "not even the untouched one above it was taken out"
    human = deployed.run("rollback", "2", env=db.env)
    assert human.status == 1 and "rollback-unavailable" in human.out, human
    assert db.dump() == before
    assert deployed.run("rollback", "1", env=db.env).status == 1, "what else was changed?"
    db.query("UPDATE predeploy.migrations AS m SET down_sql = k.down_sql, down_hash = k.down_hash"
             " FROM public.kept AS k WHERE k.seq = m.seq; DROP TABLE public.kept")
    assert deployed.run("rollback", "1", env=db.env).status == 0


def test_nothing_applied(repo, db):
    result = repo.run("rollback", env=db.env)
    assert result.status in (0, 1), result
    assert db.tables() == []
