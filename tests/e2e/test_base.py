"""Where the base comes from, and what a revision is held against: the merge base, and the tip."""

import json
import os
import subprocess

import pytest

NAMES = ("0001_customers", "0002_orders", "0003_seed")
GONE = "f" * 40


@pytest.fixture
def repo(make_repo):
    return make_repo("plain")


@pytest.fixture
def clone(repo, tmp_path):
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "remote.git")
    repo.git("clone", "-q", tmp_path / "remote.git", tmp_path / "clone")
    repo.path = tmp_path / "clone"
    return repo


def branch(clone, name, *migrations, start="origin/main"):
    """A branch with migrations of its own, on which the work tree then stands."""
    clone.git("checkout", "-q", "-b", name, start)
    for migration in migrations:
        clone.migration(migration, f"CREATE TABLE {name}_{migration[:4]} ();\n")
    return clone.commit(name)


def publish(clone, *migrations):
    """main goes on at the remote, and is fetched."""
    branch(clone, "theirs", *migrations)
    clone.git("push", "-q", "origin", "theirs:main")
    clone.git("fetch", "-q", "origin")
    return clone.git("rev-parse", "origin/main")


def gate(result, name):
    return next(gate for gate in result.json["gates"] if gate["name"] == name)


def test_without_a_remote_nothing_is_published(repo):
    result = repo.check()
    assert (result.status, result.rules) == (0, [])
    assert "nothing is published" in gate(result, "history")["note"]


def test_what_is_published_is_no_base_for_itself(clone):
    """A published file that was rewritten, on top of what is published: nothing can be compared."""
    head = clone.git("rev-parse", "HEAD")
    result = clone.check()
    assert (result.status, gate(result, "history")["state"]) == (0, "skipped"), result
    assert "the base is this revision" in gate(result, "history")["note"]
    assert "nothing to compare: --base REV" in clone.run("check").out
    clone.migration("0007_more", "CREATE TABLE more ();\n")
    clone.commit("more")
    assert gate(clone.check(), "history")["state"] == "open"
    assert gate(clone.check("--base", "HEAD"), "history")["state"] == "skipped"
    assert gate(clone.check("--base", head), "history")["note"] == "3 published"


@pytest.mark.parametrize("command", ["check", "record"])
def test_a_remote_that_was_never_fetched(command, repo):
    repo.git("remote", "add", "origin", "/nowhere")
    result = repo.run(command)
    assert result.status == 3, result
    assert "no base was found" in result.both and "git fetch origin" in result.both


def test_a_detached_head_and_no_head_of_the_remote(clone):
    clone.git("remote", "set-head", "origin", "-d")
    clone.git("checkout", "-q", "--detach")
    assert clone.check().status == 3
    assert clone.check("--base", "origin/main").status == 0


def test_a_shallow_clone_cannot_tell(clone, tmp_path):
    branch(clone, "side", "0004_side")
    clone.git("push", "-q", "origin", "side")
    publish(clone, "0004_theirs")
    url = f"file://{tmp_path}/remote.git"
    clone.git("clone", "-q", "--depth=1", "--no-single-branch", "-b", "side", url, tmp_path / "shallow")
    clone.path = tmp_path / "shallow"
    result = clone.run("check", "--base", "origin/main")
    assert result.status == 3, result
    assert "--unshallow" in result.both or "--deepen" in result.both


def test_a_bare_clone_has_the_same_verdict(clone, tmp_path):
    for edited in (False, True):
        if edited:
            clone.write(clone.up(NAMES[1]), "CREATE TABLE orders ();\n")
            clone.commit("edit")
        here = clone.check("--base", "HEAD~1") if edited else clone.check()
        bare = tmp_path / f"bare{edited}.git"
        clone.git("clone", "-q", "--bare", clone.path, bare)
        there = clone.predeploy.run(
            "check", "--format", "json", "--repo", bare, *(["--base", "HEAD~1"] if edited else [])
        )
        assert (there.status, there.rules) == (here.status, here.rules)
        assert there.status == edited


# ---- a workflow's event ----


def event(tmp_path, name, payload):
    path = tmp_path / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}


