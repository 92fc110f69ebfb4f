"""The routes of what can be trusted."""

from __future__ import annotations

from chartloop import keys, quality
from chartloop.snapshots import StoredRecord
from lambdas import api
from tests import contracts
from tests.lambdas.gateway import Caller
from tests.worlds import TASK, FakeWorld

QUALITY = f"/v1/tasks/{TASK}/quality"


def found(run_id: str) -> dict[str, object]:
    twins = [StoredRecord(name, "b", 1, 1, "t:a", "0" * 64, {"text": "same", "entities": []}) for name in ("a", "b")]
    return {"task": TASK, "run_id": run_id, "created_at": "2026-11-21T08:00:00.000Z", **quality.report(TASK, twins, [], {})}


def test_the_quality_is_that_of_the_newest_run_that_was_scored() -> None:
    world = FakeWorld()
    call = Caller(api.handle, world)
    assert call("GET", QUALITY).code == "no_quality"
    world.add_batch()
    first = world.consider()
    assert first is not None and call("GET", QUALITY).code == "no_quality"  # it is not that far
    world.to_end()
    world.put(keys.run(first, "score/quality.json"), found(first))
    world.add_batch()
    assert world.consider() != first
    shown = call("GET", QUALITY).json
    contracts.validate("quality", shown)
    assert shown["run_id"] == first


def test_an_unknown_task_has_no_quality() -> None:
    assert Caller(api.handle, FakeWorld())("GET", "/v1/tasks/nonsense/quality").code == "unknown_task"
