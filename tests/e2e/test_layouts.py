"""Each layout with a small project of its tool: checked, deployed, taken out again."""

import pytest
import world

UP = ("CREATE TABLE a (i int);\n", "CREATE TABLE b (i int);\n", "CREATE TABLE c (i int);\n")
DOWN = ("DROP TABLE a;\n", "DROP TABLE b;\n", "DROP TABLE c;\n")


def pairs(*paths):
    """Files of a layout of pairs: (migration, companion) in the order in which the tool runs them."""
    files = {}
    for (up, down), text, undo in zip(paths, UP, DOWN):
        files[up] = text
        files[down] = undo
    return files


def sections(up, down, *paths):
    return {path: f"{up}\n{text}{down}\n{undo}" for path, text, undo in zip(paths, UP, DOWN)}


# Files, and the names in the order of the tool.
PROJECTS = {
    "golang-migrate": (
        pairs(("2_a.up.sql", "2_a.down.sql"), ("10_b.tx.up.sql", "10_other.down.sql"),
              ("100_c.up.sql", "100_c.down.sql")),
        ["2_a", "10_b", "100_c"],
    ),
    "sqlx": (
        pairs(("2_a.up.sql", "2_a.down.sql"), ("10_b.sql", "10_b.down.sql"),
              ("100_c.up.sql", "100_c.down.sql")),
        ["2_a", "10_b", "100_c"],
    ),
    "diesel": (
        pairs(*((f"{name}/up.sql", f"{name}/down.sql")
                for name in ("20240101000000_a", "2024-01-02-000000_b", "20240103000000_c"))),
        ["20240101000000_a", "2024-01-02-000000_b", "20240103000000_c"],
    ),
    "prisma": (
        pairs(("0_init/migration.sql", "0_init/rollback.sql"),
              ("20240101000000_b/migration.sql", "20240101000000_b/down.sql"),
              ("20240102000000_c/migration.sql", "20240102000000_c/rollback.sql"))
        | {"migration_lock.toml": 'provider = "postgresql"\n'},
        ["0_init", "20240101000000_b", "20240102000000_c"],
    ),
    "flyway": (
        pairs(("V1__a.sql", "U1__a.sql"), ("V1_9__b.sql", "U1.9__b.sql"),
              ("V1.10__c.sql", "U1.10__c.sql")),
        ["V1__a", "V1_9__b", "V1.10__c"],
    ),
    "dbmate": (
        sections("-- migrate:up", "-- migrate:down", "20240101_a.sql", "20240102_b.sql",
                 "20240103_c.sql"),
        ["20240101_a", "20240102_b", "20240103_c"],
    ),
    "goose": (
        sections("-- a remark\n-- +goose Up\n-- +goose StatementBegin",
                 "-- +goose StatementEnd\n\n-- +goose Down", "2_a.sql", "10_b.sql", "100_c.sql"),
        ["2_a", "10_b", "100_c"],
    ),
    "custom": (
        pairs(("deploy/v9-a.sql", "revert/v9-a.sql"), ("deploy/v10-b.sql", "revert/v10-b.sql"),
              ("deploy/v10.1-c.sql", "revert/v10.1-c.sql")),
        ["v9-a", "v10-b", "v10.1-c"],
    ),
}
SETTINGS = {
    "sqlx": "[migrations]\n\tlayout = sqlx\n",
    "custom": "[layout]\n\tup = deploy/v{version}-{title}.sql\n"
              "\trollback = revert/v{version}-{title}.sql\n\torder = dotted\n",
}


@pytest.fixture
def project(tmp_path, predeploy):
    def make(layout, files=None, settings=None, record=True):
        repo = world.Repo(tmp_path / "repo", predeploy, "plain")
        for path, text in (PROJECTS[layout][0] if files is None else files).items():
            repo.write(f"migrations/{path}", text)
        settings = SETTINGS.get(layout) if settings is None else settings
        if settings:
            repo.write(".predeploy", settings)
        if record:
            assert repo.run("record").status == 0
        repo.commit("first", record=False)
        return repo

    return make


def recorded(repo):
    return [line.split("  ", 1)[1] for line in
            (repo.migrations / "SHA256SUMS").read_text().splitlines()]


