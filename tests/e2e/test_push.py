"""The pre-push hook under real `git push` to a real remote."""

import os
import stat
import subprocess

import pytest
import world


@pytest.fixture
def pushed(repo, tmp_path):
    """A repository with a remote, its first push done, the hook installed."""
    repo.remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", repo.remote], check=True, env=repo.predeploy.env())
    repo.git("remote", "add", "origin", repo.remote)
    binary = tmp_path / "bin"
    binary.mkdir()
    words = " ".join(f"'{word}'" for word in [*repo.predeploy.prefix, repo.predeploy.binary])
    (binary / "predeploy").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (binary / "predeploy").chmod(0o755)
    repo.env = {"PATH": f"{binary}:{os.environ['PATH']}"}
    result = repo.run("hook", "install", env=repo.env)
    assert result.status == 0, result
    assert "pre-push" in result.both
    return repo


def push(repo, *args):
    done = repo.git("push", *args, check=False, env=repo.env)
    assert not world.TROUBLE.search(done.stderr), done.stderr
    return done


def remote_refs(repo):
    return repo.git("ls-remote", repo.remote)


def test_new_branch_update_deletion_tag(pushed):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("more")
    assert push(repo).returncode == 0
    repo.git("branch", "side")
    repo.git("branch", "other")
    assert push(repo, "origin", "side", "other").returncode == 0
    repo.git("tag", "-a", "v1", "-m", "one")
    repo.git("tag", "light")
    assert push(repo, "origin", "v1", "light").returncode == 0
    assert push(repo, "origin", "--delete", "side").returncode == 0
    assert push(repo, "origin", "--delete", "v1").returncode == 0
    assert push(repo).returncode == 0
    assert "refs/heads/other" in remote_refs(repo) and "side" not in remote_refs(repo)


def test_new_branch_with_a_closed_gate(pushed):
    repo = pushed
    repo.remove(repo.down("0002_seed"))
    repo.commit("no companion")
    done = push(repo, "-u", "origin", "main")
    assert done.returncode != 0
    assert b"rollback-missing" in done.stderr + done.stdout
    assert remote_refs(repo) == ""


def edit(repo):
    repo.write(repo.up("0001_orders"), "CREATE TABLE orders ();\n")


def rename(repo):
    for name in (repo.up, repo.down):
        repo.git("mv", name("0002_seed"), name("0002_sown"))
    repo.entries[2]["tag"] = "0002_sown"
    repo.journal()


def remove(repo):
    repo.git("rm", "-q", repo.up("0002_seed"), repo.down("0002_seed"))
    repo.entries.pop()
    repo.journal()


def insert(repo):
    repo.migration("0003_between", "SELECT 1;\n")
    repo.entries.insert(1, repo.entries.pop())
    repo.entries[1]["when"] = repo.entries[0]["when"] + 1
    repo.journal()


CHANGES = {"history-edited": edit, "history-renamed": rename, "history-removed": remove,
           "history-inserted": insert}


@pytest.mark.parametrize("rule", CHANGES)
def test_published_is_append_only(rule, pushed):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    before = remote_refs(repo)
    CHANGES[rule](repo)
    repo.commit("changes what is published")
    for args in ((), ("origin", "HEAD:refs/heads/new-branch"), ("--force", "origin", "main")):
        done = push(repo, *args)
        assert done.returncode != 0, (args, done)
        assert rule.encode() in done.stderr + done.stdout, (args, done)
    assert remote_refs(repo) == before


@pytest.mark.parametrize("good", [True, False])
def test_force_push(good, pushed):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.git("commit", "-q", "--amend", "-m", "reworded")
    if not good:
        edit(repo)
        repo.record()
        repo.git("commit", "-q", "-a", "--amend", "-m", "rewritten")
    assert (push(repo, "--force").returncode == 0) == good


def test_one_bad_ref_of_several(pushed):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.git("checkout", "-q", "-b", "bad")
    edit(repo)
    repo.commit("bad")
    repo.git("branch", "good", "main")
    assert push(repo, "origin", "good", "bad").returncode != 0
    assert "refs/heads/bad" not in remote_refs(repo)


def test_a_bad_commit_that_a_later_one_mends(pushed):
    """Each pushed ref is judged by what it would publish."""
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.remove(repo.down("0002_seed"))
    repo.commit("lost")
    repo.git("revert", "--no-edit", "HEAD")
    assert push(repo).returncode == 0


def test_branch_without_migrations(pushed):
    repo = pushed
    repo.git("checkout", "-q", "--orphan", "pages")
    repo.git("rm", "-rqf", ".")
    repo.write("index.html", "<p>")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "pages")
    assert push(repo, "origin", "pages").returncode == 0
    assert "refs/heads/pages" in remote_refs(repo)


