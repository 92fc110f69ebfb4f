"""What is kept of a failure: a code and our own words, never what a stray exception quotes."""

from __future__ import annotations

import json

import pytest

from chartloop.failures import LONGEST, coded


@pytest.mark.parametrize(
    ("reason", "code", "message"),
    [
        ("AlgorithmError: , exit code: 1\nshard_changed: b.jsonl is not what was hashed", "shard_changed", None),
        ("AlgorithmError: shard_damaged: line 3 of a shard is no stored record", "shard_damaged", None),
        ("empty_training_set: nothing to learn from", "empty_training_set", "nothing to learn from"),
        ("CapacityError: Unable to provision requested ML compute capacity.", "no_capacity", None),
        ("ClientError: Please use an instance type", "job_failed", "a job failed: ClientError"),
    ],
)
def test_a_jobs_own_line_is_kept(reason: str, code: str, message: str | None) -> None:
    found = coded({"Error": "States.TaskFailed", "Cause": json.dumps({"TrainingJobName": "x", "FailureReason": reason})})
    assert found["code"] == code
    assert message is None or found["message"] == message


def test_a_processing_jobs_line_is_its_exit_message() -> None:
    cause = {"ExitMessage": "shard_changed: not what was hashed", "FailureReason": "AlgorithmError: See job logs"}
    found = coded({"Error": "States.TaskFailed", "Cause": json.dumps(cause)})
    assert found == {"code": "shard_changed", "message": "not what was hashed"}


def test_errors_of_ours_keep_their_message() -> None:
    cause = json.dumps({"errorType": "JobFailed", "errorMessage": "the run left no artifact", "stackTrace": []})
    assert coded({"Error": "JobFailed", "Cause": cause}) == {"code": "step_failed", "message": "the run left no artifact"}


@pytest.mark.parametrize(
    "error",
    [
        {"Error": "KeyError", "Cause": json.dumps({"errorType": "KeyError", "errorMessage": "'Mr Secret, 61'"})},
        {"Error": "States.Runtime", "Cause": "Mr Secret, 61: no JSON"},
        {"Error": "States.Timeout", "Cause": ""},
        {"Error": "X", "Cause": '["Mr Secret, 61"]'},
        {"Error": "States.TaskFailed", "Cause": json.dumps({"FailureReason": "ValueError: could not read 'Mr Secret, 61'"})},
        {},
    ],
)
def test_nothing_else_is_quoted(error: dict[str, str]) -> None:
    found = coded(error)
    assert found["code"] in ("internal_error", "job_failed")
    assert "Secret" not in found["message"]


def test_a_notebook_that_fell_silent_is_told_as_that() -> None:
    assert coded({"Error": "States.HeartbeatTimeout", "Cause": ""})["code"] == "notebook_silent"


def test_messages_have_an_end() -> None:
    cause = json.dumps({"FailureReason": "too_long: " + "x" * 5000})
    assert len(coded({"Error": "e", "Cause": cause})["message"]) == LONGEST


@pytest.mark.parametrize("name", ["SageMaker.ResourceLimitExceededException", "ResourceLimitExceededException"])
def test_a_quota_that_was_waited_for_in_vain_is_named(name: str) -> None:
    error = {"Error": name, "Cause": "The account-level service limit is 0 Instances"}
    assert coded(error)["code"] == "quota_exceeded"
