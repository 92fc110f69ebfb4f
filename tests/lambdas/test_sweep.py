"""Function `sweep`: after it nothing is lost, interrupted or waiting without reason."""

from __future__ import annotations

from chartloop import keys
from lambdas import sweep
from tests.worlds import TASK, FakeWorld, agree


def test_it_sends_again_goes_on_and_starts() -> None:
    world = FakeWorld()
    key = keys.incoming(TASK, "b-1")
    world.stores["objects"].put(key, b"{}")
    world.add_batch()
    first = sweep.handle({}, world)[TASK]
    assert (first["sent_again"], first["resumed"]) == (1, [])
    assert [item.key for item in world.stores["uploads"].sent] == [key]
    run_id = first["started"]
    assert sweep.handle({}, world)[TASK] == {"sent_again": 1, "resumed": [], "started": None}
    world.stores["executions"].statuses[f"{run_id}-1"] = "ABORTED"
    world.stores["ledger"].save(world.run(run_id) | {"status": "running"})
    assert sweep.handle({}, world)[TASK]["resumed"] == [run_id]
    world.execute()
    assert world.run(run_id)["outcome"] == "promoted"
    agree(world)
