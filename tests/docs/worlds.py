"""The worlds in which pages run: what is there before the first command.

A page asks with <!-- world: NAME OPTION... -->. A world is a function of this file that gets a Place,
makes things in place.home and returns the folder in which the page begins.

Options:  database   an empty database; DATABASE_URL names it
          server     the same, without DATABASE_URL: the page sets it
          examples   a copy of docs/examples in the page's folder, as docs/examples
"""

import contextlib
import functools
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import time

import world as e2e
from pages import ROOT

READER = "/home/ada"  # what pages show in place of the temporary folder, which is as long
USER, PASSWORD, PORT = "shop", "secret", 5432  # how pages write the address of a database


class Place:
    """One world: its folders, its environment, and how a page writes about them."""

    def __init__(self, folder, get_server):
        self.top = pathlib.Path(folder)
        self.bin = self.top / "bin"
        self.bin.mkdir(parents=True)
        self.home = short_folder()
        (self.bin / "predeploy").symlink_to(e2e.BINARY)
        (self.home / ".gitconfig").write_text(
            "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
            "[advice]\n\tdetachedHead = false\n[protocol \"file\"]\n\tallow = always\n"
        )
        self.get_server = get_server
        self.port = None
        keep = ("LSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS")
        self.env = {name: os.environ[name] for name in keep if name in os.environ}
        self.env.update(
            PATH=f"{self.bin}:{pg_bin()}:{os.environ['PATH']}", HOME=str(self.home),
            LANG="C.UTF-8", TZ="UTC", TERM="dumb", GIT_CONFIG_NOSYSTEM="1",
            GIT_TERMINAL_PROMPT="0", PAGER="cat", COLUMNS="100",
            PSQLRC="/dev/null",
            NPM_CONFIG_UPDATE_NOTIFIER="false",
        )

    def remove(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, *command, cwd=None, env=None):
        """A command of the world itself; must succeed."""
        done = subprocess.run(
            list(map(str, command)), cwd=cwd or self.home, env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, (command, done.stdout.decode())
        return done.stdout.decode()

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def repository(self, name="shop"):
        """An empty repository; its folder."""
        folder = self.home / name
        self.run("git", "init", "-q", folder)
        return folder

    def commit(self, folder, message):
        self.run("git", "add", "-A", cwd=folder)
        self.run("git", "commit", "-q", "-m", message, cwd=folder)

    def database(self):
        """Makes the database new, and DATABASE_URL."""
        server = self.get_server()
        self.port = server.port
        fresh_database(server)
        self.env["DATABASE_URL"] = f"postgresql://{USER}:{PASSWORD}@localhost:{server.port}/{USER}"

    def psql(self, sql):
        self.get_server().psql(USER, sql, user=USER)

    def real(self, text):
        """A command of the page, with the port that this server has."""
        if self.port is None:
            return text
        return text.replace(f"localhost:{PORT}", f"localhost:{self.port}")

    def shown(self, text):
        """An output as the page shows it."""
        text = text.replace(str(self.home), READER).replace(str(self.top), READER)
        return text if self.port is None else text.replace(f":{self.port}", f":{PORT}")


def short_folder():
    """A folder whose path is as long as READER, so that lines wrap where the reader's do."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    while True:
        path = pathlib.Path("/tmp") / "".join(random.choices(letters, k=len(READER) - len("/tmp/")))
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
            return path


def pg_bin():
    return max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[4]))


def fresh_database(server):
    """The server as after its installation, with an empty database that belongs to its own role."""
    for name in server.psql("postgres", "SELECT datname FROM pg_database WHERE datname !~ "
                                        "'^(postgres|template[01])$'").split():
        server.psql("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')
    for name in server.psql("postgres", "SELECT rolname FROM pg_roles WHERE rolname !~ "
                                        "'^(pg_|app$)'").split():
        server.psql("postgres", f'DROP ROLE "{name}"')
    server.psql("postgres", f"CREATE ROLE {USER} LOGIN CREATEDB CREATEROLE PASSWORD '{PASSWORD}'")
    server.psql("postgres", f"CREATE DATABASE {USER} OWNER {USER}")


def make(place, wanted):
    """Makes the world that a page asks for; the folder in which the page begins."""
    function = WORLDS.get(wanted.name)
    assert function, f"no world {wanted.name}: tests/docs/worlds.py has {', '.join(sorted(WORLDS))}"
    for option in wanted.options:
        assert option in ("database", "server", "examples"), f"no option {option} of a world"
    if {"database", "server"} & set(wanted.options):
        place.database()
    if "server" in wanted.options:
        del place.env["DATABASE_URL"]
    folder = function(place)
    if "examples" in wanted.options:
        shutil.copytree(ROOT / "docs/examples", folder / "docs/examples",
                        ignore=shutil.ignore_patterns("node_modules"))
    return folder


CUSTOMERS = "CREATE TABLE customers (\n    id bigint PRIMARY KEY,\n    email text NOT NULL\n);\n"
ORDERS = (
    "CREATE TABLE orders (\n    id bigint PRIMARY KEY,\n"
    "    customer_id bigint NOT NULL REFERENCES customers (id)\n);\n"
)


def empty(place):
    """An empty folder, no repository."""
    return place.home


def repository(place):
    """An empty repository `shop` without commits."""
    return place.repository()


def shop(place, number, up, down, message):
    """A repository with two migrations and their companions, whose names end with `up` and `down`."""
    folder = place.repository()
    for at, (table, text) in enumerate((("customers", CUSTOMERS), ("orders", ORDERS)), 1):
        place.write(f"shop/migrations/{at:{number}}_{table}{up}", text)
        place.write(f"shop/migrations/{at:{number}}_{table}{down}", f"DROP TABLE {table};\n")
    place.commit(folder, message)
    return folder


def files(place):
    """A repository with two plain migrations and their companions, committed, not under the gate."""
    return shop(place, "04", ".sql", "-rollback.sql", "Customers and orders")


def plain(place):
    """The same, after `predeploy init`."""
    folder = files(place)
    place.run("predeploy", "init", cwd=folder)
    place.commit(folder, "Under the gate")
    return folder


def deployed(place):
    """`plain`, with both migrations in the database."""
    if "DATABASE_URL" not in place.env:
        place.database()
    folder = plain(place)
    place.run("predeploy", "deploy", cwd=folder)
    return folder


def golang_migrate(place):
    """A repository of golang-migrate with two migrations, not under the gate."""
    return shop(place, "06", ".up.sql", ".down.sql", "The shop")


def golang_migrate_applied(place):
    """The same, and a database that golang-migrate has migrated."""
    folder = golang_migrate(place)
    place.psql(CUSTOMERS + ORDERS + "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, "
               "dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, false);")
    return folder


def drizzle(place):
    """docs/examples/drizzle: a Drizzle project under the gate, committed; no node needed."""
    folder = place.repository()
    shutil.copytree(ROOT / "docs/examples/drizzle", folder, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns("node_modules"))
    place.commit(folder, "The shop")
    return folder


def drizzle_project(place):
    """The same as drizzle-kit alone leaves it, without predeploy's files and companions; with node."""
    from test_drizzle import packages

    folder = drizzle(place)
    (folder / "node_modules").symlink_to(packages("stable"))
    place.write("shop/.git/info/exclude", "node_modules\n")
    for path in (folder / ".predeploy", folder / "drizzle/SHA256SUMS",
                 *folder.glob("drizzle/*-rollback.sql")):
        path.unlink()
    place.run("git", "commit", "-q", "-a", "--amend", "-m", "The shop", cwd=folder)
    return folder


def drizzle_kit(place, generation="stable"):
    """An empty repository with drizzle-kit in node_modules."""
    from test_drizzle import packages

    folder = place.repository()
    (folder / "node_modules").symlink_to(packages(generation))
    place.write("shop/.gitignore", "node_modules\n")
    return folder


def drizzle_kit_v1(place):
    """The same with Drizzle 1.0."""
    return drizzle_kit(place, "v1")


DRIZZLE_CONFIG = """import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: './schema.ts',
  out: './drizzle',
  dbCredentials: { url: process.env.DATABASE_URL! },
});
"""
DRIZZLE_IMPORT = "import { bigint, pgTable, text } from 'drizzle-orm/pg-core';\n"
DRIZZLE_CUSTOMERS = """
export const customers = pgTable('customers', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  email: text().notNull().unique(),
});
"""
DRIZZLE_ORDERS = """
export const orders = pgTable('orders', {
  id: bigint({ mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
  customerId: bigint('customer_id', { mode: 'number' })
    .notNull()
    .references(() => customers.id),
});
"""


def drizzle_kit_project(place, generation="stable"):
    """A Drizzle project with two migrations, not under the gate; it has migrated the database."""
    folder = drizzle_kit(place, generation)
    for name, data in generated(generation).items():
        place.write(f"shop/{name}", data)
    if "DATABASE_URL" in place.env:
        place.run("node_modules/.bin/drizzle-kit", "migrate", cwd=folder)
        place.run("psql", place.env["DATABASE_URL"], "-qc",
                  "INSERT INTO customers (email) VALUES ('grace@example.com')")
    place.commit(folder, "The shop")
    return folder


@functools.cache
def generated(generation):
    """The files of that project: drizzle-kit takes seconds for them."""
    with tempfile.TemporaryDirectory() as top:
        place = Place(top, None)
        try:
            return generate(place, drizzle_kit(place, generation), generation)
        finally:
            place.remove()


def generate(place, folder, generation):
    place.write("shop/drizzle.config.ts", DRIZZLE_CONFIG)
    place.write("shop/package.json",
                '{\n  "name": "shop",\n  "private": true,\n  "type": "module"\n}\n')
    schema = DRIZZLE_IMPORT
    for name, table in (("customers", DRIZZLE_CUSTOMERS), ("orders", DRIZZLE_ORDERS)):
        schema += table
        place.write("shop/schema.ts", schema)
        place.run("node_modules/.bin/drizzle-kit", "generate", "--name", name, cwd=folder)
        time.sleep(1.1 if generation == "v1" else 0)  # folders are named by the second
    names = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return {name.as_posix(): (folder / name).read_text() for name in names
            if name.parts[0] not in (".git", ".gitignore", "node_modules")}


def drizzle_kit_project_v1(place):
    """The same with Drizzle 1.0."""
    return drizzle_kit_project(place, "v1")


WORLDS = {
    function.__name__.replace("_", "-"): function
    for function in (empty, repository, files, plain, deployed, golang_migrate,
                     golang_migrate_applied, drizzle, drizzle_project, drizzle_kit, drizzle_kit_v1,
                     drizzle_kit_project, drizzle_kit_project_v1)
}
