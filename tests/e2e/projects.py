"""Folders of migrations as big projects have them, and the order in which each tool would run them.

The orders are written down anew from what the tools say of themselves; they use nothing of
predeploy's.
"""

import random
import re

TITLES = ("create_users", "add.index", "split orders", "größe", "日本語", "a-b_c", "x__y",
          "v2.1 fixes", "drop_old", "Ünïcode name", "t",
          "add_column_to_a_very_long_table_name_that_somebody_chose")
BLOCK = ("CREATE FUNCTION f{0}() RETURNS trigger AS $$\nBEGIN\n    -- a remark; it ends nothing\n"
         "    RETURN NEW;\nEND;\n$$ LANGUAGE plpgsql;\n")
BODIES = ("CREATE TABLE t{0} (id bigint PRIMARY KEY, note text);\n",
          "-- a remark\nALTER TABLE t{0} ADD COLUMN c{0} text DEFAULT 'it''s; -- no remark';\n",
          "INSERT INTO t{0} VALUES (1, 'a'), (2, E'b\\n');\n\n\nUPDATE t{0} SET note = 'x';", BLOCK)


class Project:
    """`files` of the migrations folder; `layout` and `settings` as `.predeploy` has them."""

    def __init__(self, kind, order, seed=1, settings="", folder="migrations"):
        self.kind, self.order, self.folder = kind, order, folder
        self.settings = settings
        self.random = random.Random(f"{kind} {seed}")
        self.files = {}

    def body(self, n):
        text = self.random.choice(BODIES).format(n)
        return text.replace("\n", "\r\n") if self.random.random() < 0.1 else text

    def title(self):
        return self.random.choice(TITLES)

    def put(self, path, text):
        self.files[path] = text.encode()

    def some(self, share):
        return self.random.random() < share


def counted(rng, count, width=0):
    """1, 2, 4, ... with gaps, not padded unless there is a width."""
    number = 0
    for _ in range(count):
        number += 1 if rng.random() < 0.9 else rng.randint(2, 5)
        yield f"{number:0{width}d}"


def stamped(rng, count, year=2019):
    """YYYYMMDDHHMMSS."""
    for at in range(count):
        day = f"{year + at // 360}{at // 30 % 12 + 1:02d}{at % 30 + 1:02d}"
        yield f"{day}{rng.randint(0, 235959):06d}"


