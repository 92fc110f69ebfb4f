"""Step Functions in the local cloud: functions as tasks, errors by class, retries, parallel branches, the end's event."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.local.conftest import ROLE, BareCloud, until


class Machine:
    """Runs definitions, each as a machine of its own."""

    def __init__(self, bare: BareCloud, prefix: str) -> None:
        self._client = bare.client("stepfunctions")
        self._prefix = prefix
        self._made = 0

    def start(self, start: str, states: dict[str, Any], event: Any = None) -> str:
        """The ARN of an execution that goes on."""
        self._made += 1
        definition = json.dumps({"StartAt": start, "States": states})
        made = self._client.create_state_machine(name=f"{self._prefix}-{self._made}", definition=definition, roleArn=ROLE)
        started = self._client.start_execution(stateMachineArn=made["stateMachineArn"], input=json.dumps(event or {}))
        return str(started["executionArn"])

    def run(self, start: str, states: dict[str, Any], event: Any = None) -> dict[str, Any]:
        """The description of an execution that ended."""
        execution = self.start(start, states, event)
        return until(lambda: self.ended(execution))

    def ended(self, arn: str) -> Any:
        found = self._client.describe_execution(executionArn=arn)
        return found if found["status"] != "RUNNING" else None


@pytest.fixture(scope="module")
def machine(bare: BareCloud) -> Machine:
    return Machine(bare, "machine")


def call(function: str, **more: Any) -> dict[str, Any]:
    parameters = {"FunctionName": function, "Payload.$": "$"}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": parameters, **more}


def test_a_function_is_a_task_and_its_answer_is_selected(bare: BareCloud, machine: Machine) -> None:
    bare.function("doubles", "def handler(event, context): return {'twice': event['n'] * 2}")
    state = call("doubles", ResultSelector={"n.$": "$.Payload.twice"}, ResultPath="$.done", End=True)
    ended = machine.run("Call", {"Call": state}, {"n": 21})
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"n": 21, "done": {"n": 42}})


def test_an_error_is_caught_by_its_class(bare: BareCloud, machine: Machine) -> None:
    bare.function("stale", "class ChampionChanged(Exception): ...\ndef handler(event, context): raise ChampionChanged('lost')")
    states = {
        "Call": call("stale", Catch=[{"ErrorEquals": ["ChampionChanged"], "ResultPath": "$.error", "Next": "Again"}], End=True),
        "Again": {"Type": "Pass", "Parameters": {"error.$": "$.error.Error"}, "End": True},
    }
    assert json.loads(machine.run("Call", states)["output"]) == {"error": "ChampionChanged"}


def test_a_crash_is_tried_again(bare: BareCloud, machine: Machine, tmp_path: Any) -> None:
    mark = tmp_path / "mark"
    source = f"""
        import os, pathlib
        def handler(event, context):
            mark = pathlib.Path({str(mark)!r})
            if not mark.exists():
                mark.touch()
                os._exit(1)
            return {{"back": True}}
    """
    bare.function("crashes", source)
    retry = [{"ErrorEquals": ["Runtime.ExitError"], "IntervalSeconds": 1, "MaxAttempts": 2, "JitterStrategy": "FULL"}]
    ended = machine.run("Call", {"Call": call("crashes", Retry=retry, OutputPath="$.Payload", End=True)})
    assert json.loads(ended["output"]) == {"back": True}


def test_a_value_behind_an_index_is_that_value(machine: Machine) -> None:
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Pass", "Result": {"uri": name}, "End": True}}} for name in ("a", "b")
    ]
    parallel = {
        "Type": "Parallel",
        "Branches": branches,
        "ResultSelector": {"uri.$": "$[1].uri", "all.$": "$[*].uri"},
        "End": True,
    }
    assert json.loads(machine.run("Both", {"Both": parallel})["output"]) == {"uri": "b", "all": ["a", "b"]}


def test_a_failed_branch_is_caught_whatever_its_error_is_called(bare: BareCloud, machine: Machine) -> None:
    bare.function("sleeps", "import time\ndef handler(event, context): time.sleep(5)")
    branch = {"StartAt": "Slow", "States": {"Slow": call("sleeps", TimeoutSeconds=1, End=True)}}
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
    states = {
        "Both": {"Type": "Parallel", "Branches": [branch], "Catch": catch, "End": True},
        "Caught": {"Type": "Pass", "Parameters": {"error.$": "$.error.Error"}, "End": True},
    }
    assert json.loads(machine.run("Both", states)["output"]) == {"error": "States.Timeout"}


def test_an_execution_thatended_is_told_of(bare: BareCloud, machine: Machine, recorder: Callable[..., Any]) -> None:
    arn, events = recorder("executions")
    rules = bare.client("events")
    rules.put_rule(Name="executions", EventPattern=json.dumps({"source": ["aws.states"], "detail": {"status": ["FAILED"]}}))
    rules.put_targets(Rule="executions", Targets=[{"Id": "1", "Arn": arn}])
    ended = machine.run("No", {"No": {"Type": "Fail", "Error": "RunFailed", "Cause": "because"}})
    detail = until(events)[0]["detail"]
    assert (detail["executionArn"], detail["error"]) == (ended["executionArn"], "RunFailed")


def test_a_name_that_ran_is_refused(bare: BareCloud) -> None:
    client = bare.client("stepfunctions")
    definition = json.dumps({"StartAt": "Go", "States": {"Go": {"Type": "Succeed"}}})
    arn = client.create_state_machine(name="once", definition=definition, roleArn=ROLE)["stateMachineArn"]
    first = client.start_execution(stateMachineArn=arn, name="run-1", input="{}")["executionArn"]
    until(lambda: client.describe_execution(executionArn=first)["status"] == "SUCCEEDED")
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=arn, name="run-1", input="{}")


def token_task(function: str, **more: Any) -> dict[str, Any]:
    """A task that hands its token to a function and waits for the answer."""
    parameters = {"FunctionName": function, "Payload": {"token.$": "$$.Task.Token"}}
    return {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "Parameters": parameters, **more}


@pytest.fixture(scope="module")
def tokens(bare: BareCloud, recorder: Callable[..., Any]) -> tuple[str, Callable[[], str]]:
    """(a function that takes a token, what gives the newest one once it came)."""
    arn, events = recorder("tokens")
    seen: list[str] = []

    def newest() -> str:
        found: str = until(lambda: next((event["token"] for event in events() if event["token"] not in seen), None))
        seen.append(found)
        return found

    return arn, newest


def test_a_task_waits_for_the_answer_to_its_token(bare: BareCloud, machine: Machine, tokens: Any) -> None:
    function, token = tokens
    steps = bare.client("stepfunctions")
    selected = {"uri.$": "$.candidate.uri"}
    execution = machine.start("Wait", {"Wait": token_task(function, ResultSelector=selected, HeartbeatSeconds=60, End=True)})
    answer = token()
    steps.send_task_heartbeat(taskToken=answer)
    assert steps.describe_execution(executionArn=execution)["status"] == "RUNNING"
    steps.send_task_success(taskToken=answer, output=json.dumps({"candidate": {"uri": "s3://b/k"}}))
    ended = until(lambda: machine.ended(execution))
    assert (ended["status"], json.loads(ended["output"])) == ("SUCCEEDED", {"uri": "s3://b/k"})
    with pytest.raises(steps.exceptions.ClientError, match=r"TaskTimedOut|TaskDoesNotExist|InvalidToken"):
        steps.send_task_success(taskToken=answer, output="{}")


def test_a_task_fails_with_what_its_token_was_answered(bare: BareCloud, machine: Machine, tokens: Any) -> None:
    function, token = tokens
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
    states = {
        "Wait": token_task(function, Catch=catch, End=True),
        "Caught": {"Type": "Pass", "OutputPath": "$.error", "End": True},
    }
    execution = machine.start("Wait", states)
    bare.client("stepfunctions").send_task_failure(taskToken=token(), error="NotebookFailed", cause="because")
    ended = until(lambda: machine.ended(execution))
    assert json.loads(ended["output"]) == {"Error": "NotebookFailed", "Cause": "because"}


def test_a_task_without_a_sign_of_life_is_given_up(machine: Machine, tokens: Any) -> None:
    function, _ = tokens
    ended = machine.run("Wait", {"Wait": token_task(function, HeartbeatSeconds=1, TimeoutSeconds=600, End=True)})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
