"""Function `finish`: the outcome, the error without anything clinical, and the next run."""

from __future__ import annotations

import json

from lambdas import finish
from tests.worlds import TASK, FakeWorld


def test_a_failed_jobs_code_is_the_runs_error() -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    cause = json.dumps({"TrainingJobName": "t", "FailureReason": "AlgorithmError: no_labels: not one entity to learn"})
    event = {"task": TASK, "run_id": run_id, "outcome": "failed", "error": {"Error": "States.TaskFailed", "Cause": cause}}
    assert finish.handle(event, world) == {"next": None}
    run = world.run(run_id)
    assert (run["outcome"], run["error"]) == ("failed", {"code": "no_labels", "message": "not one entity to learn"})


def test_the_next_run_starts_when_one_ends() -> None:
    world = FakeWorld()
    world.right = 2
    world.add_batch()
    run_id = str(world.consider())
    world.add_batch()
    answer = finish.handle({"task": TASK, "run_id": run_id, "outcome": "kept"}, world)
    assert answer["next"] == world.owner()["active_run"] != run_id
    assert world.run(run_id)["error"] is None
