"""The janitor, once a day: what nobody uses any more and is surely ours is taken away, what only looks so is reported."""

from __future__ import annotations

from typing import Any

from chartloop import housekeeping
from lambdas import logs, metrics, wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(_event: dict[str, Any], world: World) -> dict[str, Any]:
    """`{"found": [[kind, name, action, reason]]}`, also in the log, the metrics and, of what is gone, the audit trail."""
    settings, now = world.settings, world.clock()
    found = housekeeping.findings(
        world.estate.things(), name=settings.endpoint_prefix, ledger=world.ledger, now=now,
        hours=settings.janitor_hours, notebook_hours=settings.notebook_hours,
    )  # fmt: skip
    gone = [finding for finding in found if finding.action == "remove"]
    for finding in gone:
        world.estate.remove(finding.thing)
    housekeeping.note(gone, world.ledger, now)
    for finding in found:
        logs.info("forgotten", kind=finding.thing.kind, resource=finding.thing.name, outcome=finding.action, task=finding.task)
    metrics.put(settings.endpoint_prefix, Forgotten=len(found), Removed=len(gone))
    return {"found": [[one.thing.kind, one.thing.name, one.action, one.reason] for one in found]}
