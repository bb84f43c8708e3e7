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
    assert f"{ALL[1]}-rollback.sql:3" in result.both, result
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


def test_nothing_applied(repo, db):
    result = repo.run("rollback", env=db.env)
    assert result.status in (0, 1), result
    assert db.tables() == []
