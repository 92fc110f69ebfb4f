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
        return until(lambda: self._ended(execution))

    def _ended(self, arn: str) -> Any:
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


def test_an_execution_that_ended_is_told_of(bare: BareCloud, machine: Machine, recorder: Callable[..., Any]) -> None:
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
