"""A promotion until its model is proven: what register, deploy, wait and verify ask for, note, and say where they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import items, keys, promotion
from chartloop.errors import Conflict, JobFailed, NotFound, PromotionActive
from chartloop.seams import EndpointState
from tests.promotions import DEPLOY, check, config, deployed, held, noted, registered, served, swapped, uri
from tests.worlds import TASK, manifest


def test_register_takes_the_promotion_and_enters_the_version() -> None:
    world = served(7)
    run_id = held(world)
    registry, now = noted(world, "registry"), world.clock()
    promotion.register(TASK, run_id, now=now, **world.seams("ledger", "objects", "registry"))
    assert world.owner()["promotion"] == run_id
    marked = {"started_at": items.stamp(now), "ended_at": None, "status": "running", "message": ""}
    assert world.run(run_id)["marks"]["promote"] == marked
    ((args, kwargs),) = registry.of("register")
    assert (args, kwargs["model_uri"], kwargs["sha256"]) == ((TASK, run_id), uri(run_id), items.hashed(run_id))
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    assert world.run(run_id)["marks"]["promote"] == marked


def test_register_waits_for_another_promotion_and_refuses_a_run_that_ended() -> None:
    world = served(7)
    run_id = held(world)
    owner = world.owner() | {"promotion": "ner-other"}
    world.stores["ledger"].save(owner)
    seams = world.seams("ledger", "objects", "registry")
    with pytest.raises(PromotionActive) as active:
        promotion.register(TASK, run_id, now=world.clock(), **seams)
    assert active.value.message == "another promotion of this task is under way"
    assert active.value.details == {"run_id": "ner-other"}
    world.stores["ledger"].save(world.run(run_id) | {"ended_at": "2026-11-21T09:00:00.000Z"})
    with pytest.raises(Conflict) as ended:
        promotion.register(TASK, run_id, now=world.clock(), **seams)
    assert (ended.value.message, ended.value.code) == ("the run was cancelled", "run_ended")
    assert ended.value.details == {"run_id": run_id}


def test_a_run_that_came_into_service_registers_again_without_taking_anything() -> None:
    world = served(7)
    (run,) = world.runs()
    owner = world.owner()
    promotion.register(TASK, run["run_id"], now=world.clock(), **world.seams("ledger", "objects", "registry"))
    assert (world.owner(), world.run(run["run_id"])) == (owner, run)


@pytest.mark.parametrize("kind", ["retrain", "rollback"])
def test_deploy_asks_for_the_candidates_configuration_and_notes_it(kind: str) -> None:
    world = served(7)
    run_id = registered(world)
    world.stores["ledger"].save(world.run(run_id) | {"kind": kind})
    endpoints = noted(world, "endpoints")
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    sha256 = items.hashed(run_id)
    asked = {"model_uri": uri(run_id), "sha256": sha256}
    assert endpoints.of("rehearse") == [((TASK, run_id), asked)]
    assert endpoints.of("deploy") == [((TASK, run_id), {**asked, "guarded": kind == "retrain"})]
    assert world.run(run_id)["requested"] == config(world, run_id)


@pytest.mark.parametrize("status", ["Updating", "Creating", "Failed"])
def test_what_an_endpoint_cannot_take_is_asked_for_again(status: str) -> None:
    world = served(7)
    run_id = registered(world)
    endpoints = noted(world, "endpoints", state=[EndpointState(status)])
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    assert len(endpoints.of("deploy")) == 1 and endpoints.of("state") == [((TASK,), {})]
    assert world.run(run_id)["requested"] is None
    assert promotion.wait(TASK, run_id, **world.seams(*DEPLOY)) == "wait"


def test_only_the_candidates_own_configuration_is_ready() -> None:
    world = served(7)
    run_id = registered(world)
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    wanted = config(world, run_id)
    answers = [EndpointState("Updating", wanted), EndpointState("RollingBack", wanted), EndpointState("InService", wanted)]
    endpoints = noted(world, "endpoints", state=answers)
    assert [promotion.wait(TASK, run_id, **world.seams(*DEPLOY)) for _ in range(3)] == ["wait", "wait", "ready"]
    assert endpoints.of("state") == [((TASK, wanted), {})] * 3
    assert not endpoints.of("deploy")


@pytest.mark.parametrize(
    ("state", "how"),
    [
        (EndpointState("InService", "chartloop-old"), "it went back to the old one"),
        (EndpointState("InService", "chartloop-old", "no answer"), "it went back to the old one (no answer)"),
        (EndpointState("Failed", None, "x" * 300), f"it is Failed ({'x' * 200})"),
        (EndpointState("Missing"), "it is Missing"),
    ],
)
def test_a_deployment_that_did_not_take_says_how(state: EndpointState, how: str) -> None:
    world = served(7)
    run_id = registered(world)
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    noted(world, "endpoints", state=[state])
    with pytest.raises(JobFailed) as failed:
        promotion.wait(TASK, run_id, **world.seams(*DEPLOY))
    assert failed.value.message == f"the endpoint did not take the new model: {how}"
    assert failed.value.code == "deployment_failed"


def test_after_the_swap_a_lost_endpoint_is_asked_for_again_and_not_undone() -> None:
    world = served(7)
    run_id = swapped(world)
    endpoints = noted(world, "endpoints", state=[EndpointState("Missing"), EndpointState("Missing")])
    assert promotion.wait(TASK, run_id, **world.seams(*DEPLOY)) == "wait"
    assert len(endpoints.of("deploy")) == 1 and not endpoints.of("rehearse")
    endpoints = noted(world, "endpoints")
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    assert len(endpoints.of("deploy")) == 1 and not endpoints.of("rehearse")
    world.stores["ledger"].save(world.run(run_id) | {"requested": None})
    endpoints = noted(world, "endpoints")
    assert promotion.wait(TASK, run_id, **world.seams(*DEPLOY)) == "ready"
    assert not endpoints.of("rehearse")


@pytest.mark.parametrize("status", ["Creating", "Missing", "Failed"])
def test_a_rehearsal_that_goes_on_holds_the_deployment_back(status: str) -> None:
    """One that failed for another configuration is of another candidate, and is replaced."""
    world = served(7)
    run_id = registered(world)
    rehearsal = EndpointState(status, None if status == "Missing" else "chartloop-another")
    endpoints = noted(world, "endpoints", rehearse=[rehearsal, rehearsal])
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    assert promotion.wait(TASK, run_id, **world.seams(*DEPLOY)) == "wait"
    assert len(endpoints.of("rehearse")) == 2 and not endpoints.of("deploy")


def test_a_rehearsal_is_asked_its_golden_requests_before_the_deployment() -> None:
    world = served(7)
    run_id = registered(world)
    wanted = config(world, run_id)
    answer = {"model_version": run_id, "predictions": [{"entities": []}]}
    endpoints = noted(world, "endpoints", rehearse=[EndpointState("InService", wanted)], invoke=[answer])
    promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    assert endpoints.of("invoke") == [((TASK, {"inputs": ["Aspirin 100 mg daily."]}), {"config": wanted})]
    assert len(endpoints.of("deploy")) == 1


@pytest.mark.parametrize("known", [True, False])
def test_a_rehearsal_that_failed_fails_the_deployment(known: bool) -> None:
    world = served(7)
    run_id = registered(world)
    state = EndpointState("Failed", config(world, run_id) if known else None, "out of memory")
    noted(world, "endpoints", rehearse=[state])
    with pytest.raises(JobFailed) as failed:
        promotion.deploy(TASK, run_id, **world.seams(*DEPLOY))
    assert failed.value.message == "the rehearsal did not take the new model: it is Failed (out of memory)"
    assert failed.value.code == "deployment_failed"


def test_verify_asks_the_golden_requests_of_the_candidates_own_configuration() -> None:
    world = served(7)
    run_id = deployed(world)
    endpoints = noted(world, "endpoints")
    promotion.verify(TASK, run_id, **world.seams(*DEPLOY))
    ((args, kwargs),) = endpoints.of("invoke")
    assert (args, kwargs) == ((TASK, {"inputs": ["Aspirin 100 mg daily."]}), {"config": config(world, run_id)})


RIGHT, WRONG = {"entities": []}, {"entities": [{"start": 0, "end": 7, "label": "drug"}]}


FAULT = {"error": {"code": "model_error", "message": "no"}}


@pytest.mark.parametrize(
    ("predictions", "told"),
    [
        ([RIGHT, RIGHT], None),
        ([RIGHT, WRONG], "1 of 2 golden requests are answered otherwise"),
        ([WRONG, WRONG], "2 of 2 golden requests are answered otherwise"),
        ([RIGHT, {**RIGHT, **FAULT}], "1 of 2 golden requests are answered otherwise"),
        ([RIGHT], "0 of 2 golden requests are answered otherwise"),
        ([RIGHT, RIGHT, RIGHT], "0 of 2 golden requests are answered otherwise"),
        (None, "0 of 2 golden requests are answered otherwise"),
    ],
)
def test_every_golden_request_is_answered_as_recorded(predictions: list[Any] | None, told: str | None) -> None:
    world = served(7)
    run_id = deployed(world)
    golden = [{"input": text, "answer": RIGHT} for text in ("one", "two")]
    world.put(keys.model(TASK, run_id, "manifest.json"), {**manifest(run_id, "s"), "golden": golden})
    answer = {"model_version": run_id} | ({} if predictions is None else {"predictions": predictions})
    noted(world, "endpoints", invoke=[answer])
    if told is None:
        return promotion.verify(TASK, run_id, **world.seams(*DEPLOY))
    with pytest.raises(JobFailed) as failed:
        promotion.verify(TASK, run_id, **world.seams(*DEPLOY))
    return check(failed.value, told, "verification_failed")


def test_no_golden_requests_and_another_version_are_refused() -> None:
    world = served(7)
    run_id = deployed(world)
    noted(world, "endpoints", invoke=[{"model_version": "another", "predictions": [RIGHT]}, {"predictions": [RIGHT]}])
    for _ in range(2):
        with pytest.raises(JobFailed) as failed:
            promotion.verify(TASK, run_id, **world.seams(*DEPLOY))
        check(failed.value, "the endpoint answers as another version", "verification_failed")
    world.put(keys.model(TASK, run_id, "manifest.json"), {**manifest(run_id, "s"), "golden": []})
    with pytest.raises(JobFailed) as failed:
        promotion.verify(TASK, run_id, **world.seams(*DEPLOY))
    check(failed.value, "the artifact has no golden requests", "verification_failed")


HOLDS_NOT = "this run does not hold the promotion"


def test_a_run_that_holds_no_promotion_may_do_nothing() -> None:
    world = served(7)
    run_id = held(world)
    for step in (promotion.deploy, promotion.wait, promotion.verify):
        with pytest.raises(Conflict) as refused:
            step(TASK, run_id, **world.seams(*DEPLOY))
        check(refused.value, HOLDS_NOT, "conflict", run_id=run_id)


def test_what_the_ledger_does_not_know_is_missed_by_name() -> None:
    world = served(7)
    run_id = deployed(world)
    with pytest.raises(NotFound) as missed:
        promotion.verify(TASK, "ner-lost", **world.seams(*DEPLOY))
    assert missed.value.message == "no such run"
    world.stores["ledger"].save(world.run(run_id) | {"model": "ner-lost"})
    with pytest.raises(NotFound) as missed:
        promotion.verify(TASK, run_id, **world.seams(*DEPLOY))
    assert missed.value.message == "no such version"
