"""The later life of a run: it goes on once under its id, ends once, and a failing one does not come back by itself for ever."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import lifecycle
from chartloop.errors import Conflict, PromotionActive
from chartloop.seams import JobState
from tests.worlds import TASK, FakeWorld, agree


def finish(world: FakeWorld, run_id: str, outcome: str, **more: Any) -> str | None:
    seams = world.seams("ledger", "objects", "executions", "jobs")
    return lifecycle.finish(TASK, run_id, outcome, now=world.clock(), settings=world.settings, **seams, **more)


def resume(world: FakeWorld) -> list[str]:
    seams = world.seams("ledger", "objects", "executions", "jobs")
    return lifecycle.resume(TASK, now=world.clock(), settings=world.settings, **seams)


def cancel(world: FakeWorld, run_id: str) -> dict[str, Any]:
    seams = world.seams("ledger", "objects", "executions", "jobs")
    return lifecycle.cancel(TASK, run_id, by="alice", reason="wrong file", now=world.clock(), settings=world.settings, **seams)


def begin(world: FakeWorld, run_id: str) -> str:
    return lifecycle.begin(TASK, run_id, **world.seams("ledger", "objects"))


def started(world: FakeWorld) -> str:
    world.add_batch()
    return str(world.consider())


def test_a_running_run_is_left_alone() -> None:
    world = FakeWorld()
    run_id = started(world)
    assert resume(world) == []
    assert list(world.stores["executions"].started) == [f"{run_id}-1"]


def test_a_saved_run_that_never_started_starts_under_its_first_name() -> None:
    world = FakeWorld()
    run_id = started(world)
    world.stores["executions"].started.clear()
    world.stores["executions"].statuses.clear()
    assert world.consider() is None
    assert list(world.stores["executions"].started) == [f"{run_id}-1"]
    world.stores["executions"].started.clear()
    world.stores["executions"].statuses.clear()
    assert resume(world) == [run_id]
    assert list(world.stores["executions"].started) == [f"{run_id}-1"]


def test_an_interrupted_run_goes_on_once_and_then_fails() -> None:
    world = FakeWorld()
    run_id = started(world)
    executions = world.stores["executions"]
    for attempt, ending in ((1, "ABORTED"), (2, "TIMED_OUT")):
        assert begin(world, run_id) == "prepare"
        executions.statuses[f"{run_id}-{attempt}"] = ending
        assert resume(world) == [run_id]
    assert list(executions.started) == [f"{run_id}-1", f"{run_id}-2"]
    assert executions.started[f"{run_id}-1"] == executions.started[f"{run_id}-2"]
    run = world.run(run_id)
    assert (run["status"], run["outcome"], run["error"]["code"]) == ("failed", "failed", "interrupted")
    assert world.owner()["active_run"] is None and resume(world) == []


def test_a_failed_run_comes_back_with_the_next_record_and_not_without() -> None:
    world = FakeWorld()
    run_id = started(world)
    assert finish(world, run_id, "failed", error={"code": "job_failed", "message": "x"}) is None
    for _ in range(3):
        assert world.consider() is None
    assert len(world.runs()) == 1
    world.add_batch(1, 0)
    second = world.consider()
    assert second is not None and world.run(second)["records"]["train"] == 81


def test_a_failed_run_does_not_hold_back_what_arrived_meanwhile() -> None:
    world = FakeWorld()
    run_id = started(world)
    world.add_batch()
    following = finish(world, run_id, "failed", error={"code": "job_failed", "message": "x"})
    assert following is not None and world.owner()["active_run"] == following


def test_a_failed_run_counts_no_record_twice() -> None:
    world = FakeWorld()
    world.add_batch()
    world.to_end()
    world.change(minimum_new_records=1000)
    world.add_batch(4, 1)
    world.change(minimum_new_records=5)
    run_id = str(world.consider())
    world.change(minimum_new_records=1000)
    finish(world, run_id, "failed", error={"code": "job_failed", "message": "x"})
    assert world.owner()["arrivals"] - world.owner()["counted"] == 5


def test_finishing_twice_is_finishing_once() -> None:
    world = FakeWorld()
    world.right = 2
    run_id = started(world)
    world.execute()
    run = world.run(run_id)
    finish(world, run_id, "failed", error={"code": "late", "message": "x"})
    assert world.run(run_id) == run


def test_a_run_that_holds_the_promotion_does_not_end_but_goes_on() -> None:
    """Its steps after the swap failed for as long as the state machine tried."""
    world = FakeWorld()
    run_id = started(world)
    fine = world.functions()

    def pointless(event: dict[str, Any]) -> Any:
        if event["step"] == "point":
            raise OSError("the folder is full")
        return fine["publish"](event)

    world.functions = lambda: {**fine, "publish": pointless}  # type: ignore[method-assign]
    world.execute()
    run = world.run(run_id)
    assert (run["status"], world.owner()["promotion"]) == ("running", run_id)
    world.sweep()
    world.execute()
    assert world.run(run_id)["status"] == "running"
    world.functions = lambda: fine  # type: ignore[method-assign]
    world.to_end()
    assert (world.run(run_id)["outcome"], world.run(run_id)["attempt"], world.run(run_id)["error"]) == ("promoted", 3, None)
    agree(world)


def test_after_its_verdict_a_run_does_not_train_again() -> None:
    for right, start_at in ((7, "promote"), (2, "finish")):
        world = FakeWorld()
        world.right = right
        run_id = started(world)
        fine = world.functions()

        def gone(event: dict[str, Any]) -> Any:
            raise OSError("gone")

        world.functions = lambda f=fine, g=gone: {**f, "promote": g, "finish": g}  # type: ignore[method-assign, misc]
        world.execute()
        assert begin(world, run_id) == start_at
        world.functions = lambda f=fine: f  # type: ignore[method-assign, misc]
        world.to_end()
        assert world.run(run_id)["outcome"] == {7: "promoted", 2: "kept"}[right]
        assert [name for name in world.stores["jobs"].states if name.endswith("-train")] == [f"{run_id}-1-train"]


def test_a_verdict_against_an_earlier_champion_is_no_reason_to_promote() -> None:
    world = FakeWorld()
    world.add_batch()
    world.to_end()
    world.right = 8
    run_id = started(world)
    world.execute()
    owner, run = world.owner(), world.run(run_id)
    owner["champion"], owner["active_run"] = owner["previous_champion"], run_id
    world.stores["ledger"].save(owner, run | {"status": "starting", "ended_at": None})
    assert begin(world, run_id) == "promote"  # its verdict is on this champion
    owner = world.owner()
    world.stores["ledger"].save(owner | {"champion": {**owner["champion"], "version": "ner-another"}})
    assert begin(world, run_id) == "prepare"


def test_embeddings_are_noted_whatever_the_verdict() -> None:
    world = FakeWorld()
    world.right = 2
    run_id = started(world)
    world.execute()
    assert world.run(run_id)["outcome"] == "kept"
    assert world.owner()["embeddings"] == world.run(run_id)["snapshot"]


def test_jobs_that_were_cut_off_are_shown_as_failed_in_an_ended_run() -> None:
    world = FakeWorld()
    run_id = started(world)
    world.stores["jobs"].states[f"{run_id}-1-prepare"] = JobState("Completed", 1795248000.0, 1795248001.0)
    world.stores["jobs"].states[f"{run_id}-1-embed"] = JobState("Stopping", 1795248001.0)
    world.stores["jobs"].states[f"{run_id}-1-train"] = JobState("Failed", 1795248001.0, 1795248002.0)
    finish(world, run_id, "failed", error={"code": "job_failed", "message": "x"})
    steps = {step["name"]: step["status"] for step in world.run(run_id)["steps"]}
    skipped = dict.fromkeys(("score", "judge", "promote"), "skipped")
    assert steps == {"prepare": "succeeded", "embed": "failed", "train": "failed", **skipped}


def test_a_cancelled_run_has_ended_and_nothing_of_it_goes_on() -> None:
    world = FakeWorld()
    run_id = started(world)
    begin(world, run_id)
    ended = cancel(world, run_id)
    assert (ended["status"], ended["error"]["code"], ended["reason"]) == ("failed", "cancelled", "wrong file")
    assert world.stores["executions"].statuses == {f"{run_id}-1": "ABORTED"}
    assert world.owner()["active_run"] is None and resume(world) == [] and world.consider() is None
    [told] = world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")
    assert (told["action"], told["by"], told["run_id"], told["reason"]) == ("cancel", "alice", run_id, "wrong file")


def test_cancelling_again_stops_what_still_runs_and_tells_nothing_new() -> None:
    world = FakeWorld()
    run_id = started(world)
    first = cancel(world, run_id)
    world.stores["executions"].statuses[f"{run_id}-1"] = "RUNNING"
    assert cancel(world, run_id) == first
    assert world.stores["executions"].statuses[f"{run_id}-1"] == "ABORTED"
    assert len(world.stores["ledger"].query(f"TASK#{TASK}", "AUDIT#")) == 1


def test_what_was_under_way_cannot_promote_a_cancelled_run() -> None:
    world = FakeWorld()
    run_id = started(world)
    fine = world.functions()

    def late(event: dict[str, Any]) -> Any:
        if event["step"] == "register":
            cancel(world, run_id)
        return fine["promote"](event)

    world.functions = lambda: {**fine, "promote": late}  # type: ignore[method-assign]
    world.execute()
    assert world.owner()["champion"] is None and world.run(run_id)["error"]["code"] == "cancelled"
    agree(world)


def test_a_run_in_promotion_or_at_its_end_is_not_cancelled() -> None:
    world = FakeWorld()
    run_id = started(world)
    owner = world.owner()
    world.stores["ledger"].save(owner | {"promotion": run_id})
    with pytest.raises(PromotionActive):
        cancel(world, run_id)
    world.stores["ledger"].save(world.owner() | {"promotion": None})
    world.execute()
    with pytest.raises(Conflict, match="ended already"):
        cancel(world, run_id)
