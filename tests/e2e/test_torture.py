"""One allocation fails, or one call of libpq, libgit2 or libcurl, wherever a command comes to one.
The status must be true, a closed gate stays closed, nothing hangs or dies by a signal, and the next
run finishes what there is to do.

tests/support/torture.h says how a call is made to fail. All calls of libraries fail in their turn,
and some allocations; PREDEPLOY_TORTURE=full fails each, for once and from there on, and
PREDEPLOY_TORTURE=7 every seventh call."""

import os
import pathlib
import re
import subprocess

import pytest
import world

pytestmark = pytest.mark.amount

ASKED = os.environ.get("PREDEPLOY_TORTURE", "")
FULL = ASKED == "full"
PARTS = 4  # tests that share the calls of a command, where a failed one is waited for
RUNS = 60  # of a command, with one allocation failing in each, when it is not all of them
WRONG_MAX = 20
SECONDS = 60  # what a run may take: an own statement whose answer is lost waits for 35 s
BUILD = pathlib.Path(world.BINARY).parents[1]
SANITIZED = b"libasan" in subprocess.run(["ldd", world.BINARY], stdout=subprocess.PIPE).stdout
# Of the calls each so-manieth fails: with sanitizers a run takes ten times as long.
STEP = int(ASKED) if ASKED.isdigit() else 5 if SANITIZED and not FULL else 1
ENDED = re.compile(r"^predeploy: (out of memory|libcrypto failed): ", re.M)
# glibc's own end when memory runs out while it reads nsswitch.conf, for libpq's question who runs this.
NSS = re.compile(r"nss_database\.c:\d+: \w+: Assertion")
SAID = re.compile(r"^(?:error: |predeploy: )", re.M)

# Every table and column, every index and whether it is valid, and what was seeded.
SCHEMA = (
    "SELECT md5(coalesce(string_agg(x, ' ' ORDER BY x), '')) FROM ("
    " SELECT format('%s.%s %s', c.relname, a.attname, a.atttypid::regtype) FROM pg_class c"
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " WHERE relnamespace = 'public'::regnamespace UNION ALL"
    " SELECT format('%s %s', i.indexrelid::regclass, indisvalid) FROM pg_index i"
    " JOIN pg_class c ON c.oid = i.indrelid WHERE relnamespace = 'public'::regnamespace UNION ALL"
    " SELECT query_to_xml('SELECT name FROM public.customers ORDER BY 1', true, false, '')::text"
    " WHERE to_regclass('public.customers') IS NOT NULL) AS s (x)"
)
APPLIED = (
    "SELECT CASE WHEN to_regclass('predeploy.migrations') IS NOT NULL THEN array_to_string(xpath("
    "'//name/text()', query_to_xml('SELECT name FROM predeploy.migrations ORDER BY seq', true,"
    " false, '')), ' ') END"
)
RESET = (
    "DROP SCHEMA IF EXISTS predeploy CASCADE", "DROP SCHEMA IF EXISTS drizzle CASCADE",
    "DROP SCHEMA public CASCADE", "CREATE SCHEMA public",
)


class Bench:
    """A repository, a database and a session that looks at it."""

    def __init__(self, repo, db=None, say=None):
        self.repo = repo
        self.db = db
        self.say = say
        self.env = dict(db.env) if db else {}
        self.input = None
        if say:
            say("SET client_min_messages = error")

    def plain(self, *args, **more):
        return self.repo.run(*args, env={**self.env, **more.pop("env", {})}, **more)

    def state(self):
        """What the database is, and what the ledger says of it."""
        applied = self.say(APPLIED)[0].split()
        return self.say(SCHEMA)[0], applied

    def reset(self):
        for statement in RESET:
            self.say(statement)

    def tortured(self, args, kind, at, persist=False, where="parent"):
        """The result of a run; `failed` is the call that did, `calls` how many there were: each is
        None when the run did not come to it."""
        report = self.repo.path.parent / "torture"
        report.unlink(missing_ok=True)
        library = BUILD / f"tests/libtorture_{'memory' if kind == 'alloc' else 'calls'}.so"
        if not library.is_file():
            pytest.fail(f"{library} was not built", pytrace=False)
        preload = str(library)
        if SANITIZED:  # its runtime wants to be the first
            found = subprocess.run(["gcc", "-print-file-name=libasan.so"], stdout=subprocess.PIPE)
            preload = f"{found.stdout.decode().strip()}:{preload}"
        env = {
            "LD_PRELOAD": preload, "TORTURE_KIND": kind, "TORTURE_AT": at,
            "TORTURE_PERSIST": int(persist), "TORTURE_WHERE": where, "TORTURE_REPORT": report,
        }
        result = self.plain(*args, env=env, input=self.input, timeout=SECONDS)
        said = report.read_text() if report.exists() else ""
        failed = re.search(r"^failed (\w+)$", said, re.M)
        calls = re.search(r"^calls (\d+)$", said, re.M)
        result.failed = failed.group(1) if failed else None
        result.calls = int(calls.group(1)) if calls else None
        return result


