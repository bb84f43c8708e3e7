"""What the fault tests share: a server with many small databases, a deployment that mixes transactional
migrations with statements outside transactions, and the model: whatever went wrong, one more deployment
ends with 0, and the database is then what an undisturbed one makes of it."""

import concurrent.futures
import contextlib
import os
import pathlib
import queue
import re
import signal
import sys
import threading
import time

import world

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

import pg_client  # noqa: E402
import wire_proxy  # noqa: E402

# all: everything that can be done, at every position, takes an hour; full: what is done takes turns, and
# where positions are many a stride is made; sample: a fifth of that, where each run costs more.
AMOUNT = os.environ.get("PREDEPLOY_FAULTS") or ("sample" if "asan" in world.BINARY else "full")
WORKERS = 4  # runs at once: two wait while two work
BACKLOG = 16  # where all that is done is to wait for a limit
PARTS = 4  # tests that share the positions, so that they can run in several processes

BREAK = "--> statement-breakpoint\n"
CONCURRENT = {
    "0002_name_index": "CREATE INDEX CONCURRENTLY accounts_name_idx ON accounts (name);\n",
    "0004_email_index": "CREATE UNIQUE INDEX CONCURRENTLY accounts_email_idx ON accounts (email);\n",
    "0006_no_name_index": "DROP INDEX CONCURRENTLY accounts_name_idx;\n",
    "0007_reindex": "REINDEX INDEX CONCURRENTLY orders_pkey;\n",
    "0008_vacuum": "VACUUM accounts;\n",
    "0009_mixed": "ALTER TABLE accounts ADD COLUMN city text;\n"
                  "INSERT INTO audit VALUES ('mixed, before');\n"
                  "CREATE INDEX CONCURRENTLY accounts_city_idx ON accounts (city);\n"
                  "INSERT INTO audit VALUES ('mixed, behind');\n",
    "0010_idiom": "INSERT INTO audit VALUES ('idiom, before');\n" + BREAK + "COMMIT;\n" + BREAK
                  + "CREATE INDEX CONCURRENTLY orders_status_idx ON orders (status);\n" + BREAK
                  + "BEGIN;\n" + BREAK + "INSERT INTO audit VALUES ('idiom, behind');\n",
}
TRANSACTIONAL = {
    "0000_accounts": "CREATE TABLE audit (what text NOT NULL);\n"
                     "CREATE TABLE accounts (id int PRIMARY KEY, name text, email text);\n"
                     "INSERT INTO accounts SELECT n, 'name ' || n, 'mail' || n FROM generate_series(1, 50) n;\n"
                     "INSERT INTO audit VALUES ('accounts');\n",
    "0001_orders": "CREATE TABLE orders (id int PRIMARY KEY, account int);\n" + BREAK
                   + "ALTER TABLE orders ADD CONSTRAINT orders_account_fk FOREIGN KEY (account)"
                   " REFERENCES accounts (id);\n" + BREAK
                   + "INSERT INTO orders SELECT n, n FROM generate_series(1, 20) n;\n" + BREAK
                   + "INSERT INTO audit VALUES ('orders');\n",
    "0003_status": "CREATE TYPE status AS ENUM ('open', 'closed');\n"
                   "ALTER TABLE orders ADD COLUMN status status NOT NULL DEFAULT 'open';\n"
                   "UPDATE orders SET status = 'closed' WHERE id > 10;\n"
                   "INSERT INTO audit VALUES ('status');\n",
    "0005_unique": "ALTER TABLE orders ADD CONSTRAINT orders_once UNIQUE (account, status);\n"
                   "CREATE INDEX orders_account_idx ON orders (account);\n"
                   "INSERT INTO audit VALUES ('unique');\n",
    "0011_trigger": "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    " INSERT INTO audit VALUES ('order'); RETURN NEW; END $$;\n"
                    "CREATE TRIGGER note AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION note();\n"
                    "INSERT INTO orders VALUES (100, 40);\n",
}
MIXED = dict(sorted({**TRANSACTIONAL, **CONCURRENT}.items()))
# Few enough for a cut at each message.
FEW = {
    "0000_accounts": "CREATE TABLE audit (what text NOT NULL);\n"
                     "CREATE TABLE accounts AS SELECT n AS id FROM generate_series(1, 50) n;\n"
                     "INSERT INTO audit VALUES ('accounts');\n",
    "0001_unique": "INSERT INTO audit VALUES ('before');\n" + BREAK + "COMMIT;\n" + BREAK
                   + "CREATE UNIQUE INDEX CONCURRENTLY accounts_idx ON accounts (id);\n" + BREAK
                   + "BEGIN;\n" + BREAK + "INSERT INTO audit VALUES ('behind');\n",
    "0002_key": "ALTER TABLE accounts ADD CONSTRAINT accounts_key UNIQUE USING INDEX accounts_idx;\n",
}
ROOMY = "[deploy]\n\ttransaction = {mode}\n\tconnectTimeout = 30s\n\tlockTimeout = 10s\n\tretries = 50\n"
# Limits that a test can wait for.
TIGHT = ("[deploy]\n\ttransaction = {mode}\n\tconnectTimeout = 700ms\n\tlockTimeout = 300ms\n\ttimeout = 3s\n"
         "\tstatementTimeout = 700ms\n\tretries = 0\n\tlockWait = 2s\n")