def payload_of(name, oid):
    return {
        "pull_request": {"pull_request": {"base": {"sha": oid}}},
        "pull_request_target": {"pull_request": {"base": {"sha": oid}}},
        "merge_group": {"merge_group": {"base_sha": oid}},
        "push": {"before": oid},
    }[name]


EVENTS = ["pull_request", "pull_request_target", "merge_group", "push"]


@pytest.mark.parametrize("name", EVENTS)
def test_the_base_of_an_event(name, clone, tmp_path):
    base = clone.git("rev-parse", "HEAD")
    clone.write(clone.up(NAMES[1]), "CREATE TABLE orders ();\n")
    clone.commit("edit")
    clone.git("push", "-q", "origin", "main")  # what the clone knows of the remote is the edit
    assert clone.check().status == 0
    result = clone.check(env=event(tmp_path, name, payload_of(name, base)))
    assert (result.status, result.rules) == (1, ["history-edited"])
    assert result.json["base"]["commit"] == base
    result = clone.check("--base", "HEAD", env=event(tmp_path, name, payload_of(name, base)))
    assert result.status == 0, "the command line goes first"


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize(
    "payload, said",
    [
        (GONE, "fetch-depth"),
        ("--upload-pack=x", "names no base"),
        ("main", "names no base"),
        (None, "names no base"),
        ("{", "not JSON"),
    ],
)
def test_an_event_that_cannot_be_used(name, payload, said, clone, tmp_path):
    text = payload if payload == "{" else payload_of(name, payload)
    result = clone.run("check", env=event(tmp_path, name, text))
    assert result.status == 3 and said in result.both, result


def test_an_event_file_that_is_not_there(clone, tmp_path):
    env = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "none")}
    assert clone.check(env=env).status == 3


def test_a_push_must_keep_all_that_was_there(clone, tmp_path):
    """A forced push is no merge: what it replaces was published, also behind the merge base."""
    branch(clone, "old", "0004_old")
    before = clone.git("rev-parse", "HEAD")
    after = branch(clone, "new", "0005_new")
    pushed = event(tmp_path, "push", {"before": before, "after": after})
    result = clone.check(env=pushed)
    assert (result.status, result.rules) == (1, ["history-removed"])
    other = clone.check("origin/main", env=pushed)
    assert (other.status, other.rules) == (0, []), "that revision replaces nothing"
    created = event(tmp_path, "push", {"before": "0" * 40})
    assert clone.check(env=created).status == 0, "a new branch falls back to what the clone knows"


def test_the_default_branch_of_an_event(clone, tmp_path):
    clone.git("remote", "set-head", "origin", "-d")
    clone.git("checkout", "-q", "--detach")
    payload = {"repository": {"default_branch": "main"}}
    result = clone.check(env=event(tmp_path, "workflow_dispatch", payload))
    assert result.status == 0, result
    assert result.json["base"]["commit"] == clone.git("rev-parse", "origin/main")
    for name in ("--help", "a..b", "../x", "x@{1}", "main^"):
        payload = {"repository": {"default_branch": name}}
        assert clone.check(env=event(tmp_path, "workflow_dispatch", payload)).status == 3


def test_the_event_goes_before_the_settings(clone, tmp_path):
    old = clone.git("rev-parse", "HEAD")
    clone.write(".predeploy", "[check]\n\tbase = HEAD\n")
    clone.write(clone.up(NAMES[1]), "CREATE TABLE orders ();\n")
    clone.commit("edit")
    assert clone.check().rules == ["history-edited"], "the remote's default branch is asked all the same"
    clone.git("remote", "set-head", "origin", "-d")
    clone.git("update-ref", "-d", "refs/remotes/origin/main")
    assert clone.check().status == 0, "nothing but the settings says what is published"
    result = clone.check(env=event(tmp_path, "pull_request", payload_of("pull_request", old)))
    assert result.rules == ["history-edited"]


# ---- the tip of the base ----


def test_what_the_branch_lacks_is_no_deletion(clone):
    publish(clone, "0004_theirs")
    branch(clone, "ours", "0005_ours", start="origin/main~1")
    assert clone.check("--base", "origin/main").status == 0


