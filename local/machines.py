"""Step Functions: switches moto's interpreter on, and corrects what it answers about executions that ended."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from moto.core.config import default_user_config
from moto.core.responses import EmptyResult
from moto.stepfunctions import models as moto_stepfunctions
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from local import connectors, metrics
from local.events import emit, milliseconds
from local.patches import Method, wrap

ENDS = {
    "SUCCEEDED": "ExecutionsSucceeded", "FAILED": "ExecutionsFailed", "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}  # fmt: skip
"""What Step Functions counts, by an execution's last status."""
DEFINITE = re.compile(r"\$(\.\w+|\[\d+\]|\['[^']*'\])*")


def install() -> None:
    """State machines run, also those that CloudFormation makes, and may start SageMaker jobs."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    # CloudFormation would put the machines into the backend that does not run them
    moto_stepfunctions.stepfunctions_backends = stepfunctions_parser_backends
    connectors.install()

    def and_finish(own: Method) -> Method:
        def terminated(communication: Any) -> None:
            own(communication)
            finish(communication.execution)

        return terminated

    wrap(BaseExecutionWorkerCommunication, "terminated", and_finish)
    wrap(json_path, "parse", definite_paths)
    wrap(StepFunctionResponse, "send_task_failure", lambda _: fail_task)
    branches_decl.CustomErrorName = BranchError


class BranchError(ErrorName):  # type: ignore[misc]
    """The error of a branch of a Parallel state. moto refuses AWS's own names there, such as States.TaskFailed."""


@dataclass(frozen=True)
class Found:
    """A match without a place, which the interpreter takes as it is; with one, it makes a list of what stands behind an index."""

    value: Any
    path: None = None
    context: None = None


def definite_paths(own: Method) -> Method:
    """A path without wildcards names one value: `$[1].uri` is that value, and not a list of it."""

    def parse(path: str) -> Any:
        expression = own(path)
        if not DEFINITE.fullmatch(path):
            return expression
        return SimpleNamespace(find=lambda data: [Found(match.value) for match in expression.find(data)])

    return parse


def fail_task(response: Any) -> Any:
    """SendTaskFailure with its cause, which moto leaves out."""
    request = json.loads(response.body)
    response.stepfunction_backend.send_task_failure(request["taskToken"], request.get("error"), request.get("cause"))
    return EmptyResult()


def finish(execution: Any) -> None:
    """Makes an ended execution's output plain JSON, which DescribeExecution needs, and tells EventBridge of its status."""
    if execution.output is not None:
        execution.output = json.loads(json.dumps(execution.output, default=milliseconds))
    detail = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "status": execution.status,
        "error": execution.error,
        "cause": execution.cause,
    }
    if execution.status in ENDS:
        metrics.put("AWS/States", {"StateMachineArn": execution.state_machine.arn}, **{ENDS[execution.status]: 1})
    emit("aws.states", "Step Functions Execution Status Change", detail, [execution.exec_arn])