def message(result):
    """One message says why it ended so; or findings do, and the line that closes the gate."""
    said = len(SAID.findall(result.both))
    findings = len(re.findall(r"^error\[[a-z-]+\] ", result.both, re.M))
    if ENDED.search(result.both) and result.status not in (3, 9):
        return False
    return result.status == 0 or said == 1 or (
        said == 0 and findings > 0 and result.status in (1, 7))


def rounds(bench, args, kind, judge, prepare=None, where="parent", part=None):
    """Runs the command with each of its calls failing, or with a part of them; judge says whether the
    result is true."""
    wrong = []
    step = STEP
    if kind == "alloc" and where == "parent" and not FULL:
        if prepare:
            prepare()
        step = bench.tortured(args, kind, 0).calls // RUNS + 1
    first, stride = (1, step) if part is None else (1 + part * step, PARTS * step)
    for persist in [False, True] if FULL else [False]:
        at = first
        while len(wrong) < WRONG_MAX:
            if prepare:
                prepare()
            place = f"{args} {kind} {at}{' and on' if persist else ''}"
            try:
                result = bench.tortured(args, kind, at, persist, where)
                if result.failed is None:
                    assert at > first, "it never comes to such a call"
                    break
                place += f" {result.failed}"
                assert message(result), f"not one message\n{result}"
                assert judge(result), f"not true\n{result}"
            except AssertionError as problem:
                if not NSS.search(str(problem)):
                    wrong.append(f"{place}: {problem}")
            at += stride
    if wrong:
        pytest.fail("\n\n".join(wrong), pytrace=False)


# Calls that give back what is there already, let go of it, or tell what failed; and PQcancel, which
# runs in a child that nobody believes.
CANNOT_FAIL = re.compile(
    r"\w+_(free|free_all|cleanup|dispose|shutdown|clear|last|strerror)|PQ(clear|free|finish)\w*"
    r"|PQconninfoFree|PQcancel|PQ(set)?[Ee]rror\w+|PQresultErrorMessage|PQsetNotice\w+"
    r"|PQ(backendPID|cmdStatus|cmdTuples|db|host|isBusy|n?fields|ntuples|port|user|status|options)"
    r"|PQ(get(isnull|length|value)|nfields|resultStatus|serverVersion|transactionStatus|fname)"
    r"|PQpipelineStatus|PQprotocolVersion|PQsslInUse"
    r"|git_oid_(cmp|cpy|equal|is_zero|tostr)|git_odb_object_\w+|git_tree_entr\w+|git_attr_value"
    r"|git_commit_(author|id|message|parent_id|parentcount|time|tree_id)|git_index_get_bypath"
    r"|git_object_(id|type2string|type)|git_reference_(name|target|type)|git_reflog_entry_\w+"
    r"|git_refspec_src_matches|git_repository_(commondir|is_bare|path|workdir)|git_tag_target_id"
)


def symbols(path, *which):
    done = subprocess.run(["nm", *which, path], stdout=subprocess.PIPE, check=True)
    found = re.findall(r" ((?:PQ|git_|curl_)\w+)", done.stdout.decode())
    return set(found)


def test_every_call_is_tortured():
    """A call that is new is either made to fail, or said to be one that cannot."""
    called = symbols(world.BINARY, "-D", "--undefined-only")
    loaded = symbols(BUILD / "src/libpd_backup.a", "--defined-only")  # and called by those names
    tortured = symbols(BUILD / "tests/libtorture_calls.so", "-D", "--defined-only")
    assert len(called) > 50 and len(loaded) > 20
    called |= loaded
    assert not sorted(name for name in called - tortured if not CANNOT_FAIL.fullmatch(name))


@pytest.fixture
def session(db):
    with db.session() as say:
        yield say


@pytest.fixture
def offline(repo):
    return Bench(repo)


@pytest.fixture
def online(repo, db, session):
    return Bench(repo, db, session)


def close(repo):
    """A revision that has an error in it."""
    repo.remove(repo.down("0002_seed"))
    repo.commit("no companion")


KINDS = ["alloc", "libpq", "libgit2"]
if SANITIZED:
    KINDS.remove("alloc")  # its allocator stands in the same place


