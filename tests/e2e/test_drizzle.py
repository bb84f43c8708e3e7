"""Turns with the real Drizzle on one database: nothing twice, nothing skipped, one ledger.

`stable` is the generation with a journal, `v1` the one with a folder a migration. The packages are
pinned in drizzle/*/package-lock.json and installed once into the build folder."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess

import pytest
import world
from test_deploy import held, until

pytestmark = pytest.mark.slow

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures/drizzle"
LAYOUT = {"stable": "drizzle", "v1": "drizzle-folders"}
CONFIG = """import { defineConfig } from 'drizzle-kit';
export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.ts',
  out: './drizzle',
  dbCredentials: { url: process.env.DATABASE_URL! },
});
"""
MIGRATOR = """import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
await migrate(drizzle({ client: pool }), { migrationsFolder: './drizzle' });
await pool.end();
"""


def packages(generation):
    """node_modules of a generation; made by whoever comes first."""
    folder = world.ROOT / "build/drizzle" / generation
    folder.mkdir(parents=True, exist_ok=True)
    wanted = (HERE / "drizzle" / generation / "package-lock.json").read_bytes()
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / ".installed"
        if not stamp.exists() or stamp.read_bytes() != wanted:
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / "drizzle" / generation / name, folder)
            subprocess.run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                cwd=folder, check=True, stdin=subprocess.DEVNULL,
            )
            stamp.write_bytes(wanted)
    return folder / "node_modules"


class Project:
    """A repository with the real tools in it."""

    def __init__(self, repo, generation, db):
        self.repo, self.generation, self.db = repo, generation, db
        (repo.path / "node_modules").symlink_to(packages(generation))
        (repo.path / ".git/info/exclude").write_text("node_modules\n")
        repo.write("drizzle.config.ts", CONFIG)
        repo.write("migrate.mjs", MIGRATOR)
        repo.write("schema.ts", (FIXTURES / generation / "schema.ts").read_bytes())
        repo.write(".predeploy", "[migrations]\n\tpath = drizzle\n[verify]\n\tminTables = 0\n"
                   "[deploy]\n\tlockTimeout = 0\n")

    def start(self, *args, node=("node_modules/drizzle-kit/bin.cjs",)):
        env = self.repo.predeploy.env(self.db.env)
        env.pop("TMPDIR", None)
        return subprocess.Popen(
            ["node", *node, *args], cwd=self.repo.path, env=env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )

    def finish(self, process):
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0, out.decode()
        return out.decode()

    def kit(self, *args):
        return self.finish(self.start(*args))

    def migrate(self):
        return self.kit("migrate")

    def orm(self):
        return self.finish(self.start(node=("migrate.mjs",)))

    def deploy(self, **expected):
        result = self.repo.run("deploy", "--format", "json", env=self.db.env)
        assert result.status == 0, result
        for name, value in expected.items():
            assert result.json[name] == value, result
        return result

    def ledger(self):
        columns = "hash, created_at" + (", name" if self.generation == "v1" else "")
        return self.db.drizzle(columns)


def fixture(generation, name="drizzle"):
    """The migrations of a generated folder, in order: (name, files)."""
    folder = FIXTURES / generation / name
    if generation == "stable":
        entries = json.loads((folder / "meta/_journal.json").read_text())["entries"]
        return [(entry["tag"], entry) for entry in entries]
    return [(path.name, None) for path in sorted(folder.iterdir())]


def lay(repo, generation, count):
    """The first `count` migrations as the real drizzle-kit wrote them, each with a companion."""
    source = FIXTURES / generation / "drizzle"
    chosen = fixture(generation)[:count]
    for name, _ in chosen:
        if generation == "stable":
            repo.write(f"drizzle/{name}.sql", (source / f"{name}.sql").read_bytes())
            snapshot = f"meta/{name[:4]}_snapshot.json"
            repo.write(f"drizzle/{snapshot}", (source / snapshot).read_bytes())
        else:
            for path in (source / name).iterdir():
                repo.write(f"drizzle/{name}/{path.name}", path.read_bytes())
        repo.write(repo.down(name), "SELECT 1;\n")
    if generation == "stable":
        repo.entries = [entry for _, entry in chosen]
        repo.journal()
    return repo.commit(f"{count} migrations")


@pytest.fixture(params=["stable", "v1"])
def project(request, make_repo, db):
    repo = make_repo(LAYOUT[request.param], migrations=[], commit=False)
    return Project(repo, request.param, db)


_pure = {}


@pytest.fixture
def pure(project, server):
    """The ledger and the schema that Drizzle alone leaves behind."""
    if project.generation not in _pure:
        mine, project.db = project.db, server.database()
        lay(project.repo, project.generation, 4)
        project.migrate()
        _pure[project.generation] = project.ledger(), project.db.dump("-n", "public")
        project.db = mine
        shutil.rmtree(project.repo.migrations)
        project.repo.entries = []
    return _pure[project.generation]


@pytest.mark.parametrize("turns", ["dpdp", "pdpd", "dppd", "pddp"])
def test_turns(turns, project, pure):
    for count, who in enumerate(turns, 1):
        lay(project.repo, project.generation, count)
        if who == "d":
            project.migrate()
            project.deploy(nothing_to_do=True)
        else:
            project.deploy(nothing_to_do=False)
        assert len(project.ledger()) == count
    project.migrate()
    assert (project.ledger(), project.db.dump("-n", "public")) == pure
    assert project.db.query("SELECT count(*) FROM users") == "2"
    assert project.db.applied() == [name for name, _ in fixture(project.generation)]


def test_predeploy_alone_leaves_the_same(project, pure):
    lay(project.repo, project.generation, 4)
    project.deploy()
    assert (project.ledger(), project.db.dump("-n", "public")) == pure
    project.orm()
    project.migrate()
    assert (project.ledger(), project.db.dump("-n", "public")) == pure


def test_adopts(project, pure):
    lay(project.repo, project.generation, 4)
    project.orm()
    assert project.ledger() == pure[0]
    checked = project.repo.check(env=project.db.env)
    assert (checked.status, checked.rules) == (0, []), checked
    project.deploy(nothing_to_do=True)
    assert project.ledger() == pure[0]
    assert project.db.query("SELECT count(*) FROM predeploy.migrations WHERE adopted") == "4"
    more = "0004_more" if project.generation == "stable" else "20991122202723_more"
    if project.generation == "v1":
        more = "20261122202723_more"
    project.repo.migration(more, "CREATE TABLE more (id int);\n", "DROP TABLE more;\n")
    project.repo.commit("more")
    project.deploy(nothing_to_do=False)
    project.migrate()
    assert len(project.ledger()) == 5 and "more" in project.db.tables()
    assert project.repo.run("rollback", env=project.db.env).status == 0
    assert project.ledger() == pure[0]
    assert "more" not in project.db.tables()
    project.migrate()
    assert "more" in project.db.tables()
    project.deploy(nothing_to_do=True)


@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("tool", ["kit", "orm"])
def test_a_migrator_that_comes_meanwhile_waits(tool, fresh, project):
    repo, db = project.repo, project.db
    names = (("0000_a", "0001_b") if project.generation == "stable"
             else ("20240101000000_a", "20240102000000_b"))
    repo.migration(names[0], "CREATE TABLE a (id int);\n")
    repo.commit("a")
    if not fresh:
        project.migrate()
    held(repo, names[1], "INSERT INTO a SELECT 1;\n--> statement-breakpoint\n")
    with db.session() as say:
        say("SELECT pg_advisory_lock(42)")
        deploying = repo.predeploy.start("deploy", env=db.env, cwd=repo.path)
        until(db, "wait_event = 'advisory'")
        other = project.start("migrate") if tool == "kit" else project.start(node=("migrate.mjs",))
        until(db, "wait_event_type = 'Lock' AND wait_event <> 'advisory'")
        say("SELECT pg_advisory_unlock(42)")
        assert repo.predeploy.finish(deploying).status == 0
    project.finish(other)
    assert db.query("SELECT count(*) FROM a") == "1"
    assert len(project.ledger()) == 2 and len(set(project.ledger())) == 2


def test_freshly_generated(project):
    """From a schema to the database, with both tools as a project uses them."""
    repo = project.repo
    project.kit("generate", "--name", "first")
    repo.write("schema.ts", (repo.path / "schema.ts").read_text() + (
        "export const tags = pgTable('tags', { id: serial('id').primaryKey(),"
        " label: text('label').notNull() });\n"))
    import time

    time.sleep(1.1)  # names and times of two migrations differ by a second
    project.kit("generate", "--name", "tags")
    for path in list(repo.migrations.rglob("*.sql")):
        name = path.parent.name if project.generation == "v1" else path.stem
        repo.write(repo.down(name), "SELECT 1;\n")
    repo.git("add", "-A")
    assert repo.run("record").status == 0
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "generated")
    checked = repo.check()
    assert (checked.status, checked.rules) == (0, []), checked
    assert checked.json["migrations"]["layout"] == LAYOUT[project.generation]
    project.deploy(nothing_to_do=False)
    ledger = project.ledger()
    project.migrate()
    assert project.ledger() == ledger and len(ledger) == 2
    assert project.db.tables() == ["posts", "tags", "users"]
    project.kit("check")


def test_what_drizzle_skips_silently(make_repo, db):
    """An entry that is older than what is applied: Drizzle says that all is well."""
    repo = make_repo("drizzle", migrations=[], commit=False)
    project = Project(repo, "stable", db)
    repo.migration("0000_a", "CREATE TABLE a (id int);\n", when=1700000000000)
    repo.migration("0001_c", "CREATE TABLE c (id int);\n", when=1700000009000)
    repo.commit("main")
    project.migrate()
    repo.migration("0002_b", "CREATE TABLE b (id int);\n", when=1700000005000)
    repo.commit("the other branch, merged later")
    assert "successfully" in project.migrate()
    assert db.tables() == ["a", "c"], "Drizzle has skipped b"
    result = repo.check()
    assert (result.status, result.rules) == (1, ["journal-when-not-rising"]), result
    finding = result.json["findings"][0]
    assert "0002_b" in finding["message"] and finding["hint"]
    assert finding["path"] == "drizzle/meta/_journal.json" and finding["line"] > 0
    assert repo.run("deploy", env=db.env).status == 1
    assert db.tables() == ["a", "c"]
    # mended as the hint says: the time is raised
    repo.entries[2]["when"] = 1700000010000
    repo.journal()
    repo.commit("restamped")
    project.deploy(nothing_to_do=False)
    assert db.tables() == ["a", "b", "c"]
    before = project.ledger()
    project.migrate()
    assert project.ledger() == before


def test_generation_upgrade(make_repo, db):
    """The stable tool filled the ledger; the project then moves to the folder layout."""
    repo = make_repo("drizzle", migrations=[], commit=False)
    old = Project(repo, "stable", db)
    lay(repo, "stable", 4)
    old.migrate()
    (repo.path / "node_modules").unlink()
    (repo.path / "node_modules").symlink_to(packages("v1"))
    for path in repo.migrations.glob("*-rollback.sql"):
        path.unlink()
    old.kit("up")
    assert not (repo.migrations / "meta").exists()
    repo.layout = "drizzle-folders"
    for path in list(repo.migrations.glob("*/migration.sql")):
        repo.write(repo.down(path.parent.name), "SELECT 1;\n")
    repo.commit("up")
    project = old
    project.generation = "v1"
    project.deploy(nothing_to_do=True)
    before = db.query("SELECT count(*) FROM users")
    project.migrate()
    project.deploy(nothing_to_do=True)
    assert db.query("SELECT count(*) FROM users") == before == "2"
    assert len(project.ledger()) == 4


def test_conflicted_merge(make_repo):
    """The raw result of a merge of two branches that both generated 0001."""
    repo = make_repo("drizzle", migrations=[], commit=False)
    shutil.copytree(FIXTURES / "stable-merge-conflict/conflicted/drizzle", repo.migrations)
    for path in list(repo.migrations.glob("*.sql")):
        repo.write(repo.down(path.stem), "SELECT 1;\n")
    repo.commit("conflicted")
    result = repo.check()
    assert result.status == 1
    assert set(result.rules) <= {"entry-conflict-markers", "journal-malformed"}, result


def test_lockfiles_are_complete():
    for generation in LAYOUT:
        folder = HERE / "drizzle" / generation
        wanted = json.loads((folder / "package.json").read_text())["dependencies"]
        locked = json.loads((folder / "package-lock.json").read_text())["packages"]
        for name, version in wanted.items():
            assert locked[f"node_modules/{name}"]["version"] == version
        text = (folder / "package-lock.json").read_text()
        assert '"resolved"' not in text, "a registry's address stands in the lock file"
    assert os.path.exists(HERE / "drizzle/stable/package-lock.json")