@pytest.mark.parametrize("layout", PROJECTS)
def test_there_and_back(layout, project, db):
    files, names = PROJECTS[layout]
    repo = project(layout)
    assert recorded(repo) == sorted(path for path in files if path.endswith(".sql"))
    result = repo.check()
    assert result.status == 0 and result.rules == [], result
    assert result.json["migrations"]["layout"] == layout

    before = db.dump_but_ledger()
    assert repo.run("deploy", env=db.env).status == 0
    assert db.applied() == names
    assert db.tables() == ["a", "b", "c"]
    assert repo.run("status", env=db.env).status == 0
    again = repo.run("deploy", "--format", "json", env=db.env)
    assert again.status == 0 and again.rules == [], again

    assert repo.run("rollback", env=db.env).status == 0
    assert db.applied() == names[:2]
    assert db.tables() == ["a", "b"]
    assert repo.run("rollback", "2", env=db.env).status == 0
    assert db.dump_but_ledger() == before


def test_a_companion_is_kept_as_its_section(project, db):
    repo = project("goose")
    assert repo.run("deploy", env=db.env).status == 0
    kept = db.query("SELECT string_agg(trim(E' \\n' FROM down_sql), '|' ORDER BY seq)"
                    " FROM predeploy.migrations")
    assert kept == "DROP TABLE a;|DROP TABLE b;|DROP TABLE c;"
    assert db.query("SELECT count(*) FROM predeploy.migrations"
                    " WHERE down_hash = encode(sha256(convert_to(down_sql, 'UTF8')), 'hex')") == "3"


def test_an_edit_is_noticed(project, db):
    repo = project("goose")
    assert repo.run("deploy", env=db.env).status == 0
    path = repo.migrations / "10_b.sql"
    path.write_text(path.read_text().replace("DROP TABLE b", "DROP TABLE IF EXISTS b"))
    repo.commit("edit", record=False)
    assert "hash-mismatch" in repo.check().rules


@pytest.mark.parametrize("layout, up, down", [
    ("goose", "-- +goose Up", "-- +goose Down"), ("dbmate", "-- migrate:up", "-- migrate:down"),
])
def test_errors_stand_at_their_line(layout, up, down, project, db):
    text = f"{up}\nCREATE TABLE t (i int);\n\n{down}\nSELECT 1;\n  DORP TABLE t;\n"
    repo = project(layout, {"1_t.sql": text})
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 1, result
    place = result.json["findings"][0]
    assert place["rule"] == "sql-syntax", result
    assert (place["path"], place["line"], place["column"]) == ("migrations/1_t.sql", 6, 3)

    repo.write("migrations/1_t.sql", f"{up}\nSELECT 1;\nSELECT nothing;\n{down}\nSELECT 1;\n")
    repo.commit("mended here, broken there")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status not in (0, 1), result
    assert '"line": 3' in result.out or '"line":3' in result.out, result


def test_no_way_back(project):
    repo = project("goose", {"1_t.sql": "-- +goose Up\nSELECT 1;\n"})
    result = repo.check()
    assert result.status == 1 and result.rules == ["rollback-missing"], result
    repo.write("migrations/1_t.sql", "-- +goose Up\nSELECT 1;\n-- +goose Down\n"
                                     "-- predeploy: irreversible: it is only a test\n")
    repo.commit("it says so")
    result = repo.check()
    assert result.status == 0 and result.rules == ["rollback-irreversible"], result


def test_a_program_in_the_sequence(project, db):
    files = dict(PROJECTS["goose"][0])
    files["11_x.go"] = "package migrations\n"
    files["11_x_test.go"] = "package migrations\n"
    repo = project("goose", files)
    assert "11_x.go" in recorded(repo) and "11_x_test.go" not in recorded(repo)
    assert repo.check().rules == ["migration-needs-tool", "migration-not-sql"]
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 1 and "migration-needs-tool" in result.rules, result
    assert db.tables() == []
    repo.write("migrations/11_x.go", "package other\n")
    repo.commit("edit", record=False)
    assert "hash-mismatch" in repo.check().rules


@pytest.mark.parametrize("lower", [False, True])
def test_markers_that_are_wrong_run_nothing(lower, project, db):
    settings = '[rule "marker-invalid"]\n\tseverity = warning\n' if lower else ""
    text = "-- +goose Up\nCREATE TABLE t (i int);\n -- +goose Down\nDROP TABLE t;\n"
    repo = project("goose", {"1_t.sql": text}, settings)
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 1, result
    assert "marker-invalid" in result.rules
    assert [f["line"] for f in result.json["findings"] if f["rule"] == "marker-invalid"] == [3]
    assert db.tables() == []


TWO = "CREATE TABLE one AS SELECT pg_current_xact_id() AS x;\nCREATE TABLE two AS TABLE one WITH NO DATA;\n" \
      "INSERT INTO two VALUES (pg_current_xact_id());\n"


