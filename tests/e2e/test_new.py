"""predeploy new: a migration in each layout, as its tool would write it, and the companions."""

import json
import os
import re
import time

import pytest
import world
from test_drizzle import LAYOUT, Project, fixture, lay, packages  # noqa: F401


def new(repo, *args, status=0, **more):
    """The paths that were written."""
    result = repo.run("new", "--format=json", *args, **more)
    assert result.status == status, result
    return [file["path"] for file in result.json["files"]] if status == 0 else result


def files(repo):
    """Every file of the work tree with its bytes."""
    return {
        str(path.relative_to(repo.path)): path.read_bytes()
        for path in repo.path.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(repo.path).parts
    }


def fill(repo, paths, up="SELECT 1;\n", down="SELECT 2;\n"):
    """What a person then does."""
    for path in paths:
        if path.endswith(("-rollback.sql", "/rollback.sql", "down.sql")) or "/U" in path:
            repo.write(path, down)
        elif path.endswith(".sql"):
            repo.write(path, up)
    assert repo.run("record").status == 0
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "filled")


def kit_snapshots(repo):
    """The snapshots that Drizzle 1.0 keeps beside its migrations: one behind the other."""
    parent = "00000000-0000-0000-0000-000000000000"
    for path in sorted(repo.migrations.glob("*/migration.sql")):
        text = dict(type="diff", version="9", dialect="postgres", id=path.parent.name,
                    prevIds=[parent], footprints=[], deltas=[])
        parent = path.parent.name
        (path.parent / "snapshot.json").write_text(json.dumps(text))
    return repo


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders", "plain"])
def test_new(layout, make_repo, db):
    repo = kit_snapshots(make_repo(layout))
    if layout == "drizzle-folders":
        repo.commit("snapshots")
    before = files(repo)
    paths = new(repo, "Add the Rest!")
    after = files(repo)
    created = {path for path in after if path not in before}
    changed = {path for path in before if after.get(path) != before[path]}
    assert created | changed == set(paths)
    assert changed == ({"drizzle/meta/_journal.json"} if layout == "drizzle" else set())
    names = {
        "drizzle": r"drizzle/0003_add_the_rest(-rollback)?\.sql",
        "drizzle-folders": r"drizzle/\d{14}_add_the_rest/(migration|rollback)\.sql",
        "plain": r"migrations/0004_add_the_rest(-rollback)?\.sql",
    }
    assert len([path for path in created if re.fullmatch(names[layout], path)]) == 2, created
    if layout == "drizzle-folders":
        snapshot = json.loads(after[next(path for path in created if "snapshot" in path)])
        assert snapshot["prevIds"] == ["20240103000000_seed"] and snapshot["deltas"] == []
    # not yet filled: the companion closes the gate, the migration is warned of
    repo.commit("as it was written")
    result = repo.check()
    assert result.status == 1, result
    assert "rollback-empty" in result.rules and "rollback-irreversible" not in result.rules, result
    repo.git("reset", "-q", "--soft", "HEAD~1")
    fill(repo, paths, "CREATE TABLE rest (id int);\n", "DROP TABLE rest;\n")
    checked = repo.check()
    assert (checked.status, checked.rules) == (0, []), checked
    assert repo.run("deploy", env=db.env).status == 0
    assert "rest" in db.tables()
    assert repo.run("rollback", env=db.env).status == 0
    assert "rest" not in db.tables()
    second = new(repo, "more")
    assert not set(second) & created


TOOLS = {
    "golang-migrate": r"db/\d{14}_{}\.(up|down)\.sql",
    "sqlx": r"db/\d{14}_{}\.(up|down)\.sql",
    "diesel": r"db/\d{4}-\d\d-\d\d-\d{6}_{}/(up|down)\.sql",
    "prisma": r"db/\d{14}_{}/(migration|rollback)\.sql",
    "flyway": r"db/[VU][12]__{}\.sql",
    "dbmate": r"db/\d{14}_{}\.sql",
    "goose": r"db/\d{14}_{}\.sql",
    "custom": r"db/000[12]\.{}\.(do|undo)\.sql",
}


