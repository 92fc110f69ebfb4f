"""The sweep, on a schedule and after a restart: lost events are sent again, interrupted runs go on, waiting ones start, and
reviews that nobody decided end."""

from __future__ import annotations

from typing import Any

from chartloop import deadlines, lifecycle, reviews, runs, sweeping
from chartloop.items import task_item
from chartloop.tasks import TASKS
from lambdas import logs, metrics, wiring
from lambdas.wiring import World


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world())


def handle(_event: dict[str, Any], world: World) -> dict[str, Any]:
    """By task: how many objects were sent again, which runs went on or started, which reviews ended and how many wait."""
    done = {task: _sweep(task, world) for task in TASKS}
    waiting = sum(one["for_review"] for one in done.values())
    repaired = sum(one["sent_again"] + len(one["resumed"]) for one in done.values())
    oldest = max(sweeping.oldest_run(task, ledger=world.ledger, now=world.clock()) for task in TASKS)
    metrics.put(world.settings.endpoint_prefix, Repaired=repaired, OldestRunSeconds=oldest, ForReview=waiting)
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
    closed = deadlines.close_due(task, ledger=world.ledger, objects=world.objects, registry=world.registry, now=world.clock())
    for version in closed:
        logs.info("review closed", task=task, version=version)
    started = runs.consider(
        task,
        ledger=world.ledger,
        objects=world.objects,
        executions=world.executions,
        settings=world.settings,
        now=world.clock(),
    )
    waiting = len(reviews.waiting(task_item(world.ledger, task)))
    return {"sent_again": len(lost), "resumed": resumed, "started": started, "closed": closed, "for_review": waiting}
