"""Jobs that outlast a lack of room: one that SageMaker could not place is started again, later and under another name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.requests import TRIES
from infra.states import State, job, to

NO_ROOM = ("*CapacityError: *", "*MaxWaitTimeExceeded*", "*no_capacity: *")
"""What tells of a job that ended because there was no machine, on demand or on the spot market; the last is a notebook's word."""
LONGEST_PAUSE = 1800


def patient(
    name: str,
    operation: str,
    request: dict[str, Any],
    pause_seconds: int,
    *,
    failed: str,
    elsewhere: str = "",
    selector: dict[str, Any] | None = None,
    at: str = "$",
    **transition: Any,
) -> dict[str, State]:
    """The state `name`, which runs the job, and those that wait and try again; `failed` is entered with `$.error`.

    `elsewhere` is the state that makes the further tries, by default this one. Ended well, the state passes through unchanged
    (`$.tries` at 0 again), or `at` holds `selector` over the job's description.
    """
    kept = {"ResultSelector": selector or {"made": 0}, "ResultPath": at if selector else "$.tries"}
    catch = [*to(no_room(name), "States.TaskFailed"), *to(failed)]
    task = job(operation, request, pause_seconds)
    del task["ResultPath"]
    return {
        name: {**task, **kept, "Catch": catch, **transition},
        **waiting(name, pause_seconds, failed=failed, elsewhere=elsewhere),
    }


def no_room(name: str) -> str:
    """The state that a failure of the state `name` leads to."""
    return f"{name}: no room?"


def waiting(name: str, pause_seconds: int, *, failed: str, elsewhere: str = "") -> dict[str, State]:
    """From `no_room(name)` back to `name`, or to `elsewhere`, after a pause; where it was no lack of room, to `failed`."""
    refused, again, pause = no_room(name), f"{name}: another try", f"{name}: pause"
    return {
        refused: {"Type": "Choice", "Choices": [{"And": _no_room(), "Next": again}], "Default": failed},
        again: {"Type": "Pass", "Parameters": _next_try(pause_seconds), "ResultPath": "$.tries", "Next": pause},
        pause: {"Type": "Wait", "SecondsPath": "$.tries.seconds", "Next": elsewhere or name},
    }


def raised(name: str) -> State:
    """The end of a branch in the error that was caught in it; without its `States.`, which is not for errors of one's own."""
    parts = "States.StringSplit($.error.Error, '.')"
    error = f"States.ArrayGetItem({parts}, States.MathAdd(States.ArrayLength({parts}), -1))"
    return {name: {"Type": "Fail", "ErrorPath": error, "CausePath": "$.error.Cause"}}


def pauses(pause_seconds: int) -> list[int]:
    """Seconds before each further try, each at most the double of the one before."""
    return [min(LONGEST_PAUSE, pause_seconds * 2**number) for number in range(1, TRIES)]


def _no_room() -> list[dict[str, Any]]:
    said = [{"Variable": "$.error.Cause", "StringMatches": pattern} for pattern in NO_ROOM]
    return [{"Or": said}, {"Variable": "$.tries.made", "NumericLessThan": TRIES - 1}]


def _next_try(pause_seconds: int) -> dict[str, str]:
    """Half of a pause is by chance, so that runs that were refused together do not come back together."""
    longest = pauses(pause_seconds)
    half = _nth([max(1, seconds // 2) for seconds in longest])
    return {"made.$": "States.MathAdd($.tries.made, 1)", "seconds.$": f"States.MathRandom({half}, {_nth(longest)})"}


def _nth(numbers: Sequence[int]) -> str:
    return f"States.ArrayGetItem(States.Array({', '.join(map(str, numbers))}), $.tries.made)"