@pytest.mark.parametrize("layout, files", [
    ("goose", {"1_t.sql": f"-- +goose Up\n{TWO}-- +goose NO TRANSACTION\n"
                          "-- +goose Down\nSELECT 1;\n"}),
    ("dbmate", {"1_t.sql": f"-- migrate:up transaction:false\n{TWO}-- migrate:down\nSELECT 1;\n"}),
    ("sqlx", {"1_t.up.sql": f"-- no-transaction\n{TWO}", "1_t.down.sql": "SELECT 1;\n"}),
    ("diesel", {"1_t/up.sql": TWO, "1_t/down.sql": "SELECT 1;\n",
                "1_t/metadata.toml": "run_in_transaction = false\n"}),
    ("flyway", {"V1__t.sql": TWO, "U1__t.sql": "SELECT 1;\n",
                "V1__t.sql.conf": "executeInTransaction=false\n"}),
])
def test_no_transaction(layout, files, project, db):
    """What asks for none gets one a statement."""
    repo = project(layout, files, "")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0, result
    assert db.query("SELECT one.x <> two.x FROM one, two") == "t"
    assert len(db.applied()) == 1


WRAP_UP = "-- why\nBEGIN;\nCREATE TABLE b (i int);\nINSERT INTO b VALUES (1);\nCOMMIT;\n"
WRAP_DOWN = "START TRANSACTION;\nDROP TABLE b;\nEND;\n"
WRAPPED = {
    "golang-migrate": {"1_a.up.sql": UP[0], "1_a.down.sql": DOWN[0], "2_b.up.sql": WRAP_UP,
                       "2_b.down.sql": WRAP_DOWN, "3_c.up.sql": UP[2], "3_c.down.sql": DOWN[2]},
    "plain": {"1_a.sql": UP[0], "1_a-rollback.sql": DOWN[0], "2_b.sql": WRAP_UP,
              "2_b-rollback.sql": WRAP_DOWN, "3_c.sql": UP[2], "3_c-rollback.sql": DOWN[2]},
    "goose": {f"{n}.sql": f"-- +goose Up\n{up}-- +goose Down\n{down}"
              for n, up, down in (("1_a", UP[0], DOWN[0]), ("2_b", WRAP_UP, WRAP_DOWN),
                                  ("3_c", UP[2], DOWN[2]))},
    "dbmate": {f"{n}.sql": f"-- migrate:up\n{up}-- migrate:down\n{down}"
               for n, up, down in (("1_a", UP[0], DOWN[0]), ("2_b", WRAP_UP, WRAP_DOWN),
                                   ("3_c", UP[2], DOWN[2]))},
}


@pytest.mark.parametrize("layout", WRAPPED)
@pytest.mark.parametrize("mode", ["all", "each"])
def test_begin_and_commit_around_a_file(layout, mode, project, db):
    """They are not sent: the migration is in or out with all that shares its transaction."""
    repo = project(layout, WRAPPED[layout])
    before = db.dump_but_ledger()
    table_c = next(path for path, text in WRAPPED[layout].items() if UP[2] in text)
    repo.write(f"migrations/{table_c}", WRAPPED[layout][table_c].replace(UP[2], "SELECT nothing;\n"))
    repo.commit("broken")
    failed = repo.run("deploy", "--format", "json", "--transaction", mode, env=db.env)
    assert failed.status == (5 if mode == "all" else 6), failed
    assert db.tables() == ([] if mode == "all" else ["a", "b"])
    repo.write(f"migrations/{table_c}", WRAPPED[layout][table_c])
    repo.commit("mended")
    result = repo.run("deploy", "--format", "json", "--transaction", mode, env=db.env)
    assert result.status == 0 and result.rules == [], result
    assert db.applied() == ["1_a", "2_b", "3_c"] and db.tables() == ["a", "b", "c"]
    assert db.query("SELECT i FROM b") == "1"
    kept = db.query("SELECT hash FROM predeploy.migrations WHERE name = '2_b'")
    name = next(path for path, text in WRAPPED[layout].items() if WRAP_UP in text)
    assert kept == world.sha256((repo.migrations / name).read_bytes())
    back = repo.run("rollback", "3", "--format", "json", env=db.env)
    assert back.status == 0 and back.rules == [], back
    assert db.dump_but_ledger() == before


def test_an_error_between_begin_and_commit_stands_at_its_line(project, db):
    text = "BEGIN;\nCREATE TABLE t (i int);\n  SELECT ä, nothing;\nCOMMIT;\n"
    repo = project("golang-migrate", {"1_t.up.sql": text, "1_t.down.sql": "DROP TABLE t;\n"})
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 5 and result.json["error"]["sqlstate"] == "42703", result
    failure = result.json["failure"]
    assert (failure["path"], failure["line"], failure["column"]) == (
        "migrations/1_t.up.sql", 3, 10), failure
    assert db.tables() == []


