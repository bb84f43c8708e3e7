"""The pre-receive hook under real `git push` over a file remote, into a bare repository."""

import os
import pathlib
import re
import subprocess

import pytest
import world

ZERO = "0" * 40


class Server:
    """A bare repository with the hook installed; `repo` pushes to it as origin."""

    def __init__(self, repo, folder):
        self.repo = repo
        self.path = folder / "server.git"
        subprocess.run(["git", "init", "-q", "--bare", self.path], check=True, env=repo.predeploy.env())
        repo.git("remote", "add", "origin", self.path)
        binary = folder / "bin"
        binary.mkdir()
        words = " ".join(f"'{word}'" for word in [*repo.predeploy.prefix, repo.predeploy.binary])
        (binary / "predeploy").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        (binary / "predeploy").chmod(0o755)
        # Nobody answers there: a connection would be an error.
        self.env = {
            "PATH": f"{binary}:{os.environ['PATH']}",
            "DATABASE_URL": "postgresql://127.0.0.1:1/none",
        }
        result = repo.run("hook", "install", cwd=self.path)
        assert result.status == 0 and "hooks/pre-receive: installed" in result.out, result

    def git(self, *args, **more):
        return self.repo.git(*args, cwd=self.path, **more)

    def state(self):
        """All refs, and all files that hold objects."""
        files = sorted(str(path) for path in (self.path / "objects").rglob("*") if path.is_file())
        return self.git("for-each-ref"), files

    def push(self, *args):
        done = self.repo.git("push", "--porcelain", *args, check=False, env=self.env)
        assert not world.TROUBLE.search(done.stderr), done.stderr
        return done

    def accept(self, *args):
        done = self.push(*args)
        assert done.returncode == 0, done
        return done.stderr.decode()

    def reject(self, *args, saying=()):
        """The push is rejected whole, says why, and leaves nothing behind."""
        before = self.state()
        done = self.push(*args)
        said = done.stderr.decode()
        assert done.returncode != 0, done
        assert "pre-receive hook declined" in done.stdout.decode() + said, done
        text = re.sub(r"\s*\n(remote:)?\s*", " ", said)  # sentences are wrapped
        for word in [saying] if isinstance(saying, str) else saying:
            assert word in text, (word, said)
        assert self.state() == before
        self.git("fsck", "--strict")
        return said

    def hook(self, lines, env=None, **more):
        """The hook called by hand, as receive-pack calls it."""
        env = {"GIT_DIR": ".", **(env or {})}
        result = self.repo.predeploy.run("hook", "pre-receive", cwd=self.path, env=env, input=lines, **more)
        assert result.out == "", "git takes stderr"
        return result

    def settings(self, text, name="predeploy.settings"):
        (self.path / name).write_text(text)
        self.git("config", "predeploy.settings", name)


@pytest.fixture
def empty(repo, tmp_path):
    return Server(repo, tmp_path)


@pytest.fixture
def server(empty):
    """main is there, with the three migrations of the shop."""
    empty.accept("origin", "main")
    return empty


def more(repo, name="0003_more"):
    repo.migration(name, "SELECT 1;\n")
    repo.commit(name)


# ---- what is accepted ----


def test_good_pushes(server):
    repo = server.repo
    more(repo)
    said = server.accept("origin", "main")
    assert "pre-receive refs/heads/main" in said, said
    repo.git("checkout", "-q", "-b", "side")
    more(repo, "0004_side")
    server.accept("origin", "side")
    repo.write("code.py", "1\n")
    repo.commit("only code")
    assert "predeploy" not in server.accept("origin", "side")
    repo.git("tag", "-a", "v1", "-m", "one")
    repo.git("tag", "light", "main")
    repo.git("tag", "-a", "twice", "-m", "two", "v1")
    server.accept("origin", "v1", "light", "twice")
    server.accept("origin", "--delete", "side", "light")
    server.accept("--force", "origin", "main")
    refs = server.git("for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/main", "refs/tags/twice", "refs/tags/v1"]


