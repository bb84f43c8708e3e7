"""The connection that migrations run on is begun ahead, with its settings; and what if that fails."""

import pytest
import wire_proxy
from wire_proxy import CUT_BEFORE, FRONT, PASS

SEEN = ("CREATE TABLE seen AS SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) AS text"
        " FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout', 'work_mem');\n")


def is_worker(message):
    """Only its startup says what the session is to go back to."""
    return message.kind == "startup" and b"lock_timeout=" in message.data


def refuse(message):
    fields = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0"
    message.link.client.sendall(b"E" + wire_proxy.struct.pack("!I", len(fields) + 4) + fields)
    return CUT_BEFORE


@pytest.fixture
def limited(make_repo):
    repo = make_repo("plain")
    repo.write(".predeploy", "[deploy]\n\tlockTimeout = 700ms\n\tstatementTimeout = 9s\n")
    repo.migration("0010_away", "RESET ALL;\nSET work_mem = '9MB';\n")
    repo.migration("0011_seen", SEEN)
    repo.commit("limited")
    return repo


def through(db, proxy, options=""):
    return {"DATABASE_URL": db.url.replace(f":{db.server.port}/", f":{proxy.port}/") + options}


@pytest.mark.parametrize("action, workers", [(PASS, 1), (CUT_BEFORE, 2), (refuse, 1)])
def test_limits_hold_however_it_connects(action, workers, limited, db):
    with wire_proxy.Proxy(db.server.port, is_worker, action, record=True) as proxy:
        result = limited.run("deploy", env=through(db, proxy, "?options=-c%20work_mem%3D5MB"))
    assert result.status == 0, result
    assert proxy.hit is not None, "it did not come with settings"
    assert len([m for m in proxy.seen if is_worker(m)]) == workers
    seen = db.rows("SELECT * FROM seen")[0][0]
    assert "lock_timeout=700 statement_timeout=9000" in seen and "work_mem=5120" in seen, seen


def test_it_is_begun_before_the_deployment_is(limited, db):
    with wire_proxy.Proxy(db.server.port, lambda message: False, record=True) as proxy:
        assert limited.run("deploy", env=through(db, proxy)).status == 0
    sent = [m for m in proxy.seen if m.direction == FRONT]
    worker = next(i for i, m in enumerate(sent) if is_worker(m))
    record = next(i for i, m in enumerate(sent) if b"INSERT INTO predeploy.deployments" in m.data)
    assert worker < record


def test_with_nothing_to_do_there_is_one_connection(limited, db):
    assert limited.run("deploy", env=db.env).status == 0
    with wire_proxy.Proxy(db.server.port, is_worker) as proxy:
        result = limited.run("deploy", env=through(db, proxy))
    assert result.status == 0 and len(proxy.links) == 1 and proxy.hit is None, result
