"""predeploy init: a repository comes under the gate, and what is there stays."""

import os
import re
import shlex
import stat
import subprocess

import pytest
import world
from test_new import files, kit_snapshots


def init(repo, *args, status=0, **more):
    result = repo.run("init", "--format=json", *args, **more)
    assert result.status == status, result
    return result.json


def actions(done):
    return {step["path"]: step["action"] for step in done["steps"]}


def lines(repo):
    return repo.git("config", "-f", ".predeploy", "--list").split("\n")


def old_project(make_repo, layout="drizzle"):
    """Migrations as they stand in a project that has never heard of predeploy."""
    repo = make_repo(layout, commit=False)
    for path in list(repo.migrations.rglob("*rollback.sql")):
        path.unlink()
    kit_snapshots(repo)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "without predeploy")
    return repo


@pytest.mark.parametrize("layout", ["drizzle", "drizzle-folders", "plain"])
def test_init(layout, make_repo, tmp_path, db):
    repo = old_project(make_repo, layout)
    newest = {"drizzle": "0002_seed", "drizzle-folders": "20240103000000_seed", "plain": "0003_seed"}
    before = files(repo)
    shown = repo.run("init", "--dry-run")
    assert shown.status == 0 and "nothing was written" in shown.out, shown
    assert files(repo) == before and not (repo.path / ".git/hooks/pre-push").exists()
    result = repo.run("init")
    assert result.status == 0, result
    assert shown.out.split("\n")[:-2] == result.out.split("\n")[: len(shown.out.split("\n")) - 2]
    assert lines(repo) == [f"migrations.path={repo.folder}", f"migrations.layout={layout}",
                           f"migrations.rollbacksince={newest[layout]}"]
    for word in ("3 migrations", "3 without", ".predeploy", "SHA256SUMS", newest[layout], "pre-push",
                 "git add .predeploy", "git commit", "without its companion cannot be rolled back"):
        assert word in result.out, word
    assert ("schemaFilter" in result.out) == (layout == "drizzle-folders")
    written = (repo.migrations / "SHA256SUMS").read_text()
    repo.record()
    assert (repo.migrations / "SHA256SUMS").read_text() == written
    hook = repo.path / ".git/hooks/pre-push"
    assert hook.stat().st_mode & stat.S_IXUSR
    # the next step as it was said
    command = re.search(r"^next: (.*)$", result.out, re.M).group(1)
    subprocess.run(["sh", "-c", command], cwd=repo.path, check=True, env=repo.predeploy.env(),
                   stdout=subprocess.DEVNULL)
    assert repo.git("status", "--porcelain") == ""
    checked = repo.check()
    assert (checked.status, checked.rules) == (0, []), checked
    # once more
    before = files(repo)
    again = init(repo)
    assert set(actions(again).values()) == {"keep"} and not again["written"], again
    assert again["next"] is None
    assert "nothing to do" in repo.run("init").out
    assert files(repo) == before
    # a push asks the gate from now on
    remote = tmp_path / "remote.git"
    repo.git("init", "-q", "--bare", remote)
    repo.git("remote", "add", "origin", remote)
    env = {"PATH": f"{os.path.dirname(world.BINARY)}:{os.environ['PATH']}"}
    repo.git("push", "-q", "-u", "origin", "main", env=env)
    assert repo.run("deploy", env=db.env).status == 0


@pytest.mark.parametrize("layout", ["drizzle", "plain"])
def test_migrations_that_are_not_committed(layout, make_repo):
    """The commit that is said next has all that it needs."""
    repo = make_repo(layout, commit=False)
    done = init(repo, "--no-hook")
    assert done["next"].startswith(f"git add .predeploy {repo.folder} && git commit")
    subprocess.run(["sh", "-c", done["next"]], cwd=repo.path, check=True, env=repo.predeploy.env(),
                   stdout=subprocess.DEVNULL)
    assert repo.git("status", "--porcelain") == ""
    assert repo.check().status == 0


def test_with_companions(make_repo):
    repo = make_repo(commit=False)
    done = init(repo, "--no-hook")
    assert "migrations.rollbacksince" not in "".join(lines(repo))
    assert done["without_companion"] == 0
    assert "pre-push" not in "".join(actions(done))
    assert not (repo.path / ".git/hooks/pre-push").exists()


