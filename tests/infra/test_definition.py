"""The state machine's wiring, and where it leads: each verdict, each failure at each state, before and after the swap."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.asl import machines, reachable, targets
from tests.infra.executions import EVERY, JOBS, MACHINE, PROMOTING, Tasks, an_input, finished_as, ran


@pytest.mark.parametrize("machine", list(machines(MACHINE)), ids=lambda machine: machine["StartAt"])
def test_every_transition_leads_to_a_state_and_every_state_is_reached(machine: dict[str, Any]) -> None:
    for name, state in machine["States"].items():
        assert set(targets(state)) <= set(machine["States"]), name
    assert reachable(machine) == set(machine["States"])


@pytest.mark.parametrize(("name", "state"), EVERY)
def test_a_state_goes_on_or_ends_and_never_both(name: str, state: dict[str, Any]) -> None:
    ends = state.get("End", False) or state["Type"] in ("Succeed", "Fail")
    goes_on = "Next" in state or "Default" in state
    assert ends != goes_on
    assert len(name) <= 80


@pytest.mark.parametrize(("name", "state"), [pair for pair in EVERY if "Retry" in pair[1]])
def test_retries_back_off_with_jitter_and_catch_all_comes_last(name: str, state: dict[str, Any]) -> None:
    for position, retry in enumerate(state["Retry"]):
        assert retry["MaxDelaySeconds"] > retry["IntervalSeconds"] >= 1
        assert retry["JitterStrategy"] == "FULL"
        assert retry["BackoffRate"] > 1
        if "States.ALL" in retry["ErrorEquals"]:
            assert retry["ErrorEquals"] == ["States.ALL"]
            assert position == len(state["Retry"]) - 1


def test_every_task_has_a_retry() -> None:
    assert all("Retry" in state for _, state in EVERY if state["Type"] == "Task")


def test_a_better_candidate_is_promoted_step_by_step() -> None:
    tasks = Tasks(waits=2)
    end, trace = ran(tasks)
    assert end == "succeeded"
    assert finished_as(tasks) == "promoted"
    assert [call for call in tasks.calls if call in PROMOTING] == [
        *("register", "copy", "deploy", "wait", "wait", "wait", "verify", "swap", "point", "confirm", "approve")
    ]
    assert trace.count("Pause") == 3
    assert tasks.calls[:2] == ["begin", "prepare"]
    assert {"embed", "train"} <= set(tasks.calls)


@pytest.mark.parametrize(("verdict", "outcome"), [("keep", "kept"), ("needs-review", "needs-review"), ("unheard of", "kept")])
def test_anything_but_promote_keeps_the_champion(verdict: str, outcome: str) -> None:
    tasks = Tasks(verdict=verdict)
    assert ran(tasks)[0] == "succeeded"
    assert finished_as(tasks) == outcome
    assert not set(tasks.calls) & set(PROMOTING)


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize(("task", "instance", "image"), [("ner", "ml.m5.xlarge", ":1"), ("generation", "ml.g5.xlarge", ":gpu")])
def test_a_language_model_is_scored_where_it_will_answer(task: str, instance: str, image: str, present: bool) -> None:
    tasks = Tasks(present=present)
    ran(tasks, an_input(task=task))
    cluster, (score,) = "ProcessingResources", [p for p in tasks.parameters if p.get("ProcessingJobName") == "ner-1-1-score"]
    assert score[cluster]["ClusterConfig"]["InstanceType"] == instance
    assert ("VolumeKmsKeyId" in score[cluster]["ClusterConfig"]) is (task == "ner")  # a g5's disks are encrypted by itself
    assert score["AppSpecification"]["ImageUri"].endswith(image) and score["RoleArn"] == JOBS.score_role
    assert ("champion" in {item["InputName"] for item in score["ProcessingInputs"]}) is present


@pytest.mark.parametrize("present", [True, False])
def test_the_champion_is_scored_beside_the_candidate_where_there_is_one(present: bool) -> None:
    tasks = Tasks(present=present)
    ran(tasks)
    (score,) = [p for p in tasks.parameters if str(p.get("ProcessingJobName")).endswith("score")]
    inputs = {item["InputName"]: item["S3Input"]["S3Uri"] for item in score["ProcessingInputs"]}
    assert ("champion" in inputs) is present
    assert ("--champion" in score["AppSpecification"]["ContainerArguments"]) is present
    assert inputs["candidate"] == "s3://data/train/job/output/model.tar.gz"
    assert score["AppSpecification"]["ContainerArguments"][-2:] == ["--version", "ner-1"]


@pytest.mark.parametrize("known", [True, False])
def test_embeddings_are_built_on_the_earlier_ones_where_there_are_some(known: bool) -> None:
    tasks = Tasks()
    ran(tasks, an_input(has_embeddings=known))
    (embed,) = [p for p in tasks.parameters if str(p.get("ProcessingJobName")).endswith("embed")]
    assert ("--previous" in embed["AppSpecification"]["ContainerArguments"]) is known
    assert len(embed["ProcessingInputs"]) == (5 if known else 4)


def test_a_task_without_vectors_is_not_embedded() -> None:
    tasks = Tasks()
    assert ran(tasks, an_input(embeds=False))[0] == "succeeded"
    assert "embed" not in tasks.calls and "train" in tasks.calls


def test_a_champion_that_changed_has_the_candidate_judged_again_without_training() -> None:
    tasks = Tasks(failing={"swap": "ChampionChanged"})
    assert ran(tasks)[0] == "succeeded"
    assert tasks.calls.count("train") == 1
    again = tasks.calls[tasks.calls.index("swap") :]
    assert again[:6] == ["swap", "undo", "champion", "score2", "vectors", "judge"]
    assert finished_as(tasks) == "promoted"


def test_a_decision_by_hand_only_promotes() -> None:
    tasks = Tasks(start_at="promote")
    assert ran(tasks, an_input("rollback"))[0] == "succeeded"
    assert tasks.calls == ["begin", *PROMOTING, "finish"]


def test_a_decision_by_hand_that_came_too_late_is_undone_and_fails() -> None:
    tasks = Tasks(start_at="promote", failing={"swap": "ChampionChanged"})
    assert ran(tasks, an_input("promote"))[0] == "RunFailed"
    assert tasks.calls[-3:] == ["undo", "remove", "finish"]


def test_a_run_that_was_interrupted_at_its_end_is_only_finished() -> None:
    tasks = Tasks(start_at="finish")
    assert ran(tasks)[0] == "succeeded"
    assert tasks.calls == ["begin", "finish"]


@pytest.mark.parametrize("broken", ["begin", "prepare", "embed", "train", "champion", "score", "vectors", "judge"])
def test_a_failure_before_the_promotion_touches_nothing_in_service(broken: str) -> None:
    tasks = Tasks(failing={broken: "States.TaskFailed"})
    assert ran(tasks)[0] == "RunFailed"
    assert finished_as(tasks) == "failed"
    assert not set(tasks.calls) & {*PROMOTING, "undo"}


@pytest.mark.parametrize("broken", PROMOTING[: PROMOTING.index("swap") + 1])
def test_a_failure_up_to_the_swap_is_undone(broken: str) -> None:
    tasks = Tasks(failing={broken: "JobFailed"})
    assert ran(tasks)[0] == "RunFailed"
    assert tasks.calls[-3:] == ["undo", "remove", "finish"]
    assert tasks.parameters[-1]["Payload"]["error"] == {"Error": "JobFailed", "Cause": ""}


@pytest.mark.parametrize("broken", ["point", "approve", "finish"])
def test_past_the_swap_nothing_is_undone(broken: str) -> None:
    """The execution ends as failed without a word in the ledger, so that the sweep starts the run's next attempt."""
    tasks = Tasks(failing={broken: "ServiceUnavailable"})
    assert ran(tasks)[0] == "ServiceUnavailable"
    assert "undo" not in tasks.calls
    retries = [state["Retry"] for name, state in EVERY if name.lower() == broken]
    assert all(retry[-1]["ErrorEquals"] == ["States.ALL"] for retry in retries)


