"""What would be left out of a commit, or of the set, without a word."""

import pytest
import world

GOOSE = "-- +goose Up\nCREATE TABLE a (i int);\n{}\nDROP TABLE a;\n"


@pytest.fixture
def project(tmp_path, predeploy):
    def make(files, settings=None):
        repo = world.Repo(tmp_path / "repo", predeploy, "plain")
        for path, text in files.items():
            repo.write(f"migrations/{path}", text)
        if settings:
            repo.write(".predeploy", settings)
        assert repo.run("record").status == 0
        repo.commit("first", record=False)
        return repo

    return make


@pytest.mark.parametrize("files, rule, place", [
    ({"V1__a.sql": "SELECT 1;", "U1__a.sql": "SELECT 1;", "v1/2020/V3__c.sql": "SELECT 3;"},
     "migration-unread", "migrations/v1/2020/V3__c.sql"),
    ({"1_a.up.sql": "SELECT 1;", "1_a.down.sql": "SELECT 1;", "2_b.up.pgsql": "SELECT 2;"},
     "migration-unread", "migrations/2_b.up.pgsql"),
    ({"1_a/up.sql": "SELECT 1;", "1_a/down.sql": "SELECT 1;", "2_b/metadata.toml": ""},
     "folder-without-migration", "migrations/2_b"),
    ({"1_a.sql": GOOSE.format("---- +goose Down")}, "marker-invalid", "migrations/1_a.sql"),
])
def test_the_gate_is_closed(files, rule, place, project):
    result = project(files).check()
    assert result.status == 1, result
    assert rule in result.rules, result
    paths = [finding["path"] for finding in result.json["findings"] if finding["rule"] == rule]
    assert paths == [place], result


@pytest.mark.parametrize("files, place", [
    ({"1_a/up.sql": "SELECT 1;", "1_a/down.sql": "SELECT 1;", ".hidden_x/up.sql": "SELECT 2;",
      ".hidden_x/down.sql": "SELECT 2;"}, "migrations/.hidden_x/up.sql"),
    ({"1_a.sql": "SELECT 1;", "1_a-rollback.sql": "SELECT 1;", "x/y/z.sql": "SELECT 2;"},
     "migrations/x/y/z.sql"),
])
def test_it_is_named(files, place, project):
    result = project(files).check()
    assert result.status == 0 and set(result.rules) == {"sql-outside-set"}, result
    assert place in [finding["path"] for finding in result.json["findings"]], result
    assert ".hidden_x" not in result.json["migrations"].get("names", []), result


def test_ignored_files_are_named(project):
    files = {"1_a.sql": "SELECT 1;\n", "1_a-rollback.sql": "SELECT 1;\n"}
    repo = project(files)
    repo.write(".gitignore", "2_*\nSHA256SUMS\n1_a.sql\n")
    repo.write("migrations/2_b.sql", "SELECT 2;\n")
    repo.write("migrations/2_b-rollback.sql", "SELECT 2;\n")
    result = repo.run("record")
    assert result.status == 0
    # What is tracked goes into a commit whatever .gitignore says.
    assert "git ignores migrations/2_b.sql: a commit will not have it" in result.err, result
    assert "migrations/2_b-rollback.sql" in result.err, result
    assert "SHA256SUMS:" not in result.err and "1_a.sql" not in result.err, result
    shown = repo.run("init", "--dry-run")
    assert "git ignores migrations/2_b.sql" in shown.out and "found wrong: 2" in shown.out, shown
    listed = repo.run("init", "--dry-run", "--format=json").json["ignored"]
    assert listed == ["migrations/2_b.sql", "migrations/2_b-rollback.sql"]
    repo.write(".gitignore", "*\n!.gitignore\n")
    result = repo.run("new", "more")
    assert result.status == 0 and result.err.count("a commit will not have it") == 2, result
    (repo.path / ".gitignore").unlink()
    assert repo.run("record").err == ""


def test_line_ends_of_settings_stay(project):
    repo = project({"1_a.sql": "SELECT 1;\n", "1_a-rollback.sql": "SELECT 1;\n"},
                   "[migrations]\r\n\trollback = warn\r\n")
    assert repo.run("init", "--no-hook").status == 0
    text = (repo.path / ".predeploy").read_bytes()
    assert b"layout = plain\r\n" in text and text.count(b"\n") == text.count(b"\r\n"), text
    assert repo.git("config", "-f", ".predeploy", "migrations.layout") == "plain"