NO_WAY_BACK = {
    "golang-migrate": ("2_b.up.sql", "2_b.down.sql", "CREATE TABLE b ();\n", ""),
    "plain": ("2_b.sql", "2_b-rollback.sql", "CREATE TABLE b ();\n", "BEGIN;\nCOMMIT;\n"),
    "sqlx": ("2_b.up.sql", "2_b.down.sql", "CREATE TABLE b ();\n", "-- predeploy: irreversible\n"),
    "goose": ("2_b.sql", None, "-- +goose Up\nCREATE TABLE b ();\n-- +goose Down\n", ""),
    "dbmate": ("2_b.sql", None, "-- migrate:up\nCREATE TABLE b ();\n-- migrate:down\n", ""),
}


@pytest.mark.parametrize("layout", NO_WAY_BACK)
@pytest.mark.parametrize("late", [False, True])
def test_companions_that_do_nothing_are_none(layout, late, tmp_path, predeploy):
    """init counts them; found later, where they are published, the hint says the same."""
    up, down, text, undo = NO_WAY_BACK[layout]
    repo = world.Repo(tmp_path / "repo", predeploy, "plain")
    repo.write(f"migrations/{up}", text)
    if down is not None:
        repo.write(f"migrations/{down}", undo)
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "without predeploy")
    repo.publish(tmp_path / "remote.git")
    done = init(repo, "--no-hook", f"--layout={layout}")
    assert done["without_companion"] == 1 and done["findings"] == [], done
    assert "migrations.rollbacksince=2_b" in lines(repo)
    if late:
        repo.git("config", "-f", ".predeploy", "--unset", "migrations.rollbackSince")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "init")
    if late:
        result = repo.check()
        assert result.status == 1 and result.rules[0].startswith("rollback-"), result
        command = re.search(r"git config -f .predeploy migrations.rollbackSince 2_b",
                            result.json["findings"][0]["hint"]).group()
        subprocess.run(["sh", "-c", command], cwd=repo.path, check=True, env=repo.predeploy.env())
        repo.git("commit", "-q", "-a", "-m", "as it says")
    result = repo.check()
    assert (result.status, result.rules) == (0, []), result
    syntax = next(gate for gate in result.json["gates"] if gate["name"] == "syntax")
    assert (syntax["state"], syntax["note"]) == ("skipped", "1 published, not parsed"), syntax


def test_a_companion_that_is_not_written_yet_is_asked_for(make_repo):
    repo = make_repo()
    repo.git("rm", "-q", "--cached", repo.down("0002_seed"))
    repo.git("commit", "-q", "-m", "it comes later")
    repo.write(repo.down("0002_seed"), "-- not yet\n")
    done = init(repo, "--no-hook")
    assert done["without_companion"] == 0 and "rollbacksince" not in "".join(lines(repo)), done
    assert [finding["rule"] for finding in done["findings"]] == ["rollback-empty"], done


def test_what_is_not_committed_yet_is_said(make_repo):
    repo = old_project(make_repo)
    written = init(repo, "--no-hook")
    again = init(repo, "--no-hook")
    assert set(actions(again).values()) == {"keep"} and again["next"] == written["next"], again
    shown = repo.run("init", "--no-hook")
    assert "and not committed" in shown.out and f"next: {written['next']}" in shown.out, shown
    repo.git("add", "-A")
    assert init(repo, "--no-hook")["next"] == written["next"]
    repo.git("commit", "-q", "-m", "init")
    assert init(repo, "--no-hook")["next"] is None


SETTINGS = [
    "[migrations]\n\t# ours\n\tpath = drizzle ; here\n\n[deploy]\n\tlockTimeout = 1s\n",
    "[deploy]\n\tlockTimeout = 1s",
    "; nothing yet\n",
    "[migrations] ; empty\n[deploy]\n\tlockTimeout = 1s\n",
    "[migrations] path = drizzle\n",
    "[Migrations]\r\n\tPath = drizzle\r\n",
    "\ufeff[rule \"order-not-numeric\"]\n\tseverity = error\n",
    "",
]


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_are_kept(text, make_repo):
    repo = old_project(make_repo)
    repo.write(".predeploy", text)
    (repo.path / ".predeploy").chmod(0o600)
    done = init(repo)
    assert actions(done)[".predeploy"] == "change"
    edited = (repo.path / ".predeploy").read_bytes().decode()
    text += "\n" if text and not text.endswith("\n") else ""
    added = [line for line in re.split(r"(?<=\n)", edited) if line not in text]
    without = edited
    for line in added:
        without = without.replace(line, "", 1)
    assert without == text
    values = dict(line.split("=", 1) for line in lines(repo))
    assert values["migrations.path"] == "drizzle" and values["migrations.layout"] == "drizzle"
    assert values["migrations.rollbacksince"] == "0002_seed"
    assert (repo.path / ".predeploy").stat().st_mode & 0o777 == 0o600
    assert actions(init(repo))[".predeploy"] == "keep"
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "init")
    assert repo.check().status == 0


