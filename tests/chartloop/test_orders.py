"""Orders: what is sent again under its Idempotency-Key is the run that it started, whatever happened in between."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import runs
from chartloop.errors import Conflict, PromotionActive
from chartloop.orders import order
from tests.worlds import TASK, FakeWorld


def start(world: FakeWorld, key: str | None, by: str = "ada") -> str:
    seams = world.seams("ledger", "objects", "executions")
    asked = order(TASK, by, key, kind="retrain")
    return runs.start_now(TASK, by, now=world.clock(), settings=world.settings, order=asked, **seams)


def roll_back(world: FakeWorld, key: str | None, reason: str = "worse") -> Any:
    seams = world.seams("ledger", "objects", "executions")
    asked = order(TASK, "ada", key, kind="rollback", version=None, reason=reason)
    return runs.start_promotion(TASK, None, "rollback", reason, "ada", now=world.clock(), order=asked, **seams)


@pytest.fixture
def world() -> FakeWorld:
    """Two models were promoted one after the other."""
    world = FakeWorld()
    for right in (6, 7):
        world.right = right
        world.add_batch()
        world.to_end()
    return world


def test_a_start_that_is_sent_again_is_the_same_run_even_when_that_has_ended(world: FakeWorld) -> None:
    run_id = start(world, "k")
    assert start(world, "k") == run_id
    world.to_end()
    assert start(world, "k") == run_id
    assert start(world, "k-2") != run_id


def test_a_key_is_its_callers_own(world: FakeWorld) -> None:
    run_id = start(world, "k")
    with pytest.raises(Conflict) as caught:
        start(world, "k", by="eve")
    assert caught.value.code == "run_active"
    world.to_end()
    assert start(world, "k", by="eve") != run_id


def test_without_a_key_a_second_start_is_a_second_start(world: FakeWorld) -> None:
    run_id = start(world, None)
    world.to_end()
    assert start(world, None) != run_id


def test_a_rollback_that_is_sent_again_rolls_back_once(world: FakeWorld) -> None:
    run = roll_back(world, "k")
    assert roll_back(world, "k")["run_id"] == run["run_id"]
    world.to_end()
    assert roll_back(world, "k")["run_id"] == run["run_id"]
    assert [found["kind"] for found in world.runs()].count("rollback") == 1


def test_a_key_with_another_order_is_a_conflict(world: FakeWorld) -> None:
    roll_back(world, "k")
    with pytest.raises(Conflict) as caught:
        roll_back(world, "k", reason="much worse")
    assert (caught.value.code, caught.value.field) == ("conflict", "Idempotency-Key")
    with pytest.raises(Conflict, match="another request"):
        start(world, "k")


def test_what_was_refused_is_not_remembered(world: FakeWorld) -> None:
    roll_back(world, "k")
    with pytest.raises(PromotionActive):
        roll_back(world, "k-2")
    world.to_end()
    assert roll_back(world, "k-2")


def test_a_run_that_was_saved_and_lost_starts_when_its_order_comes_again(world: FakeWorld) -> None:
    executions = world.stores["executions"]
    begin, calls = executions.start, []

    def lost(*given: Any) -> None:
        calls.append(given)
        raise ConnectionError

    executions.start = lost
    with pytest.raises(ConnectionError):
        start(world, "k")
    executions.start = begin
    run_id = start(world, "k")
    assert calls[0][0] in executions.started
    world.to_end()
    assert world.run(run_id)["status"] == "succeeded"