OBJECTS = """
SELECT 'relation', format('%s %s %s %s', c.oid::regclass, c.relkind, c.relpersistence,
        (SELECT string_agg(format('%s %s %s %s', a.attname, format_type(a.atttypid, a.atttypmod),
                a.attnotnull, pg_get_expr(d.adbin, d.adrelid)), ', ' ORDER BY a.attnum)
         FROM pg_attribute a LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
    FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM spaces)
UNION ALL SELECT 'index', format('%s valid %s ready %s live %s', pg_get_indexdef(indexrelid), indisvalid,
        indisready, indislive)
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace IN (SELECT oid FROM spaces)
UNION ALL SELECT 'constraint', format('%s %s %s', conname, pg_get_constraintdef(oid), convalidated)
    FROM pg_constraint WHERE connamespace IN (SELECT oid FROM spaces)
UNION ALL SELECT 'function', pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace IN (SELECT oid FROM spaces)
UNION ALL SELECT 'trigger', pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
    WHERE NOT tgisinternal AND c.relnamespace IN (SELECT oid FROM spaces)
UNION ALL SELECT 'type', format('%s %s', oid::regtype, (SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder)
        FROM pg_enum WHERE enumtypid = t.oid))
    FROM pg_type t WHERE typnamespace IN (SELECT oid FROM spaces)
UNION ALL SELECT 'rows', format('%s %s', c.oid::regclass,
        query_to_xml(format('SELECT * FROM %s t ORDER BY t::text', c.oid::regclass), true, true, ''))
    FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY 1, 2
"""
# A comment and then a statement that changes nothing in the database.
SETS_UP = re.compile(r"\s*(--[^\n]*\n\s*)*(SELECT|SET|RESET|DEALLOCATE|CLOSE|DISCARD|UNLISTEN|SAVEPOINT|RELEASE)\b")
SPACES = "WITH spaces AS (SELECT oid FROM pg_namespace WHERE nspname IN ('public', 'predeploy', 'drizzle'))"
EMPTY = ("DROP SCHEMA IF EXISTS public, predeploy, drizzle CASCADE;"
         " CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC;"
         " COMMENT ON SCHEMA public IS 'standard public schema'")


class FaultServer(world.Server):
    """Loopback is trusted too: a thousand connections would spend their time on passwords."""

    def __init__(self, folder):
        super().__init__(folder)
        (folder / "data/pg_hba.conf").write_text("local all all trust\nhost all all 127.0.0.1/32 trust\n")
        self._tool("pg_ctl", "-D", folder / "data", "reload")
        self.free = queue.Queue()
        self.lock = threading.Lock()

    def client(self, database="postgres"):
        return pg_client.Client(self.folder, self.port, database)

    def start(self):
        for attempt in range(20):
            try:
                return self._start()
            except Exception:  # its port was taken by an outgoing connection meanwhile
                if attempt == 19:
                    raise
                time.sleep(0.5)

    @contextlib.contextmanager
    def place(self):
        """An empty database. One that a test failed in is left as it is."""
        try:
            name = self.free.get_nowait()
        except queue.Empty:
            with self.lock:
                self.count += 1
                name = f"faults_{self.count}"
            with self.client() as client:
                client.query(f"CREATE DATABASE {name}")
        yield Place(self, name)
        with self.client(name) as client:
            client.query("SET client_min_messages = error")
            client.query(EMPTY)
        self.free.put(name)


