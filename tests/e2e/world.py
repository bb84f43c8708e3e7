"""What the end-to-end tests are made of: a server, repositories, a webhook receiver, and the binary,
run the way a user runs it. Everything that it prints is searched for the secrets it was given."""

import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import pty
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("PREDEPLOY", str(ROOT / "build/dev/src/predeploy"))
SCHEMA_FILE = ROOT / "docs/report.schema.json"

# Characters that a URL must escape, so that the two spellings differ.
PASSWORD = "cAnary/7f3a@91%b:pw"
WEBHOOK_KEY = b"webhook-cAnary-5e1d77c0-key"
WEBHOOK_SECRET = "whsec_" + base64.b64encode(WEBHOOK_KEY).decode()

# What is "possibly lost" is not asked for: the parser's child ends with what its parent holds.
VALGRIND = [
    "valgrind",
    f"--suppressions={pathlib.Path(__file__).parents[1] / 'support' / 'valgrind.supp'}",
    "-q",
    "--error-exitcode=99",
    "--leak-check=full",
    "--show-leak-kinds=definite,indirect",
    "--errors-for-leak-kinds=definite,indirect",
]
TROUBLE = re.compile(rb"AddressSanitizer|LeakSanitizer|runtime error:|^==\d+== ", re.M)
STATUSES = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 130, 143}


