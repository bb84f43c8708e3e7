"""A world that agrees; one thing is broken; that one finding comes, through the binary."""

import json
import time

import pytest

LFS = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def replace(repo, name, old, new, record=True):
    text = (repo.path / name).read_text()
    assert old in text
    repo.write(name, text.replace(old, new))


def sums(repo, change):
    """Records, then changes SHA256SUMS, so that the commit must not record again."""
    repo.record()
    path = repo.migrations / "SHA256SUMS"
    path.write_text(change(path.read_text()))
    return False


def symlink(repo):
    (repo.migrations / "0009_link.sql").symlink_to("0000_customers.sql")
    repo.record()
    return sums(repo, lambda text: "".join(s for s in text.splitlines(True) if "link" not in s))


def submodule(repo):
    head = repo.git("rev-parse", "HEAD")
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{head},drizzle/inner")
    repo.git("commit", "-q", "-m", "submodule")
    return None


def rewhen(repo, index, when):
    repo.entries[index]["when"] = when
    repo.journal()


def drop_entry(repo, index):
    del repo.entries[index]
    repo.journal()


def remove(*names):
    def change(repo):
        for name in names:
            repo.remove(name)

    return change


def write(name, data):
    return lambda repo: repo.write(name, data)


BROKEN = {
    "entry-symlink": symlink,
    "entry-submodule": submodule,
    "entry-lfs-pointer": write("drizzle/0002_seed.sql", LFS),
    "entry-too-large": write("drizzle/0002_seed.sql", b"SELECT 1;\n" + b" " * (16 << 20)),
    "entry-not-utf8": write("drizzle/0002_seed.sql", b"SELECT '\xe9';\n"),
    "entry-nul-byte": write("drizzle/0002_seed.sql", b"SELECT 1;\0\n"),
    "entry-byte-order-mark": write("drizzle/0002_seed.sql", b"\xef\xbb\xbfSELECT 1;\n"),
    "entry-conflict-markers": write(
        "drizzle/0002_seed.sql",
        "<<<<<<< HEAD\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> branch\n",
    ),
    "journal-malformed": write("drizzle/meta/_journal.json", '{"version": "7",\n  "entries": [}'),
    "journal-invalid": lambda repo: repo.journal(version="99"),
    "journal-missing-file": remove("drizzle/0002_seed.sql", "drizzle/0002_seed-rollback.sql"),
    "journal-orphan-file": lambda repo: (
        drop_entry(repo, 2),
        repo.remove("drizzle/0002_seed-rollback.sql"),
    )
    and None,
    "journal-duplicate-entry": lambda repo: (
        repo.entries.append(dict(repo.entries[2], when=repo.entries[2]["when"] + 1)),
        repo.journal(),
    )
    and None,
    "journal-duplicate-number": lambda repo: repo.migration("0002_prices", "SELECT 1;\n") and None,
    "journal-when-not-rising": lambda repo: rewhen(repo, 2, repo.entries[1]["when"]),
    "journal-when-in-future": lambda repo: rewhen(repo, 2, int(time.time() + 864000) * 1000),
    "layout-half-upgraded": lambda repo: (
        repo.write("drizzle/20240101000000_x/migration.sql", "SELECT 1;\n"),
        repo.write("drizzle/20240101000000_x/rollback.sql", "SELECT 1;\n"),
    )
    and None,
    "sums-missing": lambda repo: repo.remove("drizzle/SHA256SUMS") or False,
    "sums-unlisted": lambda repo: sums(repo, lambda text: text.split("\n", 1)[1]),
    "sums-missing-file": lambda repo: sums(repo, lambda text: text + "0" * 64 + "  gone.sql\n"),
    "hash-mismatch": lambda repo: sums(
        repo, lambda text: ("1" if text[0] == "0" else "0") + text[1:]
    ),
    "sums-malformed": lambda repo: sums(repo, lambda text: text + "what is this\n"),
    "sums-duplicate": lambda repo: sums(repo, lambda text: text + text.split("\n")[0] + "\n"),
    "sums-outside-folder": lambda repo: sums(
        repo, lambda text: text + "0" * 64 + "  ../elsewhere.sql\n"
    ),
    "rollback-missing": remove("drizzle/0002_seed-rollback.sql"),
    "rollback-empty": write("drizzle/0002_seed-rollback.sql", "-- nothing\n"),
    "rollback-irreversible": write(
        "drizzle/0002_seed-rollback.sql", "-- predeploy: irreversible: rows are merged\n"
    ),
    "rollback-no-reason": write("drizzle/0002_seed-rollback.sql", "-- predeploy: irreversible\n"),
    "rollback-orphan": write("drizzle/0009_x-rollback.sql", "SELECT 1;\n"),
    "sql-outside-set": None,
    "sql-syntax": write("drizzle/0002_seed.sql", "SELEKT 1;\n"),
    "sql-empty": write("drizzle/0002_seed.sql", "-- nothing yet\n"),
    "sql-no-transaction": write(
        "drizzle/0002_seed.sql", "CREATE INDEX CONCURRENTLY ON customers (name);\n"
    ),
    "sql-transaction-control": write("drizzle/0002_seed.sql", "SELECT 1;\nCOMMIT;\n"),
    "sql-psql-command": write("drizzle/0002_seed.sql", "\\i other.sql\nSELECT 1;\n"),
    "sql-lock-timeout": write("drizzle/0002_seed.sql", "SET lock_timeout = 0;\nSELECT 1;\n"),
    "sql-copy-stdin": write("drizzle/0002_seed.sql", "COPY customers FROM STDIN;\n"),
}
WARNINGS = {"journal-when-in-future", "rollback-irreversible", "sql-lock-timeout",
            "sql-outside-set"}
