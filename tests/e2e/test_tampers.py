"""Every way to tamper, wherever the migration has got to, recorded again or not: verdict and rule.

local: the migration is not pushed yet. published: the base has it. deployed: the database has it,
and the base is told to be the revision itself, so that only the ledger and the deployed commit are
left to bear witness.
"""

import os

import pytest

PLACES = ("local", "published", "deployed")
# The migration that is tampered with, and the one behind it.
VICTIM = {"local": "0040_d", "published": "0020_b", "deployed": "0020_b"}
NEXT = {"local": "0050_e", "published": "0030_c", "deployed": "0030_c"}


def edit(repo, victim, behind):
    repo.write(repo.up(victim), "CREATE TABLE tampered ();\n")


def edit_companion(repo, victim, behind):
    repo.write(repo.down(victim), "SELECT 2;\n")


def remove_companion(repo, victim, behind):
    repo.remove(repo.down(victim))


def rename(repo, victim, behind):
    repo.git("mv", repo.up(victim), repo.up(victim + "z"))
    repo.git("mv", repo.down(victim), repo.down(victim + "z"))
    for entry in repo.entries:
        entry["tag"] = entry["tag"] + "z" if entry["tag"] == victim else entry["tag"]


def remove(repo, victim, behind):
    repo.remove(repo.up(victim))
    repo.remove(repo.down(victim))
    repo.entries = [entry for entry in repo.entries if entry["tag"] != victim]


def slip_in(repo, victim, behind):
    name = victim[:3] + "5_slipped"
    repo.migration(name, "CREATE TABLE slipped ();\n", "DROP TABLE slipped;\n")
    if repo.entries:
        entry = repo.entries.pop()
        at = next(i for i, other in enumerate(repo.entries) if other["tag"] == victim)
        entry["when"] = repo.entries[at]["when"] + 1
        repo.entries.insert(at + 1, entry)


def swap(repo, a, b):
    one, other = (repo.path / a).read_bytes(), (repo.path / b).read_bytes()
    repo.write(a, other)
    repo.write(b, one)


def swap_companions(repo, victim, behind):
    swap(repo, repo.down(victim), repo.down(behind))


def swap_contents(repo, victim, behind):
    swap(repo, repo.up(victim), repo.up(behind))


def restamp(repo, victim, behind):
    next(entry for entry in repo.entries if entry["tag"] == victim)["when"] += 1


def reorder(repo, victim, behind):
    at = next(i for i, entry in enumerate(repo.entries) if entry["tag"] == victim)
    one, other = repo.entries[at : at + 2]
    one["when"], other["when"] = other["when"], one["when"]
    repo.entries[at : at + 2] = [other, one]


def comment(repo, victim, behind):
    text = (repo.path / repo.up(victim)).read_text()
    repo.write(repo.up(victim), "-- a comment\n" + text)


def line_endings(repo, victim, behind):
    text = (repo.path / repo.up(victim)).read_text()
    repo.write(repo.up(victim), text.replace("\n", "\r\n"))


MISMATCH = {"hash-mismatch"}
MOVED = {"sums-unlisted", "sums-missing-file"}
# what: (layouts, rules of integrity when it is not recorded again, rules of each place)
BOTH = ("plain", "drizzle")
TAMPERS = {
    edit: (BOTH, MISMATCH, {"local": set(), "published": {"history-edited"},
                            "deployed": {"applied-edited"}}),
    comment: (BOTH, MISMATCH, {"local": set(), "published": {"history-edited"},
                               "deployed": {"applied-edited"}}),
    line_endings: (("plain",), MISMATCH, {"local": set(), "published": {"history-edited"},
                                          "deployed": {"applied-edited"}}),
    edit_companion: (BOTH, MISMATCH, {"local": set(), "published": {"history-companion-changed"},
                                      "deployed": {"applied-companion-changed"}}),
    remove_companion: (BOTH, {"sums-missing-file"}, {
        "local": {"rollback-missing"},
        "published": {"rollback-missing", "history-companion-changed"},
        "deployed": {"rollback-missing", "applied-companion-changed"}}),
    rename: (BOTH, MOVED, {"local": set(), "published": {"history-renamed"},
                           "deployed": {"applied-missing", "out-of-order"}}),
    remove: (BOTH, {"sums-missing-file"}, {"local": set(), "published": {"history-removed"},
                                           "deployed": {"applied-missing"}}),
    slip_in: (BOTH, {"sums-unlisted"}, {"local": set(), "published": {"history-inserted"},
                                        "deployed": {"out-of-order"}}),
    swap_companions: (BOTH, MISMATCH, {"local": set(), "published": {"history-companion-changed"},
                                       "deployed": {"applied-companion-changed"}}),
    swap_contents: (BOTH, MISMATCH, {"local": set(), "published": {"history-edited"},
                                     "deployed": {"applied-edited"}}),
    restamp: (("drizzle",), set(), {"local": set(), "published": {"history-restamped"},
                                    "deployed": {"history-restamped"}}),
    reorder: (("drizzle",), set(), {
        "local": set(), "published": {"history-reordered", "history-restamped"},
        # Drizzle's ledger knows a migration by its time: that one now has other content.
        "deployed": {"applied-edited"}}),
}
# Drizzle's own ledger knows a renamed migration by its time and hash: it is no pending one.
EXCEPT = {(rename, "deployed", "drizzle"): {"applied-missing"}}
TABLE = [
    pytest.param(tamper, layout, place, recorded,
                 id=f"{tamper.__name__}-{layout}-{place}-{'recorded' if recorded else 'as-is'}")
    for tamper, (layouts, _, _) in TAMPERS.items()
    for layout in layouts
    for place in PLACES
    for recorded in (True, False)
]


