"""Ten deployments of one database at once: one applies, the others find nothing to do, none fails."""

import faults
import pytest

pytestmark = pytest.mark.amount

RUNNERS = 10
ROUNDS = {"all": 200, "full": 50, "sample": 8}[faults.AMOUNT]


@pytest.mark.parametrize("part", range(faults.PARTS))
def test_ten_at_once(part, scene):
    scene = scene("all")
    for number in range(ROUNDS)[part :: faults.PARTS]:
        with scene.server.place() as place:
            processes = [scene.start(place) for _ in range(RUNNERS)]
            runs = [scene.finish(process, timeout=120) for process in processes]
            told = f"round {number}: {runs}"
            assert [run.status for run in runs] == [0] * RUNNERS, told
            assert sorted(run.json["nothing_to_do"] for run in runs) == [False] + [True] * (RUNNERS - 1), told
            after = faults.State(place)
            assert not after.difference(scene.wanted), told + after.difference(scene.wanted)
            assert after.recorded() == scene.wanted.names, told
            assert {outcome for outcome, _ in after.deployments} == {"succeeded"}, told
