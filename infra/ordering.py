"""The states where a notebook trains: one state with a task token stands for prepare, embed, train and score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.learning import beginning, standing
from infra.patience import no_room, waiting
from infra.requests import HOUR, Jobs
from infra.states import NO_ENDPOINT_NOW, RUN, State, call, crashed, retry, to

HEARTBEAT_SECONDS = 1800
"""The instance needs minutes to come up; from then on it gives a sign of life every minute."""
GRACE_SECONDS = HOUR
"""How long after the instance's own watchdog the state gives up."""


def ordering(functions: Mapping[str, str], jobs: Jobs, pause_seconds: int, notebook_hours: int) -> dict[str, State]:
    """A look after the first finds `$.candidate`, and the notebook then only scores."""
    halt: dict[str, str] = {**RUN, "step": "halt"}
    return {
        **beginning(functions, "Toolkit"),
        "Toolkit": {"Type": "Pass", "Result": jobs.toolkit(), "ResultPath": "$.toolkit", "Next": "Champion"},
        **standing(functions, "Notebook"),
        "Notebook": _notebook(functions["notebook"], jobs, pause_seconds, notebook_hours),
        **waiting("Notebook", pause_seconds, failed="Halt"),
        # Whatever ended the wait, nobody pays for an instance that works on; the failure itself stays what the run tells.
        "Halt": call(functions["notebook"], halt, "Failed", catch=to("Failed", at="$.halt_error")),
    }


def _notebook(function: str, jobs: Jobs, pause_seconds: int, hours: int) -> State:
    order: dict[str, Any] = {
        "step": "order",
        "execution.$": "$$.Execution.Name",
        "token.$": "$$.Task.Token",
        "state.$": "$",
        "training": jobs.train(),
        "engine": jobs.engine,
        "code_uri": jobs.code_uri,
    }
    busy = retry(["NotebookBusy"], first=pause_seconds, attempts=300, longest=600)
    full = retry(NO_ENDPOINT_NOW, first=pause_seconds, attempts=10, longest=1800)
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": function, "Payload": order},
        "HeartbeatSeconds": HEARTBEAT_SECONDS,
        "TimeoutSeconds": hours * HOUR + GRACE_SECONDS,
        "ResultSelector": {"model_uri.$": "$.candidate.model_uri"},
        "ResultPath": "$.candidate",
        "Retry": [busy, full, crashed()],
        "Next": "Vectors",
        "Catch": [*to(no_room("Notebook"), "NotebookFailed"), *to("Halt")],
    }
