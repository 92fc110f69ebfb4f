"""What an answer of the service means: whether to ask again and how long after, or the error of the tree that it is."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from chartloop import errors

Outcome = httpx.Response | httpx.TransportError

TRANSIENT = frozenset({429, 502, 503, 504})
NOT_TRANSIENT = frozenset({"no_model"})
"""Error codes that stay until somebody does something, whatever their status."""

_BY_STATUS: dict[int, type[errors.ChartloopError]] = {
    kind.status: kind
    for kind in (
        errors.InvalidRequest,
        errors.Unauthorized,
        errors.Forbidden,
        errors.NotFound,
        errors.Conflict,
        errors.TooLarge,
        errors.ModelError,
        errors.Unavailable,
    )
}


@dataclass(frozen=True)
class Limits:
    """How patient a client is: seconds to connect and for one answer, tries of a call, the longest seconds between two."""

    connect: float = 5.0
    answer: float = 60.0
    tries: int = 6
    longest_pause: float = 20.0
    first_pause: float = 0.25
    jitter: Callable[[], float] = random.random
    """0 to 1, of half a pause."""

    @property
    def timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self.answer, connect=self.connect)

    def pause(self, attempt: int, outcome: Outcome) -> float | None:
        """Seconds until try `attempt` + 1 (of the first, 0); None where the outcome stands."""
        if attempt >= self.tries - 1 or not _may_pass(outcome):
            return None
        asked_for = outcome.headers.get("retry-after", "") if isinstance(outcome, httpx.Response) else ""
        if asked_for.isdecimal():
            return min(float(asked_for), self.longest_pause)
        longest = min(self.first_pause * (1 << attempt), self.longest_pause)
        return longest * (1 + self.jitter()) / 2


def _may_pass(outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.TransportError):
        return True
    return outcome.status_code in TRANSIENT and _error_body(outcome).get("code") not in NOT_TRANSIENT


def answer(outcome: Outcome) -> Any:
    """The JSON of an answer. Raises what its error body says, or Unavailable(unreachable)."""
    response = responded(outcome)
    if response.is_success:
        try:
            return response.json()
        except ValueError:
            raise errors.ChartloopError("no JSON came back: not the address of Chartloop?", code="unexpected_answer") from None
    body = _error_body(response)
    kind = _BY_STATUS.get(response.status_code, errors.ChartloopError)
    raise kind(
        body.get("message") or f"status {response.status_code} without a message",
        code=body.get("code") or (kind.default_code if kind is not errors.ChartloopError else "unexpected_answer"),
        field=body.get("field"),
        details=body.get("details"),
    )


def uploaded(outcome: Outcome) -> None:
    """Raises where a presigned address did not take a file."""
    response = responded(outcome)
    if response.is_error:
        raise errors.ChartloopError(f"the upload was answered with status {response.status_code}", code="upload_failed")


def responded(outcome: Outcome) -> httpx.Response:
    if isinstance(outcome, httpx.TransportError):
        raise errors.Unavailable(f"no answer from the service ({type(outcome).__name__})", code="unreachable") from None
    return outcome


def _error_body(response: httpx.Response) -> dict[str, Any]:
    """The `error` of docs/contracts/error.schema.json; empty where something else answered, such as a proxy."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