@pytest.mark.parametrize("good", [True, False])
def test_orphan_branch_with_migrations(good, pushed):
    """It shares no commit with what is published, and is held against the default branch."""
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.git("checkout", "-q", "--orphan", "fresh")
    if not good:
        edit(repo)
    repo.commit("history squashed")
    done = push(repo, "origin", "fresh")
    assert (done.returncode == 0) == good, done
    assert (b"history-edited" in done.stderr + done.stdout) == (not good)
    assert ("refs/heads/fresh" in remote_refs(repo)) == good


@pytest.mark.parametrize("good", [True, False])
@pytest.mark.parametrize("orphan", [True, False], ids=["orphan", "branch"])
@pytest.mark.parametrize("named", [True, False], ids=["name", "url"])
def test_new_branch_at_a_remote_that_was_never_fetched(named, orphan, good, pushed, tmp_path):
    """What another remote is known to have is published all the same."""
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    second = tmp_path / "second.git"
    repo.git("clone", "-q", "--bare", repo.remote, second)
    repo.git("remote", "add", "second", second)
    repo.git("checkout", "-q", "--orphan" if orphan else "-b", "work")
    if not good:
        edit(repo)
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("work")
    done = push(repo, "second" if named else second, "work")
    assert (done.returncode == 0) == good, done
    assert (b"history-edited" in done.stderr + done.stdout) == (not good)
    assert ("refs/heads/work" in repo.git("ls-remote", second)) == good


def test_tags_of_what_is_no_commit(pushed):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    for kind, spec in (("blob", "HEAD:drizzle/0000_customers.sql"), ("tree", "HEAD:drizzle")):
        repo.git("tag", kind, spec)
        repo.git("tag", "-a", "-m", kind, f"annotated-{kind}", spec)
    tags = ("blob", "tree", "annotated-blob", "annotated-tree")
    done = push(repo, "origin", *tags)
    assert done.returncode == 0, done
    assert all(f"refs/tags/{tag}" in remote_refs(repo) for tag in tags)
    # they do not open the gate for what is pushed with them
    repo.git("tag", "late", "HEAD:drizzle/meta")
    edit(repo)
    repo.commit("bad")
    assert push(repo, "origin", "late", "main").returncode != 0


def test_remote_side_is_unknown(pushed, tmp_path):
    """The remote is ahead by a commit that was never fetched: git refuses, not with a crash of ours."""
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.git("clone", "-q", repo.remote, tmp_path / "second")
    (tmp_path / "second/x").write_text("x")
    repo.git("add", "-A", cwd=tmp_path / "second")
    repo.git("commit", "-q", "-m", "ahead", cwd=tmp_path / "second")
    repo.git("push", "-q", cwd=tmp_path / "second")
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("more")
    assert push(repo).returncode != 0


def hook_file(repo):
    return repo.path / ".git/hooks/pre-push"


def test_install_twice(pushed):
    before = hook_file(pushed).read_bytes()
    assert os.access(hook_file(pushed), os.X_OK)
    assert pushed.run("hook", "install", env=pushed.env).status == 0
    assert hook_file(pushed).read_bytes() == before
    assert not hook_file(pushed).with_name("pre-push.local").exists()