class Place:
    """A database, and what stands in it."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def url(self, port=None):
        return (f"postgresql://app@127.0.0.1:{port or self.server.port}/{self.name}"
                "?sslmode=disable&gssencmode=disable")

    def client(self):
        return self.server.client(self.name)

    def backends(self, condition="true"):
        with self.server.client() as client:
            return client.query(
                "SELECT pid, state, wait_event_type, query FROM pg_stat_activity WHERE datname ="
                f" '{self.name}' AND application_name LIKE 'predeploy%' AND {condition}")


class State:
    """What a database is, as far as a deployment can make a difference to it; `brief`: its ledger."""

    def __init__(self, place, brief=False):
        with place.client() as client:
            def rows(table, columns, order):
                there = client.one(f"SELECT to_regclass('{table}')")
                return client.query(f"SELECT {columns} FROM {table} ORDER BY {order}") if there else []

            client.query("SET search_path = pg_catalog")
            self.objects = [] if brief else client.query(SPACES + OBJECTS)
            self.applied = rows("predeploy.migrations", "name, hash, tokens, down_sql, down_hash, adopted,"
                                " drizzle_created_at", "seq")
            self.drizzle = rows("drizzle.__drizzle_migrations", "hash, created_at", "id")
            self.left = rows("predeploy.statements", "*", "1") + rows("predeploy.seal", "*", "1")
            self.deployments = rows("predeploy.deployments", "outcome, migrations", "seq")
        self.names = [row[0] for row in self.applied]

    def same(self):
        return self.objects, self.applied, self.drizzle, self.left

    def difference(self, other):
        for ours, theirs in zip(self.same(), other.same()):
            if ours != theirs:
                return (f"only here: {[row for row in ours if row not in theirs]}\n"
                        f"only in the undisturbed one: {[row for row in theirs if row not in ours]}\n"
                        f"or the order: {len(ours)} {len(theirs)}")
        return ""

    def recorded(self):
        """Names in the rows of the deployments: each migration was committed by one of them."""
        return [name for _, names in self.deployments for name in names.strip("{}").split(",") if name]


def build(path, predeploy, mode, migrations):
    """Two commits of the same migrations: the first one's limits can be waited for."""
    repo = world.Repo(path, predeploy, "drizzle")
    for name, up in migrations.items():
        repo.migration(name, up)
    repo.write(".predeploy", TIGHT.format(mode=mode))
    repo.tight = repo.commit("tight")
    repo.write(".predeploy", ROOMY.format(mode=mode))
    repo.roomy = repo.commit("roomy")
    return repo


