"""What holds for any history: hundreds of random ones, the same ones in every run.

    PREDEPLOY_SEED=17 pytest -k goose tests/e2e/test_property.py

runs one of them again, in one layout or, without -k, in all. What failed prints its seed and steps.
"""

import collections
import os
import re
import subprocess

import histories
import pytest
from histories import LAYOUTS, SETTINGS, History, bare
from world import sha256

ONE = os.environ.get("PREDEPLOY_SEED")
HOW_MANY = int(os.environ.get("PREDEPLOY_HISTORIES", 60))  # of each layout
# Findings after which the folder is not read: they close the gate for all that is in it.
NOT_READ = {"layout-ambiguous", "layout-unknown", "journal-malformed", "journal-invalid",
            "no-migrations"}


def chunks(most, size):
    """Seeds 0 to most - 1, in portions: one repository each."""
    seeds = range(most) if ONE is None else [int(ONE)]
    parts = [seeds[at : at + size] for at in range(0, len(seeds), size)]
    return [pytest.param(layout, part, id=f"{layout}-{part[0]}")
            for layout in LAYOUTS for part in parts]


class Many:
    """One bare repository with the branches of many histories."""

    def __init__(self, path, predeploy, cases):
        self.path, self.predeploy = path, predeploy
        self.git("init", "-q", "--bare", str(path), cwd=path.parent)
        self.git("fast-import", "--quiet", "--force", input=histories.stream(cases))

    def git(self, *args, cwd=None, input=None):
        done = subprocess.run(["git", *args], cwd=cwd or self.path, env=self.predeploy.env(),
                              input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert done.returncode == 0, (args, done.stderr.decode())
        return done.stdout.decode().strip()

    def ask(self, command, revision, base, env=None, cwd=None):
        return self.predeploy.run(command, "--format", "json", revision, "--base", base,
                                  env=env, cwd=cwd or self.path)


@pytest.fixture
def many(tmp_path, predeploy):
    return lambda cases: Many(tmp_path / "many.git", predeploy, cases)


def ask_branch(repo, history, command="check", **more):
    return repo.ask(command, f"work-{history.seed}", f"base-{history.seed}", **more)


def told_again(history, result, problems):
    """How to see it again."""
    return "\n".join([
        f"PREDEPLOY_SEED={history.seed} pytest -k {history.layout}",
        *history.steps,
        f"tips {history.tips}, merge bases {history.merge_bases()}",
        *(f"  !! {problem}" for problem in problems),
        f"status {result.status}: {result.json.get('error')}",
        *(f"  {f['severity']} {f['rule']} {f['path']}: {f['message']}"
          for f in result.json["findings"]),
    ])


def naming(result, *migrations):
    """Findings that name a path or the name of one of these."""
    paths = {path for m in migrations for path in m.paths if path}
    names = [re.compile(rf"(?<![\w.]){re.escape(m.name)}(?![\w])") for m in migrations]
    return [f for f in result.json["findings"]
            if f["path"] in paths or any(name.search(f["message"]) for name in names)]


def published(history):
    """What must stay: the base's tip and the merge base."""
    for at in {history.tips["base"], *merge_base(history)}:
        yield at, history.shape.read(history.commits[at].tree)


def merge_base(history):
    return history.merge_bases()


def edits(history):
    """(published, now, whether only comments and white space differ) of each edited migration."""
    ours = {m.name: m for m in history.shape.read(history.tree("work"))}
    for _, theirs in published(history):
        for was in theirs:
            now = ours.get(was.name)
            if now is None or was.texts[0] is None:
                continue
            pairs = [(a, b) for a, b in zip(was.texts, now.texts) if a is not None and a != b]
            if pairs:
                yield was, now, all(b is not None and bare(a) == bare(b) for a, b in pairs)


def changes_told(history, result):
    """P1: no byte of a published migration or companion changes without a finding of history."""
    steering = history.tree("work").get(SETTINGS, b"")
    mild = b"cosmetic = warning" in steering
    lowered = {"history-edited"} if b'rule "history-edited"' in steering else set()
    for was, now, cosmetic in edits(history):
        found = [f for f in naming(result, was, now)
                 if f["rule"].startswith("history-") or f["rule"] == "duplicate-version"]
        if not found:
            yield f"P1: {was.name} has changed, and nothing says so"
        elif not (cosmetic and mild) and not any(
            f["severity"] == "error" or f["rule"] in lowered for f in found
        ):
            yield f"P1: {was.name} has changed, and that is a mere warning"


def removals_told(history, result):
    """P2: what the branch has had and has no more is missed."""
    ours = {m.name for m in history.shape.read(history.tree("work"))}
    for at in merge_base(history):
        for was in history.shape.read(history.commits[at].tree):
            found = [f for f in naming(result, was) if f["rule"].startswith("history-")
                     and f["severity"] == "error"]
            if was.name not in ours and not found:
                yield f"P2: {was.name} is gone since {at}, and nothing says so"


def no_false_alarm(history, result):
    """P3: who only appends behind the base's tip, recorded, hears nothing."""
    if history.honest and history.only_appended() and (result.status or result.rules):
        yield "P3: nothing is wrong here"


def verdict_fits(result):
    errors = [f for f in result.json["findings"] if f["severity"] == "error"]
    if result.status != (1 if errors else 0):
        yield f"status {result.status} with {len(errors)} errors"


# ---- without a database ----


@pytest.mark.parametrize("layout, seeds", chunks(HOW_MANY, 10))
def test_random_histories(layout, seeds, many):
    cases = [History(layout, seed) for seed in seeds]
    repo = many(cases)
    failed = []
    for history in cases:
        result = ask_branch(repo, history)
        problems = list(verdict_fits(result)) + list(no_false_alarm(history, result))
        if not (NOT_READ & set(result.rules) and result.status == 1):
            problems += [*changes_told(history, result), *removals_told(history, result)]
        if problems:
            failed.append(told_again(history, result, problems))
    assert not failed, "\n\n".join(failed)


def test_the_histories_are_of_all_kinds():
    """A generator that makes only one kind would prove little."""
    seen = collections.Counter()
    for layout in LAYOUTS:
        for seed in range(60):
            history = History(layout, seed)
            clean, edited = history.only_appended(), list(edits(history))
            ours = {m.name for m in history.shape.read(history.tree("work"))}
            seen["clean"] += clean and history.honest
            seen["grown"] += clean and history.honest and bool(history.added())
            seen["criss-cross"] += len(history.merge_bases()) > 1
            seen["edited"] += any(not cosmetic for _, _, cosmetic in edited)
            seen["cosmetic"] += any(cosmetic for _, _, cosmetic in edited)
            seen["recorded"] += bool(edited) and history.shape.recorded(history.tree("work"))
            seen["removed"] += any(m.name not in ours for at in history.merge_bases()
                                   for m in history.shape.read(history.commits[at].tree))
            theirs = history.shape.read(history.tree("base"))
            seen["behind"] += any(m.name not in ours for m in theirs)
            for step in history.steps:
                seen[re.match(r"\d+ \w+: (\w+)", step).group(1)] += 1
    print(dict(seen))
    assert all(seen[kind] >= 5 for kind in (
        "clean", "grown", "criss-cross", "edited", "cosmetic", "recorded", "removed", "behind",
        "merge", "edit", "line", "comment", "swap", "rename", "late", "take", "put", "settings",
        "restamp", "reorder", "forget")), seen


def test_what_was_published_is_missed_after_criss_cross_merges(many):
    """The base has taken the branch's migration, the branch the base's commit; then it drops it."""
    history = History("plain", 0)
    shape, tree = history.shape, {"README.md": b"a project\n"}
    history.commits, history.steps, history.tips = [], [], {}
    history.append(tree, tree)
    shape.record(tree)
    history.commit("base", tree, said="began")
    history.tips["work"] = history.tips["base"]
    more = dict(tree)
    said = history.append(more, more)
    shape.record(more)
    history.commit("work", more, said=said)
    history.commit("base", {**tree, "README.md": b"more\n"}, said="chore")
    history.cross()
    assert len(history.merge_bases()) == 2
    history.commit("work", {**tree, "README.md": b"more\n"}, said="remove, recorded")
    result = ask_branch(many([history]), history)
    assert (result.status, result.rules) == (1, ["history-removed"]), result


def test_patterns_of_the_branch_hide_nothing_that_was_published(many):
    """The branch says that only one of three is a migration, edits the second, drops the first."""
    history = History("golang-migrate", 0)
    shape, tree = history.shape, {}
    history.commits, history.steps, history.tips = [], [], {}
    for name in ("1_a_old", "2_b_old", "3_c_new"):
        shape.add(tree, name, f"CREATE TABLE t{name} ();\n", f"DROP TABLE t{name};\n")
    shape.record(tree)
    history.commit("base", tree, said="began")
    history.tips["work"] = history.tips["base"]
    published, tree = shape.read(tree), dict(tree)
    shape.drop(tree, "1_a_old")
    tree["migrations/2_b_old.up.sql"] = b"CREATE TABLE other ();\n"
    sums = tree[shape.sums].splitlines(keepends=True)
    tree[shape.sums] = b"".join(line for line in sums if b"_new" in line)
    tree[SETTINGS] = (b'[rule "sql-outside-set"]\n\tseverity = off\n[layout]\n'
                      b"\tup = {version}_{title}_new.up.sql\n"
                      b"\trollback = {version}_{title}_new.down.sql\n")
    history.commit("work", tree, said="hide two of three")
    result = ask_branch(many([history]), history)
    for was in published[:2]:
        assert result.status == 1 and naming(result, was), (was.name, result.status, result.rules)


# ---- with a database ----


PICTURE = """
SELECT coalesce(string_agg(table_name || '.' || column_name || ' ' || data_type, E'\\n'
                           ORDER BY table_name, ordinal_position), '')
  FROM information_schema.columns WHERE table_schema = 'public'
"""
LEDGER = "SELECT name, hash, coalesce(down_hash, '') FROM predeploy.migrations ORDER BY seq"


def picture(db):
    """Tables, ledger and deployments."""
    if db.query("SELECT to_regclass('predeploy.migrations')") == "":
        return db.query(PICTURE), [], "", []
    return (db.query(PICTURE), db.rows(LEDGER),
            db.query("SELECT count(*) FROM predeploy.deployments"), db.drizzle())


def nothing_forgotten(history, results, applied):
    """P4: each migration is applied, planned, or named by a finding."""
    plan = results["plan"].json["plan"]
    if plan is None:  # a closed gate plans nothing
        if results["plan"].status != 1:
            yield "P4: no plan, and the gate is not closed"
        return
    planned = {step["name"] for step in plan["steps"]}
    for m in history.shape.read(history.tree("work")):
        if m.name not in applied and m.name not in planned:
            if not naming(results["plan"], m):
                yield f"P4: {m.name} is neither applied, nor planned, nor reported"


def one_verdict(results):
    verdicts = {name: (r.status, sorted(r.rules)) for name, r in results.items()}
    if verdicts["check"] != verdicts["plan"] or verdicts["deploy"][0] not in (
        # What fails only when it runs, two tables of one name, is no gate's.
        verdicts["check"][0], *((6,) if verdicts["check"][0] == 0 else ()),
    ):
        yield f"P4: three verdicts: {verdicts}"


def applied_as_it_is(migrations, after, cosmetic=False):
    ours = {m.name: m for m in migrations}
    applied = {name: hash for name, hash, _ in after[1]}
    if set(applied) != set(ours):
        yield f"P4: applied is {sorted(applied)}, the revision has {sorted(ours)}"
    for name in set(applied) & set(ours):
        if applied[name] != sha256(ours[name].texts[0]) and not cosmetic:
            yield f"P4: {name} is applied with other content"


def database_fits(history, result, before, after):
    """P4: the revision stands in the database as a whole, or nothing of it."""
    if result.status == 1 and before != after:
        yield f"P4: the gate is closed, and the database is not as before: {before} {after}"
    if result.status == 6 and before[:2] != after[:2]:
        yield f"P4: it failed, and left something: {before} {after}"
    ours = {m.name for m in history.shape.read(history.tree("work"))}
    if history.honest and history.only_appended() and ours >= {row[0] for row in before[1]}:
        if result.status:
            yield "P4: nothing is wrong here, and it is not deployed"
    if result.status:
        return
    cosmetic = b"cosmetic = warning" in history.tree("work").get(SETTINGS, b"")
    yield from applied_as_it_is(history.shape.read(history.tree("work")), after, cosmetic)
    kept, drizzle = {row[1] for row in after[1]}, {row[0] for row in after[3]}
    if history.layout == "drizzle" and kept != drizzle:
        yield "P4: the two ledgers differ"


@pytest.mark.parametrize("layout, seeds", chunks(8, 4))
def test_random_deployments(layout, seeds, many, server):
    cases = [History(layout, seed) for seed in seeds]
    repo = many(cases)
    failed = []
    for history in cases:
        db = server.database()
        chain = history.first_parents("base")
        back = history.random.randrange(min(3, len(chain)))
        old = f"base-{history.seed}~{back}"
        first = repo.ask("deploy", old, old, env=db.env)
        before = picture(db)
        problems = []
        if first.status and before[1:] != ([], "", []) and first.status != 6:
            problems.append(f"P4: {old} was not deployed, and left something: {before}")
        if history.honest and first.status:
            problems.append(f"P4: an honest base is not deployed: {first}")
        if not first.status:
            deployed = history.shape.read(history.commits[chain[back]].tree)
            problems += applied_as_it_is(deployed, before)
        results = {}
        for command in ("check", "plan"):
            results[command] = ask_branch(repo, history, command, env=db.env)
        if picture(db) != before:
            problems.append("P4: to ask has changed the database")
        problems += nothing_forgotten(history, results, {row[0] for row in before[1]})
        results["deploy"] = ask_branch(repo, history, "deploy", env=db.env)
        problems += one_verdict(results)
        problems += database_fits(history, results["deploy"], before, picture(db))
        if problems:
            failed.append(f"after {old}\n" + told_again(history, results["deploy"], problems))
    assert not failed, "\n\n".join(failed)


# ---- the same verdict from everywhere ----


def from_bare_clone(repo, at, path, revision):
    repo.git("clone", "-q", "--bare", str(at), str(path))
    return path


def from_dirty_tree(repo, at, path, revision):
    """Files overwritten, removed and added; another index."""
    for file in [*at.rglob("*.sql"), *at.rglob("_journal.json"), *at.rglob("SHA256SUMS")]:
        file.write_text("SELECT 'dirty';\n")
    (at / SETTINGS).write_text("[migrations]\n\trollback = off\n\tpath = elsewhere\n")
    repo.git("add", "-A", cwd=at)
    for file in at.rglob("*.sql"):
        file.unlink()
    (at / "migrations").mkdir(exist_ok=True)
    (at / "migrations/9999_new.sql").write_text("SELECT 1;\n")
    return at


def from_autocrlf(repo, at, path, revision):
    repo.git("clone", "-q", "-c", "core.autocrlf=true", "--no-checkout", str(at), str(path))
    branches(repo, path, revision)
    repo.git("checkout", "-q", revision, cwd=path)
    assert any(b"\r\n" in file.read_bytes() for file in path.rglob("*.sql"))
    return path


def from_filters(repo, at, path, revision):
    repo.git("clone", "-q", "--no-checkout", str(at), str(path))
    branches(repo, path, revision)
    repo.git("config", "filter.shout.smudge", "tr a-z A-Z", cwd=path)
    repo.git("config", "filter.shout.clean", "tr A-Z a-z", cwd=path)
    repo.git("config", "filter.shout.required", "true", cwd=path)
    (path / ".git/info/attributes").write_text("*.sql filter=shout\n")
    (path / ".gitattributes").write_text("*.sql filter=shout text eol=crlf\n")
    repo.git("checkout", "-q", revision, cwd=path)
    assert any(b"TABLE T" in file.read_bytes() for file in path.rglob("*.sql"))
    return path


def from_subfolder(repo, at, path, revision):
    folder = at / "some/where"
    folder.mkdir(parents=True)
    return folder


def from_worktree(repo, at, path, revision):
    repo.git("worktree", "add", "-q", "--detach", str(path), revision, cwd=at)
    return path


def branches(repo, path, revision):
    """A clone has its remote's branches under another name."""
    seed = revision.rpartition("-")[2]
    for name in (f"work-{seed}", f"base-{seed}"):
        repo.git("update-ref", f"refs/heads/{name}", f"refs/remotes/origin/{name}", cwd=path)


PLACES = (from_bare_clone, from_autocrlf, from_filters, from_subfolder, from_worktree,
          from_dirty_tree)


@pytest.mark.parametrize("layout, seeds", chunks(4, 4))
def test_the_same_verdict_from_everywhere(layout, seeds, many, tmp_path):
    cases = [History(layout, seed + 1 if ONE is None else seed) for seed in seeds]
    repo = many(cases)
    for history in cases:
        revision = f"work-{history.seed}"
        at = tmp_path / f"tree-{history.seed}"
        repo.git("clone", "-q", "--no-checkout", str(repo.path), str(at))
        branches(repo, at, revision)
        repo.git("checkout", "-q", revision, cwd=at)
        expected = ask_branch(repo, history)
        for place in PLACES:
            cwd = place(repo, at, tmp_path / f"{place.__name__}-{history.seed}", revision)
            found = ask_branch(repo, history, cwd=cwd)
            said = told_again(history, found, [f"P5: {place.__name__} says otherwise: {expected}"])
            assert found.status == expected.status, said
            assert found.json["findings"] == expected.json["findings"], said