def mixed(rng, count):
    """A project that went from numbers to time stamps."""
    yield from counted(rng, count // 3, 6)
    yield from stamped(rng, count - count // 3)


def litter(project):
    """What lies around in such folders and is no migration."""
    project.put("README.md", "# Migrations\n")
    project.put(".gitkeep", "")
    project.put("seeds/products.sql", "INSERT INTO products VALUES (1);\n")


def golang_migrate(name, versions, count):
    project = Project(name, in_golang_migrate)
    for n, version in enumerate(versions(project.random, count)):
        title = project.title()
        middle = ".tx" if project.some(0.1) else ""
        project.put(f"{version}_{title}{middle}.up.sql", project.body(n))
        if project.some(0.9):
            project.put(f"{version}_{title}{middle}.down.sql", f"DROP TABLE t{n};\n")
    litter(project)
    return project


def in_golang_migrate(files):
    """Its source reads VERSION_TITLE.up.EXT of one folder, and sorts by the version as a uint64."""
    form = re.compile(r"([0-9]+)_(.*)\.up\.(.*)")
    found = [path for path in files if "/" not in path and form.fullmatch(path)]
    return sorted(found, key=lambda path: int(form.fullmatch(path)[1]))


def goose(count):
    project = Project("goose", in_goose)
    for n, version in enumerate([*counted(project.random, count // 2, 5),
                                 *stamped(project.random, count // 2)]):
        if n % 40 == 7:
            project.put(f"{version}_backfill.go", "package migrations\n")
            project.put(f"{version}_backfill_test.go", "package migrations\n")
            continue
        up, text = "-- +goose Up\n", project.body(n)
        if "$$" in text:
            text = f"-- +goose StatementBegin\n{text}-- +goose StatementEnd\n"
        if n % 40 == 11:
            up = "-- a remark\n-- another\n-- +goose NO TRANSACTION\n-- +goose Up\n"
            text = f"CREATE INDEX CONCURRENTLY i{n} ON t{n} (id);\n"
        down = f"\n-- +goose Down\nDROP TABLE t{n};\n" if project.some(0.9) else ""
        text = (up + text + down).replace("\r\n", "\n")
        project.put(f"{version}_{project.title()}.sql",
                    text.replace("\n", "\r\n") if project.some(0.1) else text)
    project.put("register.go", "package migrations\n")
    litter(project)
    return project


def in_goose(files):
    """NumericComponent: digits in front of the first '_' of a .sql or .go file; sorted as int64."""
    found = [path for path in files if "/" not in path and re.match(r"[0-9]+_.*\.(sql|go)$", path)
             and not path.endswith("_test.go")]
    return sorted(found, key=lambda path: int(path.split("_")[0]))


def sqlx(count):
    project = Project("sqlx", in_sqlx, settings="[migrations]\n\tlayout = sqlx\n")
    for n, version in enumerate(mixed(project.random, count)):
        title = project.title()
        if project.some(0.5):
            project.put(f"{version}_{title}.sql", project.body(n))
        else:
            project.put(f"{version}_{title}.up.sql", project.body(n))
            project.put(f"{version}_{title}.down.sql", f"DROP TABLE t{n};\n")
    litter(project)
    return project


def in_sqlx(files):
    """Split at the first '_', the rest ends in .sql, the version is an i64; sorted by it."""
    found = [path for path in files if "/" not in path and re.match(r"[0-9]+_.*\.sql$", path)
             and not path.endswith(".down.sql")]
    return sorted(found, key=lambda path: int(path.split("_", 1)[0]))


def diesel(count):
    project = Project("diesel", in_diesel)
    project.put("00000000000000_diesel_initial_setup/up.sql", BLOCK.format("x"))
    project.put("00000000000000_diesel_initial_setup/down.sql", "DROP FUNCTION fx();\n")
    for n, version in enumerate(stamped(project.random, count)):
        if project.some(0.6):
            version = re.sub(r"(....)(..)(..)(......)", r"\1-\2-\3-\4", version)
        name = f"{version}_{project.title()}"
        project.put(f"{name}/up.sql", project.body(n))
        if project.some(0.9):
            project.put(f"{name}/down.sql", f"DROP TABLE t{n};\n")
        if project.some(0.05):
            project.put(f"{name}/metadata.toml", "run_in_transaction = true\n")
    project.put("README.md", "# Migrations\n")
    return project


def in_diesel(files):
    """version_from_string: what stands in front of '_', dashes taken out; sorted as text."""
    found = [path for path in files if path.endswith("/up.sql")]
    return sorted(found, key=lambda path: path.split("_")[0].replace("-", "").encode())


def prisma(count):
    project = Project("prisma", in_prisma, folder="prisma/migrations")
    project.put("migration_lock.toml", 'provider = "postgresql"\n')
    project.put("0_init/migration.sql", project.body(0))
    for n, version in enumerate(stamped(project.random, count)):
        project.put(f"{version}_{project.title()}/migration.sql", project.body(n))
    return project


def in_prisma(files):
    """list_migrations sorts by the names of the folders."""
    return sorted((path for path in files if path.endswith("/migration.sql")),
                  key=lambda path: path.split("/")[0].encode())


def flyway(prefix, count):
    kind = "flyway" if prefix else "flyway without a prefix"
    settings = "" if prefix else "[migrations]\n\tlayout = flyway\n"
    project = Project(kind, in_flyway, settings=settings, folder="db/migration")
    major, minor = 1, 0
    for n in range(count):
        minor += 1
        if minor > 12:
            major, minor = major + 1, 1
        version = project.random.choice((f"{major}.{minor}", f"{major}_{minor}",
                                         f"{major:02d}.{minor:03d}", f"{major}.{minor}.0"))
        folder = f"v{major}/" if major % 3 == 0 else ""
        title = project.title().replace("x__y", "x_y")
        project.put(f"{folder}{prefix}{version}__{title}.sql", project.body(n))
        if project.some(0.5):
            project.put(f"{folder}U{version}__{title}.sql", f"DROP TABLE t{n};\n")
        if project.some(0.03):
            conf = f"{folder}{prefix}{version}__{title}.sql.conf"
            project.put(conf, "executeInTransaction=true\n")
    project.put("R__views.sql", "CREATE VIEW v AS SELECT 1;\n")
    project.put("R__grants for all.sql", "SELECT 1;\n")
    project.put("README.md", "# Migrations\n")
    return project


def in_flyway(files):
    """MigrationVersion: groups at '.' and '_' as numbers, zeros at the end count for nothing."""

    def version(path):
        text = re.match(r"V?([0-9][0-9._]*?)__", path.rpartition("/")[2])[1]
        groups = [int(group) for group in re.split(r"[._]", text)]
        while len(groups) > 1 and groups[-1] == 0:
            groups.pop()
        return groups

    return sorted((path for path in files if re.search(r"(^|/)V?[0-9][^/]*__[^/]*\.sql$", path)),
                  key=version)


def dbmate(count):
    project = Project("dbmate", in_dbmate, folder="db/migrations")
    for n, version in enumerate([*counted(project.random, count // 4),
                                 *stamped(project.random, count - count // 4)]):
        option = " transaction:false" if n % 50 == 9 else ""
        text = project.body(n).replace("\r\n", "\n")
        if not text.endswith("\n"):
            text += "\n"
        text = f"-- migrate:up{option}\n{text}\n-- migrate:down\nDROP TABLE t{n};\n"
        project.put(f"{version}_{project.title()}.sql", text)
    litter(project)
    return project


def in_dbmate(files):
    """FindMigrations: ^([0-9]+).*\\.sql$ of one folder, sorted by the names of the files."""
    found = [path for path in files if "/" not in path and re.match(r"[0-9]+.*\.sql$", path)]
    return sorted(found, key=str.encode)


def plain(name, width, count):
    project = Project(name, in_bytes)
    for n, version in enumerate(counted(project.random, count, width)):
        title = project.title().replace("x__y", "x_y")
        if n % 60 == 13:
            project.put(f"{version}_backfill.ts", "export {};\n")
            continue
        project.put(f"{version}_{title}.sql", project.body(n))
        if project.some(0.8):
            project.put(f"{version}_{title}-rollback.sql", f"DROP TABLE t{n};\n")
    litter(project)
    return project


def in_bytes(files):
    """As `ls` lists them in the C locale; programs by their names without the ending."""
    found = [path for path in files if "/" not in path and re.search(r"\.(sql|ts)$", path)
             and not path.endswith("-rollback.sql")]
    return sorted(found, key=lambda path: path.rpartition(".")[0].encode())


PROJECTS = {
    "golang-migrate, not padded": lambda: golang_migrate("golang-migrate", counted, 400),
    "golang-migrate, mixed": lambda: golang_migrate("golang-migrate mixed", mixed, 400),
    "goose": lambda: goose(400),
    "sqlx": lambda: sqlx(400),
    "diesel": lambda: diesel(400),
    "prisma": lambda: prisma(400),
    "flyway": lambda: flyway("V", 400),
    "flyway, no prefix": lambda: flyway("", 400),
    "dbmate": lambda: dbmate(400),
    "plain": lambda: plain("plain", 4, 400),
    "plain, not padded": lambda: plain("plain, not padded", 0, 300),
}
