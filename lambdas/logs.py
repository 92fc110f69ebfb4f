"""The functions' log: JSON lines of allow-listed fields, because events, bodies and exceptions may hold clinical text."""

from __future__ import annotations

import traceback
from functools import lru_cache

from aws_lambda_powertools import Logger

ALLOWED = frozenset({
    "request_id", "method", "route", "status", "code", "milliseconds", "subject", "task", "batch_id", "run_id", "version", "step",
    "outcome", "error", "place", "message_id", "kind", "resource",
})  # fmt: skip


@lru_cache(maxsize=1)
def logger() -> Logger:
    return Logger(service="chartloop")


def info(message: str, **fields: object) -> None:
    logger().info(message, extra=_checked(fields))


def error(message: str, **fields: object) -> None:
    logger().error(message, extra=_checked(fields))


def crash(message: str, exception: BaseException, **fields: object) -> None:
    """Logs what broke and where; never the exception's words, which may quote its input."""
    frame = traceback.extract_tb(exception.__traceback__)[-1:]
    place = f"{frame[0].filename.rsplit('/', 1)[-1]}:{frame[0].lineno}" if frame else ""
    error(message, error=type(exception).__name__, place=place, **fields)


def _checked(fields: dict[str, object]) -> dict[str, object]:
    unknown = fields.keys() - ALLOWED
    if unknown:
        raise ValueError(f"not a field of the log: {', '.join(sorted(unknown))}")
    return fields
