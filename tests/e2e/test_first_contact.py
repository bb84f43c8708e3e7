"""What somebody meets who has only just got the binary: each situation ends in a few lines that tell
the next step, no wider than a terminal, with the status that the documentation promises."""

import re
import urllib.parse

import pytest
import world

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
COLUMNS = 80
LINES = 24

# words of the command line, status, what is said, the next step
USAGE = {
    "nothing": ("", 2, "usage: predeploy COMMAND", "Begin in your repository with: predeploy init"),
    "unknown": ("foo", 2, "unknown command foo", "predeploy help lists the commands."),
    "typo": ("chekc", 2, "unknown command chekc", "Did you mean predeploy check?"),
    "capitals": ("DEPLOY", 2, "unknown command DEPLOY", "Did you mean predeploy deploy?"),
    "beginning": ("stat", 2, "unknown command stat", "Did you mean predeploy status?"),
    "dashes": ("--check", 2, "--check stands where the command goes", "usage: predeploy COMMAND"),
    "letter": ("-v check", 2, "-v stands where the command goes", "usage: predeploy COMMAND"),
    "migrate": ("migrate", 2, "unknown command migrate", "Did you mean predeploy deploy?"),
    "down": ("down", 2, "unknown command down", "Did you mean predeploy rollback?"),
    "generate": ("generate", 2, "unknown command generate", "Did you mean predeploy new?"),
    "version": ("version", 2, "unknown command version", "Did you mean predeploy --version?"),
    "help of a typo": ("help deplyo", 2, "unknown command deplyo", "predeploy deploy?"),
    "help of two": ("help check plan", 2, "too many arguments: plan", "usage: predeploy help"),
    "option": ("deploy --databse x", 2, "unknown option --databse", "Did you mean --database?"),
    "option of others": ("check --backup", 2, "unknown option --backup", "--help lists what it takes"),
    "dry run": ("deploy --dry-run", 2, "unknown option --dry-run", "`predeploy plan` shows"),
    "json": ("check --json", 2, "unknown option --json", "--format json"),
    "short option": ("check -x", 2, "unknown option -x", "--help lists the options."),
    "no value": ("check --base", 2, "--base needs a value", "--base REV: "),
    "value": ("check --quiet=yes", 2, "--quiet takes no value", ""),
    "format": ("check --format xml", 2, "unknown format xml", "json, sarif, github or junit"),
    "colour": ("check --color blue", 2, "unknown value of --color: blue", "auto, always or never"),
    "two revisions": ("check HEAD HEAD", 2, "too many arguments: HEAD", "usage: predeploy check"),
    "steps": ("rollback all", 2, "STEPS is not a number", "predeploy rollback --to NAME"),
    "new": ("new", 2, "new needs a name", "predeploy new add_orders"),
    "hook": ("hook", 2, "hook needs a name", "predeploy hook install"),
    "hook's name": ("hook pre-pusch", 2, "unknown hook pre-pusch", "predeploy hook install"),
}
READERS = ("check", "plan", "deploy", "verify", "rollback", "adopt")
OUTSIDE = {
    command: (command, 3, "cannot find a git repository", "name it with --repo PATH")
    for command in (*READERS, "record", "new x", "hook install")
} | {
    "init": ("init", 3, "cannot find a git repository", "`git init` makes a repository here"),
    "status": ("status", 2, "no database was named", "Set DATABASE_URL=postgresql://"),
    "repo": ("check --repo /nowhere/at/all", 3, "cannot find a git repository", "--repo PATH"),
}
UNBORN = {
    command: (command, 3, "has no commits yet", "Commit something first")
    for command in (*READERS, "status")
} | {
    "init": ("init", 0, "no migrations stand in the work tree yet", "or `predeploy new NAME`, to"),
    "record": ("record", 2, "no migrations folder was found", "`predeploy new NAME` writes"),
}
EMPTY = {
    command: (command, 1, "no migrations folder was found", "`predeploy new NAME` writes")
    for command in ("check", "plan", "deploy", "verify", "adopt")
} | {
    "init": UNBORN["init"],
    "record": UNBORN["record"],
    "companions": ("new --companions", 0, "nothing to write", ""),
    "revision": ("check nosuch", 3, "cannot find revision 'nosuch'", "git fetch"),
}
FRESH = {
    "check": ("check", 1, "no hashes are recorded", "predeploy init"),
    "init": ("init --dry-run", 0, "3 migrations in drizzle", "nothing was written (--dry-run)"),
    "record": ("record --check", 1, "SHA256SUMS is not up to date", "predeploy record writes it"),
}
UNNAMED = {
    command: (command, 2, "no database was named", "Set DATABASE_URL=postgresql://USER:PASSWORD@")
    for command in (*READERS[1:], "status")
}
# the database's URL, status, what is said, the next step
TARGETS = {
    "password": ("{scheme}app:wrong@{at}/postgres", 3, "password authentication failed",
                 "Check user and password"),
    "no password": ("{scheme}app@{at}/postgres", 3, "no password supplied", "PGPASSWORD"),
    "database": ("{scheme}app:{password}@{at}/nowhere", 3, 'database "nowhere" does not exist',
                 "Create the database (createdb NAME)"),
    "role": ("{scheme}nobody:{password}@{at}/postgres", 3, "authentication failed",
             "Check user and password"),
    "trusted role": ("postgresql:///postgres?user=nobody&{socket}", 3,
                     'role "nobody" does not exist', "Create the role (createuser NAME)"),
    "port": ("{scheme}app:{password}@127.0.0.1:1/postgres", 3, "Connection refused",
             "Nothing listens there"),
    "socket": ("postgresql:///x?host=/nowhere", 3, "No such file or directory",
               "No server listens on that socket"),
    "host": ("{scheme}app@nowhere.invalid/x", 3, "could not translate host name", "spelling and DNS"),
    "tls": ("{scheme}app:{password}@{at}/postgres?sslmode=require", 3, "does not support SSL",
            "sslmode=prefer"),
    "other product": ("mysql://app:{password}@{at}/x", 2, "the connection string is not valid",
                      "PostgreSQL only"),
    "quoted": ('"{scheme}app:{password}@{at}/x"', 2, "the connection string is not valid",
               "take the quotation marks off"),
    "no scheme": ("{at}/x", 2, "the connection string is not valid", "Write postgresql://USER"),
    "unescaped": ("{scheme}app:p@ss@{at}/x", 2, "the connection string is not valid", "'@' is %40"),
    "driver": ("pgx5://app:{password}@{at}/x", 2, "the connection string is not valid",
               "write postgresql:// in its place"),
    "parameter": ("{scheme}app:{password}@{at}/x?x-migrations-table=foo", 2,
                  "the connection string is not valid", "parameter x-migrations-table"),
}