del BROKEN["sql-outside-set"]


def test_agrees(repo, db):
    for more in ((), ("--database", db.url)):
        result = repo.check(*more)
        assert (result.status, result.rules) == (0, []), result
    assert db.tables() == []


@pytest.mark.parametrize("rule", BROKEN)
def test_one_broken(rule, repo, db):
    record = BROKEN[rule](repo)
    if record is not None or rule != "entry-submodule":
        repo.commit("broken", record=record is None)
    before = db.dump()
    result = repo.check("--database", db.url)
    assert result.rules == [rule], result
    assert result.status == (0 if rule in WARNINGS else 1), result
    assert db.dump() == before
    finding = result.json["findings"][0]
    assert finding["message"] and finding["hint"], finding
    human = repo.run("check", "--database", db.url)
    assert human.status == result.status
    assert rule in human.out


PLAIN = {
    "duplicate-version": lambda repo: repo.migration("0003_again", "SELECT 1;\n"),
    "order-not-numeric": lambda repo: (
        repo.migration("9_nine", "SELECT 1;\n"),
        repo.migration("10_ten", "SELECT 1;\n"),
    ),
}


@pytest.mark.parametrize("rule", PLAIN)
def test_plain(rule, make_repo, db):
    repo = make_repo("plain")
    PLAIN[rule](repo)
    repo.commit("broken")
    result = repo.check("--database", db.url)
    assert set(result.rules) == {rule}, result
    assert result.status == (0 if rule == "order-not-numeric" else 1)


FOLDERS = {
    "folder-name-invalid": lambda repo: repo.migration("2024_short", "SELECT 1;\n"),
    "folder-without-migration": lambda repo: repo.write("drizzle/20240104000000_x/snapshot.json", "{}"),
    "folder-order-ambiguous": lambda repo: (
        repo.migration("20240104000000_a_b", "SELECT 1;\n"),
        repo.migration("20240104000000_a1", "SELECT 1;\n"),
    ),
}


@pytest.mark.parametrize("rule", FOLDERS)
def test_folders(rule, make_repo, db):
    repo = make_repo("drizzle-folders")
    FOLDERS[rule](repo)
    repo.commit("broken")
    result = repo.check("--database", db.url)
    assert set(result.rules) == {rule}, result
    assert result.status == 1


def test_no_migrations(make_repo, db):
    repo = make_repo(migrations=[], commit=False)
    repo.write("README", "x")
    repo.commit("empty")
    result = repo.check()
    assert (result.status, result.rules) == (1, ["no-migrations"]), result
    assert repo.check("--allow-empty").status == 0
    assert repo.run("deploy", env=db.env).status == 1
    assert db.tables() == []


