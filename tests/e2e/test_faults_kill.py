"""kill -9: at each boundary of a statement, and at random times. The next deployment carries on from
there, without a hand's help, and the database is what an undisturbed one makes of it."""

import os
import random
import signal
import threading
import time

import faults
import pytest
from wire_proxy import CUT_AFTER, CUT_BEFORE, FRONT

pytestmark = pytest.mark.amount

RANDOM_KILLS = 200


def kill(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def killed_at(scene, place, number, how):
    """The client dies when it has sent this message, which the server gets (CUT_AFTER) or does not."""
    started, holder = threading.Event(), []

    def die(message):
        started.wait()
        kill(holder[0])
        for link in proxy.links:
            if link is not message.link:
                link.sever()
        return how

    with scene.proxy((FRONT, number), die) as proxy:
        holder.append(scene.start(place, proxy.port))
        started.set()
        holder[0].communicate()
    return holder[0].returncode, proxy.hit


@pytest.mark.parametrize("part", range(faults.PARTS))
@pytest.mark.parametrize("migrations, stride", [("FEW", 1), ("MIXED", 3)])
@pytest.mark.parametrize("mode", faults.modes("each"))
def test_killed_at_every_boundary(mode, migrations, stride, part, scene):
    scene = scene(mode, getattr(faults, migrations))

    def run(item):
        with scene.server.place() as place:
            scene.recovers(place, f"killed at {item}: {killed_at(scene, place, *item)}")

    moments = faults.boundaries(scene.messages)
    faults.in_parallel(run, faults.share(moments, [CUT_BEFORE, CUT_AFTER], part, stride))


@pytest.mark.parametrize("part", range(faults.PARTS))
def test_killed_at_random_times(part, scene):
    def run(number):
        choice = random.Random(number)
        of = scene(choice.choice(["all", "each"]))
        with of.server.place() as place:
            process = of.start(place)
            time.sleep(choice.uniform(0, 1.2 * of.seconds))
            kill(process)
            process.communicate()
            of.recovers(place, f"killed at random time {number}, ended with {process.returncode}")

    scene("all"), scene("each")
    numbers = range(RANDOM_KILLS if faults.AMOUNT != "sample" else RANDOM_KILLS // 5)
    faults.in_parallel(run, numbers[part :: faults.PARTS])


BUILD = {"0000_busy": "CREATE TABLE busy (id int);\nINSERT INTO busy SELECT generate_series(1, 100);\n"}


def waits(place, statement, but=()):
    """Processes of predeploy that wait for a lock with this statement."""
    found = place.backends(f"wait_event_type = 'Lock' AND query LIKE '{statement}%'")
    return [pid for pid, *_ in found if pid not in but]


def until(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)
    return found


@pytest.mark.parametrize("how", ["closed", "not heard of"])
def test_killed_while_an_index_build_waits(how, fault_server, tmp_path, predeploy):
    """An old transaction holds the build up. Its client dies, and the server hears of that or does not: the
    next run ends what is still at work, takes away what it left, and builds the index."""
    repo = faults.build(tmp_path / "build", predeploy, "each", BUILD)
    scene = faults.Scene(fault_server, repo)
    with fault_server.place() as place, place.client() as holder:
        assert scene.deploy(place).status == 0
        repo.migration("0001_index", "CREATE UNIQUE INDEX CONCURRENTLY busy_idx ON busy (id);\n")
        repo.roomy = repo.commit("index")
        holder.query("BEGIN; INSERT INTO busy VALUES (0)")
        with scene.proxy() as proxy:
            first = scene.start(place, proxy.port)
            old = until(lambda: waits(place, "CREATE UNIQUE INDEX"))
            assert str(proxy.links[1].pid) in old
            proxy.links[1].hole = how != "closed"
            kill(first)
            first.communicate()
            second = scene.start(place)
            until(lambda: waits(place, "%INDEX CONCURRENTLY", old))
            assert not [row for row in place.backends() if row[0] in old], "two at work"
            holder.query("COMMIT")
            run = scene.finish(second)
        assert run.status == 0, faults.said(run)
        state = faults.State(place)
        assert state.names == ["0000_busy", "0001_index"] and not state.left
        assert [text for kind, text in state.objects if kind == "index" and " public.busy " in text] == [
            "CREATE UNIQUE INDEX busy_idx ON public.busy USING btree (id) valid t ready t live t"]
