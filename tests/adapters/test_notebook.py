"""The notebook instance and task tokens, against botocore's own models of what AWS is sent and says."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from adapters.notebook import SageMakerNotebook
from adapters.stepfunctions import StepFunctionsTokens
from chartloop.errors import NotebookBusy
from chartloop.failures import coded

NAME = {"NotebookInstanceName": "chartloop-training"}
NOT_NOW = "Status (Pending) not in ([Stopped, Failed]). Unable to transition to (Pending)"


@pytest.fixture
def sagemaker(aws: None) -> Any:
    return boto3.client("sagemaker")


def test_its_status_is_sagemakers(sagemaker: Any) -> None:
    with Stubber(sagemaker) as stub:
        stub.add_response("describe_notebook_instance", {"NotebookInstanceStatus": "InService"}, NAME)
        assert SageMakerNotebook("chartloop-training", client=sagemaker).status() == "InService"


def test_it_is_started_and_stopped_by_name(sagemaker: Any) -> None:
    notebook = SageMakerNotebook("chartloop-training", client=sagemaker)
    with Stubber(sagemaker) as stub:
        stub.add_response("start_notebook_instance", {}, NAME)
        stub.add_response("stop_notebook_instance", {}, NAME)
        notebook.start()
        notebook.stop()
        stub.assert_no_pending_responses()


def test_a_start_that_is_not_allowed_now_is_busy_and_a_stop_is_nothing(sagemaker: Any) -> None:
    notebook = SageMakerNotebook("chartloop-training", client=sagemaker)
    with Stubber(sagemaker) as stub:
        stub.add_client_error("start_notebook_instance", "ValidationException", NOT_NOW)
        stub.add_client_error("stop_notebook_instance", "ValidationException", NOT_NOW)
        with pytest.raises(NotebookBusy):
            notebook.start()
        notebook.stop()


@pytest.mark.parametrize("operation", ["start", "stop"])
@pytest.mark.parametrize(
    ("code", "message"),
    [("ResourceLimitExceeded", "The account-level service limit"), ("ValidationException", "no such instance")],
)
def test_any_other_refusal_rises(sagemaker: Any, operation: str, code: str, message: str) -> None:
    notebook = SageMakerNotebook("chartloop-training", client=sagemaker)
    with Stubber(sagemaker) as stub:
        stub.add_client_error(f"{operation}_notebook_instance", code, message)
        with pytest.raises(ClientError) as refused:
            getattr(notebook, operation)()
        assert refused.value.response["Error"]["Code"] == code


@pytest.fixture
def failing(aws: None) -> Callable[[str], None]:
    """Fails a task whose token Step Functions answers with this error, or with none."""

    def fail(error: str) -> None:
        client = boto3.client("stepfunctions")
        with Stubber(client) as stub:
            if error:
                stub.add_client_error("send_task_failure", error)
            else:
                cause = json.dumps({"FailureReason": "notebook_stopped: it stopped"})
                expected = {"taskToken": "t", "error": "NotebookFailed", "cause": cause}
                stub.add_response("send_task_failure", {}, expected)
            StepFunctionsTokens(client=client).fail("t", "notebook_stopped: it stopped")

    return fail


def test_a_failed_task_tells_its_reason_as_a_job_does(failing: Callable[[str], None]) -> None:
    failing("")
    cause = json.dumps({"FailureReason": "notebook_stopped: it stopped"})
    assert coded({"Error": "NotebookFailed", "Cause": cause}) == {"code": "notebook_stopped", "message": "it stopped"}


@pytest.mark.parametrize("gone", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_task_that_nobody_waits_for_is_left_alone(failing: Callable[[str], None], gone: str) -> None:
    failing(gone)


def test_any_other_error_rises(failing: Callable[[str], None]) -> None:
    with pytest.raises(ClientError):
        failing("AccessDeniedException")