def test_all_at_once_into_an_empty_server(empty):
    repo = empty.repo
    repo.git("branch", "side")
    repo.git("tag", "-a", "v1", "-m", "one")
    empty.accept("--all", "origin")
    empty.accept("--tags", "origin")


def test_objects_that_are_no_commits(server):
    repo = server.repo
    for kind, spec in (("blob", "HEAD:drizzle/0000_customers.sql"), ("tree", "HEAD:drizzle")):
        repo.git("tag", kind, spec)
        repo.git("tag", "-a", "-m", kind, f"annotated-{kind}", spec)
    server.accept("origin", "blob", "tree", "annotated-blob", "annotated-tree")


def test_branch_without_migrations(server):
    repo = server.repo
    repo.git("checkout", "-q", "--orphan", "pages")
    repo.git("rm", "-rqf", ".")
    repo.write("index.html", "<p>")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "pages")
    server.accept("origin", "pages")
    repo.write("index.html", "<p>more")
    repo.git("commit", "-q", "-a", "-m", "pages")
    server.accept("origin", "pages")
    # what it gets later is held against HEAD's branch
    repo.git("checkout", "-q", "main", "--", "drizzle")
    edit(repo)
    repo.commit("other migrations")
    server.reject("origin", "pages", saying="history-edited")


def test_branch_and_tag_of_an_old_commit(server):
    """HEAD's branch has more by now; what it had once is known all the same."""
    repo = server.repo
    old = repo.git("rev-parse", "HEAD")
    more(repo)
    server.accept("origin", "main")
    repo.git("tag", "v1", old)
    server.accept("origin", "v1", f"{old}:refs/heads/release")


# ---- what is rejected ----


def edit(repo):
    repo.write(repo.up("0001_orders"), "CREATE TABLE orders ();\n")


def edit_companion(repo):
    repo.write(repo.down("0001_orders"), "DROP TABLE orders CASCADE;\n")


def remove_companion(repo):
    repo.remove(repo.down("0001_orders"))


def rename(repo):
    for name in (repo.up, repo.down):
        repo.git("mv", name("0002_seed"), name("0002_sown"))
    repo.entries[2]["tag"] = "0002_sown"
    repo.journal()


def remove(repo):
    repo.git("rm", "-q", repo.up("0002_seed"), repo.down("0002_seed"))
    repo.entries.pop()
    repo.journal()


def remove_all(repo):
    repo.git("rm", "-rqf", "drizzle")
    repo.write("code.py", "1\n")


def insert(repo):
    repo.migration("0003_between", "SELECT 1;\n")
    repo.entries.insert(1, repo.entries.pop())
    repo.entries[1]["when"] = repo.entries[0]["when"] + 1
    repo.journal()


def reorder(repo):
    repo.entries[1], repo.entries[2] = repo.entries[2], repo.entries[1]
    repo.journal()


def restamp(repo):
    repo.entries[2]["when"] += 5
    repo.journal()


def remove_journal(repo):
    repo.git("rm", "-q", "drizzle/meta/_journal.json")


def loosen(repo):
    repo.write(".predeploy", '[rule "history-edited"]\n\tseverity = warning\n')
    edit(repo)


def loosen_companions(repo):
    repo.write(".predeploy", "[migrations]\n\trollback = off\n")
    repo.migration("0003_more", "SELECT 1;\n", down=None)


def move(repo):
    """The new folder has what is published, but not as it was."""
    repo.git("mv", "drizzle", "sql")
    repo.write("sql/0001_orders.sql", "CREATE TABLE orders ();\n")
    repo.write(".predeploy", "[migrations]\n\tpath = sql\n")


def point_elsewhere(repo):
    """The published folder stays as it was, but the next push would look elsewhere."""
    repo.write("sql/0001_other.sql", "SELECT 1;\n")
    repo.write(".predeploy", "[migrations]\n\tpath = sql\n\tlayout = plain\n")


def point_nowhere(repo):
    repo.write(".predeploy", "[migrations]\n\tpath = nowhere\n")


def change_layout(repo):
    repo.write(".predeploy", "[migrations]\n\tlayout = flyway\n")