@pytest.mark.parametrize("merged", [False, True])
def test_two_branches_take_one_version(merged, clone):
    theirs = publish(clone, "0004_theirs")
    ours = branch(clone, "ours", "0004_ours", start="origin/main~1")
    if merged:
        # Clean for git: the files have two names. Only SHA256SUMS is in the way.
        clone.git("merge", "-q", "-X", "ours", "origin/main", check=False)
        clone.commit("merge")
    result = clone.check("--base", "origin/main")
    assert result.status == 1
    if merged:
        assert "duplicate-version" in result.rules
        return
    assert result.rules == ["history-inserted", "history-collision"] or result.rules == [
        "history-collision",
        "history-inserted",
    ]
    message = next(f for f in result.json["findings"] if f["rule"] == "history-collision")["message"]
    assert ours[:7] in message and theirs[:7] in message, message


def test_one_name_twice(clone):
    publish(clone, "0004_same")
    clone.git("checkout", "-q", "-b", "ours", "origin/main~1")
    clone.migration("0004_same", "CREATE TABLE other ();\n")
    clone.commit("ours")
    assert clone.check("--base", "origin/main").rules == ["history-collision"]


@pytest.mark.parametrize("order, status", [(None, 1), ("strict", 1), ("late", 0)])
def test_a_late_arrival(order, status, clone):
    publish(clone, "0006_theirs")
    clone.git("checkout", "-q", "-b", "ours", "origin/main~1")
    clone.migration("0005_ours", "CREATE TABLE ours ();\n")
    if order:
        clone.write(".predeploy", f"[check]\n\torder = {order}\n")
    clone.commit("ours")
    result = clone.check("--base", "origin/main")
    assert (result.status, result.rules) == (status, ["history-inserted"])
    assert "0006_theirs" in result.json["findings"][0]["message"]


def test_a_late_arrival_is_deployed_where_it_may_come(clone, db):
    publish(clone, "0006_theirs")
    assert clone.run("deploy", env=db.env).status == 0
    clone.write(".predeploy", "[check]\n\torder = late\n")
    clone.migration("0005_ours", "CREATE TABLE ours ();\n")
    clone.commit("ours")
    result = clone.run("deploy", "--format", "json", env=db.env)
    assert (result.status, set(result.rules)) == (0, {"history-inserted", "out-of-order"}), result
    assert db.applied() == [*NAMES, "0006_theirs", "0005_ours"]
    assert clone.run("deploy", env=db.env).status == 0


def test_late_is_never_allowed_in_a_journal(make_repo, tmp_path):
    repo = make_repo("drizzle")
    base = repo.git("rev-parse", "HEAD")
    repo.write(".predeploy", "[check]\n\torder = late\n")
    repo.migration("0003_late", "CREATE TABLE late ();\n")
    last = repo.entries.pop()
    repo.entries.insert(2, dict(last, when=repo.entries[1]["when"] + 1))
    repo.journal()
    repo.commit("late")
    result = repo.check("--base", base)
    assert result.status == 1 and "history-inserted" in result.rules


# ---- what steers the gates ----


def steering(result):
    return {item["path"]: item for item in result.json["steering"]}


def test_changed_settings_and_hashes_are_told(clone):
    assert steering(clone.check()) == {}
    clone.write(".predeploy", "[migrations]\n\trollback = warn\n[verify]\n\tminTables = 2\n")
    clone.migration("0004_more", "CREATE TABLE more ();\n")
    clone.commit("settings")
    told = steering(clone.check())
    assert set(told) == {".predeploy", "migrations/SHA256SUMS"}
    assert told[".predeploy"]["what"] == "added"
    assert "migrations.rollback: warn, was not set" in told[".predeploy"]["detail"]
    assert told["migrations/SHA256SUMS"]["detail"] == ["lines: 2 new, 0 with another hash, 0 gone"]
    text = clone.run("check").out
    assert ".predeploy" in text and "warn" in text
    clone.git("push", "-q", "origin", "main")
    assert steering(clone.check()) == {}
    clone.write(".predeploy", "[migrations]\n\trollback = off\n")
    clone.commit("off")
    told = steering(clone.check())[".predeploy"]
    assert told["what"] == "changed"
    assert "migrations.rollback: off, was warn" in told["detail"]
    assert "verify.minTables: not set, was 2" in told["detail"]


# ---- how the base is read is not for the revision to say ----


