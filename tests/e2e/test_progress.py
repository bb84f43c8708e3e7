"""What is said while a deployment runs: one live line on a terminal, few lines on a log, who is in the
way before, while and after, and how long everything took."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

import pytest
from test_deploy import waiting

WIPE = "\r\x1b[K"
SECRET = "k3ep-th1s"


class Terminal:
    """The binary on a terminal of its own."""

    def __init__(self, repo, db, *args, columns=80, rows=24):
        self.repo = repo
        self.leader, follower = pty.openpty()
        self.resize(columns, rows)
        env = repo.predeploy.env({**db.env, "TERM": "xterm"})
        self.process = subprocess.Popen(
            [repo.predeploy.binary, *args], cwd=repo.path, env=env, stdin=follower,
            stdout=subprocess.PIPE, stderr=follower, preexec_fn=self._own_terminal,
        )
        os.close(follower)
        self.seen = b""
        self.draws = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    @staticmethod
    def _own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self):
        while True:
            try:
                chunk = os.read(self.leader, 65536)
            except OSError:
                return
            if not chunk:
                return
            self.draws += [time.monotonic()] * chunk.count(WIPE.encode())
            self.seen += chunk

    @property
    def lines(self):
        """What the live line has shown, one after another."""
        return [line for line in self.seen.decode(errors="replace").split(WIPE) if line]

    def until(self, pattern, seconds=20):
        end = time.monotonic() + seconds * self.repo.predeploy.patience
        while time.monotonic() < end:
            found = [line for line in self.lines if re.search(pattern, line)]
            if found:
                return found[-1]
            time.sleep(0.02)
        raise AssertionError(f"{pattern} never shown: {self.lines}")

    def press(self, key):
        os.write(self.leader, key)

    def end(self, seconds=60):
        out, _ = self.process.communicate(timeout=seconds * self.repo.predeploy.patience)
        os.set_blocking(self.leader, False)
        self.reader.join(timeout=5)
        os.close(self.leader)
        self.repo.predeploy.recorder.add(out, self.seen)
        return self.process.returncode, out.decode()


@pytest.fixture
def blocked(repo, db):
    """A deployed database, and one more migration that alters a table with many rows."""
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 4s\n\tretries = 3\n")
    repo.migration("0003_tier", "ALTER TABLE customers ADD COLUMN tier text;\n",
                   "ALTER TABLE customers DROP COLUMN tier;\n")
    repo.commit("tier")
    return repo


def hold(say, sql="SELECT count(*) FROM customers"):
    say("SET application_name = 'shop-worker'")
    pid = say("SELECT pg_backend_pid()")[0]
    say("BEGIN")
    say(f"{sql} WHERE 'password' <> '{SECRET}' AND 12345 > 1")
    return pid


def hold_snapshot(say):
    say("SET application_name = 'shop-worker'")
    pid = say("SELECT pg_backend_pid()")[0]
    say("BEGIN ISOLATION LEVEL REPEATABLE READ")
    say(f"SELECT '{SECRET}'")
    return pid


def check_widths(lines, columns):
    for line in lines:
        first = line.split("\r\n")[0]
        assert len(first) <= columns - 3 or "\r\n" in line, line


def test_live_line_while_blocked(blocked, db):
    with db.session() as say:
        pid = hold(say)
        terminal = Terminal(blocked, db, "deploy", columns=100)
        line = terminal.until("waiting for")
        assert line.startswith(f"[1/1] waiting for lock on customers held by pid {pid} (app, shop-worker)") or \
            line.startswith(f"[1/1] 0003_tier: ALTER TABLE customers, waiting for lock on customers held by pid {pid}"), line
        terminal.until(rf"held by pid {pid} \(app, shop-worker\), [1-9] s$")
        say("COMMIT")
        status, out = terminal.end()
    assert status == 0, out
    check_widths(terminal.lines, 100)
    assert terminal.seen.decode().endswith(WIPE), "the line stands there when all is over"
    assert SECRET not in terminal.seen.decode() + out
    assert "warning[old-transaction]" not in out or "shop-worker" in out


def test_a_long_line_names_what_waits(blocked, db):
    """The answers of many statements come together; which one the server is at, it is asked."""
    for n in range(70):
        blocked.migration(f"{n + 10:04}_many", f"SELECT {n};\nSELECT {n} + 1;\n")
    blocked.migration("0090_last", "ALTER TABLE orders ADD COLUMN last text;\n")
    blocked.migration("0091_behind", "SELECT 'behind';\n")
    blocked.commit("many")
    with db.session() as say:
        hold(say, "SELECT count(*) FROM orders")
        terminal = Terminal(blocked, db, "deploy", columns=140)
        terminal.until(r"\[72/73\] 0090_last: ALTER TABLE orders, waiting for lock on orders held by pid .*, [1-9] s$")
        say("COMMIT")
        status, out = terminal.end()
    assert status == 0, out


@pytest.mark.parametrize("columns", [80, 40, 24])
def test_line_fits(blocked, db, columns):
    with db.session() as say:
        pid = hold(say)
        terminal = Terminal(blocked, db, "deploy", columns=columns)
        terminal.until(f"pid {pid}" if columns >= 40 else "waiting")
        say("COMMIT")
        status, out = terminal.end()
    assert status == 0, out
    check_widths(terminal.lines, columns)


def test_resized(blocked, db):
    with db.session() as say:
        hold(say)
        terminal = Terminal(blocked, db, "deploy", columns=120)
        terminal.until(r"0003_tier: ALTER TABLE customers, waiting for lock on customers")
        before = len(terminal.lines)
        terminal.resize(40)
        time.sleep(0.5)
        terminal.until(r"^\[1/1\] waiting for pid")
        say("COMMIT")
        assert terminal.end()[0] == 0
    check_widths(terminal.lines[before + 3:], 40)


def test_ctrl_c_leaves_a_clean_line(blocked, db):
    with db.session() as say:
        hold(say)
        terminal = Terminal(blocked, db, "deploy")
        terminal.until("waiting for")
        terminal.press(b"\x03")
        status, out = terminal.end()
    assert status == 130, out
    rest = terminal.seen.decode().split("^C")[-1]
    assert rest.startswith(WIPE) and "\n" not in rest.strip("\r\n"), repr(rest)


def test_at_most_ten_draws_a_second(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    for i in range(3, 203):
        repo.migration(f"{i:04d}_m", f"CREATE TABLE m{i} ();\nSELECT pg_sleep(0.01);\n", f"DROP TABLE m{i};\n")
    repo.commit("many")
    terminal = Terminal(repo, db, "deploy")
    status, out = terminal.end()
    assert status == 0, out
    steps = {line.split("]")[0] for line in terminal.lines if line.startswith("[")}
    assert len(steps) > 5, "several of the migrations are seen"
    draws = terminal.draws
    for i in range(len(draws) - 12):
        assert draws[i + 12] - draws[i] > 0.9, "more than ten times a second"


def test_log_gets_few_lines(blocked, db):
    with db.session() as say:
        pid = hold(say)
        process = blocked.predeploy.start("deploy", "--format", "json", env=db.env, cwd=blocked.path)
        waiting(db, "ALTER TABLE customers")
        time.sleep(2.5)
        say("COMMIT")
        result = blocked.predeploy.finish(process, ("deploy", "json"))
    assert result.status == 0, result
    lines = result.err.splitlines()
    said = [line for line in lines if line.startswith("[1/1]")]
    assert 1 <= len(said) <= 1 + result.seconds // 10, result
    assert "\r" not in result.err and "\x1b" not in result.err, result
    assert pid and SECRET not in result.both


def test_nothing_is_said_in_the_first_second(repo, db):
    result = repo.run("deploy", env=db.env)
    assert result.status == 0, result
    assert result.err == "" or result.seconds > 1, result


def test_who_was_in_the_way(blocked, db):
    # What is held is seen while it is waited for: the second half of that time is for a slow machine.
    blocked.write(".predeploy", "[deploy]\n\tlockTimeout = 2s\n\tretries = 1\n")
    blocked.commit("impatient")
    with db.session() as say:
        pid = hold(say)
        time.sleep(0.5)
        result = blocked.run("deploy", "--format", "json", env=db.env)
        human = blocked.run("deploy", env=db.env)
    assert result.status == 8, result
    blocker = result.json["blockers"][0]
    assert blocker["pid"] == int(pid) and blocker["user"] == "app", blocker
    assert blocker["application"] == "shop-worker" and blocker["state"] == "idle in transaction"
    assert blocker["relation"] == "customers" and blocker["held"] == "AccessShareLock", blocker
    assert blocker["wanted"] == "AccessExclusiveLock" and blocker["transaction_ms"] >= 500, blocker
    assert blocker["query"] == "SELECT count(*) FROM customers WHERE ? <> ? AND ? > ?", blocker
    for text in (result.json["error"]["detail"], result.err, human.out, human.err):
        text = " ".join(text.split())
        assert f"process {pid} of user app" in text and '"shop-worker"' in text, text
        assert "holds AccessShareLock on customers" in text, text
    assert "trying again (1 of 1)" in human.err, human
    assert SECRET not in result.both + human.both and "12345" not in result.both + human.both


def test_preflight(blocked, db):
    blocked.write(".predeploy", "[deploy]\n\tlockTimeout = 300ms\n\tretries = 0\n")
    blocked.commit("impatient")
    with db.session() as say:
        pid = hold(say)
        time.sleep(0.5)
        plan = blocked.run("plan", "--format", "json", env=db.env)
        deploy = blocked.run("deploy", "--format", "json", env=db.env)
        blocked.write(".predeploy", "[deploy]\n\tlockTimeout = 300ms\n\tretries = 0\n[rule \"old-transaction\"]\n\tseverity = error\n")
        blocked.commit("strict")
        before = db.query("SELECT count(*) FROM predeploy.deployments")
        strict = blocked.run("deploy", "--format", "json", env=db.env)
        after = db.query("SELECT count(*) FROM predeploy.deployments")
    assert (plan.status, plan.rules) == (0, ["old-transaction"]), plan
    finding = plan.json["findings"][0]
    assert finding["path"] == "drizzle/0003_tier.sql" and finding["line"] == 1, finding
    assert f"process {pid} of user app" in finding["message"] and "customers" in finding["message"], finding
    assert f"pg_terminate_backend({pid})" in finding["hint"], finding
    assert (deploy.status, deploy.rules) == (8, ["old-transaction"]), deploy
    assert (strict.status, strict.rules) == (1, ["old-transaction"]), strict
    assert before == after, "a closed gate writes nothing"
    assert SECRET not in plan.both + deploy.both + strict.both


def test_preflight_sees_dumps(blocked, db):
    with db.session() as say:
        say("SET application_name = 'pg_dump'")
        say("BEGIN ISOLATION LEVEL REPEATABLE READ")
        say("LOCK TABLE customers, orders IN ACCESS SHARE MODE")
        plan = blocked.run("plan", "--format", "json", env=db.env)
    assert (plan.status, plan.rules) == (0, ["dump-running"]), plan


def test_preflight_sees_prepared_transactions(blocked, db):
    blocked.write(".predeploy", "[deploy]\n\tlockTimeout = 2s\n\tretries = 0\n")
    blocked.commit("impatient")
    gid = f"tx-{db.name}"
    db.query(f"BEGIN; LOCK TABLE customers IN ROW EXCLUSIVE MODE; PREPARE TRANSACTION '{gid}'")
    try:
        time.sleep(2.2)
        result = blocked.run("deploy", "--format", "json", env=db.env)
    finally:
        db.query(f"ROLLBACK PREPARED '{gid}'")
    assert (result.status, result.rules) == (8, ["old-transaction"]), result
    assert f'prepared transaction "{gid}"' in result.json["findings"][0]["message"], result
    assert result.json["blockers"][0]["prepared_transaction"] == gid, result
    assert result.json["blockers"][0]["held"] == "RowExclusiveLock", result


def test_preflight_is_quiet_when_nothing_is_in_the_way(blocked, db):
    with db.session() as say:
        say("BEGIN")
        say("SELECT count(*) FROM orders")
        time.sleep(0.3)
        plan = blocked.run("plan", "--format", "json", env=db.env)
    assert (plan.status, plan.rules) == (0, []), plan


def test_timings(repo, db):
    repo.migration("0003_slow", "CREATE TABLE slow ();\nSELECT pg_sleep(1.2);\nCREATE INDEX ON orders (id);\n",
                   "DROP TABLE slow;\n")
    repo.commit("slow")
    result = repo.run("deploy", "--format", "json", env=db.env)
    assert result.status == 0, result
    step = result.json["plan"]["steps"][-1]
    assert step["outside_transaction"] is False and step["state"] == "done", step
    assert 1100 <= step["duration_ms"] < 20000, step
    times = [statement["duration_ms"] for statement in step["statements"]]
    assert [statement["state"] for statement in step["statements"]] == ["done"] * 3, step
    assert times[0] < 1000 and times[2] < 1000 and 1100 <= times[1] <= step["duration_ms"], times
    for other in result.json["plan"]["steps"][:-1]:
        assert all(s["state"] == "done" and s["duration_ms"] >= 0 for s in other["statements"]), other


def test_slowest_is_named(repo, db):
    repo.migration("0003_slow", "CREATE TABLE slow ();\nSELECT pg_sleep(1.2);\n", "DROP TABLE slow;\n")
    repo.commit("slow")
    result = repo.run("deploy", "--verbose", env=db.env)
    assert result.status == 0, result
    assert re.search(r"slowest +0003_slow, 1\.\d s, of which SELECT 1\.\d s", result.out), result
    assert re.search(r"2:1 +SELECT, 1\.\d s", result.out), result


def test_index_build_has_a_percentage(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    db.query("CREATE TABLE big AS SELECT i, repeat(md5(i::text), 8) AS t FROM generate_series(1, 400000) AS i")
    repo.migration("0003_index", "CREATE INDEX big_t_idx ON big (md5(t), md5(t || 'x'), t);\n", "DROP INDEX big_t_idx;\n")
    repo.commit("index")
    terminal = Terminal(repo, db, "deploy", columns=120)
    status, out = terminal.end(seconds=120)
    assert status == 0, out
    shown = [line for line in terminal.lines if "CREATE INDEX big_t_idx" in line]
    assert any(re.search(r"CREATE INDEX big_t_idx, building index: .*\d+%", line) for line in shown), terminal.lines


def test_concurrent_build_waits_for_an_old_transaction(repo, db):
    assert repo.run("deploy", env=db.env).status == 0
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 300ms\n")
    repo.migration("0003_index", "CREATE INDEX CONCURRENTLY customers_idx ON customers (id);\n",
                   "DROP INDEX CONCURRENTLY customers_idx;\n")
    repo.commit("index")
    with db.session() as say:
        pid = hold_snapshot(say)
        time.sleep(0.5)
        plan = repo.run("plan", "--format", "json", env=db.env)
        terminal = Terminal(repo, db, "deploy", columns=120)
        terminal.until(rf"CREATE INDEX CONCURRENTLY customers_idx, waiting for the transaction of pid {pid} ")
        say("COMMIT")
        status, out = terminal.end()
    assert (plan.status, plan.rules) == (0, ["old-transaction"]), plan
    assert "concurrent build" in plan.json["findings"][0]["message"], plan
    assert plan.json["plan"]["steps"][0]["outside_transaction"] is True, plan
    assert status == 0, out
    assert "1 of them outside a transaction" in out and "ms, outside a transaction" in out, out
    assert SECRET not in out + terminal.seen.decode()
