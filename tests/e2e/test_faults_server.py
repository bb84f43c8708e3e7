"""The server ends sessions of a deployment, or itself, in the middle of it."""

import faults
import pytest
from wire_proxy import BACK, FRONT, PASS

pytestmark = pytest.mark.amount

VICTIMS = {
    "worker": lambda links: links[1:],
    "control": lambda links: links[:1],
    "both": lambda links: links,
}


def terminate(scene, place, proxy, whom):
    pids = [link.pid for link in VICTIMS[whom](proxy.links) if link.pid]
    with scene.server.client() as client:
        client.query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE pid = ANY"
                     f" ('{{{','.join(map(str, pids))}}}') AND datname = '{place.name}'")
    return PASS


@pytest.mark.parametrize("part", range(faults.PARTS))
@pytest.mark.parametrize("mode", faults.modes("each"))
def test_terminated_at_every_boundary(mode, part, scene):
    scene = scene(mode, faults.FEW)

    def run(item):
        number, whom = item
        with scene.server.place() as place:
            with scene.proxy((FRONT, number), lambda _: terminate(scene, place, proxy, whom)) as proxy:
                run = scene.deploy(place, proxy.port)
            label = f"{whom} terminated at {proxy.hit}"
            before = scene.recovers(place, label, run)
            faults.truthful(scene, label, run, before)

    faults.in_parallel(run, faults.share(faults.boundaries(scene.messages), list(VICTIMS), part))


def restarted(scene, place, at, how):
    """The server goes down when this message is sent; with "down" it comes back when the run has ended."""
    server, mode = scene.server, how.split()[0]

    def restart(_):
        server.stop(mode)
        if "down" not in how:
            server.start()
        return PASS

    with scene.proxy(at, restart) as proxy:
        try:
            # Where there is nobody to ask, the limits decide how long it is tried.
            commit = scene.repo.tight if "down" in how else scene.repo.roomy
            return scene.deploy(place, proxy.port, commit), f"server restarted ({how}) at {proxy.hit}"
        finally:
            with proxy.lock:
                if "down" in how and proxy.hit:
                    server.start()


@pytest.mark.parametrize("how", ["fast", "immediate", "fast down", "immediate down"])
def test_server_restarted(how, scene):
    scene = scene("all")
    moments = faults.boundaries(scene.messages)
    count = {"all": 40, "full": 6, "sample": 2}[faults.AMOUNT]
    shift = ["fast", "immediate", "fast down", "immediate down"].index(how)
    for number in moments[shift :: len(moments) // count]:
        with scene.server.place() as place:
            run, label = restarted(scene, place, (FRONT, number), how)
            before = scene.recovers(place, label, run)
            faults.truthful(scene, label, run, before, "down" in how)


COMMITS = {
    "begins": lambda m: faults.ends_batch(m) and m.direction == FRONT and b"COMMIT\0" in m.data,
    "is over": lambda m: faults.ends_batch(m) and m.direction == BACK and m.data[5:] == b"COMMIT\0",
}


@pytest.mark.parametrize("when", COMMITS)
@pytest.mark.parametrize("how", ["fast", "immediate", "immediate down"])
def test_server_restarted_during_commit(how, when, scene):
    """The server is asked what became of it, when it is there again; else the outcome is unknown."""
    scene = scene("all")
    with scene.server.place() as place:
        run, label = restarted(scene, place, COMMITS[when], how)
        before = scene.recovers(place, label, run)
        assert "restarted" in label and "None" not in label, label
        assert (before.names != []) == (when == "is over"), label
        faults.truthful(scene, label, run, before, "down" in how)