def rerecord(repo):
    """SHA256SUMS of all files that stand there, whatever the base says."""
    names = sorted(str(path.relative_to(repo.migrations)) for path in repo.migrations.rglob("*")
                   if path.is_file() and path.name != "SHA256SUMS")
    repo.write("migrations/SHA256SUMS", "".join(
        f"{world.sha256((repo.migrations / name).read_bytes())}  {name}\n" for name in names))


# What steers a migration is no SQL: a line break that SQL would pass over counts in it.
STEERED = {
    "diesel": (["1_t/up.sql", "1_t/down.sql"], "1_t/metadata.toml",
               "# run_in_transaction = false\n", "#\nrun_in_transaction = false\n"),
    "flyway": (["V1__t.sql", "U1__t.sql"], "V1__t.sql.conf",
               "x=1 placeholderReplacement=false\n", "x=1\nplaceholderReplacement=false\n"),
}


@pytest.mark.parametrize("recorded_again", [False, True])
@pytest.mark.parametrize("act", ["none", "add", "edit", "remove"])
@pytest.mark.parametrize("layout", STEERED)
def test_what_steers_a_migration_is_published_with_it(layout, act, recorded_again, project):
    names, config, before, after = STEERED[layout]
    files = {name: "SELECT 1;\n" for name in names}
    if act != "add":
        files[config] = before
    repo = project(layout, files, "[check]\n\tcosmetic = warning\n")
    assert recorded(repo) == sorted(files)
    repo.git("branch", "published")
    if act == "remove":
        repo.remove(f"migrations/{config}")
    elif act != "none":
        repo.write(f"migrations/{config}", after)
    if recorded_again:
        rerecord(repo)
    repo.commit("steered", record=False)
    result = repo.check("--base", "published")
    if act == "none":
        assert result.status == 0 and result.rules == [], result
        return
    sums = {"add": "sums-unlisted", "edit": "hash-mismatch", "remove": "sums-missing-file"}[act]
    assert result.status == 1, result
    assert set(result.rules) == ({"history-edited"} if recorded_again else {"history-edited", sums})
    finding = [f for f in result.json["findings"] if f["rule"] == "history-edited"][0]
    assert finding["path"] == f"migrations/{config}"
    told = {"add": "was added", "edit": "was edited", "remove": "was removed"}[act]
    assert told in finding["message"]


def test_placeholders(project, db):
    files = {"V1__t.sql": "CREATE TABLE ${name} (i int);\n", "U1__t.sql": "SELECT 1;\n",
             "R__views.sql": "SELECT 1;\n"}
    repo = project("flyway", files)
    assert recorded(repo) == ["U1__t.sql", "V1__t.sql"]
    assert repo.check().rules == ["migration-needs-tool", "migration-repeatable"]
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 1 and "migration-needs-tool" in result.rules, result
    assert db.applied() == []


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("files, names", [
    ({"1_a.sql": "SELECT 1;\n", "2_b.up.sql": "SELECT 1;\n"}, ("golang-migrate", "sqlx")),
    ({"20240101000000_a/migration.sql": "SELECT 1;\n"}, ("drizzle-folders", "prisma")),
    ({"1_a.sql": "SELECT 1;\n", "2_b.sql": "-- +goose Up\nSELECT 1;\n"}, ("goose", "plain")),
    ({"9__a.sql": "SELECT 1;\n", "10__b.sql": "SELECT 1;\n"}, ("flyway", "plain")),
])
def test_what_fits_two_is_asked(files, names, lower, project, db):
    settings = '[rule "layout-ambiguous"]\n\tseverity = warning\n' if lower else ""
    repo = project("plain", files, settings, record=False)
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 1, result
    finding = [f for f in result.json["findings"] if f["rule"] == "layout-ambiguous"][0]
    assert all(name in finding["message"] for name in names)
    assert "git config -f .predeploy migrations.layout" in finding["hint"]
    assert db.tables() == []
    repo.git("config", "-f", ".predeploy", "migrations.layout", names[1])
    assert repo.run("record").status == 0
    repo.commit("answered", record=False)
    assert "layout-ambiguous" not in repo.check().rules


def test_patterns_that_are_wrong(project):
    repo = project("custom", settings="[layout]\n\tup = {nam}.sql\n", record=False)
    result = repo.run("check")
    assert result.status == 2 and ".predeploy:2: layout.up: '{nam}.sql'" in result.both, result
    repo.remove(".predeploy")
    repo.commit("none", record=False)
    result = repo.run("check", "--layout", "custom")
    assert result.status == 2 and "layout.up" in result.both, result