@pytest.mark.parametrize(
    ("withdrawn", "end"), [("withdrawn", ["withdraw", "finish"]), ("stays", ["withdraw", "approve", "finish"])]
)
def test_a_model_that_is_not_confirmed_is_withdrawn_where_there_is_one_before_it(withdrawn: str, end: list[str]) -> None:
    tasks = Tasks(failing={"confirm": "JobFailed"}, withdrawn=withdrawn)
    assert ran(tasks)[0] == ("RunFailed" if withdrawn == "withdrawn" else "succeeded")
    assert tasks.calls[-len(end) :] == end
    (payload,) = [p["Payload"] for p in tasks.parameters if p.get("Payload", {}).get("step") == "withdraw"]
    assert payload["error"]["Error"] == "JobFailed"
    assert finished_as(tasks) == ("failed" if withdrawn == "withdrawn" else "promoted")


@pytest.mark.parametrize("state", ["Deploy", "Wait", "Verify", "Confirm"])
def test_a_model_that_wakes_is_asked_again(state: str) -> None:
    errors = {error for retry in MACHINE["States"][state]["Retry"] for error in retry["ErrorEquals"]}
    assert "Unavailable" in errors


@pytest.mark.parametrize("step", ["undo", "remove"])
def test_an_undo_that_fails_still_tells_why_the_run_failed(step: str) -> None:
    tasks = Tasks(failing={"verify": "JobFailed", step: "ClientError"})
    assert ran(tasks)[0] == "RunFailed"
    assert tasks.parameters[-1]["Payload"]["error"]["Error"] == "JobFailed"


def test_another_promotion_is_waited_for() -> None:
    retries = MACHINE["States"]["Register"]["Retry"]
    (busy,) = [retry for retry in retries if retry["ErrorEquals"] == ["PromotionActive"]]
    assert busy["MaxAttempts"] * busy["MaxDelaySeconds"] > 4 * 3600


def test_a_full_account_is_waited_for() -> None:
    for name, state in EVERY:
        errors = {error for retry in state.get("Retry", []) for error in retry["ErrorEquals"]}
        if "sagemaker" in state.get("Resource", ""):
            assert "SageMaker.ResourceLimitExceededException" in errors
        if name in ("Deploy", "Wait"):
            assert "ResourceLimitExceeded" in errors


def test_only_references_are_handed_to_functions() -> None:
    allowed = {"run_id", "task", "version", "kind", "execution", "step", "champion", "outcome", "error", "trained", "tuned"}
    for _, state in EVERY:
        if state.get("Resource") == "arn:aws:states:::lambda:invoke":
            assert {key.removesuffix(".$") for key in state["Parameters"]["Payload"]} <= allowed