@pytest.mark.parametrize("layout", TOOLS)
def test_layouts_of_other_tools(layout, make_repo, db):
    """From an empty repository to the database and back, in the files of the tool."""
    repo = make_repo("plain", migrations=[])
    if layout == "custom":
        repo.write(".predeploy", "[layout]\n\tup = {version}.{title}.do.sql\n"
                   "\trollback = {version}.{title}.undo.sql\n")
    (repo.path / "db").mkdir()
    assert repo.run("init", "--path", "db", "--layout", layout).status == 0
    for table in ("first", "second"):
        paths = new(repo, table)
        for path in paths:
            assert re.fullmatch(TOOLS[layout].replace("{}", table), path), path
            text = (repo.path / path).read_text()
            if text.count("-- Not written yet") and len(paths) == 2:
                text = f"DROP TABLE {table};\n"
            elif len(paths) == 2:
                text = f"CREATE TABLE {table} (id int);\n"
            else:
                text = re.sub(r"-- Not written.*\n-- If.*\n", f"DROP TABLE {table};\n", text)
                text = re.sub(r"-- \d+_.*\n", f"CREATE TABLE {table} (id int);\n", text)
            repo.write(path, text)
        assert repo.run("record").status == 0
        repo.git("add", "-A")
        repo.git("commit", "-q", "-m", table)
    checked = repo.check()
    assert (checked.status, checked.rules) == (0, []), checked
    assert repo.run("deploy", env=db.env).status == 0
    assert db.tables() == ["first", "second"]
    assert repo.run("rollback", env=db.env).status == 0
    assert db.tables() == ["first"]
    assert "every migration has" in repo.run("new", "--companions").out


def test_one_file_without_a_way_back(make_repo):
    repo = make_repo("plain", migrations=[])
    repo.write("migrations/20240101000000_a.sql", "-- migrate:up\nSELECT 1;\n")
    repo.write(".predeploy", "[migrations]\n\tlayout = dbmate\n")
    before = files(repo)
    result = repo.run("new", "--companions", "--format=json")
    assert result.status == 0 and result.json["files"] == [], result
    assert result.json["passed"] == ["20240101000000_a"]
    assert "20240101000000_a" in repo.run("new", "--companions").out
    assert files(repo) == before


def test_first_one(make_repo):
    repo = make_repo("plain", migrations=[])
    result = repo.run("new", "customers")
    assert result.status == 0, result
    assert "migrations/0001_customers.sql" in result.out
    assert sorted(files(repo)) == ["migrations/0001_customers-rollback.sql",
                                   "migrations/0001_customers.sql"]
    fill(repo, list(files(repo)))
    assert repo.check().status == 0
    repo.write("drizzle.config.ts", "")
    other = make_repo("plain", migrations=[])
    other.write("drizzle.config.ts", "")
    asked = other.run("new", "customers")
    assert asked.status == 2 and "--layout" in asked.err, asked
    paths = new(other, "customers", "--path", "drizzle", "--layout", "drizzle")
    assert "drizzle/meta/_journal.json" in paths and "drizzle/0000_customers.sql" in paths
    other.write(".predeploy", "[migrations]\n\tpath = drizzle\n")
    fill(other, paths)
    assert other.check().status == 0, other.check()


def test_from_any_folder(repo):
    (repo.path / "src/deep").mkdir(parents=True)
    assert "drizzle/0003_x.sql" in new(repo, "x", cwd=repo.path / "src/deep")


@pytest.mark.parametrize("name", ["", "---", "../x", "a/b", "é", "x" * 101])
def test_names(name, repo):
    before = files(repo)
    result = repo.run("new", "--", name)
    assert result.status == 2 and result.err, result
    assert files(repo) == before


def test_arguments(repo):
    assert repo.run("new").status == 2
    assert repo.run("new", "a", "b").status == 2
    assert repo.run("new", "a", "--companions").status == 2


def test_never_overwritten(make_repo):
    repo = make_repo("plain")
    repo.write("migrations/0004_x-rollback.sql", "-- precious\n")
    before = files(repo)
    result = repo.run("new", "x")
    assert result.status == 2, result
    assert files(repo) == before


