"""The connection is cut at every message of the protocol, in both directions: in front of it, behind it,
in the middle of it, or nothing passes any more. The status is the truth, and the next run carries on."""

import time

import faults
import pytest
from wire_proxy import BACK, CUT_AFTER, CUT_BEFORE, CUT_MIDDLE, FRONT, HOLE, HOLE_AFTER, HOLE_ONE

pytestmark = pytest.mark.amount

# [deploy] timeout of TIGHT, ten seconds to take back or to ask what became of a COMMIT, and air.
LONGEST = 3 + 10 + 2
STRIDE = 4


def disturbed(scene, place, at, how, commit):
    """What the run said, and at which message: None when there was none with this number."""
    with scene.proxy(at, how) as proxy:
        begun = time.monotonic()
        run = scene.deploy(place, proxy.port, commit)
        run.seconds = time.monotonic() - begun
    return run, f"{how} at {at}: {proxy.hit}"


def settled(place):
    """Waits for the sessions of a run that has ended: the server notices within two seconds and a half."""
    deadline = time.monotonic() + 2.5
    while place.backends():
        if time.monotonic() > deadline:
            raise AssertionError(f"still there: {place.backends()}")
        time.sleep(0.02)


def cut(scene, item):
    at, how = item
    hole = how in (HOLE, HOLE_AFTER, HOLE_ONE)
    with scene.server.place() as place:
        run, label = disturbed(scene, place, at, how, scene.repo.tight if hole else scene.repo.roomy)
        settled(place)
        before = scene.recovers(place, label, run)
        faults.truthful(scene, label, run, before, how in (HOLE, HOLE_AFTER))
        assert run.seconds < LONGEST * scene.predeploy.patience, f"{label}: {run.seconds} s\n{run}"


def positions(scene, direction):
    return [(direction, number) for number in range(1, scene.counts[direction] + 1)]


@pytest.mark.parametrize("part", range(faults.PARTS))
@pytest.mark.parametrize("mode", faults.modes("all"))
def test_cut_to_the_server(mode, part, scene):
    scene = scene(mode, faults.FEW)
    ways = [CUT_BEFORE, CUT_AFTER, CUT_MIDDLE]
    faults.in_parallel(lambda item: cut(scene, item), faults.share(positions(scene, FRONT), ways, part, STRIDE))


@pytest.mark.parametrize("part", range(faults.PARTS))
@pytest.mark.parametrize("mode", faults.modes("all"))
def test_cut_to_the_client(mode, part, scene):
    scene = scene(mode, faults.FEW)
    ways = [CUT_BEFORE, CUT_AFTER, CUT_MIDDLE]
    faults.in_parallel(lambda item: cut(scene, item), faults.share(positions(scene, BACK), ways, part, STRIDE))


@pytest.mark.parametrize("part", range(faults.PARTS))
@pytest.mark.parametrize("mode", faults.modes("all"))
def test_hole(mode, part, scene):
    """Nobody hears of an end: the run comes to one by its limits, and of its sessions none is left."""
    scene = scene(mode, faults.FEW)
    both = positions(scene, FRONT) + positions(scene, BACK)
    items = faults.share(both, [HOLE, HOLE_AFTER, HOLE_ONE], part, len(both) // 48)
    faults.in_parallel(lambda item: cut(scene, item), items, faults.BACKLOG)


def test_hole_in_front_of_all(scene):
    """What is asked first, together, has the time of one statement: nothing is known yet that would end
    the run."""
    scene = scene("all", faults.FEW)

    def bound(message):
        return message.direction == BACK and message.link.number == 1 and message.kind == "2"

    with scene.server.place() as place:
        run, label = disturbed(scene, place, bound, HOLE_ONE, scene.repo.tight)
        settled(place)
        assert run.status == 0 and run.seconds < LONGEST * scene.predeploy.patience, f"{label}: {run.seconds} s\n{run}"


SLEEP = {"0000_before": "CREATE TABLE before ();\n",
         "0001_sleep": "CREATE TABLE half ();\nSELECT pg_sleep(600);\n"}


@pytest.mark.parametrize("mode, status", [("all", (3, 5, 9)), ("each", (6, 9))])
def test_hole_while_a_statement_runs(mode, status, fault_server, tmp_path, predeploy):
    """No packet comes any more, and no end either. The client ends by its limits; when the server hears
    of that, none of its sessions runs or waits a moment later."""
    repo = faults.build(tmp_path / "sleep", predeploy, mode, SLEEP)
    repo.write(".predeploy", f"[deploy]\n\ttransaction = {mode}\n\tconnectTimeout = 3s\n\ttimeout = 8s\n")
    repo.tight = repo.commit("without a limit of statements")
    scene = faults.Scene(fault_server, repo)

    def asleep(message):
        """Sync behind the statement: its first answer comes when it has ended."""
        nonlocal armed
        armed = armed or message.direction == FRONT and b"pg_sleep" in message.data and message.link.number == 2
        return armed and message.kind in "QS"

    armed = False
    with fault_server.place() as place:
        with scene.proxy(asleep, HOLE_AFTER) as proxy:
            begun = time.monotonic()
            run = scene.deploy(place, proxy.port, repo.tight)
            seconds = time.monotonic() - begun
            assert proxy.hit and place.backends("state = 'active'"), run
        settled(place)
        assert run.status in status, run
        assert seconds < (8 + 10 + 2) * predeploy.patience, run
        assert faults.State(place).names == (["0000_before"] if mode == "each" else [])
