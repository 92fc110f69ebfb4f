"""Routes of batches: posting records, uploads, receipts, withdrawal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from chartloop import arrivals, batches, keys, quarantine, receipts, tasks, withdrawals
from chartloop.errors import NotFound
from chartloop.fields import MAX_ID, MAX_LABEL
from chartloop.records import BatchOptions
from lambdas.bodies import read_post
from lambdas.http import GOLD_WRITE, MODELS_READ, RECORDS_WRITE, Routes

routes = Routes()

SpanPolicy = Literal["longest", "reject"]
OffsetUnit = Literal["codepoint", "utf16"]
RecordVerdict = Literal["accepted", "duplicate", "replaced", "conflict", "set_aside", "rejected"]
Task = Annotated[str, Path(description=f"One of {', '.join(tasks.TASKS)}.")]
IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=200, description="Sent again with the same key, it is done once."),
]


DAY = r"^\d{4}-\d{2}-\d{2}$"


class Upload(BaseModel):
    """A file to be uploaded, and how it wants to be read."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=255, description="It ends in .jsonl .json .csv or .xlsx, each also .gz")
    replace: bool = False
    span_policy: SpanPolicy | None = None
    offset_unit: OffsetUnit = "codepoint"


class Reason(BaseModel):
    """Why a person decides so; kept in the audit trail."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


@routes.add(RECORDS_WRITE, "POST", "/v1/tasks/<task>/records", "Post labelled records", "BatchReceipt", status=202)
def post_records(
    task: Task,
    replace: Annotated[bool | None, Query()] = None,
    span_policy: Annotated[SpanPolicy | None, Query()] = None,
    offset_unit: Annotated[OffsetUnit | None, Query()] = None,
    idempotency_key: IdempotencyKey = None,
    check: Annotated[bool, Query(description="Only asks for the verdicts: nothing is stored.")] = False,
) -> dict[str, Any]:
    """One verdict per record, made without looking at other batches; the batch's own address has the final ones."""
    tasks.find(task)
    event = routes.current_event
    post = read_post(
        event.raw_event, task=task, poster=routes.caller, headers=event.headers, idempotency_key=idempotency_key,
        options={"replace": replace, "span_policy": span_policy, "offset_unit": offset_unit},
        defaults=batches.defaults(task, routes.world.ledger),
    )  # fmt: skip
    world = routes.world
    if check:
        return batches.rehearse(post, ledger=world.ledger, now=world.clock())
    return batches.receive(post, ledger=world.ledger, objects=world.objects, now=world.clock())


@routes.add(RECORDS_WRITE, "POST", "/v1/tasks/<task>/uploads", "Ask where to upload a file to", "UploadAddress", status=201)
def post_upload(task: Task, upload: Upload) -> dict[str, Any]:
    """An address for a PUT with exactly these headers; the batch has a receipt when the file was taken in."""
    tasks.find(task)
    asked = upload.model_dump(exclude={"name"}, exclude_none=True)
    options = BatchOptions(**{**batches.defaults(task, routes.world.ledger), **asked})
    return batches.presign(task, upload.name, options, routes.caller, objects=routes.world.objects)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/batches", "List batches, newest first", "BatchPage")
def list_batches(
    task: Task,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: Annotated[str | None, Query(max_length=120)] = None,
    poster: Annotated[str | None, Query(max_length=200, description="Those that this one sent.")] = None,
    since: Annotated[str | None, Query(pattern=DAY, description="The first day, in UTC.")] = None,
    until: Annotated[str | None, Query(pattern=DAY, description="The last day, in UTC.")] = None,
) -> dict[str, Any]:
    """Without their records; `next` is the `before` of the following page."""
    tasks.find(task)
    return batches.recent(task, ledger=routes.world.ledger, limit=limit, before=before, poster=poster, since=since, until=until)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/records", "List records as they came in, newest batch first", "RecordPage")
def list_records(
    task: Task,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: Annotated[str | None, Query(max_length=140)] = None,
    poster: Annotated[str | None, Query(max_length=200, description="Those that this one sent.")] = None,
    since: Annotated[str | None, Query(pattern=DAY, description="The first day, in UTC.")] = None,
    until: Annotated[str | None, Query(pattern=DAY, description="The last day, in UTC.")] = None,
    verdict: Annotated[RecordVerdict | None, Query(description="Those of which this became.")] = None,
    label: Annotated[str | None, Query(max_length=MAX_LABEL, description="Those that have this label.")] = None,
    record_id: Annotated[str | None, Query(max_length=MAX_ID, description="Those whose id has this in it.")] = None,
) -> dict[str, Any]:
    """By id, with batch, poster, verdict and labels, without text.

    `next` is the `before` of the following page; where few are like that a page may be short, and still have a next one.
    """
    tasks.find(task)
    sought = arrivals.Sought(poster, since, until, verdict, label, record_id)
    return arrivals.page(
        task, sought, ledger=routes.world.ledger, objects=routes.world.objects, limit=limit, before=before
    )  # fmt: skip


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/batches/<batch_id>", "A batch's receipt", "BatchReceipt")
def get_batch(task: Task, batch_id: str, after: Annotated[int, Query(ge=0)] = 0) -> dict[str, Any]:
    """Every record's verdict as it stands; of very many, as many as fit in an answer, from the line after `after`."""
    tasks.find(task)
    return receipts.part(batches.show(task, known(batch_id), ledger=routes.world.ledger, objects=routes.world.objects), after)


@routes.add(RECORDS_WRITE, "POST", "/v1/tasks/<task>/batches/<batch_id>/withdraw", "Withdraw a batch", "BatchReceipt")
def withdraw_batch(task: Task, batch_id: str, body: Reason) -> dict[str, Any]:
    """Takes the batch's records out of the next snapshots; one of the gold set needs the scope gold:write as well."""
    tasks.find(task)
    world = routes.world
    if batches.is_gold(task, known(batch_id), world.ledger):
        routes.demand(GOLD_WRITE)
    receipt = withdrawals.withdraw(
        task, known(batch_id), reason=body.reason, by=routes.caller,
        ledger=world.ledger, objects=world.objects, now=world.clock(),
    )  # fmt: skip
    return receipts.part(receipt)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/quarantine", "What was not taken in, by reason", "Quarantine")
def get_quarantine(task: Task, before: Annotated[str | None, Query(max_length=120)] = None) -> dict[str, Any]:
    """Records and files of the newest batches, by id and line; `next` is the `before` of the batches before them."""
    tasks.find(task)
    return quarantine.show(task, ledger=routes.world.ledger, objects=routes.world.objects, before=before)


@routes.add(RECORDS_WRITE, "POST", "/v1/tasks/<task>/batches/<batch_id>/discard", "Let a batch's bad records go", "BatchReceipt")
def discard_batch(task: Task, batch_id: str, body: Reason) -> dict[str, Any]:
    """They leave the quarantine; what was accepted of the batch stays."""
    tasks.find(task)
    world = routes.world
    quarantine.discard(task, known(batch_id), reason=body.reason, by=routes.caller, ledger=world.ledger, now=world.clock())
    return receipts.part(batches.show(task, batch_id, ledger=world.ledger, objects=world.objects))


def known(batch_id: str) -> str:
    """What is no id is the id of nothing."""
    if not keys.ID.fullmatch(batch_id):
        raise NotFound("no such batch", field="batch")
    return batch_id