TAMPERS = {
    edit: "history-edited",
    edit_companion: "history-companion",
    remove_companion: "history-companion",
    rename: "history-renamed",
    remove: "history-removed",
    remove_all: "history-removed",
    insert: "history-inserted",
    reorder: "history-reordered",
    restamp: "history-restamped",
    remove_journal: "history-restamped",
    loosen: "history-edited",
    loosen_companions: "rollback-missing",
    move: "history-removed",
    point_elsewhere: "history-removed",
    point_nowhere: "history-removed",
    change_layout: "history-removed",
}


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_tampers(tamper, server):
    """Consistently re-recorded, as an update, as a new branch, by force, as a tag."""
    repo = server.repo
    rule = TAMPERS[tamper]
    tamper(repo)
    repo.commit("tampered")
    server.reject("origin", "main", saying=rule)
    repo.git("tag", "-a", "v1", "-m", "one")
    server.reject("origin", "v1", saying=rule)
    server.reject("origin", "HEAD:refs/heads/new", saying=rule)
    repo.git("reset", "-q", "--soft", "HEAD~1")
    repo.git("commit", "-q", "--amend", "-m", "rewritten", "--date=2001-01-01T00:00:00Z")
    server.reject("--force", "origin", "main", saying=rule)


def test_not_recorded(server):
    edit(server.repo)
    server.repo.commit("edited", record=False)
    server.reject("origin", "main", saying=["hash-mismatch", "history-edited"])