def test_broken_set(repo):
    repo.write("drizzle/meta/_journal.json", "{")
    before = files(repo)
    result = repo.run("new", "x", "--format", "json")
    assert result.status == 1 and result.rules == ["journal-malformed"], result
    human = repo.run("new", "x")
    assert human.status == 1 and "journal-malformed" in human.out, human
    assert files(repo) == before


def test_duplicate_versions(make_repo):
    repo = make_repo("plain")
    repo.write("migrations/0003_other.sql", "SELECT 1;\n")
    result = repo.run("new", "x", "--format", "json")
    assert result.status == 1 and result.rules == ["duplicate-version"], result


def test_symbolic_links(make_repo, tmp_path):
    (tmp_path / "outside").mkdir()
    repo = make_repo("plain", migrations=[])
    (repo.path / "migrations").symlink_to(tmp_path / "outside")
    assert repo.run("new", "x").status == 2
    repo.write(".predeploy", "[migrations]\n\tpath = a/migrations\n\tlayout = plain\n")
    (repo.path / "a").symlink_to(tmp_path / "outside")
    assert repo.run("new", "x").status == 2
    assert not list((tmp_path / "outside").iterdir())


def test_bare_and_none(repo, tmp_path):
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "bare.git")
    assert repo.run("new", "x", cwd=tmp_path / "bare.git").status == 2
    (tmp_path / "empty").mkdir()
    assert repo.run("new", "x", cwd=tmp_path / "empty").status == 3


def test_all_or_nothing(repo):
    """The journal cannot be written: nothing of the migration stays."""
    meta = repo.migrations / "meta"
    (meta / "0003_snapshot.json").mkdir()
    (meta / "0003_snapshot.json/x").write_text("")
    (meta / "0002_snapshot.json").write_text('{"id": "a", "prevId": "b"}')
    before = files(repo)
    result = repo.run("new", "x")
    assert result.status == 2, result
    assert files(repo) == before


def test_companions(make_repo):
    repo = make_repo("plain", migrations=[("0001_a", "SELECT 1;\n", None),
                                          ("0002_b", "SELECT 1;\n", None),
                                          ("0003_c", "SELECT 1;\n", "SELECT 1;\n")])
    repo.write(".predeploy", "[migrations]\n\trollbackSince = 0001_a\n")
    assert new(repo, "--companions") == ["migrations/0002_b-rollback.sql"]
    repo.commit("companions")
    assert repo.check().rules == ["rollback-empty"]
    unwritten = repo.run("new", "--companions")
    assert unwritten.status == 0 and "0002_b-rollback.sql has no statement yet" in unwritten.out, unwritten
    repo.git("reset", "-q", "--soft", "HEAD~1")
    fill(repo, ["migrations/0002_b-rollback.sql"])
    assert repo.check().status == 0
    result = repo.run("new", "--companions")
    assert result.status == 0 and "every migration has the companion" in result.out, result


def test_autocrlf(repo):
    """The journal keeps the line endings of the work tree, and its blob those of the last one."""
    repo.git("config", "core.autocrlf", "true")
    path = repo.migrations / "meta/_journal.json"
    old = path.read_bytes()
    path.write_bytes(old.replace(b"\n", b"\r\n"))
    new(repo, "x")
    text = path.read_bytes()
    assert text.count(b"\n") == text.count(b"\r\n")
    assert text.startswith(old.replace(b"\n", b"\r\n")[: old.rindex(b"}\n  ]")])
    repo.commit("x", record=False)
    assert b"\r" not in repo.git("show", "HEAD:drizzle/meta/_journal.json").encode()


# --- with the real drizzle-kit ----------------------------------------------------------------------


@pytest.fixture(params=["stable", "v1"])
def project(request, make_repo, db):
    repo = make_repo(LAYOUT[request.param], migrations=[], commit=False)
    return Project(repo, request.param, db)


MORE = ("export const tags = pgTable('tags', { id: serial('id').primaryKey(),"
        " label: text('label').notNull() });\n")