def test_a_journal_that_is_removed_turns_no_published_entry_into_a_plain_file(make_repo):
    repo = make_repo("drizzle")
    base = repo.git("rev-parse", "HEAD")
    repo.git("rm", "-r", "-q", "--", f"{repo.folder}/meta")
    repo.commit("plain files now")
    result = repo.check("--base", base)
    assert result.status == 1 and set(result.rules) == {"history-restamped"}, result
    assert f"git checkout {base[:12]} -- drizzle/meta/_journal.json" in result.json["findings"][0]["hint"]


def test_settings_of_the_revision_do_not_hide_what_is_published(clone):
    clone.write(".predeploy", "[migrations]\n\tlayout = custom\n[layout]\n\tup = x{version}_{title}.sql\n")
    clone.migration("x1_own", "SELECT 1;\n", None)
    for name in NAMES:
        clone.remove(clone.up(name))
        clone.remove(clone.down(name))
    clone.commit("another pattern")
    result = clone.check()
    assert result.status == 1
    assert result.rules.count("history-removed") == len(NAMES)


def upgrade(repo):
    """What `drizzle-kit up` of Drizzle 1.0 makes of a journal, and the companions beside it."""
    names = [(entry["tag"], f"20231114221{320 + i}_{entry['tag'][5:]}") for i, entry in enumerate(repo.entries)]
    for old, new in names:
        up, down = ((repo.path / path(old)).read_text() for path in (repo.up, repo.down))
        repo.remove(repo.up(old))
        repo.remove(repo.down(old))
        repo.write(f"drizzle/{new}/migration.sql", up)
        repo.write(f"drizzle/{new}/rollback.sql", down)
        repo.write(f"drizzle/{new}/snapshot.json", "{}")
    repo.git("rm", "-r", "-q", "--cached", "--", "drizzle/meta")
    (repo.path / "drizzle/meta/_journal.json").unlink()
    return [new for _, new in names]


def test_a_journal_that_was_upgraded_is_known_again(make_repo):
    repo = make_repo("drizzle")
    base = repo.git("rev-parse", "HEAD")
    names = upgrade(repo)
    repo.commit("drizzle-kit up")
    result = repo.check("--base", base)
    assert (result.status, result.rules) == (0, []), result
    repo.write(f"drizzle/{names[1]}/migration.sql", "CREATE TABLE orders ();\n")
    repo.commit("edit")
    assert repo.check("--base", base).rules == ["history-edited"]


def test_a_published_journal_that_was_upgraded_is_recorded_anew(make_repo):
    repo = make_repo("drizzle")
    base = repo.git("rev-parse", "HEAD")
    names = upgrade(repo)
    result = repo.run("record", "--base", base)
    assert result.status == 0, result
    sums = (repo.path / "drizzle/SHA256SUMS").read_text()
    assert [line.split("  ")[1] for line in sums.splitlines()] == [
        f"{name}/{file}.sql" for name in names for file in ("migration", "rollback")]
    repo.write(f"drizzle/{names[1]}/rollback.sql", "DROP TABLE orders CASCADE;\n")
    result = repo.run("record", "--base", base)
    assert result.status == 2 and f"{names[1]}/rollback.sql" in result.both, result
    assert (repo.path / "drizzle/SHA256SUMS").read_text() == sums


def test_a_database_knows_a_journal_that_was_upgraded(make_repo, db):
    repo = make_repo("drizzle")
    assert repo.run("deploy", env=db.env).status == 0
    names = upgrade(repo)
    repo.commit("drizzle-kit up")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0 and result.json["nothing_to_do"], result
    repo.write("drizzle/20240301000000_more/migration.sql", "CREATE TABLE more ();\n")
    repo.write("drizzle/20240301000000_more/rollback.sql", "DROP TABLE more;\n")
    repo.write("drizzle/20240301000000_more/snapshot.json", "{}")
    repo.commit("more")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0 and result.json["plan"]["pending"] == 1, result
    assert repo.run("verify", env=db.env).status == 0
    result = repo.run("rollback", "--to", names[0], env=db.env)
    assert result.status == 0, result
    assert len(db.applied()) == 1
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(f"drizzle/{names[0]}/migration.sql", "CREATE TABLE other ();\n")
    repo.commit("edited behind its new name")
    result = repo.run("check", "--format", "json", env=db.env)
    assert "applied-edited" in result.rules, result


