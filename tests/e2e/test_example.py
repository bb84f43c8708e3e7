"""docs/examples/drizzle as its users run it: the scripts of its package.json, with the real drizzle-kit
of both generations and a real PostgreSQL."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest
import world
from test_drizzle import HERE, LAYOUT, packages

pytestmark = [pytest.mark.slow, pytest.mark.plain]

EXAMPLE = world.ROOT / "docs/examples/drizzle"
NEXT = world.ROOT / "docs/examples/drizzle-next"
SCRIPTS = {"db:generate", "postdb:generate", "db:migrate", "db:push", "db:studio", "db:introspect",
           "db:check", "db:rollback", "db:predeploy"}
WAY_BACK = ('DROP TABLE "loyalty_points";--> statement-breakpoint\n'
            'ALTER TABLE "customers" DROP COLUMN "tier";\n')
TABLES = ["addresses", "categories", "customers", "order_items", "orders", "payments", "products",
          "shipping_countries"]


class Shop:
    """A copy of the example in a repository, with the packages of a generation."""

    def __init__(self, repo, generation, db):
        self.repo, self.generation, self.db = repo, generation, db
        shutil.copytree(EXAMPLE, repo.path, dirs_exist_ok=True)
        (repo.path / "node_modules").symlink_to(packages(generation))
        (repo.path / ".git/info/exclude").write_text("node_modules\n")  # a link is no folder

    def start(self, script, *args):
        # npm runs a script by the shell, which finds predeploy on PATH as a user's does
        env = self.repo.predeploy.env(self.db.env)
        env.update(PATH=f"{pathlib.Path(world.BINARY).parent}:{env['PATH']}",
                   npm_config_update_notifier="false")
        env.pop("TMPDIR", None)
        return subprocess.Popen(
            ["npm", "run", "--silent", script, "--", *args], cwd=self.repo.path, env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True)

    def run(self, script, *args, status=0):
        process = self.start(script, *args)
        out = process.communicate(timeout=120)[0]
        assert not world.leaked(out), script
        assert process.returncode == status, f"{script}: {process.returncode}\n{out.decode()}"
        return out.decode()

    def commit(self, message):
        self.repo.git("add", "-A")
        self.repo.git("commit", "-q", "-m", message)

    def companion(self, title):
        found = [*self.repo.migrations.glob(f"*_{title}-rollback.sql"),
                 *self.repo.migrations.glob(f"*_{title}/rollback.sql")]
        assert len(found) == 1, found
        return found[0]


def columns(snapshot):
    """(table, column) of what drizzle-kit keeps of a schema, in either generation."""
    text = json.loads(snapshot.read_text())
    if "ddl" in text:
        return {(item["table"], item["name"]) for item in text["ddl"]
                if item["entityType"] == "columns"}
    return {(table["name"], column) for table in text["tables"].values()
            for column in table["columns"]}


@pytest.fixture(params=LAYOUT)
def shop(request, make_repo, db):
    repo = make_repo(LAYOUT[request.param], migrations=[], commit=False)
    shop = Shop(repo, request.param, db)
    if request.param == "stable":
        shop.commit("The shop")
        return shop
    # the other generation begins anew: one migration for what the example has in eight
    shutil.rmtree(repo.migrations)
    out = shop.run("db:generate", "--name", "shop")
    assert "rollback.sql" in out and "SHA256SUMS is written" in out
    tables = "".join(f'DROP TABLE "{table}" CASCADE;\n' for table in TABLES)
    shop.companion("shop").write_text(tables + 'DROP TYPE "order_status";\n')
    assert repo.run("record").status == 0
    shop.commit("The shop")
    time.sleep(1.1)  # names of two migrations differ by a second
    return shop


def test_from_a_changed_schema_to_the_database_and_back(shop):
    repo, db = shop.repo, shop.db
    assert "gate open" in shop.run("db:migrate")
    assert db.tables() == TABLES
    before = db.dump_but_ledger()

    shutil.copy(NEXT / "schema.ts", repo.path)
    out = shop.run("db:generate", "--name", "loyalty")
    companion = shop.companion("loyalty")
    assert f"created  {companion.relative_to(repo.path)}" in out and "SHA256SUMS is written" in out
    assert all(line.startswith("-- ") for line in companion.read_text().splitlines())
    if shop.generation == "stable":
        for name in ("0008_loyalty.sql", "meta/0008_snapshot.json"):
            ours, theirs = (NEXT / "drizzle" / name).read_text(), (repo.migrations / name).read_text()
            ours, theirs = (re.sub(r'"(id|prevId)": ".*"', "", text) for text in (ours, theirs))
            assert ours == theirs, "drizzle-next is what drizzle-kit makes of its schema"

    shop.commit("Loyalty points")
    out = shop.run("db:check", status=1)
    assert "Everything's fine" in out and "rollback-empty" in out, "drizzle-kit has no objections"
    assert "rollback-empty" in shop.run("db:predeploy", status=1)
    assert "rollback-empty" in shop.run("db:migrate", status=1)
    assert db.tables() == TABLES

    companion.write_text(WAY_BACK)
    assert repo.run("record").status == 0
    shop.commit("Loyalty points can be taken out again")
    assert "gate open" in shop.run("db:check")
    out = shop.run("db:predeploy")
    assert "1 to apply" in out and "gate open: deployed 1 migration, 9 tables" in out
    after = db.dump_but_ledger()

    assert "No changes detected" in shop.run("db:push")
    shop.run("db:introspect")
    found = columns(*(repo.path / "introspected").glob("*/*snapshot.json"))
    assert found == columns(NEXT / "drizzle/meta/0008_snapshot.json")
    assert sorted({table for table, _ in found}) == sorted([*TABLES, "loyalty_points"])
    assert repo.git("status", "--porcelain") == "", "what introspect writes is not committed"
    assert db.dump_but_ledger() == after, "neither of them changes anything"
    assert "nothing to do" in shop.run("db:migrate")

    assert "gate open: took out 1 migration" in shop.run("db:rollback")
    assert db.dump_but_ledger() == before
    assert "gate open" in shop.run("db:predeploy")
    assert db.dump_but_ledger() == after


def test_push_leaves_the_ledger_alone(shop):
    """On a database that predeploy has deployed to, with a schema that lacks a table."""
    shop.run("db:migrate")
    ledger = shop.db.query("SELECT count(*) FROM predeploy.migrations")
    schema = shop.repo.path / "schema.ts"
    text = schema.read_text()
    schema.write_text(text + "export const tags = pgTable('tags', { id: serial().primaryKey() });\n")
    shop.run("db:push")
    assert shop.db.tables() == sorted([*TABLES, "tags"])
    assert shop.db.query("SELECT count(*) FROM predeploy.migrations") == ledger


@contextlib.contextmanager
def started(shop, *args):
    process = shop.start(*args)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate()


def test_studio_listens_on_this_machine_only(shop):
    port = world.free_port()
    with started(shop, "db:studio", "--port", str(port)) as process:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
                break
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        listening = pathlib.Path("/proc/net/tcp").read_text() + pathlib.Path("/proc/net/tcp6").read_text()
        here = re.findall(rf" ([0-9A-F]+):{port:04X} [0-9A-F:]+ 0A ", listening)
        assert here == ["0100007F"], "127.0.0.1 alone"


def test_what_the_example_pins():
    package = json.loads((EXAMPLE / "package.json").read_text())
    assert set(package["scripts"]) == SCRIPTS
    readme = (EXAMPLE / "README.md").read_text()
    for script, command in package["scripts"].items():
        assert script in readme
        assert all(word in readme for word in re.findall(r"(?:predeploy|drizzle-kit) [a-z]+", command))
    text = (EXAMPLE / "package-lock.json").read_text()
    assert '"resolved"' not in text, "a registry's address stands in the lock file"
    locked = {path: item.get("version") for path, item in json.loads(text)["packages"].items() if path}
    tested = json.loads((HERE / "drizzle/stable/package-lock.json").read_text())["packages"]
    assert locked == {path: item["version"] for path, item in tested.items() if path}, \
        "the packages that the tests run are those that the example pins"
