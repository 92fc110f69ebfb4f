"""Function `promote`: one step a call, and `wait` says whether to come again."""

from __future__ import annotations

import pytest

from lambdas import promote
from tests.promotions import held, served
from tests.worlds import TASK, agree


def test_the_steps_in_their_order_bring_a_candidate_into_service() -> None:
    world = served(7)
    run_id = held(world)

    def step(name: str) -> str:
        event = {"step": name, "task": TASK, "run_id": run_id, "version": run_id, "kind": "retrain"}
        return str(promote.handle(event, world)["status"])

    assert [step("register"), step("deploy")] == ["done", "done"]
    waits = [step("wait") for _ in range(3)]
    assert waits[0] == "wait" and waits[-1] == "ready"
    assert [step("verify"), step("swap"), step("approve")] == ["done"] * 3
    assert world.owner()["champion"]["version"] == run_id and world.owner()["promotion"] is None


def test_undo_gives_the_promotion_back() -> None:
    world = served(7)
    run_id = held(world)
    for name in ("register", "undo"):
        event = {"step": name, "task": TASK, "run_id": run_id, "error": {"Error": "x"}}
        assert promote.handle(event, world) == {"status": "done"}
    owner = world.owner()
    world.stores["ledger"].save(owner | {"active_run": None})
    agree(world)


def test_an_unknown_step_is_an_error() -> None:
    with pytest.raises(KeyError):
        promote.handle({"step": "celebrate", "task": TASK, "run_id": "x"}, served())