def test_a_backup_is_no_question_for_check(clone):
    clone.write(".predeploy", "[backup]\n\trequired = true\n")
    clone.commit("backup")
    assert clone.check().status == 0
    assert clone.run("deploy", env={"DATABASE_URL": "postgresql://localhost/x"}).status == 2


def test_commands_in_hints_can_be_pasted(make_repo, tmp_path):
    repo = make_repo("plain", [("0001_a b'c", "SELECT 1;\n", "SELECT 1;\n")])
    base = repo.git("rev-parse", "HEAD")
    repo.write(repo.up("0001_a b'c"), "SELECT 2;\n")
    repo.commit("edit")
    result = repo.check("--base", base)
    hint = result.json["findings"][0]["hint"]
    command = hint[hint.index("git checkout") :].rstrip("`")
    subprocess.run(["sh", "-c", command], cwd=repo.path, check=True, env=repo.predeploy.env())
    repo.commit("mended")
    assert repo.check("--base", base).status == 0


def test_verify_needs_no_base(clone, db):
    assert clone.run("deploy", env=db.env).status == 0
    clone.git("remote", "set-head", "origin", "-d")
    clone.git("checkout", "-q", "--detach")
    assert clone.run("verify", env=db.env).status == 0


def test_a_program_that_changed_is_no_edit_of_comments(make_repo):
    repo = make_repo("plain")
    repo.write(".predeploy", "[check]\n\tcosmetic = warning\n")
    repo.write("migrations/0004_seed.sh", 'psql --command "select 1"\n')
    assert repo.run("record").status == 0
    repo.commit("a program", record=False)
    base = repo.git("rev-parse", "HEAD")
    repo.write("migrations/0004_seed.sh", 'psql --command "drop table users"\n')
    sums = repo.path / "migrations/SHA256SUMS"
    kept = [line for line in sums.read_text().splitlines(True) if "0004" not in line]
    sums.write_text("".join(kept))
    assert repo.run("record", "--base", f"{base}~1").status == 0
    repo.commit("another program", record=False)
    result = repo.check("--base", base)
    assert result.status == 1 and "history-edited" in result.rules, result
    finding = next(f for f in result.json["findings"] if f["rule"] == "history-edited")
    assert finding["severity"] == "error" and finding["change"]["kind"] == "unknown", finding


def test_many_cosmetic_edits_have_one_verdict(make_repo):
    repo = make_repo("plain", [(f"{n:04}_t", f"CREATE TABLE t{n} ();\n", "SELECT 1;\n") for n in range(45)])
    base = repo.git("rev-parse", "HEAD")
    repo.write(".predeploy", "[check]\n\tcosmetic = warning\n")
    for n in range(45):
        path = repo.path / repo.up(f"{n:04}_t")
        path.write_text("-- a comment\n" + path.read_text())
    repo.commit("comments", record=False)
    result = repo.check("--base", base)
    assert result.status == 0, result
    assert {f["severity"] for f in result.json["findings"]} == {"warning"}


def own(clone):
    """A branch that edits what main has, is pushed by itself, and goes on."""
    clone.git("checkout", "-q", "-b", "own")
    clone.write(clone.up(NAMES[1]), "CREATE TABLE orders ();\n")
    edited = clone.commit("edit")
    clone.git("push", "-q", "--no-verify", "-u", "origin", "own")
    return edited


def test_what_a_branch_pushed_itself_is_not_published(clone, tmp_path):
    own(clone)
    assert clone.check().rules == ["history-edited"]
    clone.git("clone", "-q", "-b", "own", tmp_path / "remote.git", tmp_path / "ci")
    clone.path = tmp_path / "ci"
    assert clone.check().rules == ["history-edited"]


def test_the_second_push_of_a_branch(clone, tmp_path):
    before = own(clone)
    clone.migration("0004_more", "CREATE TABLE more ();\n")
    after = clone.commit("more")
    payload = {"before": before, "after": after, "repository": {"default_branch": "main"}}
    assert clone.check(env=event(tmp_path, "push", payload)).rules == ["history-edited"]


def test_a_shallow_clone_of_one_branch_knows_nothing_else(clone, tmp_path):
    own(clone)
    clone.git("clone", "-q", "--depth=1", "-b", "own", f"file://{tmp_path}/remote.git", tmp_path / "ci")
    clone.path = tmp_path / "ci"
    result = clone.run("check")
    assert result.status == 3 and "set-head" in result.both, result