def spellings(secret):
    """The secret as it is, percent-encoded, and in base64 at each of the three alignments."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    found = {raw, urllib.parse.quote(raw, safe="").encode()}
    found.add(urllib.parse.quote(raw, safe="").lower().encode())
    for shift in range(3):
        text = base64.b64encode(b"\0" * shift + raw)
        found.add(text[4 if shift else 0 : (len(raw) + shift) // 3 * 4])
    return found


FORBIDDEN = spellings(PASSWORD) | spellings(WEBHOOK_KEY) | {WEBHOOK_SECRET.encode()}


def leaked(data, forbidden=frozenset(FORBIDDEN)):
    return sorted(word for word in forbidden if word in data)


class Recorder:
    """Everything that was printed, for the search at the end of the session."""

    def __init__(self, folder):
        self.file = open(folder / "printed.bin", "ab")
        self.lock = threading.Lock()
        self.calls = 0

    def add(self, *chunks):
        with self.lock:
            self.calls += 1
            for chunk in chunks:
                self.file.write(chunk + b"\n")
            self.file.flush()


class Result:
    def __init__(self, status, stdout, stderr, seconds):
        self.status = status
        self.raw = stdout
        self.out = stdout.decode(errors="replace")
        self.err = stderr.decode(errors="replace")
        self.both = self.out + self.err
        self.seconds = seconds
        self._json = None

    @property
    def json(self):
        if self._json is None:
            self._json = json.loads(self.raw)
        return self._json

    @property
    def rules(self):
        """Ids of the findings, in the order of the report."""
        return [finding["rule"] for finding in self.json.get("findings", [])]

    def __repr__(self):
        return f"status {self.status}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Predeploy:
    """Runs the binary in an environment of its own."""

    def __init__(self, home, recorder, valgrind=False, binary=BINARY):
        self.home = home
        self.recorder = recorder
        self.prefix = VALGRIND if valgrind else []
        self.binary = binary
        self.patience = 12 if valgrind else 4 if "asan" in binary else 1
        self.validator = None
        home.mkdir(parents=True, exist_ok=True)
        (home / ".gitconfig").write_text(
            "[user]\n\tname = Ada\n\temail = ada@example.com\n"
            "[init]\n\tdefaultBranch = main\n[protocol \"file\"]\n\tallow = always\n"
            "[advice]\n\tdetachedHead = false\n"
        )

    def env(self, more=None):
        keep = ("PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "TMPDIR")
        env = {name: os.environ[name] for name in keep if name in os.environ}
        env.update(HOME=str(self.home), LANG="C.UTF-8", TZ="UTC", GIT_TERMINAL_PROMPT="0")
        env.update({name: str(value) for name, value in (more or {}).items()})
        return env

    def start(self, *args, env=None, cwd=None, stdin=subprocess.DEVNULL):
        return subprocess.Popen(
            [*self.prefix, self.binary, *map(str, args)],
            env=self.env(env),
            cwd=cwd or self.home,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, process, args=(), input=None, timeout=60):
        begun = time.monotonic()
        titles = set()
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(process.pid, titles, done))
        watcher.start()
        try:
            out, err = process.communicate(input, timeout=timeout * self.patience)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"hung: {args}\n{out.decode()}\n{err.decode()}") from None
        finally:
            done.set()
            watcher.join()
        result = Result(process.returncode, out, err, time.monotonic() - begun)
        if self.prefix:
            titles.clear()  # valgrind's own, which its client cannot change
        self.recorder.add(out, err, *titles)
        assert not leaked(out + err), f"a secret was printed: {args}"
        assert not leaked(b"\n".join(titles)), f"a secret stands in a process title: {args}"
        assert not TROUBLE.search(err), result
        assert result.status in STATUSES, result
        if "json" in args and "--help" not in args:
            self.validate(result)
        return result

    def run(self, *args, env=None, cwd=None, input=None, timeout=60):
        if isinstance(input, str):
            input = input.encode()
        stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
        process = self.start(*args, env=env, cwd=cwd, stdin=stdin)
        return self.finish(process, args, input, timeout)

    def in_terminal(self, *args, env=None, cwd=None):
        """Its status, and what a terminal of 80 columns gets."""
        leader, follower = pty.openpty()
        process = subprocess.Popen(
            ["sh", "-c", 'stty cols 80 rows 24 && exec "$0" "$@"', self.binary, *args],
            cwd=cwd or self.home, env=self.env(env), stdin=follower, stdout=follower, stderr=follower)
        os.close(follower)
        data = b""
        with contextlib.suppress(OSError):  # nobody has the other side any more
            while chunk := os.read(leader, 65536):
                data += chunk
        os.close(leader)
        self.recorder.add(data)
        assert not leaked(data), f"a secret was printed: {args}"
        return process.wait(), data.decode().replace("\r\n", "\n")

    def _watch(self, pid, titles, done):
        # The first look comes when the command line has been read; a parent that waits for its
        # children shows the same title until it ends.
        delay = 0.15 * self.patience
        while not done.wait(delay):
            delay = 0.05
            with contextlib.suppress(OSError):
                titles.add(pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
                children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                for child in children:
                    titles.add(pathlib.Path(f"/proc/{child}/cmdline").read_bytes())

    def validate(self, result):
        import jsonschema

        if self.validator is None:
            schema = json.loads(SCHEMA_FILE.read_text())
            kind = jsonschema.validators.validator_for(schema)
            kind.check_schema(schema)
            self.validator = kind(schema)
        assert result.raw.endswith(b"\n"), result
        self.validator.validate(result.json)
        assert result.json["status"] == result.status, result


def sha256(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


class Repo:
    """A git repository with a folder of migrations in one of the three layouts."""

    FOLDERS = {"drizzle": "drizzle", "drizzle-folders": "drizzle", "plain": "migrations"}

    def __init__(self, path, predeploy, layout="drizzle"):
        self.path = pathlib.Path(path)
        self.predeploy = predeploy
        self.layout = layout
        self.folder = self.FOLDERS[layout]
        self.entries = []
        self.path.mkdir(parents=True)
        self.git("init", "-q")

    @property
    def migrations(self):
        return self.path / self.folder

    def publish(self, remote):
        """Makes a bare repository with all that is committed, and the remote "origin" of this one."""
        self.git("clone", "-q", "--bare", self.path, remote)
        self.git("remote", "add", "origin", remote)
        self.git("fetch", "-q", "origin")
        self.git("remote", "set-head", "origin", "--auto")

    def git(self, *args, cwd=None, check=True, env=None):
        done = subprocess.run(
            ["git", *map(str, args)],
            cwd=cwd or self.path,
            env=self.predeploy.env(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.predeploy.recorder.add(done.stdout, done.stderr)
        assert not leaked(done.stdout + done.stderr), args
        if check:
            assert done.returncode == 0, (args, done.stdout, done.stderr)
            return done.stdout.decode().strip()
        return done

    def write(self, name, data):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def remove(self, name):
        (self.path / name).unlink()

    def up(self, name):
        inner = f"{name}/migration.sql" if self.layout == "drizzle-folders" else f"{name}.sql"
        return f"{self.folder}/{inner}"

    def down(self, name):
        inner = f"{name}/rollback.sql" if self.layout == "drizzle-folders" else f"{name}-rollback.sql"
        return f"{self.folder}/{inner}"

    def migration(self, name, up, down="SELECT 1;\n", when=None):
        self.write(self.up(name), up)
        if self.layout == "drizzle-folders":
            self.snapshot(name)
        if down is not None:
            self.write(self.down(name), down)
        if self.layout == "drizzle":
            if when is None:
                when = self.entries[-1]["when"] + 1000 if self.entries else 1700000000000
            self.entries.append(
                dict(idx=len(self.entries), version="7", when=when, tag=name, breakpoints=True)
            )
            self.journal()
        return self

    def snapshot(self, name):
        """What drizzle-kit 1.0 keeps beside a migration; it reads these, one behind the other."""
        others = [path for path in self.migrations.glob("*/snapshot.json") if path.parent.name < name]
        newest = max(others, default=None, key=lambda path: path.parent.name)
        if newest:
            kind = dict(type="diff", footprints=[], deltas=[])
            previous = json.loads(newest.read_text())["id"]
        else:
            kind = dict(type="base", footprints=[], ddl=[])
            previous = str(uuid.UUID(int=0))
        self.write(f"{self.folder}/{name}/snapshot.json", json.dumps(dict(
            kind, version="9", dialect="postgres", id=str(uuid.uuid5(uuid.NAMESPACE_OID, name)),
            prevIds=[previous],
        )))

    def journal(self, **changes):
        text = dict(version="7", dialect="postgresql", entries=self.entries)
        text.update(changes)
        self.write(f"{self.folder}/meta/_journal.json", json.dumps(text, indent=2))

    def record(self):
        """SHA256SUMS as `sha256sum` writes it, not as predeploy does."""
        names = sorted(
            str(path.relative_to(self.migrations)) for path in self.migrations.rglob("*.sql")
        )
        lines = [f"{sha256((self.migrations / name).read_bytes())}  {name}\n" for name in names]
        self.write(f"{self.folder}/SHA256SUMS", "".join(lines))
        return self

    def commit(self, message="change", record=True):
        if record and self.migrations.is_dir():
            self.record()
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def run(self, *args, **more):
        more.setdefault("cwd", self.path)
        return self.predeploy.run(*args, **more)

    def check(self, *args, **more):
        return self.run("check", "--format", "json", *args, **more)


class Server:
    """A PostgreSQL of the session's own: TCP on loopback with passwords, its socket without."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = max(
            pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"),
            key=lambda path: int(path.parts[4]),
        ).parent
        self.count = 0
        self.account = None
        if os.geteuid() == 0:
            self.account = pwd.getpwnam("postgres")
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
            for parent in (folder, *folder.parents):
                if parent.stat().st_uid == 0 and parent != pathlib.Path("/"):
                    parent.chmod(parent.stat().st_mode | 0o011)
        secret = folder / "pw"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._tool("initdb", "-D", folder / "data", "-U", "app", "--pwfile", secret, "-A",
                   "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync")
        secret.unlink()
        hba = folder / "data/pg_hba.conf"
        hba.write_text("local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        for _ in range(20):
            self.port = free_port()
            with contextlib.suppress(subprocess.CalledProcessError):
                self._start()
                break
        else:
            raise RuntimeError((folder / "log").read_text())

    def _start(self):
        options = (
            f"-k {self.folder} -p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off "
            "-c full_page_writes=off -c log_statement=all -c max_connections=60 "
            "-c autovacuum=off -c shared_buffers=32MB -c max_prepared_transactions=8"
        )
        self._tool("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w",
                   "-o", options, "start")

    def _tool(self, name, *args):
        extra = {}
        if self.account:
            extra = dict(user=self.account.pw_uid, group=self.account.pw_gid, extra_groups=[])
        subprocess.run(
            [self.bin / name, *args], check=True, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}, **extra,
        )

    def stop(self, mode="immediate"):
        self._tool("pg_ctl", "-D", self.folder / "data", "-m", mode, "-w", "stop")

    def restart(self):
        self.stop("fast")
        self._start()

    def database(self):
        self.count += 1
        name = f"e2e_{os.getpid()}_{self.count}"
        self.psql("postgres", f"CREATE DATABASE {name}")
        return Database(self, name)

    def psql(self, database, sql, user="app", check=True):
        done = subprocess.run(
            [self.bin / "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h",
             str(self.folder), "-p", str(self.port), "-U", user, "-d", database, "-f", "-"],
            input=sql.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode().rstrip("\n")


class Database:
    def __init__(self, server, name):
        self.server = server
        self.name = name
        password = urllib.parse.quote(PASSWORD, safe="")
        self.url = f"postgresql://app:{password}@127.0.0.1:{server.port}/{name}"
        self.env = {"DATABASE_URL": self.url}

    def query(self, sql):
        return self.server.psql(self.name, sql)

    def rows(self, sql):
        text = self.query(sql)
        return [tuple(line.split("|")) for line in text.split("\n")] if text else []

    def dump(self, *options):
        """The whole database as text: every object and every row."""
        done = subprocess.run(
            [self.server.bin / "pg_dump", "-h", str(self.server.folder), "-p",
             str(self.server.port), "-U", "app", "--inserts", *options, self.name],
            check=True, stdout=subprocess.PIPE,
        )
        lines = done.stdout.decode().split("\n")
        return [s for s in lines if s and not re.match(r"\\(un)?restrict|--|SELECT pg_catalog.setval", s)]

    def dump_but_ledger(self):
        """The same without predeploy's own schema, where a failed deployment is recorded."""
        return [line for line in self.dump("-N", "predeploy", "-N", "drizzle")]

    def tables(self):
        return self.query(
            "SELECT coalesce(string_agg(relname, ' ' ORDER BY relname COLLATE \"C\"), '')"
            " FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        ).split()

    def applied(self):
        if self.query("SELECT to_regclass('predeploy.migrations')") == "":
            return []
        return [row[0] for row in self.rows("SELECT name FROM predeploy.migrations ORDER BY seq")]

    def drizzle(self, columns="hash, created_at"):
        if self.query("SELECT to_regclass('drizzle.__drizzle_migrations')") == "":
            return []
        return self.rows(f"SELECT {columns} FROM drizzle.__drizzle_migrations ORDER BY id")

    def session(self):
        """A psql that stays: what it is told to do lasts until it is closed."""
        return psql_session(self.server, self.server.folder, self.server.port, self.name)


@contextlib.contextmanager
def psql_session(server, host, port, name, env=None):
    process = subprocess.Popen(
        [server.bin / "psql", "-X", "-A", "-t", "-q", "-h", str(host), "-p", str(port), "-U", "app",
         "-d", name],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=env,
    )

    def say(sql):
        process.stdin.write(f"{sql};\n\\echo done\n")
        process.stdin.flush()
        lines = []
        for line in process.stdout:
            if line == "done\n":
                break
            lines.append(line.rstrip("\n"))
        return lines

    try:
        yield say
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Webhook:
    """An HTTP receiver on loopback. Each answer is (status, headers, body); the last one repeats."""

    def __init__(self):
        self.answers = [(200, {}, {"status": "completed", "reference": "backup-1"})]
        self.requests = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                at = min(len(outer.requests), len(outer.answers)) - 1
                reply = outer.answers[at]
                status, headers, text = reply(outer) if callable(reply) else reply
                if not isinstance(text, bytes):
                    text = json.dumps(text).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_POST = do_GET = answer

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/backup"
        self.env = {"PREDEPLOY_BACKUP_URL": self.url, "PREDEPLOY_BACKUP_SECRET": WEBHOOK_SECRET}
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def temporary_folder():
    # Short: a socket's path has at most 107 bytes.
    return pathlib.Path(tempfile.mkdtemp(prefix="pd-e2e."))


def remove_folder(path):
    shutil.rmtree(path, ignore_errors=True)
