"""Routes of what can be trusted: the quality of a task's records."""

from __future__ import annotations

from typing import Any

from chartloop import findings, tasks
from lambdas.http import MODELS_READ, Routes
from lambdas.routes_records import Task

routes = Routes()


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/quality", "What the last run found in the task's records", "Quality")
def get_quality(task: Task) -> dict[str, Any]:
    """Set aside by the holdout firewall, contradicting, or giving their label away: counts and record ids, no text."""
    tasks.find(task)
    return findings.latest(task, ledger=routes.world.ledger, objects=routes.world.objects)