class Scene:
    """A repository, a server, and the undisturbed deployment that the others are held against."""

    def __init__(self, server, repo):
        self.server, self.repo, self.predeploy = server, repo, repo.predeploy

    def undisturbed(self):
        with self.server.place() as place:
            with self.proxy(record=True) as proxy:
                begun = time.monotonic()
                result = self.finish(self.start(place, proxy.port))
                self.seconds = time.monotonic() - begun
                self.messages = proxy.seen
                self.counts = proxy.counts
            assert result.status == 0, result
            self.wanted = State(place)
            assert self.deploy(place).status == 0
            assert not State(place).difference(self.wanted)
            self.dump = self.dumped(place)
        assert self.wanted.names and not self.wanted.left
        return self

    def proxy(self, at=None, action=wire_proxy.PASS, **more):
        return wire_proxy.Proxy(self.server.port, at, action, **more)

    def dumped(self, place):
        text = world.Database(self.server, place.name).dump("-N", "predeploy", "-N", "drizzle")
        return [line for line in text if line]

    def start(self, place, port=None, commit=None):
        env = {"DATABASE_URL": place.url(port)}
        return self.predeploy.start("deploy", "--format", "json", commit or self.repo.roomy, env=env,
                                    cwd=self.repo.path)

    def finish(self, process, timeout=60):
        """As world.finish does, without a look at the titles: there is no secret in this world."""
        try:
            out, err = process.communicate(timeout=timeout * self.predeploy.patience)
        except Exception:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            raise AssertionError(f"hung\n{out.decode()}\n{err.decode()}") from None
        result = world.Result(process.returncode, out, err, 0)
        assert not world.TROUBLE.search(err), result
        return result

    def deploy(self, place, port=None, commit=None):
        return self.finish(self.start(place, port, commit))

    def recovers(self, place, label, run=None):
        """The model. `run` is what the disturbed run said, when it could say anything."""
        before = State(place, brief=True)
        again = self.deploy(place)
        after = State(place)
        told = f"{label}\nthe disturbed run: {said(run)}\nthe next run: {said(again)}\n"
        assert again.status == 0, told
        assert not after.difference(self.wanted), told + after.difference(self.wanted)
        names = after.recorded()
        assert sorted(names) == sorted(self.wanted.names), told + f"recorded: {after.deployments}"
        outcomes = [outcome for outcome, _ in after.deployments]
        assert outcomes[-1] == "succeeded" and "running" not in outcomes, told + str(outcomes)
        return before


def said(run):
    """What of a run's report a failing test is about."""
    if run is None:
        return "nothing"
    try:
        keys = ("error", "failure", "findings", "unfinished")
        return f"status {run.status}, " + ", ".join(f"{key}: {run.json.get(key)}" for key in keys) + run.err
    except ValueError:
        return repr(run)


def truthful(scene, label, run, before, hole=False):
    """The status of a disturbed run is what became of the database."""
    told = f"{label}\nthe ledger had {before.names}, {before.left}\n{said(run)}"
    done = before.names == scene.wanted.names
    if done:
        allowed = {0}
    elif before.names or before.left:
        allowed = {6}
    else:
        allowed = {3, 5, 8}
    if hole:
        allowed = allowed | {9}
    assert run.status in allowed, f"{told}\nallowed: {allowed}"


def ends_batch(message):
    """Whether the messages of its connection, to be shown one by one, have come to the end of a batch:
    what commits then are its migrations."""
    if b"DELETE FROM predeploy.seal" in message.data:
        message.link.ends = True
    return getattr(message.link, "ends", False)


def in_parallel(work, items, workers=WORKERS):
    """Runs them, a few at a time, and tells of all that failed, not only of the first."""
    failed = []
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(work, item): item for item in items}
        for future in concurrent.futures.as_completed(futures):
            if future.exception():
                failed.append((futures[future], future.exception()))
    if failed:
        text = "\n\n".join(f"--- {item}\n{str(error)[:3000]}" for item, error in failed[:5])
        raise AssertionError(f"{len(failed)} of {len(futures)}: {sorted(str(i) for i, _ in failed)}\n{text}")


def modes(usual):
    """Values of [deploy] transaction: statements outside transactions divide both into like segments."""
    return ["all", "each"] if AMOUNT == "all" else [usual]


def share(positions, ways, part, stride=1):
    """(position, way) pairs of one of PARTS tests: see AMOUNT."""
    if AMOUNT == "all":
        pairs = [(at, way) for at in positions for way in ways]
    else:
        chosen = positions[:: stride if AMOUNT == "full" else stride * 5]
        pairs = [(at, ways[n % len(ways)]) for n, at in enumerate(chosen)]
    return pairs[part::PARTS]


def boundaries(messages):
    """Numbers of the client's messages with which something begins, has run, or is committed. Between
    them stand others (Parse, Bind, Describe, and what only sets up the session or reads) that change
    nothing in the database."""
    found, sql = [], {}
    for message in messages:
        if message.direction != wire_proxy.FRONT:
            continue
        if message.kind == "P":
            sql[message.link.number] = message.data[6:].decode()
        if message.kind == "E" and not SETS_UP.match(sql[message.link.number]) or message.kind not in "PBDHE":
            found.append(message.number)
    return found
