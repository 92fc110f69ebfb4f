"""The state machine where a notebook trains: its wiring, what the notebook is told, and where each of its ends leads."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from infra.definition import definition
from tests.infra.asl import TaskError, machines, reachable, run, targets
from tests.infra.executions import FUNCTIONS, JOBS, PROMOTING, Tasks, an_input
from tests.infra.test_requests import request

HOURS = 14
MACHINE = definition(
    functions={name: f"arn:{name}" for name in (*FUNCTIONS, "notebook")}, jobs=JOBS, pause_seconds=1, notebook_hours=HOURS
)
NOTEBOOK = MACHINE["States"]["Notebook"]
CONTEXT = {"Execution": {"Name": "ner-1-1"}, "Task": {"Token": "the token"}}


class NotebookTasks(Tasks):
    """As Tasks, and the notebook's answer is the candidate."""

    def __call__(self, state: dict[str, Any], parameters: dict[str, Any]) -> Any:
        result = super().__call__(state, parameters)
        if parameters.get("Payload", {}).get("step") == "order":
            return {"candidate": {"model_uri": "s3://data/train/job/output/model.tar.gz"}}
        return result

    def orders(self) -> list[dict[str, Any]]:
        return [p["Payload"] for p in self.parameters if p["Payload"].get("step") == "order"]


def ran(tasks: Tasks, document: dict[str, Any] | None = None) -> str:
    try:
        run(MACHINE, document or an_input(), tasks, CONTEXT, [])
    except TaskError as error:
        return error.name
    return "succeeded"


def test_every_transition_leads_to_a_state_and_every_state_is_reached() -> None:
    (machine,) = machines(MACHINE)
    for name, state in machine["States"].items():
        assert set(targets(state)) <= set(machine["States"]), name
    assert reachable(machine) == set(machine["States"])


def test_one_state_stands_for_all_the_jobs() -> None:
    assert not [s for s in MACHINE["States"].values() if "sagemaker" in s.get("Resource", "")]
    waiting = [name for name, s in MACHINE["States"].items() if s.get("Resource", "").endswith("waitForTaskToken")]
    assert waiting == ["Notebook"]


def test_a_better_candidate_is_promoted_as_it_is_where_jobs_made_it() -> None:
    tasks = NotebookTasks()
    assert ran(tasks) == "succeeded"
    assert tasks.calls == ["begin", "champion", "order", "vectors", "judge", *PROMOTING, "finish"]


def test_the_order_is_the_executions_state_with_the_training_job_and_the_token() -> None:
    tasks = NotebookTasks()
    ran(tasks)
    (order,) = tasks.orders()
    assert (order["token"], order["execution"], order["code_uri"]) == ("the token", "ner-1-1", JOBS.code_uri)
    assert order["engine"] == "openvino"
    assert order["state"]["standing"]["champion"]["present"] is True
    assert {"run_id", "task", "version", "uris", "hyperparameters", "embeds", "has_embeddings"} <= set(order["state"])
    assert "candidate" not in order["state"]


def test_the_training_job_is_the_one_that_the_state_machine_would_start() -> None:
    tasks = NotebookTasks()
    ran(tasks)
    training = tasks.orders()[0]["training"]
    theirs = request("Train")
    assert {**training, "TrainingJobName": ""} == {**theirs, "TrainingJobName": ""}
    assert training["TrainingJobName"] == "ner-1-1-train"
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTrainingJob").input_shape
    report = ParamValidator().validate(training, shape)
    assert not report.has_errors(), report.generate_report()


def test_a_champion_that_changed_has_the_notebook_only_score() -> None:
    tasks = NotebookTasks(failing={"swap": "ChampionChanged"})
    assert ran(tasks) == "succeeded"
    first, second = tasks.orders()
    assert "candidate" not in first["state"]
    assert second["state"]["candidate"] == {"model_uri": "s3://data/train/job/output/model.tar.gz"}
    assert second["state"]["standing"]["look"] == 2
    assert tasks.calls[tasks.calls.index("swap") :][:6] == ["swap", "undo", "champion", "order", "vectors", "judge"]


@pytest.mark.parametrize("error", ["NotebookFailed", "States.HeartbeatTimeout", "States.Timeout", "NotebookBusy", "JobFailed"])
def test_whatever_ends_the_wait_the_instance_is_stopped_and_the_run_fails(error: str) -> None:
    tasks = NotebookTasks(failing={"order": error})
    assert ran(tasks) == "RunFailed"
    assert tasks.calls == ["begin", "champion", "order", "halt", "finish"]
    assert tasks.parameters[-1]["Payload"]["error"]["Error"] == error


def test_a_training_job_without_a_machine_is_ordered_again_under_another_name() -> None:
    said = json.dumps({"FailureReason": "no_capacity: SageMaker had no machine for the job"})
    tasks = NotebookTasks(failing={"order": f"NotebookFailed|{said}"})
    assert ran(tasks) == "succeeded"
    assert [order["training"]["TrainingJobName"] for order in tasks.orders()] == ["ner-1-1-train", "ner-1-1-train-try2"]
    assert "halt" not in tasks.calls


def test_a_halt_that_fails_still_tells_why_the_run_failed() -> None:
    tasks = NotebookTasks(failing={"order": "NotebookFailed", "halt": "ClientError"})
    assert ran(tasks) == "RunFailed"
    assert tasks.parameters[-1]["Payload"]["error"]["Error"] == "NotebookFailed"


def test_a_resumed_run_does_not_train_again() -> None:
    tasks = NotebookTasks(start_at="promote")
    assert ran(tasks) == "succeeded"
    assert not tasks.orders()


def test_the_wait_has_an_end_and_a_heartbeat() -> None:
    assert 600 < NOTEBOOK["HeartbeatSeconds"] < 3600
    assert HOURS * 3600 < NOTEBOOK["TimeoutSeconds"] <= (HOURS + 1) * 3600 < MACHINE["TimeoutSeconds"]


def test_a_busy_instance_is_waited_for_longer_than_a_run_takes() -> None:
    (busy,) = [retry for retry in NOTEBOOK["Retry"] if retry["ErrorEquals"] == ["NotebookBusy"]]
    assert busy["MaxAttempts"] * busy["MaxDelaySeconds"] / 2 > 24 * 3600
    again = {error for retry in NOTEBOOK["Retry"] for error in retry["ErrorEquals"]}
    assert "ResourceLimitExceeded" in again
    assert not again & {"NotebookFailed", "States.ALL", "States.HeartbeatTimeout", "States.Timeout"}
