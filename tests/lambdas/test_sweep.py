"""Function `sweep`: after it nothing is lost, interrupted or waiting without reason."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from chartloop import keys
from lambdas import sweep
from tests.worlds import TASK, FakeWorld, agree, for_review


def test_it_sends_again_goes_on_and_starts() -> None:
    world = FakeWorld()
    key = keys.incoming(TASK, "b-1")
    world.stores["objects"].put(key, b"{}")
    world.add_batch()
    first = sweep.handle({}, world)[TASK]
    assert (first["sent_again"], first["resumed"]) == (1, [])
    assert [item.key for item in world.stores["uploads"].sent] == [key]
    run_id = first["started"]
    nothing = {"resumed": [], "started": None, "closed": [], "for_review": 0}
    assert sweep.handle({}, world)[TASK] == {"sent_again": 1, **nothing}
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


def test_it_tells_how_many_candidates_wait_and_ends_what_nobody_decided(capsys: pytest.CaptureFixture[str]) -> None:
    world, version = for_review()
    capsys.readouterr()
    assert sweep.handle({}, world)[TASK]["for_review"] == 1
    assert '"ForReview":[1.0]' in capsys.readouterr().out.replace(" ", "")
    world.now += timedelta(days=8)
    found = sweep.handle({}, world)[TASK]
    assert (found["closed"], found["for_review"]) == ([version], 0)
    assert '"ForReview":[0.0]' in capsys.readouterr().out.replace(" ", "")
