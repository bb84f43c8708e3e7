"""Who brings migrations into a database: predeploy, psql, and what else is installed here. Each tool
is a command line for a database; what it needs on disk is made once for a number of migrations."""

import os
import pathlib
import shutil
import subprocess

import repository

DRIZZLE_CONFIG = """import { defineConfig } from 'drizzle-kit';
export default defineConfig({ dialect: 'postgresql', schema: './schema.ts', out: './drizzle',
  dbCredentials: { url: process.env.DATABASE_URL! } });
"""
DRIZZLE_ORM = """import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 1 });
await migrate(drizzle({ client: pool }), { migrationsFolder: './drizzle' });
await pool.end();
"""


class World:
    """A number of migrations, on disk in the form of each tool."""

    def __init__(self, folder, count, layout, server, env, binary):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.count, self.server, self.env, self.binary = count, server, env, str(binary)
        self.repo = repository.make(self.folder / "repo.git", count, layout, env)
        self.whole = self.folder / "all.sql"
        text = "".join(repository.up(number) for number in range(count))
        self.whole.write_text(text)
        # To psql "\;" ends a statement and not what it sends: all of it is one message.
        self.string = self.folder / "string.sql"
        self.string.write_text(text.replace(";\n", "\\;\n", text.count(";\n") - 1))

    # A tool is a function (database, port) that gives command line, folder, environment.

    def predeploy(self, database, port=None):
        env = dict(self.env, DATABASE_URL=self.server.url(database, port))
        return [self.binary, "deploy", "main", "--repo", str(self.repo)], None, env

    def psql_file(self, database, port=None):
        return self.server.psql(database, "-1", "-f", self.whole, port=port), None, self.env

    def psql_string(self, database, port=None):
        return self.server.psql(database, "-f", self.string, port=port), None, self.env

    def psql_select(self, database, port=None):
        return self.server.psql(database, "-c", "SELECT 1", port=port), None, self.env

    def drizzle_kit(self, database, port=None):
        env = dict(self.env, DATABASE_URL=self.server.url(database, port))
        return ["node", "node_modules/drizzle-kit/bin.cjs", "migrate"], self.folder / "drizzle", env

    def drizzle_orm(self, database, port=None):
        env = dict(self.env, DATABASE_URL=self.server.url(database, port))
        return ["node", "migrate.mjs"], self.folder / "drizzle", env

    def dbmate(self, database, port=None):
        url = self.server.url(database, port) + "?sslmode=disable"
        return ["dbmate", "--url", url, "--migrations-dir", str(self.folder / "dbmate"),
                "--no-dump-schema", "migrate"], None, self.env

    def make_drizzle(self, packages):
        folder = self.folder / "drizzle"
        repo = repository.make(self.folder / "drizzle.git", self.count, "drizzle", self.env)
        folder.mkdir()
        archive = subprocess.run(["git", "-C", str(repo), "archive", "main", "drizzle"], check=True,
                                 env=self.env, stdout=subprocess.PIPE)
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
        (folder / "drizzle.config.ts").write_text(DRIZZLE_CONFIG)
        (folder / "schema.ts").write_text("")
        (folder / "migrate.mjs").write_text(DRIZZLE_ORM)
        (folder / "node_modules").symlink_to(packages)

    def make_dbmate(self):
        folder = self.folder / "dbmate"
        folder.mkdir()
        for number in range(self.count):
            text = f"-- migrate:up\n{repository.up(number)}\n-- migrate:down\n"
            (folder / f"{20240101000000 + number}_step.sql").write_text(text)

    def peers(self, root):
        """What users would take instead, as far as it is installed: names and tools."""
        found = {}
        packages = pathlib.Path(root) / "build/drizzle/stable/node_modules"
        if packages.is_dir() and shutil.which("node"):
            self.make_drizzle(packages)
            found["drizzle-orm migrate()"] = self.drizzle_orm
            found["drizzle-kit migrate"] = self.drizzle_kit
        if shutil.which("dbmate", path=self.env.get("PATH", os.defpath)):
            self.make_dbmate()
            found["dbmate migrate"] = self.dbmate
        return found
