"""Any revision, from any kind of repository, from objects only."""

import os
import pwd
import shutil

import pytest


def commit_of(result):
    assert result.status == 0, result
    return result.json["revision"]["commit"]


def test_expressions(repo):
    first = repo.git("rev-parse", "HEAD")
    repo.git("tag", "-a", "v1", "-m", "one")
    repo.git("tag", "-a", "again", "-m", "a tag of a tag", "v1")
    repo.git("branch", "feature/x")
    repo.migration("0003_more", "SELECT 1;\n")
    second = repo.commit("second")
    for spec in (first, first[:10], "v1", "again", "v1^{}", "v1^{commit}", "HEAD~1", "HEAD^",
                 "feature/x", "refs/heads/feature/x", "HEAD@{1}", ":/first"):
        assert commit_of(repo.check(spec)) == first, spec
    for spec in ("HEAD", "main", "@"):
        assert commit_of(repo.check(spec)) == second, spec
    assert commit_of(repo.check()) == second
    assert repo.check("v1").json["migrations"]["count"] == 3
    assert repo.check().json["migrations"]["count"] == 4


def test_from_objects_only(repo):
    shutil.rmtree(repo.migrations)
    repo.write("drizzle/0000_customers.sql", "DROP DATABASE everything;")
    assert repo.check().status == 0


def test_bare_worktree_subfolder(repo, tmp_path):
    head = repo.git("rev-parse", "HEAD")
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "bare.git")
    assert commit_of(repo.check("--repo", tmp_path / "bare.git", cwd=tmp_path)) == head
    assert commit_of(repo.check(cwd=tmp_path / "bare.git")) == head
    repo.git("worktree", "add", "-q", tmp_path / "tree", "-b", "other")
    assert commit_of(repo.check(cwd=tmp_path / "tree")) == head
    assert commit_of(repo.check(cwd=tmp_path / "tree/drizzle/meta")) == head
    assert commit_of(repo.check(cwd=repo.path / "drizzle/meta")) == head
    assert commit_of(repo.check("--repo", repo.path, cwd="/")) == head
    assert commit_of(repo.check("--repo", repo.path / "drizzle", cwd="/")) == head
    assert commit_of(repo.check(cwd="/", env={"GIT_DIR": repo.path / ".git"})) == head


def test_other_folder(make_repo, db):
    repo = make_repo(commit=False)
    shutil.move(repo.path / "drizzle", repo.path / "packages")
    (repo.path / "packages").rename(repo.path / "db")
    repo.folder = "db"
    repo.commit("moved")
    assert repo.check("--path", "db").status == 0
    repo.write(".predeploy", "[migrations]\n\tpath = db\n\tlayout = drizzle\n")
    repo.commit("set")
    assert repo.check().status == 0
    assert repo.check("--layout", "plain").json["migrations"]["layout"] == "plain"


def unreachable(result, word):
    assert result.status == 3, result
    assert result.json["error"]["kind"] == "unreachable"
    assert result.json["error"]["hint"], result
    assert word in str(result.json["error"]), result


def test_missing(repo, tmp_path):
    for spec in ("nowhere", "HEAD~99", "0" * 40, "v1^{tree}", "HEAD:drizzle", "a b", "", "-x\n"):
        result = repo.check("--", spec) if spec.startswith("-") else repo.check(spec)
        assert result.status in (2, 3), (spec, result)
        assert result.json["error"]["message"], spec
    unreachable(repo.check("nowhere"), "nowhere")
    (tmp_path / "empty").mkdir()
    unreachable(repo.check(cwd=tmp_path / "empty"), "repository")
    unreachable(repo.check("--repo", tmp_path / "gone"), "gone")


def test_no_commit_yet(make_repo):
    repo = make_repo(commit=False)
    unreachable(repo.check(), "HEAD")


def test_shallow(repo, tmp_path):
    repo.migration("0003_more", "SELECT 1;\n")
    repo.commit("second")
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.path}", tmp_path / "shallow")
    assert repo.check(cwd=tmp_path / "shallow").status == 0
    result = repo.check("HEAD~1", cwd=tmp_path / "shallow")
    unreachable(result, "shallow")
    assert "--unshallow" in result.json["error"]["hint"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_owned_by_another(repo, tmp_path):
    other = pwd.getpwnam("nobody").pw_uid
    for folder, _, files in os.walk(repo.path):
        for name in (folder, *(os.path.join(folder, file) for file in files)):
            os.chown(name, other, other)
    result = repo.check()
    unreachable(result, "own")
    assert "git config --global --add safe.directory" in result.json["error"]["hint"]
    assert str(repo.path) in result.json["error"]["hint"]
    with open(repo.predeploy.home / ".gitconfig", "a") as file:
        file.write(f"[safe]\n\tdirectory = {repo.path}\n")
    assert repo.check().status == 0


def test_broken_object(repo):
    oid = repo.git("rev-parse", "HEAD:drizzle/0001_orders.sql")
    path = repo.path / ".git/objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    path.write_bytes(b"garbage")
    unreachable(repo.check(), "cannot")


def test_settings_are_the_revisions(repo):
    repo.write(".predeploy", "[deploy]\n\tlockTimeot = 5s\n")
    result = repo.check()
    assert result.status == 0, "the work tree's settings are not the revision's"
    repo.commit("typo")
    result = repo.check()
    assert result.status == 2, result
    text = str(result.json["error"])
    assert ".predeploy:2" in text and "lockTimeot" in text and "lockTimeout" in text
    for line in ("[deploy]\n\tlockTimeout = soon\n", "[nosuch]\n\tx = 1\n", "[deploy\n", "x = 1\n",
                 '[rule "no-such"]\n\tseverity = off\n', "[include]\n\tpath = /etc/passwd\n"):
        repo.write(".predeploy", line)
        repo.commit("wrong")
        result = repo.run("check")
        assert result.status == 2, (line, result)
        assert ".predeploy:" in result.both, (line, result)
