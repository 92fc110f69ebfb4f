"""What the exit codes of the command line mean (docs/cli.md)."""

from __future__ import annotations

from chartloop.errors import ChartloopError, Forbidden, Unauthorized
from client.contracts import Run

OK = 0
REFUSED = 1
USAGE = 2
NOT_PROMOTED = 3
UNREACHABLE = 4
INTERRUPTED = 130


def of_error(error: ChartloopError) -> int:
    if isinstance(error, Unauthorized | Forbidden) or error.code == "unreachable":
        return UNREACHABLE
    return REFUSED


def of_run(run: Run) -> int:
    return OK if run["outcome"] == "promoted" else NOT_PROMOTED
