"""Where the database's commit stands to the revision, and what the deployed commit bears witness of."""

import pytest

NAMES = ("0001_customers", "0002_orders", "0003_seed")


@pytest.fixture
def repo(make_repo):
    return make_repo("plain")


@pytest.fixture
def deployed(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    repo.first = repo.git("rev-parse", "HEAD")
    return repo


def standing(result):
    told = result.json["standing"]
    return told and (told["relation"], told["commit"])


def release(repo, name="0004_more"):
    repo.migration(name, f"CREATE TABLE t{name[:4]} ();\n", f"DROP TABLE t{name[:4]};\n")
    return repo.commit(name)


def test_nothing_was_deployed(repo, db):
    assert standing(repo.check(env=db.env)) is None


def test_equal_and_behind(deployed, db):
    assert standing(deployed.check(env=db.env)) == ("equal", deployed.first)
    release(deployed)
    result = deployed.check(env=db.env)
    assert (result.status, standing(result)) == (0, ("behind", deployed.first))
    assert "behind" in deployed.run("check", env=db.env).out


@pytest.mark.parametrize("command", ["check", "plan", "deploy"])
def test_an_older_release(command, deployed, db):
    newest = release(deployed)
    release(deployed, "0005_last")
    assert deployed.run("deploy", env=db.env).status == 0
    newest = deployed.git("rev-parse", "HEAD")
    before = db.dump()
    result = deployed.run(command, "--format", "json", deployed.first, env=db.env)
    assert (result.status, result.rules) == (1, ["database-ahead"])
    assert standing(result) == ("ahead", newest)
    finding = result.json["findings"][0]
    assert "0005_last, 0004_more" in finding["message"], "the newest first"
    assert "predeploy rollback 2" in finding["hint"] and "--allow-ahead" in finding["hint"]
    assert db.dump() == before
    result = deployed.run(command, "--format", "json", "--allow-ahead", deployed.first, env=db.env)
    assert (result.status, result.rules) == (0, ["database-ahead"])
    assert result.json["findings"][0]["severity"] == "warning"
    assert db.applied() == [*NAMES, "0004_more", "0005_last"]


def test_the_offered_command_mends_it(deployed, db):
    release(deployed)
    assert deployed.run("deploy", env=db.env).status == 0
    assert deployed.run("rollback", "1", env=db.env).status == 0
    result = deployed.check(deployed.first, env=db.env)
    assert (result.status, standing(result)) == (0, ("equal", deployed.first))


@pytest.mark.parametrize("command", ["check", "plan", "deploy"])
@pytest.mark.parametrize("layout", ["drizzle", "plain"])
def test_a_migration_that_was_deleted_since(layout, command, make_repo, db):
    """The revision comes behind the deployed one: nothing is older, and nothing is to be taken out."""
    repo = make_repo(layout)
    assert repo.run("deploy", env=db.env).status == 0
    first = repo.git("rev-parse", "HEAD")
    name = {"drizzle": "0002_seed", "plain": NAMES[2]}[layout]
    repo.remove(repo.up(name))
    repo.remove(repo.down(name))
    if layout == "drizzle":
        del repo.entries[2]
        repo.journal()
    repo.commit("away with it")
    gone = repo.git("rev-parse", "HEAD")
    result = repo.run(command, "--format", "json", env=db.env)
    assert (result.status, result.rules) == (1, ["database-ahead"]), result
    finding = result.json["findings"][0]
    assert "1 applied migration was deleted" in finding["message"] and name in finding["message"]
    assert finding["change"]["changed_by"]["commit"] == gone, finding
    restore = f"git checkout {first[:12]} -- {repo.up(name)} {repo.down(name)}"
    assert restore in finding["hint"] and "rollback 1" not in finding["hint"], finding
    assert repo.run(command, "--allow-ahead", env=db.env).status == 0
    repo.git(*restore.split()[1:])
    if layout == "drizzle":
        repo.git("checkout", first, "--", "drizzle/meta")
    repo.commit("back again")
    assert repo.check(env=db.env).rules == []


def test_a_deleted_one_and_a_newer_one(deployed, db):
    """What another branch has brought in is no deletion."""
    deployed.git("checkout", "-q", "-b", "other")
    release(deployed)
    assert deployed.run("deploy", env=db.env).status == 0
    deployed.git("checkout", "-q", "main")
    deployed.git("rm", "-q", deployed.up(NAMES[2]), deployed.down(NAMES[2]))
    deployed.commit("away with it")
    result = deployed.check(env=db.env)
    assert (result.status, result.rules) == (1, ["database-ahead"]), result
    assert "2 newer migrations" in result.json["findings"][0]["message"]


def test_diverged(deployed, db):
    deployed.git("checkout", "-q", "-b", "hotfix")
    release(deployed, "0004_hotfix")
    assert deployed.run("deploy", env=db.env).status == 0
    hotfix = deployed.git("rev-parse", "HEAD")
    deployed.git("checkout", "-q", "main")
    release(deployed, "0005_main")
    result = deployed.check(env=db.env)
    assert standing(result) == ("diverged", hotfix)
    assert (result.status, result.rules) == (1, ["database-ahead"])
    assert "0004_hotfix" in result.json["findings"][0]["message"]


def test_a_commit_that_this_clone_lacks(deployed, db, tmp_path):
    deployed.git("checkout", "-q", "-b", "gone")
    release(deployed)
    gone = deployed.git("rev-parse", "HEAD")
    assert deployed.run("deploy", env=db.env).status == 0
    deployed.git("clone", "-q", "--single-branch", "-b", "main", f"file://{deployed.path}",
                 tmp_path / "other")
    deployed.path = tmp_path / "other"
    result = deployed.check(env=db.env)
    assert standing(result) == ("unknown", gone)
    assert (result.status, result.rules) == (1, ["database-ahead"]), "the ledger knows all the same"
    told = deployed.run("check", env=db.env).out
    assert gone[:7] in told and "this clone" in told, told


def test_the_deployed_commit_is_a_witness(deployed, db):
    """A companion that the ledger lost, and a base that hides the edit: git remembers what ran."""
    db.query("UPDATE predeploy.migrations SET down_sql = NULL, down_hash = NULL")
    deployed.write(deployed.down(NAMES[1]), "DROP TABLE orders CASCADE;\n")
    deployed.commit("edit and record")
    assert deployed.check("--base", "HEAD").status == 0
    result = deployed.check("--base", "HEAD", env=db.env)
    assert (result.status, result.rules) == (1, ["history-companion-changed", "ledger-altered"])
    assert "deployed" in result.json["findings"][0]["message"]


def test_what_was_taken_out_may_change(deployed, db):
    assert deployed.run("rollback", env=db.env).status == 0
    deployed.write(deployed.up(NAMES[2]), "INSERT INTO customers (name) VALUES ('Joan');\n")
    deployed.commit("another seed")
    result = deployed.check(env=db.env)
    assert (result.status, result.rules) == (0, [])
    assert deployed.run("deploy", env=db.env).status == 0


@pytest.mark.parametrize("layout", ["drizzle", "plain"])
def test_another_project(layout, deployed, make_repo, db):
    """A database that has nothing of the revision is no newer release."""
    other = make_repo(layout, [("0001_other" if layout == "plain" else "0000_other",
                                "SELECT 1;\n", "SELECT 1;\n")])
    result = other.check("--allow-ahead", env=db.env)
    assert result.status == 1 and set(result.rules) == {"applied-missing"}
    assert standing(result)[0] == "unknown"
