"""The end of a run: its outcome, what went wrong, and the next run."""

from __future__ import annotations

from typing import Any

from chartloop import failures, lifecycle
from lambdas import wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    """`event`: `{"task", "run_id", "outcome", "error"?}`, `error` as a Catch gives it. `{"next": run id or None}`."""
    error = failures.coded(event["error"]) if event.get("error") else None
    following = lifecycle.finish(
        event["task"],
        event["run_id"],
        event["outcome"],
        error=error,
        ledger=world.ledger,
        objects=world.objects,
        executions=world.executions,
        jobs=world.jobs,
        settings=world.settings,
        now=world.clock(),
    )
    return {"next": following}
