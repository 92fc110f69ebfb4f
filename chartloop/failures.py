"""What went wrong in a run, as a code and a message that hold nothing clinical."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chartloop import errors

LONGEST = 500
"""Characters of a message that are kept."""

CODED = re.compile(r"(?:^|\s)([a-z][a-z0-9_]*): (\S.*)")
"""The line that a failing job of ours writes (docs/contracts/run-handover.md)."""


def coded(error: Mapping[str, str]) -> dict[str, str]:
    """`{"code", "message"}` of what Step Functions hands to a Catch: `{"Error", "Cause"}`.

    A job's own coded line and the errors of chartloop/errors.py keep their message; of anything else only the kind is told,
    because a stray exception's message may quote what it failed on.
    """
    kind = error.get("Error", "unknown")
    cause = _parsed(error.get("Cause", ""))
    if "FailureReason" in cause:
        return _of_job(str(cause["FailureReason"]))
    if cause.get("errorType") in _ours():
        return {"code": "step_failed", "message": str(cause.get("errorMessage", ""))[:LONGEST]}
    return {"code": "internal_error", "message": f"a step ended with {str(cause.get('errorType', kind))[:80]}"}


def _of_job(reason: str) -> dict[str, str]:
    found = CODED.search(reason)
    if found is None:
        return {"code": "job_failed", "message": f"a job failed: {reason.partition(':')[0][:80]}"}
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