@pytest.mark.parametrize("kind", ["tag", "branch"])
@pytest.mark.parametrize("how", ["settings", "option"])
def test_a_tag_that_is_called_like_the_base(kind, how, clone):
    clone.write(".predeploy", "[check]\n\tbase = origin/main\n")
    clone.write(clone.up(NAMES[1]), "CREATE TABLE orders ();\n")
    clone.commit("edit")
    clone.git(kind, "origin/main")
    result = clone.check(*(["--base", "origin/main"] if how == "option" else []))
    assert "history-edited" in result.rules, result


def test_an_event_file_that_never_ends(clone, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    env = {"GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(tmp_path / "fifo")}
    assert clone.check(env=env).status == 3


def test_another_kind_of_names_hides_nothing(clone):
    for name in NAMES:
        clone.remove(clone.up(name))
        clone.remove(clone.down(name))
    clone.write("migrations/1_n.up.sql", "CREATE TABLE n ();\n")
    clone.write("migrations/1_n.down.sql", "DROP TABLE n;\n")
    clone.commit("golang-migrate now")
    result = clone.check()
    assert result.status == 1 and result.rules.count("history-removed") == len(NAMES), result


def test_who_removed_it_is_told(clone):
    clone.remove(clone.up(NAMES[2]))
    clone.remove(clone.down(NAMES[2]))
    removed = clone.commit("drop the seed")
    clone.write("README", "x")
    clone.commit("something else")
    result = clone.check()
    assert result.rules == ["history-removed"]
    by = result.json["findings"][0]["change"]["changed_by"]
    assert (by["commit"], by["author"]) == (removed, "Ada")
    assert "removed by " + removed[:7] in clone.run("check").out


def test_a_comment_in_the_way_up_is_no_other_way_down(make_repo, db):
    repo = make_repo("plain", [])
    text = "-- +goose Up\n-- hello\nCREATE TABLE a (id int);\n-- +goose Down\nDROP TABLE a;\n"
    repo.write("migrations/00001_a.sql", text)
    assert repo.run("record", "--layout", "goose").status == 0
    repo.commit("first", record=False)
    assert repo.run("deploy", env=db.env).status == 0
    repo.write("migrations/00001_a.sql", text.replace("hello", "hello world"))
    repo.commit("comment")
    result = repo.check(env=db.env)
    assert (result.status, result.rules) == (1, ["applied-edited"]), result
    repo.write("migrations/00001_a.sql", text.replace("DROP TABLE a", "DROP TABLE a CASCADE"))
    repo.commit("the way down")
    assert set(repo.check(env=db.env).rules) == {"applied-edited", "applied-companion-changed"}


def test_a_file_that_moved_with_its_folder_is_put_back_there(clone):
    base = clone.git("rev-parse", "HEAD")
    clone.git("mv", "migrations", "db")
    clone.folder = "db"
    clone.write(".predeploy", "[migrations]\n\tpath = db\n")
    clone.write(clone.up(NAMES[1]), "CREATE TABLE orders ();\n")
    clone.commit("move and edit")
    result = clone.check("--base", base)
    assert result.rules == ["history-edited"], result
    hint = result.json["findings"][0]["hint"]
    command = hint[hint.index("git show") :].rstrip("`")
    subprocess.run(["sh", "-c", command], cwd=clone.path, check=True, env=clone.predeploy.env())
    clone.commit("mended")
    assert clone.check("--base", base).status == 0


def test_a_branch_that_a_shallow_clone_lacks(clone, tmp_path):
    own(clone)
    clone.git("clone", "-q", "--depth=1", "-b", "own", f"file://{tmp_path}/remote.git", tmp_path / "ci")
    clone.path = tmp_path / "ci"
    result = clone.run("check", "--base", "origin/main", "--format", "json")
    assert result.status == 3
    hint = result.json["error"]["hint"]
    command = hint[hint.index("git fetch") : hint.index(" (in GitHub")]
    subprocess.run(["sh", "-c", command], cwd=clone.path, check=True, env=clone.predeploy.env())
    assert clone.check("--base", "origin/main").rules == ["history-edited"]