def test_settings_that_disagree(make_repo):
    repo = old_project(make_repo)
    repo.write(".predeploy", "[migrations]\n\tlayout = drizzle\n\tpath = drizzle\n")
    before = files(repo)
    assert repo.run("init", "--layout", "plain").status == 2
    assert repo.run("init", "--path", "elsewhere").status == 2
    repo.write(".predeploy", "[migrations]\n\tlayuot = drizzle\n")
    broken = repo.run("init")
    assert broken.status == 2 and "layuot" in broken.err
    repo.write(".predeploy", "[migrations]\n\tlayout = drizzle\n\tpath = drizzle\n")
    assert files(repo) == before
    repo.write(".predeploy", "[migrations]\n\trollbackSince = 0001_orders\n")
    done = init(repo)
    assert [finding["rule"] for finding in done["findings"]] == ["rollback-missing"]
    assert "migrations.rollbacksince=0001_orders" in lines(repo)


@pytest.mark.parametrize("folder", ['a # "b\\c', "a' ; touch 'owned", "-n", "a b"])
def test_strange_paths(folder, make_repo):
    repo = old_project(make_repo, "plain")
    (repo.path / "migrations").rename(repo.path / folder)
    done = init(repo, f"--path={folder}")
    assert repo.git("config", "-f", ".predeploy", "migrations.path") == folder
    subprocess.run(["sh", "-c", done["next"]], cwd=repo.path, check=True,
                   env=repo.predeploy.env(), stdout=subprocess.DEVNULL)
    assert not (repo.path / "owned").exists() and not (repo.path / "owned/SHA256SUMS").exists()
    repo.commit("moved", record=False)
    assert repo.check().rules == [], repo.check().raw


def test_findings_do_not_stop_it(make_repo):
    repo = old_project(make_repo)
    repo.write("drizzle/0009_left-rollback.sql", "SELECT 1;\n")
    repo.write("drizzle/0010_stray.sql", "SELECT 1;\n")
    repo.entries[2]["when"] = repo.entries[1]["when"]
    repo.journal()
    result = repo.run("init")
    assert result.status == 0, result
    for rule in ("journal-when-not-rising", "journal-orphan-file", "rollback-orphan"):
        assert rule in result.out, rule
    assert (repo.path / ".predeploy").exists() and (repo.migrations / "SHA256SUMS").exists()
    rules = {finding["rule"] for finding in init(repo)["findings"]}
    assert {"journal-when-not-rising", "journal-orphan-file", "rollback-orphan"} <= rules


def test_two_folders_ask(make_repo):
    repo = old_project(make_repo, "plain")
    repo.write("drizzle/0001_x.sql", "SELECT 1;\n")
    before = files(repo)
    result = repo.run("init")
    assert result.status == 2 and "both" in result.err, result
    assert files(repo) == before
    init(repo, "--path", "migrations")
    assert "migrations.path=migrations" in lines(repo)


# words, the folder where they are typed, and what the hint says; the command writes nothing
API = "mono repo/it's api"
SEVERAL = {
    "root": ("init", ".", f"{API}/db/migrations, web/migrations hold migrations"),
    "below": ("init", API, f"{API}/db/migrations, web/migrations hold migrations"),
    "path from here": ("init --path db/migrations", API, "--path 'mono repo/it'\\''s api/db/migrations'"),
    "path of nothing": ("init --path sql", API, "hold migrations. Say which"),
    "new": ("new x", API, "hold migrations. Say which"),
    "new from here": ("new x --path db/migrations", API, "Paths begin at the root"),
    "record": ("record", "web", "hold migrations. Say which"),
    "record from here": ("record --path migrations", "web", "--path web/migrations"),
    "check": ("check", ".", "hold migrations. Say which"),
    "check from here": ("check --path migrations", "web", "--path web/migrations"),
}


