"""Routes of what can be trusted: the quality of a task's records, where they come from, what they changed, and the gold set."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from chartloop import batches, changes, findings, posters, provenance, tasks
from chartloop.fields import MAX_ID
from lambdas.bodies import read_post
from lambdas.http import GOLD_WRITE, MODELS_READ, Routes
from lambdas.routes_records import IdempotencyKey, Task, known

routes = Routes()


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/quality", "What the last run found in the task's records", "Quality")
def get_quality(task: Task) -> dict[str, Any]:
    """Set aside by the holdout firewall, contradicting, or giving their label away: counts and record ids, no text."""
    tasks.find(task)
    return findings.latest(task, ledger=routes.world.ledger, objects=routes.world.objects)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/posters", "Who sent a task's records", "Posters")
def get_posters(task: Task) -> dict[str, Any]:
    """What each sent, what of it is over the cap and waits, and who wrote the gold set. Counts, no text."""
    tasks.find(task)
    return posters.show(task, ledger=routes.world.ledger, settings=routes.world.settings)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/provenance", "Who posted a record", "Provenance")
def get_provenance(task: Task, record_id: Annotated[str, Query(min_length=1, max_length=MAX_ID)]) -> dict[str, Any]:
    """Each of its versions: by which batch, whose, when, and what became of it. No text."""
    tasks.find(task)
    return provenance.versions(task, record_id, ledger=routes.world.ledger)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/batches/<batch_id>/changes", "What a batch changed", "Changes")
def get_changes(task: Task, batch_id: str) -> dict[str, Any]:
    """Its counts and labels beside those of all that was there before it, and how far they are from each other."""
    tasks.find(task)
    return changes.show(task, known(batch_id), ledger=routes.world.ledger)


@routes.add(GOLD_WRITE, "POST", "/v1/tasks/<task>/gold", "Add records to the gold set", "BatchReceipt", status=202)
def post_gold(task: Task, idempotency_key: IdempotencyKey = None) -> dict[str, Any]:
    """As labelled records are posted. Every model is judged by them besides the holdout; none learns from them."""
    tasks.find(task)
    event, world = routes.current_event, routes.world
    post = read_post(
        event.raw_event, task=task, poster=routes.caller, headers=event.headers, idempotency_key=idempotency_key,
        options={}, defaults=batches.defaults(task, world.ledger),
    )  # fmt: skip
    return batches.receive(batches.as_gold(post), ledger=world.ledger, objects=world.objects, now=world.clock())
