"""After the switch: a model that answers otherwise once it serves is rolled back by a run of its own, with the reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartloop import confirming, runs
from chartloop.errors import Conflict, ModelError
from tests.promotions import crash_everywhere, held, served, waiting
from tests.worlds import TASK, FakeWorld, agree


def turns(world: FakeWorld, answer: Any = None) -> FakeWorld:
    """The world's endpoint answers as recorded until callers ask it, and then the newest model otherwise."""
    endpoints = world.stores["endpoints"]
    asked = endpoints.invoke
    good = {run["run_id"] for run in world.runs()}

    def invoke(task: str, payload: Any, *, config: str | None = None) -> Any:
        told = asked(task, payload, config=config)
        if config is not None or told["model_version"] in good:
            return told
        if isinstance(answer, Exception):
            raise answer
        return {**told, "predictions": []}

    endpoints.invoke = invoke
    return world


@pytest.mark.parametrize("answer", [None, ModelError("the model answered with an error")])
def test_a_model_that_turns_out_bad_in_service_is_rolled_back_with_the_reason(answer: Any) -> None:
    world = turns(waiting(served(7)), answer)
    world.to_end()
    agree(world)
    first, failed, rollback = world.runs()
    assert (failed["outcome"], rollback["kind"], rollback["outcome"]) == ("failed", "rollback", "promoted")
    assert failed["error"]["code"] == "step_failed" and rollback["run_id"] in failed["marks"]["promote"]["message"]
    assert failed["run_id"] in rollback["reason"] and failed["error"]["message"] in rollback["reason"]
    assert (rollback["by"], world.owner()["champion"]["version"]) == ("gate", first["run_id"])
    assert world.stores["registry"].find(TASK, failed["run_id"]).status == "Rejected"
    assert world.model(failed["run_id"])["status"] == "retired"
    assert world.stores["endpoints"].guarded is False  # the way back is not barred by the alarms of what is left


def test_the_way_back_is_taken_once_whatever_crashes() -> None:
    worlds = crash_everywhere(lambda: turns(waiting(served(7))))
    for world in worlds:
        agree(world)
        first, failed, *rollbacks = world.runs()
        assert [run["kind"] for run in rollbacks] == ["rollback"]
        assert (failed["outcome"], failed["attempt"] <= 2) == ("failed", True)
        assert world.owner()["champion"]["version"] == first["run_id"]


def test_a_first_model_stays_and_its_run_says_what_is_wrong() -> None:
    world = turns(waiting(FakeWorld(), right=7))
    world.to_end()
    agree(world)
    (run,) = world.runs()
    assert run["outcome"] == "promoted"
    assert "not as recorded" in run["steps"][-1]["message"]


def test_a_rollback_that_is_not_confirmed_is_not_rolled_back_itself() -> None:
    world = served(6, 7)
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=world.clock(), **seams)
    world.stores["endpoints"].invoke = turned(world)
    world.to_end()
    agree(world)
    assert [run["kind"] for run in world.runs()] == ["retrain", "retrain", "rollback"]
    assert world.runs()[2]["outcome"] == "promoted"


def turned(world: FakeWorld) -> Any:
    """Nothing that callers ask is answered as recorded."""
    asked = world.stores["endpoints"].invoke

    def invoke(task: str, payload: Any, *, config: str | None = None) -> Any:
        told = asked(task, payload, config=config)
        return told if config else {**told, "predictions": []}

    return invoke


def test_only_what_is_in_service_is_confirmed() -> None:
    world = served(7)
    run_id = held(world)
    owner = world.owner()
    world.stores["ledger"].save(owner | {"promotion": run_id})
    with pytest.raises(Conflict):
        confirming.confirm(TASK, run_id, **world.seams("ledger", "objects", "endpoints"))


def test_what_is_in_service_and_confirmed_is_settled() -> None:
    world = served(7)
    assert world.stores["endpoints"].settled == [TASK]


def test_a_candidate_answers_in_the_second_place_first_where_its_mode_has_one() -> None:
    world = rehearsing(waiting(served(7)))
    world.to_end()
    agree(world)
    run = world.runs()[1]
    assert run["outcome"] == "promoted"
    asked = world.stores["endpoints"].asked
    assert asked[:2] == [("rehearsal", run["run_id"]), ("live", run["run_id"])]


def test_a_rehearsal_that_fails_leaves_the_live_endpoint_alone() -> None:
    for status, answers in (("Failed", True), ("InService", False)):
        world = rehearsing(waiting(served(7)), status=status, answers=answers)
        world.to_end()
        agree(world)
        first, failed = world.runs()
        assert (failed["outcome"], failed["requested"]) == ("failed", None)
        assert world.owner()["champion"]["version"] == first["run_id"]
        assert not any(where == "live" for where, _ in world.stores["endpoints"].asked)
        assert world.stores["endpoints"].settled[-1] == TASK


def rehearsing(world: FakeWorld, *, status: str = "InService", answers: bool = True) -> FakeWorld:
    """The world's endpoints have a second place, which comes up as `status` after a while."""
    from chartloop.seams import EndpointState

    endpoints = world.stores["endpoints"]
    asked, looks = endpoints.invoke, iter(["Missing", "Creating"])
    endpoints.asked = []

    def rehearse(task: str, version: str, *, model_uri: str, sha256: str) -> EndpointState:
        return EndpointState(next(looks, status), endpoints.config_name(version, sha256))

    def invoke(task: str, payload: Any, *, config: str | None = None) -> Any:
        version = str(config).removeprefix("chartloop-").rsplit("-", 1)[0]
        if config is not None and endpoints.live[task] != config:
            endpoints.asked.append(("rehearsal", version))
            told = asked(task, payload, config=config)
            return {**told, "model_version": version, "predictions": told["predictions"] if answers else []}
        endpoints.asked.append(("live", version))
        return asked(task, payload, config=config)

    endpoints.rehearse, endpoints.invoke = rehearse, invoke
    return world


@pytest.mark.parametrize(("right", "status"), [(8, "Approved"), (6, "Rejected")])
def test_the_registry_knows_each_candidate_as_it_was_judged(right: int, status: str) -> None:
    world = waiting(served(7), right)
    world.to_end()
    run_id = world.runs()[1]["run_id"]
    assert world.stores["registry"].find(TASK, run_id).status == status
    quality = json.loads(world.stores["objects"].get(f"runs/{run_id}/quality.json").body)
    measured = quality["multiclass_classification_metrics"]["entity_f1"]["value"]
    assert measured == world.model(run_id)["metrics"]["entity_f1"]
