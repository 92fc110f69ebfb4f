"""Function `begin`: the place in the state machine where a run starts."""

from __future__ import annotations

import pytest

from chartloop.errors import NotFound
from lambdas import begin
from tests.worlds import TASK, FakeWorld


def test_a_new_run_prepares_and_is_running_then() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    assert begin.handle({"task": TASK, "run_id": run_id}, world) == {"start_at": "prepare"}
    assert world.run(run_id)["status"] == "running"


def test_an_ended_run_only_finishes_and_stays_as_it_is() -> None:
    world = FakeWorld()
    world.add_batch()
    world.to_end()
    before = world.runs()[0]
    assert begin.handle({"task": TASK, "run_id": before["run_id"]}, world) == {"start_at": "finish"}
    assert world.runs()[0] | {"version": 0} == before | {"version": 0}


def test_an_unknown_run_is_an_error() -> None:
    with pytest.raises(NotFound):
        begin.handle({"task": TASK, "run_id": "ner-unknown"}, FakeWorld())