def kinds(*names):
    return pytest.mark.parametrize("kind", [name for name in names if name in [*KINDS, "libcurl"]])


@kinds("alloc", "libgit2")
@pytest.mark.parametrize("closed", [False, True])
def test_check(closed, kind, offline):
    if closed:
        close(offline.repo)
    rounds(offline, ["check"], kind, lambda result: result.status in (int(closed), 3))


@kinds("alloc")
@pytest.mark.parametrize("closed", [False, True])
def test_the_parser(closed, kind, offline):
    """Its children are out of memory. What the parser then takes for too deep is a finding."""
    if closed:
        offline.repo.migration("0003_more", "COMMIT;\n")
        offline.repo.commit("more")
    rounds(offline, ["check"], kind,
           lambda result: (result.status == 0 and not closed) or result.status == 3
           or (result.status == 1 and (closed or "sql-not-analysable" in result.out)),
           where="child")


in_parts = pytest.mark.parametrize("part", range(PARTS))


@in_parts
@kinds("alloc", "libpq")
@pytest.mark.parametrize("command, closed", [
    ("check", True), ("plan", False), ("status", False), ("verify", False), ("verify", True),
])
def test_reading(command, closed, kind, part, online):
    """Of the database, which is not what the revision says when the gate is closed."""
    assert online.plain("deploy").status == 0
    if closed:
        online.say("UPDATE predeploy.migrations SET hash = repeat('a', 64) WHERE seq = 2")
    clean = online.plain(command).status
    before = online.state()
    assert closed == (clean != 0), clean
    rounds(online, [command], kind, lambda result: result.status in (clean, 3), part=part)
    assert online.state() == before


def is_true(bench, result, before, after):
    """Whether the status says what the database is."""
    found = bench.state()
    if result.status == 0:
        return found == after
    if result.status in (3, 4, 5, 7, 8):
        return found == before
    return result.status == 9 and found in (before, after)


def finishes(bench, args, after):
    """Whether the next run does what there is to do."""
    again = bench.plain(*args)
    assert again.status == 0, f"the next run: {again}"
    return bench.state() == after


@in_parts
@kinds("alloc", "libpq", "libgit2")
def test_deploy(kind, part, online):
    args = ["deploy"]
    before = online.state()
    assert online.plain(*args).status == 0
    after = online.state()

    def judge(result):
        return is_true(online, result, before, after) and finishes(online, args, after)

    rounds(online, args, kind, judge, online.reset, part=part)


@kinds("alloc", "libgit2")  # it never connects
def test_deploy_with_a_closed_gate(kind, online):
    close(online.repo)
    before = online.state()
    rounds(online, ["deploy"], kind,
           lambda result: result.status in (1, 3) and online.state() == before)


@kinds("alloc", "libcurl")
def test_deploy_with_backup(kind, online, webhook):
    args = ["deploy", "--backup"]
    online.env.update(webhook.env)
    online.repo.write(".predeploy", "[backup]\n\ttimeout = 1s\n")
    online.repo.commit("backup")
    before = online.state()
    assert online.plain(*args).status == 0
    after = online.state()

    def prepare():
        online.reset()
        webhook.requests.clear()

    def judge(result):
        backed_up = bool(webhook.requests)
        return (is_true(online, result, before, after)
                and (backed_up or online.state() == before) and finishes(online, args, after))

    rounds(online, args, kind, judge, prepare)


@in_parts
@kinds("alloc", "libpq")
def test_rollback(kind, part, online):
    args = ["rollback", "2"]

    def prepare():
        assert online.plain("deploy").status == 0

    def judge(result):
        return is_true(online, result, before, after) and (
            online.state() == after or finishes(online, args, after))

    prepare()
    before = online.state()
    assert online.plain(*args).status == 0
    after = online.state()
    rounds(online, args, kind, judge, prepare, part=part)


@kinds("alloc", "libgit2")
@pytest.mark.parametrize("closed", [False, True])
def test_hook(closed, kind, offline, tmp_path):
    repo = offline.repo
    remote = tmp_path / "remote.git"
    repo.git("init", "-q", "--bare", remote)
    repo.git("remote", "add", "origin", remote)
    repo.git("push", "-q", "origin", "main")
    published = repo.git("rev-parse", "HEAD")
    repo.migration("0003_more", "SELECT 1;\n", None if closed else "SELECT 1;\n")
    head = repo.commit("more")
    offline.input = f"refs/heads/main {head} refs/heads/main {published}\n"
    rounds(offline, ["hook", "pre-push", "origin", remote], kind,
           lambda result: result.status in (int(closed), 3))