def test_layout_unknown(make_repo):
    repo = make_repo(migrations=[], commit=False)
    repo.write("migrations/1_one.sql", "-- +migrate Up\nSELECT 1;\n-- +migrate Down\nSELECT 2;\n")
    repo.commit("of a tool that is not read", record=False)
    result = repo.check()
    assert result.status == 1
    assert "layout-unknown" in result.rules, result


def test_malformed_journal_says_where(repo):
    repo.write("drizzle/meta/_journal.json", '{\n  "version": "7",\n  "entries": [}\n')
    repo.commit("broken")
    finding = repo.check().json["findings"][0]
    assert (finding["rule"], finding["line"]) == ("journal-malformed", 3)
    assert finding["column"] > 0


def test_unsafe_name_never_reaches_the_terminal(make_repo):
    repo = make_repo("plain")
    repo.migration("0009_\x1b[31mred", "SELECT 1;\n")
    repo.commit("escape")
    result = repo.run("check")
    assert result.status == 1
    assert "\x1b" not in result.both
    assert "entry-unsafe-name" in repo.check().rules


def test_idx_decides_nothing(repo):
    for entry in repo.entries:
        entry["idx"] = 7
    repo.journal()
    repo.commit("idx")
    assert repo.check().status == 0


def test_old_journals(repo):
    for version in ("5", "6"):
        repo.journal(version=version, dialect="pg")
        repo.commit(version)
        assert repo.check().status == 0, version


def test_rollback_since(repo):
    for name in ("0000_customers", "0001_orders"):
        repo.remove(repo.down(name))
    repo.commit("old migrations have no companion")
    assert set(repo.check().rules) == {"rollback-missing"}
    repo.write(".predeploy", "[migrations]\n\trollbackSince = 0001_orders\n")
    repo.commit("required from here on")
    assert repo.check().rules == []
    repo.remove(repo.down("0002_seed"))
    repo.commit("a new one without")
    assert repo.check().rules == ["rollback-missing"]


@pytest.mark.parametrize("policy, status", [("required", 1), ("warn", 0), ("off", 0)])
def test_rollback_policy(repo, policy, status):
    repo.remove(repo.down("0002_seed"))
    repo.write(".predeploy", f"[migrations]\n\trollback = {policy}\n")
    repo.commit("policy")
    result = repo.check()
    assert result.status == status, result
    assert result.rules == ([] if policy == "off" else ["rollback-missing"])


def test_severity_override(repo):
    repo.write(repo.up("0002_seed"), "SET lock_timeout = 0;\nSELECT 1;\n")
    repo.commit("patient")
    assert repo.check().status == 0
    repo.write(".predeploy", '[rule "sql-lock-timeout"]\n\tseverity = error\n')
    repo.commit("strict")
    result = repo.check()
    assert (result.status, result.rules) == (1, ["sql-lock-timeout"]), result


@pytest.mark.parametrize("rule", ["rollback-missing", "history-edited", "hash-mismatch",
                                  "applied-edited", "no-migrations", "verify-tables"])
def test_what_closes_the_gate_is_never_silenced(rule, repo):
    repo.write(".predeploy", f'[verify]\n\tminTables = 0\n[rule "{rule}"]\n\tseverity = off\n')
    repo.commit("silenced")
    result = repo.check()
    assert result.status == 2, result
    error = result.json["error"]
    assert error["kind"] == "usage" and ".predeploy:4" in error["message"], error
    assert rule in error["message"] and "warning" in error["hint"], error
    assert repo.run("deploy", env={"DATABASE_URL": "postgresql://127.0.0.1:1/x"}).status == 2


def test_lowered_to_a_warning_it_stays_to_be_seen(repo, db):
    repo.remove(repo.down("0002_seed"))
    repo.write(".predeploy", '[rule "rollback-missing"]\n\tseverity = warning\n')
    repo.commit("lowered")
    result = repo.check()
    assert (result.status, result.rules) == (0, ["rollback-missing"]), result
    assert result.json["findings"][0]["severity"] == "warning"
    states = {gate["name"]: gate["state"] for gate in result.json["gates"]}
    assert states["rollback"] == "warned" and states["integrity"] == "open", states
    human = repo.run("check")
    assert human.status == 0 and "rollback-missing" in human.out, human
    deployed = repo.run("deploy", "--format", "json", env=db.env)
    assert (deployed.status, deployed.rules) == (0, ["rollback-missing"]), deployed


