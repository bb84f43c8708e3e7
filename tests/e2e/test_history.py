"""What is published is found for the revision that is asked about, wherever its migrations lay then."""

import shutil

import pytest
from test_push import push, pushed  # noqa: F401 (a fixture)

NAMES = ("0001_customers", "0002_orders", "0003_seed")
EDITED = "CREATE TABLE orders ();\n"


@pytest.fixture
def repo(make_repo):
    return make_repo("plain")


def edit(repo):
    repo.write(repo.up(NAMES[1]), EDITED)


@pytest.fixture
def clone(repo, tmp_path):
    """A clone of a remote that is two releases ahead of the tag rel1."""
    first = repo.git("rev-parse", "HEAD")
    repo.git("tag", "rel1")
    for number in (4, 5):
        repo.migration(f"000{number}_more", f"CREATE TABLE more{number} ();\n")
        repo.commit(f"release {number}")
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "remote.git")
    repo.git("clone", "-q", tmp_path / "remote.git", tmp_path / "clone")
    repo.path = tmp_path / "clone"
    repo.first = first
    return repo


def verdict(result):
    base = result.json["base"]
    return result.status, result.rules, base and base["commit"]


CHECKED_OUT = ("main", "rel1", "side", "v0")


def check_out(repo, place):
    if place == "side":
        repo.git("checkout", "-q", "-b", "side", "rel1")
        repo.write("README", "x")
        repo.commit("side")
    elif place == "v0":
        repo.git("checkout", "-q", "--orphan", "v0")
        repo.git("commit", "-q", "-m", "no history")
    else:
        repo.git("checkout", "-q", place)


@pytest.mark.parametrize("place", CHECKED_OUT)
def test_an_older_release_whatever_is_checked_out(place, clone):
    check_out(clone, place)
    assert verdict(clone.check("rel1")) == (0, [], clone.first)


@pytest.mark.parametrize("place", CHECKED_OUT)
def test_an_edited_release_whatever_is_checked_out(place, clone):
    clone.git("checkout", "-q", "-b", "hotfix", "rel1")
    edit(clone)
    clone.commit("hotfix")
    check_out(clone, place)
    assert verdict(clone.check("hotfix")) == (1, ["history-edited"], clone.first)


def move(repo, folder):
    (repo.path / folder).parent.mkdir(parents=True, exist_ok=True)
    repo.git("mv", repo.folder, folder)
    repo.folder = folder


@pytest.mark.parametrize("edited", [False, True])
def test_moved_folder(edited, clone):
    clone.git("checkout", "-q", "-b", "work")
    move(clone, "db/migrations")
    if edited:
        edit(clone)
    clone.commit("moved")
    for args in ((), ("--base", "origin/main"), ("--path", "db/migrations")):
        result = clone.check(*args)
        assert (result.status, result.rules) == ((1, ["history-edited"]) if edited else (0, [])), result
    if edited:
        finding = clone.check().json["findings"][0]
        assert finding["path"] == "db/migrations/0002_orders.sql", finding


@pytest.mark.parametrize("edited", [False, True])
@pytest.mark.parametrize("how", ["well-known", "setting"])
def test_moved_folder_is_pushed(how, edited, pushed):
    repo = pushed
    assert push(repo, "-u", "origin", "main").returncode == 0
    folder = "db/migrations" if how == "well-known" else "elsewhere/sql"
    move(repo, folder)
    if how == "setting":
        repo.write(".predeploy", f"[migrations]\n\tpath = {folder}\n")
    if edited:
        edit(repo)
    repo.commit("moved")
    for args in ((), ("origin", "HEAD:refs/heads/new-branch")):
        done = push(repo, "--dry-run", *args)
        assert (done.returncode != 0) == edited, (args, done)
        assert (b"history-edited" in done.stdout + done.stderr) == edited, (args, done)


def copy(repo, folder):
    """The published folder stays; a copy of it is what .predeploy names from now on."""
    shutil.copytree(repo.migrations, repo.path / folder)
    repo.folder = folder
    repo.write(".predeploy", f"[migrations]\n\tpath = {folder}\n")


@pytest.mark.parametrize("edited", [False, True])
def test_path_that_points_at_a_copy(edited, clone):
    clone.git("checkout", "-q", "-b", "work")
    copy(clone, "copy")
    if edited:
        edit(clone)
    clone.commit("copied")
    result = clone.check()
    assert (result.status, result.rules) == ((1, ["history-edited"]) if edited else (0, [])), result


@pytest.mark.parametrize("said", [True, False], ids=["base-says", "base-is-searched"])
def test_path_that_points_at_a_copy_that_was_published_unused(said, clone):
    """The copy lies in the base, but the base's migrations are where the base has them."""
    clone.git("checkout", "-q", "-b", "work")
    if said:
        clone.write(".predeploy", "[migrations]\n\tpath = migrations\n")
    shutil.copytree(clone.migrations, clone.path / "copy")
    clone.write("copy/0002_orders.sql", EDITED)
    clone.commit("an unused copy")
    base = clone.git("rev-parse", "HEAD")
    shutil.rmtree(clone.path / "copy")
    copy(clone, "copy")
    edit(clone)
    clone.commit("and now it is used")
    result = clone.check("--base", base)
    assert (result.status, result.rules) == (1, ["history-edited"]), result


def test_moved_back_and_forth(clone):
    """Only the ends count."""
    clone.git("checkout", "-q", "-b", "work")
    move(clone, "db/migrations")
    clone.commit("moved")
    move(clone, "migrations")
    clone.commit("and back")
    assert verdict(clone.check())[:2] == (0, [])


def shallow_clone(repo, tmp_path, *options):
    path = tmp_path / "shallow"
    repo.git("clone", "-q", *options, f"file://{tmp_path / 'remote.git'}", path)
    return path


@pytest.fixture
def parted(clone, tmp_path):
    """The remote's main and side have parted at rel1; side edits what is published."""
    clone.git("checkout", "-q", "-b", "side", "rel1")
    edit(clone)
    clone.commit("side")
    clone.git("push", "-q", "origin", "side")
    return clone


def test_shallow_clone_without_the_base(parted, tmp_path):
    """Whether the revision keeps what is published cannot be told: the gate is not open."""
    path = shallow_clone(parted, tmp_path, "--depth", "1", "--no-single-branch")
    parted.git("checkout", "-q", "-b", "work", "origin/side", "--no-track", cwd=path)
    parted.git("branch", "-q", "-u", "origin/main", cwd=path)
    result = parted.check(cwd=path)
    assert result.status == 3, result
    assert result.json["error"]["kind"] == "unreachable"
    assert "git fetch" in result.json["error"]["hint"], result
    assert parted.check("--base", "origin/main", cwd=path).status in (1, 3)
    human = parted.run("check", cwd=path)
    assert human.status == 3 and "git fetch" in human.both, human
    # whoever follows the hint gets the answer
    parted.git("fetch", "-q", "--unshallow", cwd=path)
    assert verdict(parted.check(cwd=path)) == (1, ["history-edited"], parted.first)


def test_shallow_clone_with_the_base(parted, tmp_path):
    """A boundary that lies behind the base hides nothing."""
    path = shallow_clone(parted, tmp_path, "--depth", "3", "--no-single-branch")
    parted.git("checkout", "-q", "side", cwd=path)
    parted.git("branch", "-q", "-u", "origin/main", cwd=path)
    assert verdict(parted.check(cwd=path)) == (1, ["history-edited"], parted.first)
    parted.git("checkout", "-q", "main", cwd=path)
    assert parted.check(cwd=path).status == 0
