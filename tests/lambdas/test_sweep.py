"""Function `sweep`: after it nothing is lost, interrupted or waiting without reason."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

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


def test_it_tells_what_it_repaired_and_how_old_the_oldest_run_is(capsys: pytest.CaptureFixture[str]) -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = sweep.handle({}, world)[TASK]["started"]
    world.now += timedelta(hours=30)
    world.stores["executions"].statuses[f"{run_id}-1"] = "ABORTED"
    world.stores["ledger"].save(world.run(run_id) | {"status": "running"})
    capsys.readouterr()
    sweep.handle({}, world)
    (told,) = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert told["service"] == "chartloop" and told["Repaired"] == [1.0]
    assert 30 * 3600 <= told["OldestRunSeconds"][0] < 31 * 3600
