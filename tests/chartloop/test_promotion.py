"""The promotion's steps: what each asks for, what it leaves, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import promotion, publishing, runs, steps
from chartloop.errors import ChampionChanged, Conflict, EndpointBusy, JobFailed, PromotionActive
from chartloop.seams import EndpointState
from tests.promotions import held, served, waiting
from tests.worlds import TASK, FakeWorld, agree


def test_a_deployment_that_goes_back_by_itself_fails_and_the_champion_serves() -> None:
    """SageMaker says InService, on the old configuration."""
    world = waiting(served(7))
    world.stores["endpoints"].break_next = True
    world.to_end()
    agree(world)
    first, failed = world.runs()
    assert (failed["outcome"], failed["error"]["code"]) == ("failed", "step_failed")
    assert "went back to the old one" in failed["error"]["message"]
    assert world.model(failed["run_id"])["status"] == "rejected"
    assert world.stores["registry"].find(TASK, failed["run_id"]).status == "Rejected"
    assert world.owner()["champion"]["version"] == first["run_id"]


def test_a_first_deployment_that_fails_leaves_no_endpoint() -> None:
    world = waiting(FakeWorld(), right=7)
    world.stores["endpoints"].break_next = True
    world.to_end()
    agree(world)
    assert world.runs()[0]["outcome"] == "failed"


def test_an_endpoint_that_failed_before_is_replaced() -> None:
    world = waiting(FakeWorld(), right=7)
    world.stores["endpoints"].failure[TASK] = "left from before"
    world.to_end()
    agree(world)
    assert world.runs()[0]["outcome"] == "promoted"


def test_an_endpoint_that_is_busy_takes_the_model_when_it_is_done() -> None:
    world = waiting(served(7))
    world.stores["endpoints"].going[TASK] = (world.stores["endpoints"].live[TASK], 5)
    world.to_end()
    agree(world)
    assert world.runs()[1]["outcome"] == "promoted"


@pytest.mark.parametrize(
    "answer",
    [
        {"model_version": "another", "predictions": [{"entities": []}]},
        {"model_version": None, "predictions": [{"entities": [{"start": 0, "end": 7, "label": "drug"}]}]},
        {"model_version": None, "predictions": [{"error": {"code": "model_error", "message": "no"}}]},
        {"model_version": None, "predictions": []},
        {},
    ],
)
def test_golden_requests_must_be_answered_as_recorded(answer: dict[str, Any]) -> None:
    world = waiting(served(7))
    run_id = world.consider()
    endpoints = world.stores["endpoints"]
    endpoints.invoke = lambda task, payload, config: {
        **answer,
        **({} if answer.get("model_version", 1) else {"model_version": run_id}),
    }
    world.execute()
    agree(world)
    failed = world.runs()[1]
    assert (failed["outcome"], world.owner()["champion"]["version"]) == ("failed", world.runs()[0]["run_id"])
    assert failed["error"]["code"] == "step_failed"  # ours, not that of a stray exception


def test_a_champion_that_changed_meanwhile_leads_to_a_second_judgement_without_training() -> None:
    world = served(6, 7)
    waiting(world, right=8)
    run_id = str(world.consider())
    judge = world.functions()["judge"]
    seams = world.seams("ledger", "objects", "executions")

    def judged(event: dict[str, Any]) -> Any:
        answer = judge(event)
        if world.run(run_id)["looks"] == 1:  # a person is faster
            rollback = runs.start_promotion(TASK, None, "rollback", "worse at night", "ada", now=world.clock(), **seams)
            world.drive(f"{rollback['run_id']}-1")
        return answer

    functions = {**world.functions(), "judge": judged}
    world.functions = lambda: functions  # type: ignore[method-assign]
    world.execute()
    agree(world)
    run = world.run(run_id)
    assert (run["outcome"], run["looks"]) == ("promoted", 2)
    trained = [name for name in world.stores["jobs"].states if name.endswith("-train") and run_id in name]
    assert trained == [f"{run_id}-1-train"]
    assert f"{run_id}-1-score2" in world.stores["jobs"].states


def test_two_promotions_of_a_task_do_not_overlap() -> None:
    world = served(6, 7)
    run_id = held(world)
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=world.clock(), **seams)
    register = world.seams("ledger", "objects", "registry")
    with pytest.raises(PromotionActive):
        promotion.register(TASK, run_id, now=world.clock(), **register)
    with pytest.raises(PromotionActive):
        runs.start_promotion(TASK, None, "rollback", "worse", "eve", now=world.clock(), **seams)
    with pytest.raises(Conflict):
        promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    with pytest.raises(Conflict):
        publishing.copy(TASK, run_id, **world.seams("ledger", "objects", "folder"))


def test_a_stale_verdict_does_not_swap() -> None:
    world = served(6, 7)
    run_id = held(world)
    owner = world.owner()
    owner["champion"], owner["previous_champion"] = owner["previous_champion"], owner["champion"]
    owner["promotion"] = run_id
    world.stores["ledger"].save(owner)
    with pytest.raises(ChampionChanged) as caught:
        promotion.swap(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects"))
    assert (type(caught.value).__name__, caught.value.code) == ("ChampionChanged", "champion_changed")


def test_undo_waits_until_the_endpoint_takes_the_champion_back() -> None:
    world = served(7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    promotion.deploy(TASK, run_id, **world.seams("ledger", "objects", "endpoints"))
    tries = 0
    while world.owner()["promotion"] and tries < 10:
        tries += 1
        try:
            promotion.undo(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "endpoints", "registry"))
        except EndpointBusy:
            assert world.owner()["promotion"] == run_id
    assert 1 < tries < 10
    owner = world.owner()
    owner["active_run"] = None
    world.stores["ledger"].save(owner)
    agree(world)


def test_nothing_is_approved_before_the_swap() -> None:
    world = served(7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    assert steps.steps(world.run(run_id), world.jobs)[-1]["status"] == "running"
    with pytest.raises(Conflict):
        promotion.approve(TASK, run_id, now=world.clock(), **world.seams("ledger", "registry"))
    assert world.stores["registry"].find(TASK, run_id).status == "PendingManualApproval"
    assert world.owner()["promotion"] == run_id


def test_a_rollback_that_fails_leaves_the_earlier_model_approved() -> None:
    world = served(6, 7)
    earlier, champion = (run["run_id"] for run in world.runs())
    seams = world.seams("ledger", "objects", "executions")
    runs.start_promotion(TASK, None, "rollback", "worse", "ada", now=world.clock(), **seams)
    world.stores["endpoints"].break_next = True
    world.to_end()
    agree(world)
    assert world.runs()[2]["outcome"] == "failed" and world.owner()["champion"]["version"] == champion
    assert world.stores["registry"].find(TASK, earlier).status == "Approved"
    assert world.model(earlier)["status"] == "retired"
    assert earlier in world.stores["folder"].versions(TASK)


def test_after_the_swap_undo_does_nothing() -> None:
    world = served(7)
    owner = world.owner()
    run_id = owner["champion"]["run_id"]
    owner["promotion"] = run_id
    world.stores["ledger"].save(owner)
    promotion.undo(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "endpoints", "registry"))
    assert world.owner() == {**owner, "version": owner["version"]}


def test_missing_endpoint_after_the_request_is_a_failure_and_no_endless_wait() -> None:
    world = served(7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    seams = world.seams("ledger", "objects", "endpoints")
    promotion.deploy(TASK, run_id, **seams)
    world.stores["endpoints"].state = lambda task, wanted: EndpointState("Missing")
    with pytest.raises(JobFailed):
        promotion.wait(TASK, run_id, **seams)


def test_the_folder_keeps_the_champion_and_the_one_before() -> None:
    world = served(6, 7, 8)
    assert world.stores["folder"].versions(TASK) == sorted(run["run_id"] for run in world.runs()[1:])


def test_remove_takes_away_only_what_is_not_in_service() -> None:
    world = served(6, 7)
    run_id = held(world)
    promotion.register(TASK, run_id, now=world.clock(), **world.seams("ledger", "objects", "registry"))
    publishing.copy(TASK, run_id, **world.seams("ledger", "objects", "folder"))
    seams = world.seams("ledger", "folder")
    for run in world.runs():
        publishing.remove(TASK, run["run_id"], **seams)
    assert world.stores["folder"].versions(TASK) == sorted(run["run_id"] for run in world.runs()[:2])
