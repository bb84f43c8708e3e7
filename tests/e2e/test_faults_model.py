"""What the fault tests rest on: the model sees what a fault could leave behind, and the proxy counts and
cuts where it says."""

import faults
import pytest
import wire_proxy
from wire_proxy import BACK, CUT_AFTER, CUT_BEFORE, CUT_MIDDLE, FRONT

pytestmark = pytest.mark.amount

HARM = {
    "applied twice": "INSERT INTO audit VALUES ('orders')",
    "not applied": "DELETE FROM audit WHERE what = 'orders'",
    "half applied": "ALTER TABLE orders DROP COLUMN status",
    "an index that is not there": "DROP INDEX orders_account_idx",
    "an INVALID index": "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_account_idx'::regclass",
    "a constraint that is not there": "ALTER TABLE orders DROP CONSTRAINT orders_account_fk",
    "a function of another kind": "CREATE OR REPLACE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS"
                                  " $$ BEGIN RETURN NEW; END $$",
    "a trigger that is not there": "DROP TRIGGER note ON orders",
    "a table too many": "CREATE TABLE more ()",
    "no row in the ledger": "DELETE FROM predeploy.migrations WHERE name = '0001_orders'",
    "no row in Drizzle's": "DELETE FROM drizzle.__drizzle_migrations WHERE id = 2",
    "a row too many in Drizzle's": "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) SELECT hash,"
                                   " created_at FROM drizzle.__drizzle_migrations LIMIT 1",
    "another order": "UPDATE predeploy.migrations SET seq = DEFAULT WHERE name = '0001_orders'",
    "a statement that is not finished": "INSERT INTO predeploy.statements SELECT (json_populate_record("
                                        "NULL::predeploy.statements, row_to_json(s))).* FROM (SELECT"
                                        " '0001_orders' AS migration, 'up' AS direction, 1 AS number,"
                                        " repeat('0', 64) AS hash, repeat('0', 64) AS digest, '' AS kind,"
                                        " 'running' AS state, 1 AS attempts, 1 AS backend_pid,"
                                        " now() AS backend_start, now() AS started_at,"
                                        " (SELECT id FROM predeploy.deployments) AS deployment) s",
}


@pytest.mark.parametrize("harm", HARM)
def test_the_model_notices(harm, scene):
    scene = scene("all")
    with scene.server.place() as place:
        assert scene.deploy(place).status == 0
        with place.client() as client:
            client.query("SET search_path = public, pg_catalog; SET allow_system_table_mods = on")
            client.query(HARM[harm])
        assert faults.State(place).difference(scene.wanted)


def test_the_dump_is_the_same(scene):
    """pg_dump sees what the model does not look at."""
    scene = scene("each")
    with scene.server.place() as place:
        with scene.proxy((FRONT, scene.counts[FRONT] // 2), CUT_BEFORE) as proxy:
            scene.deploy(place, proxy.port)
        scene.recovers(place, str(proxy.hit))
        assert scene.dumped(place) == scene.dump


class Echo:
    """A server of one connection that keeps what it gets and answers each message with three."""

    def __init__(self):
        self.listener = wire_proxy.socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.got = b""
        self.thread = faults.threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        connection, _ = self.listener.accept()
        with connection:
            while data := connection.recv(1000):
                self.got += data
                connection.sendall(b"".join(message(kind, b"answer") for kind in (b"T", b"D", b"Z")))


def message(kind, body):
    return kind + wire_proxy.struct.pack("!I", len(body) + 4) + body


STARTUP = message(b"", b"\0\3\0\0user\0app\0\0")
PIECES = [STARTUP, message(b"P", b"one"), message(b"B", b""), message(b"S", b"three" * 1000)]


@pytest.mark.parametrize("number", range(1, 5))
@pytest.mark.parametrize("how, some", [(CUT_BEFORE, 0), (CUT_AFTER, 1), (CUT_MIDDLE, 0.5)])
def test_the_proxy_cuts_where_it_says(number, how, some):
    echo = Echo()
    with wire_proxy.Proxy(echo.port, (FRONT, number), how) as proxy:
        with wire_proxy.socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(b"".join(PIECES))  # one segment
            while client.recv(1000):
                pass
        echo.thread.join()
    whole = b"".join(PIECES[: number - 1])
    assert echo.got == whole + PIECES[number - 1][: int(len(PIECES[number - 1]) * some)]


def test_the_proxy_counts_both_directions():
    echo = Echo()
    with wire_proxy.Proxy(echo.port, (BACK, 2), CUT_AFTER) as proxy:
        with wire_proxy.socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.sendall(STARTUP)
            got = b""
            while data := client.recv(1000):
                got += data
        echo.thread.join()
        assert got == message(b"T", b"answer") + message(b"D", b"answer")
        assert (proxy.hit.kind, proxy.counts[BACK]) == ("D", 2)


LIES = [
    (0, [], []), (0, ["0000_accounts"], []), (6, [], []), (5, ["0000_accounts"], []), (8, "all", []),
    (5, [], [("0001_unique",)]), (9, [], []), (1, [], []), (130, [], []),
]


@pytest.mark.parametrize("status, names, left", LIES)
def test_a_status_that_is_not_true_is_noticed(status, names, left, scene):
    scene = scene("all")
    before = faults.State.__new__(faults.State)
    before.names, before.left = scene.wanted.names if names == "all" else names, left
    run = faults.world.Result(status, b"{}", b"", 0)
    with pytest.raises(AssertionError):
        faults.truthful(scene, "", run, before)
