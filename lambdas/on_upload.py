"""A file arrived below incoming/: take it in, and start a run where enough records wait. Called by the queue of S3 events."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from adapters import files
from chartloop import intake, keys, runs, tasks
from chartloop.seams import StoredObject
from lambdas import logs, wiring
from lambdas.wiring import World

Message = dict[str, Any]


def handler(event: dict[str, Any], context: Any) -> PartialItemFailureResponse:
    return handle(event, context, wiring.world())


def handle(event: dict[str, Any], context: Any, world: World) -> PartialItemFailureResponse:
    """Messages that failed are named in the answer, so that they alone come again."""
    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(event, partial(_one, world=world), processor, context)
    for _, error, _ in processor.exceptions:
        if error is not None:
            logs.crash("not taken in", error)
    return answer


def _one(record: SQSRecord, world: World) -> None:
    found = uploaded(record.body, world.settings.bucket)
    if found is None:
        logs.info("ignored", message_id=record.message_id)
        return
    task, listed = found
    work = intake.Intake(world.ledger, world.objects, partial(files.parse, task=task), world.clock, files.LIMIT)
    batch_id = intake.process(task, listed, work)
    run_id = runs.consider(
        task, ledger=world.ledger, objects=world.objects, executions=world.executions, settings=world.settings, now=world.clock()
    )
    logs.info("taken in", message_id=record.message_id, task=task, batch_id=batch_id, run_id=run_id)


def uploaded(body: str, bucket: str) -> tuple[str, StoredObject] | None:
    """(task, object) of an EventBridge "Object Created" event of our bucket; None for any other message.

    EventBridge gives keys as they are, not URL-encoded as S3's own notifications do.
    """
    event = _parsed(body)
    detail = event.get("detail")
    if event.get("source") != "aws.s3" or event.get("detail-type") != "Object Created" or not isinstance(detail, dict):
        return None
    found = detail["object"]
    place = keys.task_of_incoming(found["key"])
    if detail["bucket"]["name"] != bucket or place is None or place[0] not in tasks.TASKS:
        return None
    return place[0], StoredObject(found["key"], int(found.get("size", 0)), str(found.get("etag", "")))


def _parsed(body: str) -> Message:
    try:
        event = json.loads(body)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