def test_force_push_that_drops_a_published_migration(server):
    repo = server.repo
    more(repo)
    server.accept("origin", "main")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.write("code.py", "1\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "without")
    server.reject("--force", "origin", "main", saying=["history-removed", "0003_more"])
    # on another branch it only has not merged it yet
    server.accept("origin", "main:refs/heads/behind")


@pytest.mark.parametrize("settings", ["", "[migrations]\n\tpath = other\n"])
def test_orphan_with_other_migrations(settings, server):
    repo = server.repo
    repo.git("checkout", "-q", "--orphan", "fresh")
    if settings:
        repo.git("mv", "drizzle", "other")
        repo.write(".predeploy", settings)
        repo.write("other/0001_orders.sql", "CREATE TABLE orders ();\n")
    edit(repo) if not settings else None
    repo.commit("other history", record=not settings)
    server.reject("origin", "fresh", saying="history-")
    server.reject("--force", "origin", "fresh:main", saying="history-")


def test_unrelated_branch_of_its_own(server):
    """It had other migrations before the hook came: it goes on with them alone."""
    repo = server.repo
    repo.git("checkout", "-q", "--orphan", "reports")
    edit(repo)
    repo.commit("other migrations")
    hook = server.path / "hooks/pre-receive"
    hook.rename(hook.with_suffix(".off"))
    server.accept("origin", "reports")
    hook.with_suffix(".off").rename(hook)
    more(repo)
    server.accept("origin", "reports")
    repo.write(repo.up("0001_orders"), "SELECT 2;\n")
    repo.commit("edited")
    server.reject("origin", "reports", saying="history-edited")


def test_place_of_another_branch(server):
    """A branch has a copy in another folder: a new branch cannot edit the copy unseen."""
    repo = server.repo
    repo.git("checkout", "-q", "-b", "copy")
    subprocess.run(["cp", "-r", repo.migrations, repo.path / "sql"], check=True)
    repo.write(".predeploy", "[migrations]\n\tpath = sql\n")
    repo.commit("copied")
    server.accept("origin", "copy")
    repo.write("sql/0001_orders.sql", "SELECT 2;\n")
    repo.commit("edited")
    server.reject("origin", "HEAD:refs/heads/new", saying="history-edited")
    repo.git("tag", "v1")
    server.reject("origin", "v1", saying="history-edited")


def test_the_same_commit_to_several_refs(server):
    """One of them may stand elsewhere: each that is there is a question of its own."""
    repo = server.repo
    old = repo.git("rev-parse", "HEAD")
    more(repo)
    server.accept("origin", "main")
    repo.git("checkout", "-q", old)
    repo.write("code.py", "1\n")
    new = repo.commit("without it", record=False)
    server.reject("--force", "origin", f"{new}:refs/heads/new", f"{new}:refs/heads/main",
                  saying="pre-receive refs/heads/main")
    edit(repo)
    bad = repo.commit("edited")
    said = server.reject("origin", f"{bad}:refs/heads/a", f"{bad}:refs/heads/b", f"{bad}:refs/tags/c")
    assert said.count("predeploy pre-receive refs/") == 2, said


def test_name_of_a_ref_is_not_raw(server):
    repo = server.repo
    edit(repo)
    repo.commit("edited")
    said = server.reject("origin", "HEAD:refs/heads/\u202eevil", saying="history-edited")
    assert "\u202e" not in "".join(line for line in said.splitlines() if line.startswith("remote:"))


def test_one_bad_ref_of_several(server):
    repo = server.repo
    more(repo)
    repo.git("branch", "good")
    repo.git("checkout", "-q", "-b", "bad")
    edit(repo)
    repo.commit("bad")
    said = server.reject("origin", "main", "good", "bad", saying="history-edited")
    assert "pre-receive refs/heads/bad" in said
    server.accept("origin", "main", "good")


def test_behind_what_was_published_since(server):
    repo = server.repo
    repo.git("checkout", "-q", "-b", "side")
    more(repo, "0003_side")
    repo.git("checkout", "-q", "main")
    repo.entries.pop()
    more(repo, "0003_main")
    server.accept("origin", "main")
    server.reject("origin", "side", saying="history-")


def test_unborn_head(empty):
    """HEAD names a branch that was never pushed: the other branches are what is published."""
    repo = empty.repo
    repo.git("branch", "-m", "trunk")
    empty.accept("origin", "trunk")
    edit(repo)
    repo.commit("edited")
    empty.reject("origin", "HEAD:main", saying="history-edited")
    repo.git("checkout", "-q", "--orphan", "fresh")
    repo.commit("fresh")
    empty.reject("origin", "fresh", saying=["cannot tell what is published", "symbolic-ref"])


# ---- settings ----


def test_settings_of_the_ref_stand(server):
    """What a push loosens does not count for itself, and is in its report."""
    repo = server.repo
    repo.write(".predeploy", "[migrations]\n\trollback = off\n")
    repo.commit("loosened")
    said = server.accept("origin", "main")
    assert ".predeploy" in said and "rollback" in said, said


def test_first_push_brings_no_policy(empty):
    repo = empty.repo
    repo.git("mv", "drizzle", "db")
    repo.folder = "db"
    repo.write(".predeploy", "[migrations]\n\tpath = db\n\trollback = off\n")
    repo.remove("db/0001_orders-rollback.sql")
    repo.commit("first")
    empty.reject("origin", "main", saying=["rollback-missing", "db/0001_orders"])
    empty.settings("[migrations]\n\tpath = db\n\trollback = warn\n")
    empty.accept("origin", "main")


def test_server_settings_come_first(server):
    repo = server.repo
    server.settings("[migrations]\n\trollback = off\n")
    repo.migration("0003_more", "SELECT 1;\n", down=None)
    repo.commit("no companion")
    server.accept("origin", "main")
    server.settings("", "/".join([str(server.path), "empty"]))
    repo.write(".predeploy", "[migrations]\n\trollback = off\n")
    repo.migration("0004_more", "SELECT 1;\n", down=None)
    repo.commit("no companion again")
    server.reject("origin", "main", saying="rollback-missing")


BAD_SETTINGS = {
    "missing": lambda path: None,
    "folder": lambda path: path.mkdir(),
    "link": lambda path: [path.with_name("good").write_text(""), path.symlink_to("good")],
    "fifo": lambda path: os.mkfifo(path),
    "large": lambda path: path.write_text("# x\n" * 20000),
    "broken": lambda path: path.write_text("[nonsense]\n\ta = 1\n"),
    "bytes": lambda path: path.write_bytes(b"\x00\xff\x1b[31m"),
}


@pytest.mark.parametrize("kind", BAD_SETTINGS)
def test_server_settings_that_cannot_be_read(kind, server):
    BAD_SETTINGS[kind](server.path / "s")
    server.git("config", "predeploy.settings", "s")
    more(server.repo)
    said = server.reject("origin", "main", saying=["server's settings", "predeploy.settings"])
    assert "\x1b" not in said
    head = server.repo.git("rev-parse", "origin/main")
    assert server.hook(f"{ZERO} {head} refs/heads/x\n").status == 3


def test_moving_the_folder_in_two_pushes(server):
    repo = server.repo
    first = repo.git("rev-parse", "HEAD")
    repo.git("mv", "drizzle", "sql")
    repo.write(".predeploy", "[migrations]\n\tpath = sql\n")
    repo.commit("moved")
    server.reject("origin", "main", saying=["history-removed", "push a copy", "predeploy.settings"])
    repo.git("checkout", "-q", "HEAD~1", "--", "drizzle")
    repo.commit("copied")
    server.accept("origin", "main")
    repo.git("rm", "-rqf", "drizzle")
    repo.commit("moved at last")
    server.accept("origin", "main")
    # a commit from before the move: it is on main, whatever the settings say today
    server.accept("origin", f"{first}:refs/heads/release")
    repo.write("sql/0001_orders.sql", "SELECT 2;\n")
    repo.commit("edited")
    server.reject("origin", "main", saying="history-edited")


def test_moving_the_folder_with_the_server(server):
    repo = server.repo
    server.settings("[migrations]\n\tpath = drizzle\n")
    repo.git("mv", "drizzle", "sql")
    repo.write(".predeploy", "[migrations]\n\tpath = sql\n")
    repo.commit("moved")
    server.reject("origin", "main", saying=["history-removed", "settings first"])
    server.settings("[migrations]\n\tpath = sql\n")
    server.accept("origin", "main")
    repo.write("sql/0001_orders.sql", "SELECT 2;\n")
    repo.commit("edited")
    server.reject("origin", "main", saying="history-edited")


def test_server_names_the_folder(server):
    """What the repository says of another folder changes nothing, whichever way it was pushed."""
    repo = server.repo
    server.settings("[migrations]\n\tpath = drizzle\n")
    point_nowhere(repo)
    repo.commit("points nowhere")
    server.accept("origin", "main")
    edit(repo)
    repo.commit("edited")
    server.reject("origin", "main", saying="history-edited")


def test_broken_settings_are_refused(server):
    repo = server.repo
    (repo.path / ".predeploy").symlink_to("/etc/passwd")
    repo.commit("link")
    server.reject("origin", "main", saying="symbolic link")
    (repo.path / ".predeploy").unlink()
    repo.write(".predeploy", b"# x\n" * (1 << 18))
    repo.commit("large")
    server.reject("origin", "main", saying="bytes, more than")
    repo.write(".predeploy", "[nonsense]\n")
    repo.commit("unknown")
    server.reject("origin", "main", saying="unknown section")


@pytest.mark.parametrize("kind", ["link", "unknown"])
def test_broken_settings_that_stand(kind, empty):
    """They came before the hook: who mends them needs the server's settings."""
    repo = empty.repo
    if kind == "link":
        (repo.path / ".predeploy").symlink_to("/etc/passwd")
    else:
        repo.write(".predeploy", "[nonsense]\n")
    repo.commit("broken")
    hook = empty.path / "hooks/pre-receive"
    hook.rename(hook.with_suffix(".off"))
    empty.accept("origin", "main")
    hook.with_suffix(".off").rename(hook)
    repo.git("rm", "-qf", ".predeploy")
    repo.commit("mended")
    empty.reject("origin", "main", saying=["settings that stand", "predeploy.settings"])
    empty.settings("")
    empty.accept("origin", "main")


def test_options_of_the_administrator(server):
    repo = server.repo
    hook = server.path / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nexec predeploy hook pre-receive --path elsewhere\n")
    more(repo)
    server.reject("origin", "main", saying="no-migrations")
    hook.write_text("#!/bin/sh\nexec predeploy hook pre-receive --path drizzle --quiet\n")
    server.accept("origin", "main")
    point_nowhere(repo)
    repo.commit("points nowhere")
    server.accept("origin", "main")
    edit(repo)
    repo.commit("edited")
    server.reject("origin", "main", saying="history-edited")


def test_no_backup_is_asked_for(server):
    """Nothing is deployed here, whatever the settings want of a deployment."""
    repo = server.repo
    repo.write(".predeploy", "[backup]\n\trequired = true\n")
    repo.commit("backups")
    server.accept("origin", "main")
    more(repo)
    server.accept("origin", "main")


# ---- hostile pushes ----


def make(repo, kind, data, *options):
    done = subprocess.run(
        ["git", "hash-object", "-w", "--stdin", "-t", kind, *options], input=data, cwd=repo.path,
        env=repo.predeploy.env(), check=True, stdout=subprocess.PIPE,
    )
    return done.stdout.decode().strip()


def tree(*entries):
    return b"".join(
        f"{mode} ".encode() + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries
    )


def commit_tree(repo, oid):
    return repo.git("commit-tree", oid, "-p", "HEAD", "-m", "made by hand")


def folder_of(repo, entries):
    """A commit whose migrations folder has these entries."""
    folder = make(repo, "tree", tree(*entries), "--literally")
    return commit_tree(repo, make(repo, "tree", tree(("40000", b"drizzle", folder)), "--literally"))


def many_entries(repo):
    blob = make(repo, "blob", b"SELECT 1;\n")
    return folder_of(repo, [("100644", b"%06d_x.sql" % i, blob) for i in range(100000)])


def many_findings(repo):
    blob = make(repo, "blob", b"SELECT 1;\n")
    return folder_of(repo, [("100644", b"%06d_x.sql" % i, blob) for i in range(5000)])


def large_blob(repo):
    repo.write(repo.up("0003_large"), b"-- x\n" * ((17 << 20) // 5 + 1))
    return repo.commit("large", record=False)


def long_name(repo):
    blob = make(repo, "blob", b"SELECT 1;\n")
    return folder_of(repo, [("100644", b"n" * 100000 + b".sql", blob)])


def quite_long_name(repo):
    blob = make(repo, "blob", b"SELECT 1;\n")
    return folder_of(repo, [("100644", b"n" * 8189 + b".sql", blob)])


def escapes(repo):
    blob = make(repo, "blob", b"SELECT 1;\n")
    names = [b"0001_\x1b[31mred.sql", b"0002_new\nline.sql", "0003_\u202eright.sql".encode(), b"0004_\xff.sql"]
    return folder_of(repo, [("100644", name, blob) for name in names])


def same_name_twice(repo):
    one = make(repo, "blob", b"SELECT 1;\n")
    two = make(repo, "blob", b"SELECT 2;\n")
    name = b"0000_customers.sql"
    return folder_of(repo, [("100644", name, one), ("100644", name, two)])


def folder_is_a_file(repo):
    blob = make(repo, "blob", b"SELECT 1;\n")
    return commit_tree(repo, make(repo, "tree", tree(("100644", b"drizzle", blob))))


def folder_is_a_link(repo):
    blob = make(repo, "blob", b"/etc")
    return commit_tree(repo, make(repo, "tree", tree(("120000", b"drizzle", blob))))


def migration_is_a_link(repo):
    (repo.path / repo.up("0001_orders")).unlink()
    (repo.path / repo.up("0001_orders")).symlink_to("/etc/passwd")
    return repo.commit("link", record=False)


def submodule(repo):
    return folder_of(repo, [("160000", b"0000_customers.sql", "1" * 40)])


def deep_sql(repo):
    repo.migration("0003_deep", "SELECT " + "(" * 200000 + "1" + ")" * 200000 + ";\n")
    return repo.commit("deep")


def deep_tree(repo):
    oid = make(repo, "tree", b"")
    for _ in range(3000):
        oid = make(repo, "tree", tree(("40000", b"d", oid)))
        if _ > 50:
            break
    return folder_of(repo, [("40000", b"d", oid)])


SAYING = {many_entries: "more than 40000 entries", many_findings: "4980 more findings", large_blob: "16 MiB",
          long_name: "cannot read drizzle", quite_long_name: "a name in it has 8193 bytes",
          escapes: "entry-unsafe-name", migration_is_a_link: "entry-symlink", submodule: "entry-submodule",
          deep_sql: "nested too deeply"}
HOSTILE = [many_entries, many_findings, large_blob, long_name, quite_long_name, escapes, same_name_twice, folder_is_a_file,
           folder_is_a_link, migration_is_a_link, submodule, deep_sql, deep_tree]


@pytest.mark.parametrize("build", HOSTILE, ids=lambda build: build.__name__)
def test_hostile_pushes(build, server):
    oid = build(server.repo)
    for ref in ("main", "new"):
        said = server.reject("--force", "origin", f"{oid}:refs/heads/{ref}")
        assert SAYING.get(build, "") in said, said
        assert not any(ord(char) < 32 and char not in "\n\t\r" for char in said.replace("\x1b[K", ""))
        assert "\u202e" not in said and len(said) < 200000
        assert "refs/heads/" + ref in said, said


def test_chain_of_tags(server):
    """git would follow it; what is deployed from it nobody could read."""
    repo = server.repo
    oid = repo.git("rev-parse", "HEAD")
    kind = "commit"
    for number in range(70):
        text = f"object {oid}\ntype {kind}\ntag t{number}\ntagger Ada <a@b> 1 +0000\n\n"
        oid = make(repo, "tag", text.encode())
        kind = "tag"
    server.reject("origin", f"{oid}:refs/tags/deep", saying="a tag of a tag")


@pytest.mark.parametrize("gone", ["HEAD^{tree}", "HEAD:drizzle", "HEAD:drizzle/0003_more.sql", "HEAD"])
def test_missing_objects(gone, server):
    """Should git ever let one through."""
    repo = server.repo
    old = repo.git("rev-parse", "HEAD")
    more(repo)
    new = repo.git("rev-parse", "HEAD")
    oid = repo.git("rev-parse", gone)
    repo.git("push", "-q", server.path, "main:refs/heads/main", env={"GIT_CONFIG_COUNT": 0, **server.env})
    (server.path / "objects" / oid[:2] / oid[2:]).unlink()
    result = server.hook(f"{old} {new} refs/heads/main\n")
    assert result.status == 3 and "missing or damaged" in result.err, result


def test_quarantine(server):
    """Objects that only the environment leads to are seen; without it nothing can be told."""
    repo = server.repo
    old = repo.git("rev-parse", "HEAD")
    edit(repo)
    new = repo.commit("edited")
    line = f"{old} {new} refs/heads/main\n"
    assert server.hook(line).status == 3
    env = {
        "GIT_OBJECT_DIRECTORY": repo.path / ".git/objects",
        "GIT_QUARANTINE_PATH": repo.path / ".git/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": server.path / "objects",
    }
    result = server.hook(line, env=env)
    assert result.status == 1 and "history-edited" in result.err, result


def test_alternates(server, tmp_path):
    """A server that borrows the objects of another one."""
    repo = server.repo
    fork = tmp_path / "fork.git"
    repo.git("clone", "-q", "--bare", "--shared", server.path, fork)
    assert repo.run("hook", "install", cwd=fork).status == 0
    repo.git("remote", "set-url", "origin", fork)
    more(repo)
    server.path = fork
    server.accept("origin", "main")
    edit(repo)
    repo.commit("edited")
    server.reject("origin", "main", saying="history-edited")


@pytest.mark.parametrize("line", [
    "nonsense\n", "\n", "a b c d\n", f"{ZERO} {ZERO}\n", f"{ZERO} 123 refs/heads/x\n", "\0\n",
    f"{ZERO} {'1' * 40} heads/x\n", f"{ZERO} {'1' * 40} refs/heads/x", "x" * 100000 + "\n",
    f"{ZERO} {'1' * 40} refs/heads/\x1b[31m\n", f"{ZERO} {'1' * 64} refs/heads/x\n",
    f"{ZERO}  {'1' * 40} refs/heads/x\n",
])
def test_malformed_lines(line, server):
    result = server.hook(line)
    assert result.status == 2 and "line 1" in result.err, result
    good = f"{'2' * 40} {ZERO} refs/heads/gone\n"
    result = server.hook(good + line)
    assert result.status == 2 and "line 2" in result.err, result


def test_too_many_refs(server):
    lines = "".join(f"{'2' * 40} {ZERO} refs/heads/b{i}\n" for i in range(1001))
    result = server.hook(lines)
    assert result.status == 2 and "more than 1000 refs" in result.err, result
    assert server.hook(lines.split("\n", 1)[1]).status == 0


def test_nothing_pushed(server):
    assert server.hook("").status == 0


def test_time_limit(server):
    """Standard input that never ends."""
    server.git("config", "predeploy.timeout", "300ms")
    process = server.repo.predeploy.start(
        "hook", "pre-receive", cwd=server.path, env={"GIT_DIR": "."}, stdin=subprocess.PIPE)
    assert process.wait(timeout=60) == 3
    assert b"in the time that there is" in process.stderr.read()
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()
    for bad in ("soon", "0", "-1"):
        server.git("config", "predeploy.timeout", bad)
        result = server.hook("")
        assert result.status == 3 and "predeploy.timeout" in result.err, result


@pytest.mark.parametrize("args", [["--format", "sarif"], ["--output", "x"], ["more"], ["--database", "x"]])
def test_arguments(args, server):
    result = server.repo.predeploy.run("hook", "pre-receive", *args, cwd=server.path, input="")
    assert result.status == 2, result


# ---- installing ----


def test_install_names_the_hook(server):
    repo = server.repo
    assert "pre-receive: already installed" in repo.run("hook", "install", cwd=server.path).out
    assert "hooks/pre-push: installed" in repo.run("hook", "install").out
    assert "hooks/pre-receive: installed" in repo.run("hook", "install", "pre-receive").out
    assert "hooks/pre-push: installed" in repo.run("hook", "install", "pre-push", cwd=server.path).out
    for wrong in (["install", "post-update"], ["install", "pre-push", "x"], ["nonsense"], []):
        assert repo.run("hook", *wrong).status == 2


def test_into_a_repository_with_a_work_tree(server, tmp_path):
    repo = server.repo
    repo.git("clone", "-q", server.path, tmp_path / "live")
    repo.git("config", "receive.denyCurrentBranch", "updateInstead", cwd=tmp_path / "live")
    assert repo.run("hook", "install", "pre-receive", cwd=tmp_path / "live").status == 0
    repo.git("remote", "set-url", "origin", tmp_path / "live")
    more(repo)
    server.accept("origin", "main")
    edit(repo)
    repo.commit("edited")
    done = server.push("origin", "main")
    assert done.returncode != 0 and b"history-edited" in done.stderr, done


@pytest.mark.parametrize("verdict", [0, 1])
def test_chained(verdict, server):
    """A hook that was there is kept, gets the same lines, is asked first, and can still say no."""
    repo = server.repo
    hook = server.path / "hooks/pre-receive"
    hook.write_text(f"#!/bin/sh\ncat >seen\nexit {verdict}\n")
    assert "pre-receive.local" in repo.run("hook", "install", cwd=server.path).out
    before = repo.git("rev-parse", "HEAD")
    more(repo)
    after = repo.git("rev-parse", "HEAD")
    repo.git("branch", "side")
    done = server.push("origin", "main", "side")
    assert (done.returncode == 0) == (verdict == 0), done
    seen = (server.path / "seen").read_text().splitlines()
    assert seen == [f"{before} {after} refs/heads/main", f"{ZERO} {after} refs/heads/side"]
    if verdict == 0:
        edit(repo)
        repo.commit("bad")
        server.reject("origin", "main", saying="history-edited")


def test_by_hand(server):
    (server.path / "hooks/pre-receive").write_bytes((world.ROOT / "hooks/pre-receive").read_bytes())
    edit(server.repo)
    server.repo.commit("bad")
    server.reject("origin", "main", saying="history-edited")


def test_without_predeploy(server):
    more(server.repo)
    tools = pathlib.Path(server.env["PATH"].split(":")[0]) / "predeploy"
    tools.unlink()
    server.reject("origin", "main", saying="not on the server's PATH")