def flat(text):
    """Without colours and where lines were broken."""
    return re.sub(r"\s+", " ", COLOUR.sub("", text))


def ask(predeploy, row, cwd, env=None):
    """Runs it plain and in colour, and looks at what a person sees."""
    words, status, said, step = row
    plain = predeploy.run(*words.split(), cwd=cwd, env=env)
    assert plain.status == status, plain
    assert said in flat(plain.both) and step in flat(plain.both), plain
    shown = plain.both.splitlines()
    assert len(shown) <= LINES, plain
    assert max(map(len, shown)) <= COLUMNS, plain
    assert "\x1b" not in plain.both
    if words.partition(" ")[0] in READERS + ("status", "record"):
        command, *rest = words.split()
        coloured = predeploy.run(command, "--color", "always", *rest, cwd=cwd, env=env)
        assert (coloured.status, flat(coloured.both)) == (status, flat(plain.both)), coloured
    return plain


def fill(predeploy, path, name="README"):
    """A repository with one commit, and no migrations in it."""
    repo = world.Repo(path, predeploy)
    repo.write(name, "x\n")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "begin")
    return repo


@pytest.mark.parametrize("name", USAGE)
def test_command_line(name, predeploy, tmp_path):
    result = ask(predeploy, USAGE[name], tmp_path)
    assert not result.out, "what is wrong with the command line goes to stderr"


@pytest.mark.parametrize("name", OUTSIDE)
def test_outside_a_repository(name, predeploy, tmp_path):
    ask(predeploy, OUTSIDE[name], tmp_path)


@pytest.mark.parametrize("name", UNBORN)
def test_without_commits(name, predeploy, tmp_path):
    world.Repo(tmp_path / "repo", predeploy)
    ask(predeploy, UNBORN[name], tmp_path / "repo")


@pytest.mark.parametrize("name", EMPTY)
def test_without_migrations(name, predeploy, tmp_path):
    ask(predeploy, EMPTY[name], fill(predeploy, tmp_path / "repo").path)


@pytest.mark.parametrize("name", FRESH)
def test_not_under_the_gate_yet(name, make_repo):
    repo = make_repo("drizzle", commit=False)
    (repo.migrations / "SHA256SUMS").unlink(missing_ok=True)
    repo.commit("as drizzle-kit left it", record=False)
    ask(repo.predeploy, FRESH[name], repo.path)


@pytest.mark.parametrize("name", UNNAMED)
def test_without_a_database(name, repo):
    result = ask(repo.predeploy, UNNAMED[name], repo.path)
    assert ("--ephemeral" in result.both) == (name == "deploy"), "only deploy takes it"
    assert ".env is not read" in flat(result.both)