def test_what_would_end_the_transaction_is_not_sent_when_its_rule_is_lowered(repo, db):
    repo.write(".predeploy", '[rule "sql-transaction-control"]\n\tseverity = warning\n')
    repo.write(repo.up("0002_seed"), "CREATE TABLE t ();\nCOMMIT;\n")
    repo.commit("lowered")
    for command in ("check", "plan", "deploy"):
        result = repo.run(command, "--format", "json", env=db.env)
        assert result.status == 2, result
        error = result.json["error"]
        assert "0002_seed cannot be run: COMMIT" in error["message"], error
        assert "drizzle/0002_seed.sql:2:1" in error["detail"], error
        assert "sql-transaction-control" in error["hint"], error
    assert db.tables() == []
    # A companion is judged again when it is to run.
    repo.write(repo.up("0002_seed"), "CREATE TABLE t ();\n")
    repo.write(repo.down("0002_seed"), "DROP TABLE t;\nCOMMIT;\n")
    repo.commit("in the companion")
    deployed = repo.run("deploy", "--format", "json", env=db.env)
    assert (deployed.status, deployed.rules) == (0, ["sql-transaction-control"]), deployed
    back = repo.run("rollback", "--format", "json", env=db.env)
    assert back.status == 2 and "0002_seed cannot be run" in back.json["error"]["message"], back
    assert "t" in db.tables()


def test_a_rule_that_warns_can_be_off(repo):
    repo.write(repo.up("0002_seed"), "SET lock_timeout = 0;\nSELECT 1;\n")
    repo.commit("patient")
    assert repo.check().rules == ["sql-lock-timeout"]
    repo.write(".predeploy", '[rule "sql-lock-timeout"]\n\tseverity = off\n')
    repo.commit("off")
    result = repo.check()
    assert (result.status, result.rules) == (0, []), result


def history(repo, change):
    base = repo.git("rev-parse", "HEAD")
    change(repo)
    repo.commit("history")
    return repo.check("--base", base)


def rename(repo):
    for name in (repo.up, repo.down):
        repo.write(name("0002_sown"), (repo.path / name("0002_seed")).read_bytes())
        repo.remove(name("0002_seed"))
    repo.entries[2]["tag"] = "0002_sown"
    repo.journal()


def unpublish(repo):
    repo.remove(repo.up("0002_seed"))
    repo.remove(repo.down("0002_seed"))
    drop_entry(repo, 2)


def insert(repo):
    repo.migration("0003_between", "SELECT 1;\n")
    repo.entries.insert(1, repo.entries.pop())
    repo.entries[1]["when"] = repo.entries[0]["when"] + 1
    repo.journal()


def reorder(repo):
    first, second = repo.entries[1], repo.entries[2]
    first["when"], second["when"] = second["when"], first["when"]
    repo.entries[1:3] = [second, first]
    repo.journal()


HISTORY = {
    "history-edited": lambda repo: repo.write(repo.up("0001_orders"), "CREATE TABLE orders ();\n"),
    "history-renamed": rename,
    "history-removed": unpublish,
    "history-inserted": insert,
    "history-companion-changed": lambda repo: repo.write(repo.down("0001_orders"), "SELECT 2;\n"),
    "history-restamped": lambda repo: rewhen(repo, 2, repo.entries[2]["when"] + 5),
}


@pytest.mark.parametrize("rule", HISTORY)
def test_history(rule, repo):
    result = history(repo, HISTORY[rule])
    assert result.status == 1, result
    assert result.rules == [rule], result


def test_history_reordered(repo):
    result = history(repo, reorder)
    assert result.status == 1
    assert "history-reordered" in result.rules, result


def test_json_of_hostile_text(repo):
    repo.write(repo.up("0002_seed"), 'SELEKT "\u202e\x1b[2J" \x07;\n')
    repo.commit("hostile\x1b[31m subject")
    result = repo.check()
    assert result.status == 1
    assert b"\x1b" not in result.raw and b"\x07" not in result.raw
    json.loads(result.raw)
    human = repo.run("check", "--color", "never")
    assert "\x1b" not in human.both and "\u202e" not in human.both