@pytest.fixture
def several(make_repo):
    """Several projects in one repository, and what is none of its own."""
    repo = make_repo(migrations=[])
    repo.write(".gitignore", "/generated/\n")
    for folder in (f"{API}/db", "web", "node_modules/x", "generated", ".cache"):
        repo.write(f"{folder}/migrations/0001_a.sql", "CREATE TABLE a ();\n")
    repo.write("docs/migrations/README", "no migration\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "several projects")
    return repo


@pytest.mark.parametrize("name", SEVERAL)
def test_several_projects(name, several):
    words, folder, said = SEVERAL[name]
    before = files(several)
    result = several.run(*words.split(), cwd=several.path / folder)
    assert result.status == (1 if words.startswith("check") else 2), result
    assert said in re.sub(r"\s+", " ", result.both), result
    assert "node_modules" not in result.both and "generated" not in result.both, result
    assert files(several) == before


def test_one_project_of_several(several):
    done = init(several, f"--path={API}/db/migrations", cwd=several.path / API)
    assert lines(several)[0] == f"migrations.path={API}/db/migrations"
    subprocess.run(done["next"], shell=True, check=True, cwd=several.path / API,
                   env=several.predeploy.env(), stdout=subprocess.DEVNULL)
    assert several.git("status", "--short") == ""
    assert several.run("check", cwd=several.path / "web").status == 0
    assert f"{API}/db/migrations/0002_b.sql" in several.run("new", "b", cwd=several.path / "web").out


def test_two_layouts_ask(make_repo):
    repo = make_repo("plain", migrations=[])
    for name in ("1_users.sql", "2_orders.up.sql", "2_orders.down.sql"):
        repo.write(f"migrations/{name}", "SELECT 1;\n")
    result = repo.run("init")
    assert result.status == 2 and "migrations.layout" in result.err, result
    assert not (repo.path / ".predeploy").exists()
    assert repo.run("new", "x").status == 2
    init(repo, "--layout", "sqlx")
    assert "migrations.layout=sqlx" in lines(repo)
    assert "migrations/3_x.up.sql" in repo.run("new", "x").out


def test_no_migrations(make_repo):
    repo = make_repo(migrations=[])
    result = repo.run("init")
    assert result.status == 0 and "predeploy new" in result.out, result
    assert not (repo.path / ".predeploy").exists()
    assert (repo.path / ".git/hooks/pre-push").exists()
    done = init(repo)
    assert done["folder"] is None and not done["written"]
    assert "mkdir" in repo.run("init", "--path", "db", "--layout", "drizzle").err
    (repo.path / "db").mkdir()
    done = init(repo, "--path", "db", "--layout", "drizzle")
    assert done["written"] and lines(repo) == ["migrations.path=db", "migrations.layout=drizzle"]
    assert "next: git add .predeploy && git commit" in repo.run("init").out
    assert "db/0000_x.sql" in repo.run("new", "x").out
    assert actions(init(repo)) == {".predeploy": "keep", "db/SHA256SUMS": "create",
                                   ".git/hooks/pre-push": "keep"}


def test_no_repository(predeploy, tmp_path):
    (tmp_path / "empty").mkdir()
    result = predeploy.run("init", cwd=tmp_path / "empty")
    assert result.status == 3 and "git init" in result.err, result
    assert not list((tmp_path / "empty").iterdir())


def test_bare(repo, tmp_path):
    repo.git("clone", "-q", "--bare", repo.path, tmp_path / "bare.git")
    result = repo.run("init", cwd=tmp_path / "bare.git")
    assert result.status == 2 and "work tree" in result.err


def test_symbolic_links(make_repo, tmp_path):
    repo = old_project(make_repo)
    outside = tmp_path / "outside"
    outside.write_text("")
    (repo.path / ".predeploy").symlink_to(outside)
    assert repo.run("init").status == 2
    assert outside.read_text() == ""
    (repo.path / ".predeploy").unlink()
    (repo.migrations / "SHA256SUMS").symlink_to(outside)
    done = init(repo)
    assert actions(done)["drizzle/SHA256SUMS"] == "keep"
    assert outside.read_text() == ""


def test_a_hook_that_is_there(make_repo):
    repo = old_project(make_repo)
    hook = repo.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    shown = repo.run("init", "--dry-run")
    assert "pre-push.local" in shown.out and hook.read_text() == "#!/bin/sh\nexit 0\n"
    init(repo)
    assert (hook.parent / "pre-push.local").read_text() == "#!/bin/sh\nexit 0\n"
    assert "predeploy hook pre-push" in hook.read_text()


def test_hooks_elsewhere(make_repo, tmp_path):
    """A folder that several repositories share is not init's to write to."""
    repo = old_project(make_repo)
    (tmp_path / "shared").mkdir()
    repo.git("config", "core.hooksPath", tmp_path / "shared")
    done = init(repo)
    assert [step["action"] for step in done["steps"] if "pre-push" in step["path"]] == ["keep"]
    assert not list((tmp_path / "shared").iterdir())
    repo.git("config", "core.hooksPath", ".githooks")
    assert actions(init(repo))[".githooks/pre-push"] == "create"
    (repo.path / ".githooks/pre-push").unlink()
    (repo.path / ".githooks").rmdir()
    (repo.path / ".githooks").symlink_to(tmp_path / "shared")
    init(repo)
    assert not list((tmp_path / "shared").iterdir())


# what husky 9, lefthook and pre-commit write, as far as it counts here
HUSKY = {"pre-push": '#!/usr/bin/env sh\n. "$(dirname "$0")/h"',
         "h": 'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\n'
              'sh -e "$s" "$@"\nexit $?\n',
         ".gitignore": "*"}
LEFTHOOK = '#!/bin/sh\ncall_lefthook()\n{\n  :\n}\ncall_lefthook run "pre-push" "$@"\n'
PRE_COMMIT = "#!/bin/sh\n# File generated by pre-commit: https://pre-commit.com\nexit 0\n"


def put(repo, name, text, mode=0o755):
    repo.write(name, text)
    (repo.path / name).chmod(mode)
    return repo.path / name


def on_path(repo, tmp_path):
    words = " ".join(f"'{word}'" for word in [*repo.predeploy.prefix, repo.predeploy.binary])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/predeploy").write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    (tmp_path / "bin/predeploy").chmod(0o755)
    return {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}


def husky(repo):
    """What `npm install` does with it, each time."""
    for name, text in HUSKY.items():
        put(repo, f".husky/_/{name}", text, 0o755 if name == "pre-push" else 0o644)
    repo.git("config", "core.hooksPath", ".husky/_")


@pytest.mark.parametrize("theirs", [None, "echo TEAM; cat >seen\n", "#!/bin/sh\necho TEAM; cat >seen\n"])
def test_husky(theirs, make_repo, tmp_path):
    """The gate stands in the project's own hook, where the next installation of husky leaves it."""
    repo = old_project(make_repo)
    husky(repo)
    if theirs:
        repo.write(".husky/pre-push", theirs)
    done = init(repo)
    assert actions(done)[".husky/pre-push"] == ("change" if theirs else "create")
    assert ".husky/pre-push" in done["next"] and "_/pre-push" not in done["next"]
    assert (repo.path / ".husky/_/pre-push").read_text() == HUSKY["pre-push"]
    assert actions(init(repo))[".husky/pre-push"] == "keep"
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "Under the gate")
    husky(repo)
    repo.publish(tmp_path / "origin.git")
    path = on_path(repo, tmp_path)
    assert repo.git("push", "origin", "main:first", check=False, env=path).returncode == 0
    assert not theirs or "refs/heads/first" in (repo.path / "seen").read_text()
    (repo.path / "seen").unlink(missing_ok=True)
    repo.write(repo.up("0003_unrecorded"), "SELECT 1;\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "without the gate")
    pushed = repo.git("push", "origin", "main:second", check=False, env=path)
    assert pushed.returncode != 0 and b"gate closed" in pushed.stderr + pushed.stdout, pushed
    assert not (repo.path / "seen").exists()


def test_husky_and_a_link(make_repo):
    repo = old_project(make_repo)
    husky(repo)
    (repo.path / ".husky/pre-push").symlink_to("elsewhere")
    assert actions(init(repo))[".husky/pre-push"] == "keep"
    assert not (repo.path / ".husky/elsewhere").exists()
    result = repo.run("hook", "install")
    assert result.status == 2 and "written by husky" in result.both, result


def test_lefthook(make_repo):
    """It would move ours away: the lines for its own file are shown."""
    repo = old_project(make_repo)
    hook = put(repo, ".git/hooks/pre-push", LEFTHOOK)
    step = [step for step in init(repo)["steps"] if step["path"] == ".git/hooks/pre-push"][0]
    assert step["action"] == "keep" and "lefthook.yml" in step["why"], step
    assert repo.run("hook", "install").status == 2
    assert hook.read_text() == LEFTHOOK
    repo.write("lefthook.yml", "# predeploy hook pre-push\n")
    assert repo.run("hook", "install").status == 2
    repo.write("lefthook.yml", step["content"])
    step = [step for step in init(repo)["steps"] if step["path"] == ".git/hooks/pre-push"][0]
    assert step["content"] == "" and "installed already" in step["why"], step


def test_pre_commit_again(make_repo):
    """pre-commit keeps ours as pre-push.legacy when it is installed anew, and asks it first."""
    repo = old_project(make_repo)
    hook = put(repo, ".git/hooks/pre-push", PRE_COMMIT)
    assert actions(init(repo))[".git/hooks/pre-push"] == "change"
    hook.rename(hook.with_name("pre-push.legacy"))
    hook.write_text(PRE_COMMIT)
    assert actions(init(repo))[".git/hooks/pre-push.legacy"] == "keep"


def test_hooks_that_are_committed(make_repo):
    repo = old_project(make_repo)
    repo.git("config", "core.hooksPath", ".githooks")
    put(repo, ".githooks/pre-push", "#!/bin/sh\nexit 0\n")
    done = init(repo)
    assert actions(done)[".githooks/pre-push.local"] == "create", done
    assert ".githooks/pre-push .githooks/pre-push.local" in done["next"], done


def test_published_files_that_changed(repo, tmp_path):
    """SHA256SUMS is the one of record: what is published is not recorded anew."""
    repo.publish(tmp_path / "origin.git")
    before = (repo.migrations / "SHA256SUMS").read_bytes()
    repo.write(repo.up("0001_orders"), "CREATE TABLE orders ();\n")
    done = init(repo)
    assert actions(done)["drizzle/SHA256SUMS"] == "keep"
    assert (repo.migrations / "SHA256SUMS").read_bytes() == before


# --- record --check, and the pre-commit framework ---------------------------------------------------


def test_record_check(repo):
    assert repo.run("record", "--check").status == 0
    repo.migration("0003_more", "SELECT 1;\n")
    before = files(repo)
    result = repo.run("record", "--check")
    assert result.status == 1 and "0003_more.sql" in result.out, result
    assert "predeploy record" in result.out
    assert files(repo) == before
    assert repo.run("record").status == 0
    assert repo.run("record", "--check").status == 0


MARKERS = "<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"


def test_record_in_a_merge(repo):
    """What is still in conflict is not recorded; SHA256SUMS itself is made anew."""
    repo.migration("0003_more", "SELECT 1;\n")
    journal = (repo.migrations / "meta/_journal.json").read_text()
    before = (repo.migrations / "SHA256SUMS").read_bytes()
    repo.write("drizzle/meta/_journal.json", MARKERS + journal)
    result = repo.run("record")
    assert result.status == 2 and "_journal.json holds unresolved conflict markers" in result.err, result
    assert (repo.migrations / "SHA256SUMS").read_bytes() == before
    repo.write("drizzle/meta/_journal.json", journal)
    repo.write("drizzle/SHA256SUMS", MARKERS.encode() + before)
    assert repo.run("record").status == 0
    assert b"<<<" not in (repo.migrations / "SHA256SUMS").read_bytes()
    assert repo.run("record", "--check").status == 0


def test_record_check_without_migrations(make_repo):
    assert make_repo(migrations=[]).run("record", "--check").status == 0


def hooks():
    """The entries of .pre-commit-hooks.yaml: a list of flat maps, read without a library."""
    found = []
    for line in (world.ROOT / ".pre-commit-hooks.yaml").read_text().split("\n"):
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"(- |  )([a-z_]+): (.+)", line)
        assert match, line
        if match.group(1) == "- ":
            found.append({})
        found[-1][match.group(2)] = match.group(3)
    return {hook["id"]: hook for hook in found}


def test_pre_commit_hooks(repo):
    assert set(hooks()) == {"predeploy-check", "predeploy-record"}
    for hook in hooks().values():
        assert hook["language"] == "system" and hook["pass_filenames"] == "false"
    assert hooks()["predeploy-check"]["stages"] == "[pre-push]"
    assert hooks()["predeploy-record"]["stages"] == "[pre-commit]"

    def run(name, **more):
        path = f"{os.path.dirname(world.BINARY)}:{os.environ['PATH']}"
        done = subprocess.run(
            shlex.split(hooks()[name]["entry"]), cwd=repo.path, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=repo.predeploy.env({"PATH": path, **more}),
        )
        return done.returncode

    good = repo.git("rev-parse", "HEAD")
    assert run("predeploy-record") == run("predeploy-check") == 0
    repo.migration("0003_more", "SELECT 1;\n", None)
    assert run("predeploy-record") == 1
    repo.commit("without companion")
    assert run("predeploy-record") == 0
    assert run("predeploy-check") == 1
    assert run("predeploy-check", PRE_COMMIT_TO_REF=good) == 0