@pytest.mark.parametrize("command", [*READERS, "status"])
@pytest.mark.parametrize("url", ["", " "])
def test_an_empty_target(url, command, repo):
    """A secret that the pipeline does not get: also where a database is asked only when there is one."""
    step = "env -u DATABASE_URL" if command == "check" else "Set DATABASE_URL=postgresql://"
    row = (command, 2, "DATABASE_URL is set, but empty", step)
    result = ask(repo.predeploy, row, repo.path, {"DATABASE_URL": url})
    assert "does this job get the secret?" in flat(result.both)


@pytest.mark.parametrize("command", ["record --check", "init --dry-run", "help check"])
def test_an_empty_target_that_nobody_asks(command, repo):
    assert repo.run(*command.split(), env={"DATABASE_URL": ""}).status == 0


@pytest.mark.parametrize("name", TARGETS)
def test_the_database_is_not_to_be_had(name, repo, server):
    url, *expected = TARGETS[name]
    url = url.format(
        scheme="postgresql://", at=f"127.0.0.1:{server.port}", socket=f"host={server.folder}"
        f"&port={server.port}", password=urllib.parse.quote(world.PASSWORD, safe=""))
    result = ask(repo.predeploy, ("deploy", *expected), repo.path, {"DATABASE_URL": url})
    assert "the database is untouched" in result.both


def test_plan_shows_the_statements(repo, db):
    """With --verbose: their text on one line, cut; never one that names a password."""
    repo.migration("0003_more", "ALTER TABLE customers\n  ADD COLUMN\tnote text;\n"
                   "COMMENT ON TABLE customers IS '" + "x" * 300 + "';\n"
                   "ALTER ROLE app PASSWORD 'never-shown';\n")
    repo.commit("more")
    shown = flat(repo.run("plan", "-v", env=db.env).out)
    assert "1:1 ALTER TABLE customers ADD COLUMN note text" in shown, shown
    assert "xxx…" in shown and "x" * 200 not in shown.replace(" ", ""), shown
    assert "ALTER ROLE" in shown and "never-shown" not in shown, shown
    assert "ADD COLUMN" not in repo.run("plan", env=db.env).out


@pytest.mark.parametrize("name", ["", "postgres"])
def test_no_database_in_the_url(name, repo, server):
    """libpq takes the one that is called as the user."""
    password = urllib.parse.quote(world.PASSWORD, safe="")
    url = f"postgresql://app:{password}@127.0.0.1:{server.port}/"
    server.psql("postgres", 'CREATE DATABASE app', check=False)
    result = repo.run("check", env={"DATABASE_URL": url + name})
    assert result.status == 0, result
    assert ("names no database: app is taken" in result.err) == (name == ""), result


def test_help(predeploy, tmp_path):
    """Each command, in each way to ask for it, at most 80 columns wide."""
    overview = predeploy.run("help", cwd=tmp_path)
    assert overview.status == 0 and not overview.err
    assert predeploy.run("--help").out == predeploy.run("-h").out == overview.out
    commands = re.findall(r"^  ([a-z]+)\b", overview.out, re.M)
    assert {"init", "new", "check", "deploy", "rollback", "help"} <= set(commands)
    short = predeploy.run()
    assert re.findall(r"^  ([a-z]+)\b", short.err, re.M) == commands and len(short.err) < len(overview.out)
    assert max(map(len, overview.out.splitlines())) <= COLUMNS
    for command in commands:
        page = predeploy.run("help", command)
        assert page.status == 0 and not page.err, page
        assert page.out == predeploy.run(command, "--help").out == predeploy.run("-h", command).out
        assert max(map(len, page.out.splitlines())) <= COLUMNS, page
        assert page.out.startswith(f"predeploy {command}: ")


@pytest.mark.parametrize("words", ["", "chekc", "check", "deploy", "help check"])
def test_in_a_terminal(words, predeploy, tmp_path):
    repo = fill(predeploy, tmp_path / "repo")
    coloured, plain = (
        predeploy.in_terminal(*words.split(), env={"TERM": "xterm-256color", **env}, cwd=repo.path)
        for env in ({}, {"NO_COLOR": "1"}))
    assert not COLOUR.search(plain[1]), plain
    assert (coloured[0], COLOUR.sub("", coloured[1])) == plain
    piped = predeploy.run(*words.split(), cwd=repo.path)
    # what is under way is shown on a terminal only, and wiped away
    shown = re.sub(r"[^\n]*\r(\x1b\[K)?", "", plain[1])
    assert (piped.status, piped.both) == (plain[0], shown), (piped, plain)