@pytest.mark.slow
def test_drizzle_kit_goes_on(project):
    """check is content, migrate runs it, and generate makes the difference of the schema alone."""
    repo = project.repo
    lay(repo, project.generation, len(fixture(project.generation)))
    if project.generation == "stable":
        journal = repo.migrations / "meta/_journal.json"
        before = journal.read_text()
    paths = new(repo, "by hand")
    migration = next(path for path in paths
                     if path.endswith(".sql") and "rollback" not in path)
    assert [path for path in paths if "snapshot" in path], paths
    if project.generation == "stable":
        text = journal.read_text()
        assert text.startswith(before[: before.rindex("\n  ]")])
        assert text == json.dumps(json.loads(text), indent=2), "as drizzle-kit formats it"
    repo.write(migration, "CREATE TABLE by_hand (id int);\n")
    project.kit("check")
    project.migrate()
    assert "by_hand" in project.db.tables()
    count = len(project.ledger())
    assert "No schema changes" in project.kit("generate", "--name", "none")
    time.sleep(1.1)
    repo.write("schema.ts", (repo.path / "schema.ts").read_text() + MORE)
    project.kit("generate", "--name", "tags")
    project.kit("check")
    project.migrate()
    assert "tags" in project.db.tables() and len(project.ledger()) == count + 1
    generated = sorted(repo.migrations.rglob("*tags*.sql")) + sorted(
        repo.migrations.glob("*tags*/migration.sql"))
    assert 'CREATE TABLE "tags"' in generated[0].read_text()
    assert "by_hand" not in generated[0].read_text()
    # and once more behind what drizzle-kit has made
    second = new(repo, "again")
    project.kit("check")
    if project.generation == "stable":
        assert "drizzle/0006_again.sql" in second
    written = fill_all(repo)
    checked = repo.check()
    assert checked.status == 0, (checked, written)
    project.deploy(nothing_to_do=False)
    project.migrate()


def fill_all(repo):
    """Statements for what has none, and a companion for what drizzle-kit has generated."""
    new(repo, "--companions")
    changed = []
    for path in repo.migrations.rglob("*.sql"):
        text = path.read_text()
        if all(line.startswith("--") or not line for line in text.split("\n")):
            path.write_text("SELECT 1;\n")
            changed.append(path.name)
    assert repo.run("record").status == 0
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "all")
    return changed


@pytest.mark.slow
def test_drizzle_kit_begins_behind_the_first(project):
    """The first migration of a project is written by predeploy; the tool takes it up."""
    repo = project.repo
    new(repo, "extensions", "--path", "drizzle", "--layout", LAYOUT[project.generation])
    sql = [path for path in repo.migrations.rglob("*.sql") if "rollback" not in path.name]
    sql[0].write_text("CREATE SCHEMA extra;\n")
    project.kit("check")
    time.sleep(1.1)
    project.kit("generate", "--name", "first")
    project.kit("check")
    project.migrate()
    assert project.db.tables() == ["posts", "users"] and len(project.ledger()) == 2


def test_programs_are_passed_over(make_repo):
    """Their way back is in them: they get no companion, and keep nobody else from one."""
    repo = make_repo("plain")
    repo.remove(repo.down("0002_orders"))
    repo.write("migrations/0004_backfill.js", "x()\n")
    repo.commit("program")
    assert new(repo, "--companions") == ["migrations/0002_orders-rollback.sql"]
    assert new(repo, "more") == ["migrations/0005_more-rollback.sql", "migrations/0005_more.sql"]


def test_without_a_pattern_of_companions(make_repo):
    repo = make_repo("plain")
    for path in repo.migrations.glob("*-rollback.sql"):
        path.unlink()
    repo.write(".predeploy", "[layout]\n\tup = {version}_{title}.sql\n")
    repo.commit("custom")
    result = repo.check()
    hints = {f["hint"] for f in result.json["findings"] if f["rule"] == "rollback-missing"}
    assert len(hints) == 1 and "set layout.rollback" in hints.pop(), result
    result = repo.run("new", "--companions")
    assert result.status == 2 and "layout.rollback" in result.both, result
    assert new(repo, "more") == ["migrations/0004_more.sql"]


def test_settings_that_are_no_file(make_repo):
    repo = make_repo("plain")
    os.mkfifo(repo.path / ".predeploy")
    result = repo.run("new", "more")
    assert result.status == 2 and "it is no regular file" in result.both, result