def existing(repo, text):
    hook_file(repo).parent.mkdir(exist_ok=True)
    hook_file(repo).write_text(text)
    hook_file(repo).chmod(hook_file(repo).stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("verdict", [0, 1])
def test_chained(verdict, pushed):
    """A hook that was there is kept, called first, gets the same lines, and can still say no."""
    repo = pushed
    hook_file(repo).unlink()
    existing(repo, f"#!/bin/sh\ncat >seen\necho \"$1\" >>seen\nexit {verdict}\n")
    result = repo.run("hook", "install", env=repo.env)
    assert result.status == 0 and "pre-push.local" in result.both, result
    done = push(repo, "-u", "origin", "main")
    assert (done.returncode == 0) == (verdict == 0), done
    seen = (repo.path / "seen").read_text()
    assert "refs/heads/main" in seen and "origin" in seen
    if verdict == 0:
        edit(repo)
        repo.commit("bad")
        assert push(repo).returncode != 0, "ours is still asked"


def test_never_overwritten(pushed):
    hook_file(pushed).unlink()
    existing(pushed, "#!/bin/sh\nexit 0\n")
    hook_file(pushed).with_name("pre-push.local").write_text("mine\n")
    before = hook_file(pushed).read_text()
    result = pushed.run("hook", "install", env=pushed.env)
    assert result.status == 2, result
    assert hook_file(pushed).read_text() == before
    assert hook_file(pushed).with_name("pre-push.local").read_text() == "mine\n"


def test_hooks_path(pushed):
    hook_file(pushed).unlink()
    pushed.git("config", "core.hooksPath", ".githooks")
    assert pushed.run("hook", "install", env=pushed.env).status == 0
    assert (pushed.path / ".githooks/pre-push").exists()
    assert not hook_file(pushed).exists()
    edit(pushed)
    pushed.commit("tampered", record=False)
    assert push(pushed, "-u", "origin", "main").returncode != 0


def test_in_a_worktree(pushed, tmp_path):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    repo.git("worktree", "add", "-q", tmp_path / "tree", "-b", "work")
    (tmp_path / "tree/drizzle/0001_orders.sql").write_text("CREATE TABLE orders ();\n")
    repo.git("commit", "-q", "-a", "-m", "edit", cwd=tmp_path / "tree")
    done = repo.git("push", "origin", "work", cwd=tmp_path / "tree", check=False, env=repo.env)
    assert done.returncode != 0


def test_by_hand(pushed):
    """hooks/pre-push of this project is the same, copied."""
    hook_file(pushed).write_bytes((world.ROOT / "hooks/pre-push").read_bytes())
    assert push(pushed, "-u", "origin", "main").returncode == 0
    edit(pushed)
    pushed.commit("bad")
    assert push(pushed).returncode != 0


@pytest.mark.parametrize("line", [
    "nonsense\n", "refs/heads/main\n", "a b c d e f\n", "refs/heads/main 123 refs/heads/main 456\n",
    "\0\n", "x" * 100000 + "\n", "refs/heads/main " + "g" * 40 + " refs/heads/main " + "0" * 40 + "\n",
])
def test_malformed_lines(line, pushed):
    result = pushed.run("hook", "pre-push", "origin", str(pushed.remote), env=pushed.env, input=line)
    assert result.status in (2, 3), result


def test_nothing_pushed(pushed):
    assert pushed.run("hook", "pre-push", "origin", str(pushed.remote), input="").status == 0


def test_the_database_is_never_touched(pushed):
    line = f"refs/heads/main {pushed.git('rev-parse', 'HEAD')} refs/heads/main {'0' * 40}\n"
    result = pushed.run("hook", "pre-push", "origin", str(pushed.remote), input=line,
                        env={"DATABASE_URL": "postgresql://127.0.0.1:1/x"})
    assert result.status == 0, result


def forget(repo, *revisions):
    """Removes every object that only these revisions have: who asks for one of them fails."""
    objects = repo.git("rev-list", "--objects", *revisions).split("\n")
    lost = [line.split()[0] for line in objects if line]
    for oid in lost:
        (repo.path / ".git" / "objects" / oid[:2] / oid[2:]).unlink()
    return lost


def test_history_is_read_as_far_as_the_base(pushed):
    """One migration more: what lies behind the published tip is not asked for."""
    repo = pushed
    for number in range(3, 9):
        repo.migration(f"{number:04d}_more", f"SELECT {number};\n")
        repo.commit(f"more {number}")
    assert push(repo, "-u", "origin", "main").returncode == 0
    lost = forget(repo, "HEAD^", "^HEAD^{tree}")
    assert len(lost) > 12, lost
    assert repo.git("log", check=False).returncode != 0
    repo.migration("0009_last", "SELECT 9;\n")
    repo.commit("last")
    for command in (["check"], ["check", "--base", "origin/main"]):
        result = repo.run(*command)
        assert result.status == 0 and "9 published" in result.out, result
    tip, base = repo.git("rev-parse", "HEAD", "origin/main").split()
    line = f"refs/heads/main {tip} refs/heads/main {base}\n"
    result = repo.run("hook", "pre-push", "origin", repo.remote, input=line.encode())
    assert result.status == 0, result
    repo.remove(repo.down("0009_last"))
    repo.git("commit", "-q", "-a", "--amend", "-m", "without its companion")
    tip = repo.git("rev-parse", "HEAD").strip()
    line = f"refs/heads/main {tip} refs/heads/main {base}\n"
    result = repo.run("hook", "pre-push", "origin", repo.remote, input=line.encode())
    assert result.status == 1 and "rollback-missing" in result.both, result


def test_a_default_branch_of_another_name(pushed):
    """Without the remote's HEAD the branch is not known: that is told, not passed over."""
    repo = pushed
    repo.git("branch", "-m", "trunk")
    repo.git("push", "-q", "--no-verify", "-u", "origin", "trunk")
    repo.git("push", "-q", "--no-verify", "origin", "trunk:other")
    repo.git("fetch", "-q", "origin")
    repo.git("checkout", "-q", "-b", "side", "trunk~0")
    repo.migration("0003_side", "SELECT 1;\n")
    repo.commit("side")
    done = push(repo, "origin", "side")
    assert done.returncode != 0 and b"set-head origin" in done.stdout + done.stderr, done
    repo.git("remote", "set-head", "origin", "trunk")
    assert push(repo, "origin", "side").returncode == 0