# what is committed of a project under the gate, what check says, the next step
FORGOTTEN = {
    "all": ((), "no migrations folder was found",
            "not committed: git add drizzle .predeploy && git commit"),
    "migrations": ((".predeploy", "drizzle/SHA256SUMS"), "there are no migrations in drizzle",
                   "not committed: git add drizzle && git commit"),
    "one of them": (("drizzle", ":!drizzle/0002_seed-rollback.sql"),
                    "0002_seed-rollback.sql is listed, but it is not there",
                    "not committed: git add drizzle/0002_seed-rollback.sql .predeploy && git commit"),
    "sums": (("drizzle", ".predeploy", ":!drizzle/SHA256SUMS"), "no hashes are recorded",
             "not committed: git add drizzle/SHA256SUMS && git commit"),
    "sums and settings": (("drizzle", ":!drizzle/SHA256SUMS"), "no hashes are recorded",
                          "not committed: git add drizzle/SHA256SUMS .predeploy && git commit"),
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_files_that_are_not_committed(name, make_repo):
    committed, said, step = FORGOTTEN[name]
    repo = make_repo("drizzle", commit=False)
    assert repo.run("init", "--no-hook").status == 0
    if committed:
        repo.git("add", "--", *committed)
    repo.git("commit", "-q", "--allow-empty", "-m", "as far as it was thought of")
    result = repo.run("check")
    assert result.status == 1 and said in flat(result.out) and step in flat(result.out), result
    follow(repo, step)


def follow(repo, step):
    """Does what the hint says: nothing is left to be done."""
    commands = step.partition(": ")[2].removesuffix(" && git commit").split(" && ")
    for words in map(str.split, commands):
        if words[0] == "git":
            repo.git(*words[1:])
        else:
            assert repo.run(*words[1:]).status == 0
    repo.git("commit", "-q", "-m", "the rest")
    assert repo.check().status == 0
    assert repo.git("status", "--porcelain") == ""


def test_hashes_and_settings_are_new(make_repo):
    """The settings are there, and neither they nor any hashes are committed."""
    repo = make_repo("drizzle", commit=False)
    repo.git("add", "drizzle", ":!drizzle/SHA256SUMS")
    repo.git("commit", "-q", "-m", "migrations alone")
    (repo.migrations / "SHA256SUMS").unlink(missing_ok=True)
    repo.write(".predeploy", "[check]\n\tbase = main\n")
    step = "with your settings: predeploy record && git add drizzle/SHA256SUMS .predeploy && git commit"
    result = repo.run("check")
    assert result.status == 1 and step in flat(result.out), result
    follow(repo, step)


def test_ignored_files_are_no_forgotten_ones(make_repo):
    repo = make_repo("drizzle", commit=False)
    repo.write(".gitignore", "drizzle/0002_seed-rollback.sql\n")
    repo.run("record")
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "without what is ignored")
    result = repo.run("check")
    assert result.status == 1 and "Bring the file back" in flat(result.out), result
    assert "note:" not in result.out


def test_what_was_mended_is_not_committed(repo, db):
    """Commits are what is read: who has mended a file only is told so."""
    repo.migration("0003_more", "CREATE TABLE customers ();\n", "DROP TABLE more;\n")
    repo.commit("there is such a table")
    failed = repo.run("deploy", env=db.env)
    assert failed.status == 5 and "note:" not in failed.out, failed
    repo.write(repo.up("0003_more"), "CREATE TABLE more ();\n")
    again = repo.run("deploy", env=db.env)
    assert again.status == 5, again
    assert "note: drizzle/0003_more.sql is not what HEAD has, and HEAD is what was read" in flat(again.out)
    repo.record()
    again = repo.run("deploy", env=db.env)
    assert "note: drizzle/0003_more.sql and 1 more are not what HEAD has" in flat(again.out), again
    again = repo.run("deploy", "--format", "json", env=db.env)
    assert again.json["uncommitted"] == {"path": "drizzle/0003_more.sql", "count": 2}, again
    assert "note:" not in repo.run("check", "HEAD~1", env=db.env).out, "no commit mends that one"
    repo.commit("mended")
    well = repo.run("deploy", "--format", "json", env=db.env)
    assert well.status == 0 and well.json["uncommitted"] is None, well
    repo.migration("0004_last", "SELECT 1;\n")
    planned = repo.run("plan", env=db.env)
    assert planned.status == 0 and "nothing to do" in planned.out, planned
    assert "note: drizzle/0004_last" in flat(planned.out), planned


def test_and_then_it_works(repo, db):
    result = repo.run("deploy", env=db.env)
    assert result.status == 0 and "gate open: deployed 3 migrations" in result.out, result
