"""The one error tree, with its codes and HTTP statuses.

    ChartloopError            500 internal_error
    |- InvalidRequest         400 the caller's input breaks a rule
    |  '- FileProblem             a file cannot be read as a whole: to quarantine
    |- Unauthorized           401 no token, or one that does not verify
    |- Forbidden              403 the token lacks the scope
    |- NotFound               404 no such task, batch, run, model or route
    |- Conflict               409 the state does not allow it now
    |  |- Stale                   a compare-and-swap lost: read again and decide again
    |  |- ChampionChanged         the candidate was judged against another champion: judge again
    |  |- PromotionActive         another promotion of the task is under way: try later
    |  |- EndpointBusy            the endpoint is still changing: try later
    |  '- NotebookBusy            the notebook instance works for another run, or is still stopping: try later
    |- TooLarge               413 the body is over the limit
    |- ModelError             502 the model answered with an error
    |- Unavailable            503 no model yet, or it is waking
    '- JobFailed              500 a job, a promotion step or an artifact is broken

A message names field, rule and place, never clinical text. lambdas/http.py maps the tree to HTTP, once.
"""

from __future__ import annotations

from typing import Any


class ChartloopError(Exception):
    """Base of every error that Chartloop raises on purpose."""

    status = 500
    default_code = "internal_error"

    def __init__(
        self, message: str, *, code: str | None = None, field: str | None = None, details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.field = field
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The body that docs/contracts/error.schema.json describes."""
        error: dict[str, Any] = {"code": self.code, "status": self.status, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        if self.details is not None:
            error["details"] = self.details
        return {"error": error}


class InvalidRequest(ChartloopError):
    status = 400
    default_code = "invalid_request"


class FileProblem(InvalidRequest):
    """A file that cannot be read as a whole; `code` is one of a quarantined file's in docs/contracts/error-codes.md."""

    default_code = "not_the_format"


class Unauthorized(ChartloopError):
    status = 401
    default_code = "unauthorized"


class Forbidden(ChartloopError):
    status = 403
    default_code = "forbidden"


class NotFound(ChartloopError):
    status = 404
    default_code = "not_found"


class Conflict(ChartloopError):
    status = 409
    default_code = "conflict"


class Stale(Conflict):
    """A compare-and-swap found another version than it expected; nothing was written."""


class ChampionChanged(Conflict):
    """The state machine catches this name, and scores and judges again."""

    default_code = "champion_changed"


class PromotionActive(Conflict):
    """The state machine retries this name with a long back-off."""

    default_code = "promotion_active"


class EndpointBusy(Conflict):
    """The state machine retries this name: an endpoint that is changing takes no new configuration."""

    default_code = "endpoint_busy"


class NotebookBusy(Conflict):
    """The state machine retries this name for hours: there is one notebook instance, and it takes one order at a time."""

    default_code = "notebook_busy"


class TooLarge(ChartloopError):
    status = 413
    default_code = "payload_too_large"


class ModelError(ChartloopError):
    status = 502
    default_code = "model_error"


class Unavailable(ChartloopError):
    status = 503
    default_code = "no_model"


class JobFailed(ChartloopError):
    default_code = "job_failed"
