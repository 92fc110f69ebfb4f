"""A search is asked for by the API, priced by it, and its best trial chosen by a function; what is none is refused by field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas import api, tune
from tests import contracts
from tests.chartloop.test_tuning import found, searched, trial
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld


@pytest.fixture
def world() -> FakeWorld:
    made = FakeWorld()
    made.add_batch()
    return made


def test_a_run_is_started_with_a_search_and_without(world: FakeWorld) -> None:
    call = Caller(api.handle, world)
    answer = call("POST", "/v1/tasks/ner/runs", {"tuning": {"max_jobs": 4}}, headers={"idempotency-key": "k"})
    contracts.validate("run", answer.json)
    [started] = world.stores["executions"].started.values()
    assert started["tuning"]["config"]["ResourceLimits"] == {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2}
    again = call("POST", "/v1/tasks/ner/runs", {"tuning": {"max_jobs": 4}}, headers={"idempotency-key": "k"})
    assert again.json["run_id"] == answer.json["run_id"]
    other = call("POST", "/v1/tasks/ner/runs", {"tuning": {"max_jobs": 5}}, headers={"idempotency-key": "k"})
    assert (other.status, other.json["error"]["field"]) == (409, "Idempotency-Key")


def test_a_start_without_a_body_searches_as_the_settings_say(world: FakeWorld) -> None:
    call = Caller(api.handle, world)
    assert call("PATCH", "/v1/tasks/ner/settings", {"tuning": {"max_jobs": 2}}).json["tuning"]["max_jobs"] == 2
    assert call("POST", "/v1/tasks/ner/runs").status == 202
    [started] = world.stores["executions"].started.values()
    assert started["tuning"]["config"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [({"tuning": {"max_jobs": 51}}, "tuning.max_jobs"), ({"tuning": {"trials": 3}}, None), ({"trials": 3}, None)],
)
def test_what_is_no_search_is_refused(world: FakeWorld, body: dict[str, Any], field: str | None) -> None:
    answer = Caller(api.handle, world)("POST", "/v1/tasks/ner/runs", body)
    assert (answer.status, answer.json["error"].get("field")) == (400, field)
    assert not world.stores["executions"].started


def test_the_cost_counts_the_trials_that_are_asked_for(world: FakeWorld) -> None:
    call = Caller(api.handle, world)
    found = call("GET", "/v1/tasks/ner/cost", query={"trials": "6"}).json
    contracts.validate("cost", found)
    assert [step["name"] for step in found["steps"]] == ["prepare", "embed", "train", "tune", "score"]
    assert call("GET", "/v1/tasks/ner/cost", query={"trials": "99"}).status == 400


def test_the_function_gives_the_best_trials_place() -> None:
    world = searched(trial(1, 0.9))
    run_id = world.runs()[-1]["run_id"]
    event = {
        "task": "ner",
        "run_id": run_id,
        "tuned": found(world)["job"],
        "trained": {"job": f"{run_id}-1-train", "model_uri": "u"},
    }
    assert tune.handle(event, world)["model_uri"].endswith("ner-0-1-001-ab/output/model.tar.gz")
    assert json.loads(world.objects.get(f"runs/{run_id}/tuning.json").body)["best"] == 1