@pytest.fixture
def world(make_repo, tmp_path, db):
    def make(layout, place):
        repo = make_repo(layout, [(f"00{n}0_{x}", f"CREATE TABLE {x} (id int);\n", f"DROP TABLE {x};\n")
                                  for n, x in enumerate("abc", 1)])
        repo.git("clone", "-q", "--bare", repo.path, tmp_path / "remote.git")
        repo.git("remote", "add", "origin", tmp_path / "remote.git")
        repo.git("fetch", "-q", "origin")
        repo.git("remote", "set-head", "origin", "main")
        repo.migration("0040_d", "CREATE TABLE d (id int);\n", "DROP TABLE d;\n")
        repo.migration("0050_e", "CREATE TABLE e (id int);\n", "DROP TABLE e;\n")
        repo.commit("local")
        if place == "deployed":
            assert repo.run("deploy", env=db.env).status == 0
        return repo

    return make


def hook_path(repo, tmp_path):
    """An environment in which the hook finds the binary that is tested."""
    binary = tmp_path / "bin"
    binary.mkdir()
    words = " ".join(f"'{word}'" for word in [*repo.predeploy.prefix, repo.predeploy.binary])
    (binary / "predeploy").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (binary / "predeploy").chmod(0o755)
    return {"PATH": f"{binary}:{os.environ['PATH']}"}


def verdict(repo, place, db):
    if place == "deployed":
        return repo.check("--base", "HEAD", env=db.env)
    return repo.check()


@pytest.mark.parametrize("tamper, layout, place, recorded", TABLE)
def test_tamper(tamper, layout, place, recorded, world, db):
    repo = world(layout, place)
    _, unrecorded, rules = TAMPERS[tamper]
    tamper(repo, VICTIM[place], NEXT[place])
    if repo.entries:
        repo.journal()
    repo.commit(tamper.__name__, record=recorded)
    before = db.dump()
    result = verdict(repo, place, db)
    known = EXCEPT.get((tamper, place, layout), rules[place])
    expected = known | (set() if recorded else unrecorded)
    assert set(result.rules) == expected, result
    assert result.status == (1 if expected else 0)
    assert db.dump() == before
    if recorded and place == "published":
        # Whatever it is called: the same content, published once more, is no way in.
        assert repo.run("record").status in (0, 2)
        assert verdict(repo, place, db).status == 1


COSMETIC = [comment, line_endings]


@pytest.mark.parametrize("tamper", [comment, line_endings, edit])
@pytest.mark.parametrize("place", ["published", "deployed"])
def test_cosmetic_edits_may_be_a_warning(tamper, place, world, db):
    repo = world("plain", place)
    repo.write(".predeploy", "[check]\n\tcosmetic = warning\n")
    tamper(repo, VICTIM[place], NEXT[place])
    commit = repo.commit(tamper.__name__)
    result = verdict(repo, place, db)
    assert result.status == (0 if tamper in COSMETIC else 1)
    (finding,) = result.json["findings"]
    assert finding["severity"] == ("warning" if tamper in COSMETIC else "error")
    kind = {comment: "comments", line_endings: "line-endings", edit: "sql"}[tamper]
    assert finding["change"]["kind"] == kind, finding
    assert finding["change"]["changed_by"]["commit"] == commit
    assert finding["change"]["changed_by"]["author"] == "Ada"


SETTINGS = [
    ("[migrations]\n\trollback = off\n", "migrations.rollback: off, was not set"),
    ('[rule "history-edited"]\n\tseverity = warning\n', "rule.history-edited.severity: warning"),
    ("[check]\n\tbase = HEAD\n", "check.base: HEAD, was not set"),
]


@pytest.mark.parametrize("text, told", SETTINGS)
@pytest.mark.parametrize("place", ["local", "published"])
def test_settings_that_change_are_told(text, told, place, world, db):
    repo = world("plain", place)
    base = repo.git("rev-parse", "origin/main")
    repo.write(".predeploy", text)
    repo.commit("settings")
    result = repo.check("--base", base)
    assert result.status == 0
    (steering,) = [item for item in result.json["steering"] if item["path"] == ".predeploy"]
    assert any(told in line for line in steering["detail"]), steering


ROWS = [
    ("UPDATE predeploy.migrations SET hash = repeat('0', 64) WHERE name = '0020_b'",
     {"applied-edited"}),
    ("UPDATE predeploy.migrations SET down_hash = repeat('0', 64) WHERE name = '0020_b'",
     {"applied-companion-changed"}),
    ("UPDATE predeploy.migrations SET name = '0020_z' WHERE name = '0020_b'",
     {"applied-missing", "out-of-order"}),
    ("DELETE FROM predeploy.migrations WHERE name = '0020_b'", {"out-of-order"}),
]


@pytest.mark.parametrize("sql, rules", ROWS)
def test_ledger_rows_that_were_edited(sql, rules, world, db):
    repo = world("plain", "deployed")
    db.query(sql)
    result = repo.check(env=db.env)
    assert (result.status, set(result.rules)) == (1, rules | {"ledger-altered"}), result


def test_a_forced_push_of_another_history(world, db, tmp_path):
    repo = world("plain", "local")
    path = hook_path(repo, tmp_path)
    assert repo.run("hook", "install", env=path).status == 0
    before = repo.git("ls-remote", "origin")
    repo.git("checkout", "-q", "--orphan", "other")
    remove(repo, "0020_b", "0030_c")
    repo.commit("another history")
    pushed = repo.git("push", "-f", "origin", "other:main", check=False, env=path)
    assert pushed.returncode != 0
    assert b"history-removed" in pushed.stdout + pushed.stderr
    assert repo.git("ls-remote", "origin") == before
