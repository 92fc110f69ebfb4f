"""SageMaker jobs as tasks of a state machine: their description, their failure, their end when nobody waits for them any more."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.patience import patient, raised
from infra.requests import TRY
from tests.local.conftest import ROLE, BareCloud, until
from tests.local.test_machines import Machine


@pytest.fixture(scope="module")
def machine(bare: BareCloud) -> Machine:
    return Machine(bare, "jobs")


def job(name: str, script: str, **more: Any) -> dict[str, Any]:
    """A task that runs a processing job of one shell script to its end."""
    request = {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["bash", "-c", script]},
        "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
    }
    return {"Type": "Task", "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync", "Parameters": request, **more}


def test_a_job_that_completes_gives_its_description(machine: Machine) -> None:
    output = json.loads(machine.run("Job", {"Job": job("good", "true", End=True)})["output"])
    assert (output["ProcessingJobName"], output["ProcessingJobStatus"]) == ("good", "Completed")
    assert isinstance(output["CreationTime"], int) and "ResponseMetadata" not in output


def test_a_job_that_fails_is_a_failed_task_with_its_reason(machine: Machine) -> None:
    catch = [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Caught"}]
    caught = {"Type": "Pass", "Parameters": {"cause.$": "States.StringToJson($.error.Cause)"}, "End": True}
    ended = machine.run("Job", {"Job": job("failing", "exit 3", Catch=catch, End=True), "Caught": caught})
    cause = json.loads(ended["output"])["cause"]
    assert (cause["ProcessingJobStatus"], "3" in cause["FailureReason"]) == ("Failed", True)


def test_a_job_without_room_is_tried_again_until_it_has_room_or_fails_by_itself(machine: Machine) -> None:
    """`infra/patience.py` on the interpreter that the loop runs on, inside a branch as training is."""
    script = "case $PROCESSING_JOB_NAME in *try2) exit 7;; esac; echo Capacity'Error: none' > /opt/ml/output/message; exit 1"
    request = job("crowded", script)["Parameters"]
    del request["ProcessingJobName"]
    request["ProcessingJobName.$"] = f"States.Format('crowded{{}}', {TRY})"
    states = {**patient("Job", "createProcessingJob", request, 1, failed="Not done", End=True), **raised("Not done")}
    branch = {"StartAt": "Job", "States": states}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
    caught = {
        "Type": "Pass",
        "Parameters": {"error.$": "$.error.Error", "cause.$": "States.StringToJson($.error.Cause)"},
        "End": True,
    }
    both = {"Type": "Parallel", "Branches": [branch], "Catch": catch, "End": True}
    ended = machine.run("Both", {"Both": both, "Caught": caught}, {"tries": {"made": 0}})
    output = json.loads(ended["output"])
    cause = output["cause"]
    assert (output["error"], cause["ProcessingJobName"]) == ("TaskFailed", "crowded-try2")
    assert cause["FailureReason"].endswith("exit code: 7")


def test_a_name_that_is_taken_is_an_error_of_the_service(machine: Machine) -> None:
    machine.run("Job", {"Job": job("taken", "true", End=True)})
    ended = machine.run("Job", {"Job": job("taken", "true", End=True)})
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.ValidationException")


def test_a_job_is_stopped_when_its_task_runs_out_of_time(bare: BareCloud, machine: Machine) -> None:
    ended = machine.run("Job", {"Job": job("endless", "sleep 600", TimeoutSeconds=3, End=True)})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    until(lambda: status(bare, "endless") == "Stopped")


def test_a_job_is_stopped_with_its_execution(bare: BareCloud, machine: Machine) -> None:
    execution = machine.start("Job", {"Job": job("aborted", "sleep 600", End=True)})
    until(lambda: status(bare, "aborted") == "InProgress")
    bare.client("stepfunctions").stop_execution(executionArn=execution)
    until(lambda: status(bare, "aborted") == "Stopped")


def status(bare: BareCloud, name: str) -> str | None:
    found = bare.client("sagemaker").list_processing_jobs(NameContains=name)["ProcessingJobSummaries"]
    return found[0]["ProcessingJobStatus"] if found else None
