"""The sweep, on a schedule and after a restart: lost events are sent again, interrupted runs go on, waiting ones start."""

from __future__ import annotations

from typing import Any

from chartloop import lifecycle, runs, sweeping
from chartloop.tasks import TASKS
from lambdas import logs, metrics, wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(_event: dict[str, Any], world: World) -> dict[str, Any]:
    """By task: how many objects were sent again, and which runs went on or started."""
    done = {task: _sweep(task, world) for task in TASKS}
    repaired = sum(one["sent_again"] + len(one["resumed"]) for one in done.values())
    oldest = max(sweeping.oldest_run(task, ledger=world.ledger, now=world.clock()) for task in TASKS)
    metrics.put(world.settings.endpoint_prefix, Repaired=repaired, OldestRunSeconds=oldest)
    return done


def _sweep(task: str, world: World) -> dict[str, Any]:
    lost = sweeping.lost(task, ledger=world.ledger, objects=world.objects)
    world.uploads.send(world.objects.bucket, lost)
    resumed = lifecycle.resume(
        task,
        ledger=world.ledger,
        objects=world.objects,
        executions=world.executions,
        jobs=world.jobs,
        settings=world.settings,
        now=world.clock(),
    )
    for run_id in resumed:
        logs.info("resumed", task=task, run_id=run_id)
    started = runs.consider(
        task,
        ledger=world.ledger,
        objects=world.objects,
        executions=world.executions,
        settings=world.settings,
        now=world.clock(),
    )
    return {"sent_again": len(lost), "resumed": resumed, "started": started}
