"""What went wrong in a run, as a code and a message that hold nothing clinical."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chartloop import errors

LONGEST = 500
"""Characters of a message that are kept."""

CODED = re.compile(r"(?:^|AlgorithmError: )([a-z][a-z0-9_]*): (\S.*)", re.MULTILINE)
"""The line that a failing job of ours writes (docs/contracts/run-handover.md), bare or as SageMaker passes it on."""

KIND = re.compile(r"[A-Z][A-Za-z]{2,60}(?=:|$)")
"""The kind of failure that SageMaker's own words begin with; anything else may quote what a job read."""


def coded(error: Mapping[str, str]) -> dict[str, str]:
    """`{"code", "message"}` of what Step Functions hands to a Catch: `{"Error", "Cause"}`.

    A job's own coded line and the errors of chartloop/errors.py keep their message; of anything else only the kind is told,
    because a stray exception's message may quote what it failed on.
    """
    kind = error.get("Error", "unknown")
    if kind == "States.HeartbeatTimeout":  # only the state that waits for the notebook has a heartbeat
        return {"code": "notebook_silent", "message": "the notebook instance gave no sign of life for too long"}
    cause = _parsed(error.get("Cause", ""))
    if cause.get("HyperParameterTuningJobStatus") == "Failed":
        return {"code": "tuning_failed", "message": "every trial of the tuning failed: the training jobs' own logs say why"}
    if "FailureReason" in cause or "ExitMessage" in cause:  # of a training job, of a processing job
        return of_job("\n".join(str(cause[name]) for name in ("ExitMessage", "FailureReason") if cause.get(name)))
    if "ResourceLimitExceeded" in kind:
        return {
            "code": "quota_exceeded",
            "message": "the account's quota for this kind of machine is used up or zero: ask AWS for more",
        }
    if cause.get("errorType") in _ours():
        return {"code": "step_failed", "message": str(cause.get("errorMessage", ""))[:LONGEST]}
    return {"code": "internal_error", "message": f"a step ended with {str(cause.get('errorType', kind))[:80]}"}


def of_job(reason: str) -> dict[str, str]:
    """`{"code", "message"}` of the reason that SageMaker gives for a job's end."""
    found = CODED.search(reason)
    if "CapacityError" in reason:
        return {"code": "no_capacity", "message": "SageMaker had no machine for the job, however often it was asked"}
    if found is None:
        kind = KIND.match(reason)
        return {"code": "job_failed", "message": f"a job failed: {kind[0]}" if kind else "a job failed and did not say why"}
    return {"code": found[1], "message": found[2][:LONGEST]}


def _parsed(cause: str) -> dict[str, Any]:
    try:
        found = json.loads(cause)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _ours() -> set[str]:
    return {kind.__name__ for kind in _tree(errors.ChartloopError)}


def _tree(root: type[errors.ChartloopError]) -> Iterator[type[errors.ChartloopError]]:
    yield root
    for kind in root.__subclasses__():
        yield from _tree(kind)
