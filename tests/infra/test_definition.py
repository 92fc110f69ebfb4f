"""The state machine's wiring, and where it leads: each verdict, each failure at each state, before and after the swap."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra import patience
from infra.definition import definition
from infra.requests import TRIES, Jobs
from tests.infra.asl import TaskError, machines, reachable, run, targets

FUNCTIONS = ("begin", "champion", "judge", "promote", "publish", "finish", "tune")
JOBS = Jobs(
    job_role="arn:aws:iam::123456789012:role/jobs",
    score_role="arn:aws:iam::123456789012:role/score",
    processing_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/inference:1",
    training_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/training:1",
    processing_instance="ml.m5.xlarge",
    training_instance="ml.g4dn.xlarge",
    training_hours=12,
    code_uri="s3://assets/0123.tar.gz",
    key="arn:aws:kms:us-east-1:123456789012:key/0123",
)
MACHINE = definition(functions={name: f"arn:{name}" for name in FUNCTIONS}, jobs=JOBS, pause_seconds=1)
EVERY = [(name, state) for machine in machines(MACHINE) for name, state in machine["States"].items()]
PROMOTING = ["register", "copy", "deploy", "wait", "verify", "swap", "point", "confirm", "approve"]


def an_input(kind: str = "retrain", **changes: Any) -> dict[str, Any]:
    places = (
        "request records holdout snapshot base_model train checkpoints score flips model embeddings previous_embeddings codes"
    )
    return {
        "run_id": "ner-1",
        "task": "ner",
        "kind": kind,
        "version": "ner-1",
        "uris": {place: f"s3://data/{place}/" for place in places.split()},
        "hyperparameters": {"num_train_epochs": "8"},
        "embeds": True,
        "has_embeddings": True,
        "tries": {"made": 0},
        **changes,
    }


class Tasks:
    """Answers as the functions and jobs do. `failing`: error by step or job, raised once each; `calls`: what ran, in order."""

    def __init__(
        self,
        *,
        start_at: str = "prepare",
        present: bool = True,
        verdict: str = "promote",
        waits: int = 0,
        withdrawn: str = "withdrawn",
        failing: dict[str, str] | None = None,
    ) -> None:
        self.start_at, self.present, self.verdict, self.waits = start_at, present, verdict, waits
        self.withdrawn = withdrawn
        self.failing = dict(failing or {})
        self.calls: list[str] = []
        self.parameters: list[dict[str, Any]] = []

    def __call__(self, state: dict[str, Any], parameters: dict[str, Any]) -> Any:
        name = self._name(parameters)
        self.calls.append(name)
        self.parameters.append(parameters)
        if name in self.failing:
            raise TaskError(*self.failing.pop(name).split("|"))
        if "TrainingJobName" in parameters:
            trained = {"S3ModelArtifacts": "s3://data/train/job/output/model.tar.gz"}
            return {"TrainingJobName": parameters["TrainingJobName"], "ModelArtifacts": trained}
        return {"Payload": self._answer(name)} if "Payload" in parameters else {}

    def _name(self, parameters: dict[str, Any]) -> str:
        if "FunctionName" in parameters:
            return str(parameters["Payload"].get("step", parameters["FunctionName"].removeprefix("arn:")))
        return str(parameters.get("TrainingJobName", parameters.get("ProcessingJobName"))).removeprefix("ner-1-1-")

    def _answer(self, name: str) -> Any:
        if name == "wait":
            self.waits -= 1
            return {"status": "ready" if self.waits < 0 else "wait"}
        champion = {"present": self.present, "version": "ner-0", "model_uri": "s3://data/models/ner/ner-0/model.tar.gz"}
        answers: dict[str, Any] = {
            "begin": {"start_at": self.start_at},
            "champion": {"champion": champion, "look": self.calls.count("champion")},
            "judge": {"verdict": self.verdict},
            "withdraw": {"status": self.withdrawn},
        }
        return answers.get(name)


def ran(tasks: Tasks, document: dict[str, Any] | None = None) -> tuple[str, list[str]]:
    """The last state before the end, and all states."""
    trace: list[str] = []
    try:
        run(MACHINE, document or an_input(), tasks, {"Execution": {"Name": "ner-1-1"}}, trace)
    except TaskError as error:
        return error.name, trace
    return "succeeded", trace


def finished_as(tasks: Tasks) -> Any:
    payloads = [p["Payload"] for p in tasks.parameters if p.get("FunctionName") == "arn:finish"]
    assert len(payloads) == 1
    return payloads[0]["outcome"]


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


NO_ROOM = 'States.TaskFailed|{"FailureReason": "CapacityError: Unable to provision requested ML compute capacity."}'


@pytest.mark.parametrize("job", ["prepare", "embed", "train", "score"])
def test_a_job_without_a_machine_is_tried_again_under_another_name(job: str) -> None:
    tasks = Tasks(failing={job: NO_ROOM, f"{job}-try2": NO_ROOM})
    end, trace = ran(tasks)
    assert end == "succeeded"
    assert [call for call in tasks.calls if call.startswith(job)] == [job, f"{job}-try2", f"{job}-try3"]
    assert [state for state in trace if state.endswith(": pause")] == [f"{job.title()}: pause"] * 2
    assert finished_as(tasks) == "promoted"


def test_a_further_look_begins_with_its_first_try() -> None:
    tasks = Tasks(failing={"swap": "ChampionChanged", "score": NO_ROOM, "score2": NO_ROOM})
    assert ran(tasks)[0] == "succeeded"
    assert [call for call in tasks.calls if call.startswith("score")] == ["score", "score-try2", "score2", "score2-try2"]


@pytest.mark.parametrize("job", ["prepare", "embed", "train", "score"])
def test_there_is_an_end_to_trying(job: str) -> None:
    names = [job, *(f"{job}-try{number}" for number in range(2, 99))]
    tasks = Tasks(failing=dict.fromkeys(names, NO_ROOM))
    assert ran(tasks)[0] == "RunFailed"
    assert sum(call.startswith(job) for call in tasks.calls) == TRIES
    assert "CapacityError" in tasks.parameters[-1]["Payload"]["error"]["Cause"]


def test_pauses_grow_and_half_of_each_is_by_chance() -> None:
    assert patience.pauses(30) == [60, 120, 240, 480, 960, 1800, 1800, 1800]
    assert patience.pauses(1)[0] == 2


def spot_machine(**changes: Any) -> dict[str, Any]:
    jobs = replace(JOBS, spot=True, **changes)
    return definition(functions={name: f"arn:{name}" for name in FUNCTIONS}, jobs=jobs, pause_seconds=1)


def test_spot_without_a_machine_goes_on_on_demand_where_fallbacks_are_named() -> None:
    tasks = Tasks(failing={"train": 'States.TaskFailed|{"SecondaryStatus": "MaxWaitTimeExceeded"}', "train-try2": NO_ROOM})
    trace: list[str] = []
    machine = spot_machine(training_fallbacks=("ml.g5.xlarge",))
    run(machine, an_input(), tasks, {"Execution": {"Name": "ner-1-1"}}, trace)
    assert [state for state in trace if state in ("Train", "TrainOnDemand")] == ["Train", "TrainOnDemand", "TrainOnDemand"]
    spot, on_demand, _ = [p for p in tasks.parameters if "TrainingJobName" in p]
    assert spot["EnableManagedSpotTraining"] is True
    assert "EnableManagedSpotTraining" not in on_demand
    assert on_demand["CheckpointConfig"] == spot["CheckpointConfig"]
    for part in machines(machine):
        assert reachable(part) == set(part["States"])


def test_spot_alone_is_tried_again_as_spot() -> None:
    tasks = Tasks(failing={"train": NO_ROOM})
    run(spot_machine(), an_input(), tasks, {"Execution": {"Name": "ner-1-1"}}, [])
    assert all(p["EnableManagedSpotTraining"] for p in tasks.parameters if "TrainingJobName" in p)


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
