"""A table that the application reads all the time, a transaction that holds it for long, and a deployment
that wants it: whoever reads is never queued behind predeploy for longer than lockTimeout."""

import contextlib
import threading
import time

import faults
import pytest

pytestmark = pytest.mark.amount

LOCK_TIMEOUT = 0.4  # seconds
SLACK = 0.1
BUSY = {"0000_busy": "CREATE TABLE busy (id int);\nINSERT INTO busy SELECT generate_series(1, 100);\n"
                     "CREATE TABLE quiet (id int);\nINSERT INTO quiet SELECT generate_series(1, 100);\n"}


class Reader:
    """Reads a table again and again; `worst` is the longest that one answer took, in seconds."""

    def __init__(self, place, table):
        self.place, self.table, self.worst, self.count = place, table, 0, 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        with self.place.client() as client:
            while not self.ended.is_set():
                begun = time.monotonic()
                client.query(f"SELECT count(*) FROM {self.table}")
                self.worst = max(self.worst, time.monotonic() - begun)
                self.count += 1
                time.sleep(0.002)

    def end(self):
        self.ended.set()
        self.thread.join()


@contextlib.contextmanager
def load(place):
    """Readers of the table, and one of a table that nobody wants: it shows how long this machine lets
    anybody wait at this moment."""
    readers = [Reader(place, "busy") for _ in range(3)]
    control = Reader(place, "quiet")
    try:
        yield readers, control
    finally:
        for reader in (*readers, control):
            reader.end()


@pytest.fixture
def busy(fault_server, tmp_path, predeploy):
    """A deployment whose ALTER TABLE wants the table that is read."""
    repo = faults.build(tmp_path / "busy", predeploy, "all", BUSY)
    with fault_server.place() as place:
        scene = faults.Scene(fault_server, repo)
        assert scene.deploy(place).status == 0
        repo.migration("0001_wanted", "CREATE TABLE beside ();\nALTER TABLE busy ADD COLUMN more int;\n")
        yield scene, place


def settings(scene, retries):
    scene.repo.write(".predeploy", "[deploy]\n\tconnectTimeout = 30s\n"
                     f"\tlockTimeout = {int(LOCK_TIMEOUT * 1000)}ms\n\tretries = {retries}\n")
    return scene.repo.commit("wanted")


def test_readers_never_wait_longer_than_lock_timeout(busy):
    scene, place = busy
    commit = settings(scene, 4)
    with place.client() as holder:
        holder.query("BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE")
        pid = holder.one("SELECT pg_backend_pid()")
        with load(place) as (readers, control):
            run = scene.deploy(place, commit=commit)
        holder.query("COMMIT")
    assert run.status == 8, run
    assert pid in run.json["error"]["detail"], "who holds it up is named"
    worst = max(reader.worst for reader in readers)
    assert all(reader.count > 10 for reader in readers), [reader.count for reader in readers]
    assert worst > LOCK_TIMEOUT / 2, "nobody was held up: the test shows nothing"
    assert worst <= LOCK_TIMEOUT + SLACK + control.worst, (worst, control.worst)
    assert scene.deploy(place, commit=commit).status == 0


def test_it_goes_in_when_the_table_is_free(busy):
    scene, place = busy
    commit = settings(scene, 100)
    with place.client() as holder, load(place) as (readers, control):
        holder.query("BEGIN; LOCK TABLE busy IN ACCESS SHARE MODE")
        process = scene.start(place, commit=commit)
        deadline = time.monotonic() + 60
        while not place.backends("wait_event_type = 'Lock'") and time.monotonic() < deadline:
            time.sleep(0.01)
        holder.query("COMMIT")
        run = scene.finish(process)
    assert run.status == 0, run
    worst = max(reader.worst for reader in readers)
    assert worst <= LOCK_TIMEOUT + SLACK + control.worst, (worst, control.worst)
