"""Batches: a post becomes a ledger item, a receipt and a file below incoming/, in an order that lets it be sent again."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from chartloop import keys, provenance, receipts, records, tasks
from chartloop.errors import Conflict, InvalidRequest, NotFound, Stale, TooLarge
from chartloop.items import batch_key, hashed, new, require, stamp, task_item
from chartloop.receipts import Receipt
from chartloop.records import BatchOptions, Checked, Line
from chartloop.seams import Item, Ledger, Objects
from chartloop.task import Rules

MOST_PAGES = 20
"""Read for one answer of `recent` where most batches are others'."""
RECEIVED, PROCESSED, QUARANTINED, WITHDRAWN = "received", "processed", "quarantined", "withdrawn"
CHECKED = "checked"
"""Of a receipt alone: nothing was stored."""

GOLD = "gold"
"""Where a batch of the gold set says that it is from: what no poster can say."""
UPLOAD_SECONDS = 3600
UPLOAD_ID = re.compile(r"u-[0-9a-f]{32}")
UPLOAD_NAME = re.compile(r".\.(?P<extension>(jsonl|json|csv|xlsx)(\.gz)?)$")
UPLOADS = "ask POST /v1/tasks/{task}/uploads for an address to send the file to"


@dataclass(frozen=True)
class Post:
    """What a client sent: its parsed lines, and what makes it the same post when it comes again."""

    task: str
    lines: list[Line]
    options: BatchOptions
    poster: str
    fingerprint: str
    """Hash of body, format and options."""
    idempotency_key: str | None = None
    origin: Mapping[str, str] = field(default_factory=dict)
    """Where it came from, of what nobody posted: shown in its receipts."""


def batch_id_of(task: str, identity: str, ledger: Ledger) -> str:
    """The batch of a content or a key. What was withdrawn is not there: the same content again is another batch."""
    batch_id = _batch_id(task, identity)
    while (known := ledger.get(batch_key(task, batch_id))) is not None and known["status"] == WITHDRAWN:
        batch_id = _batch_id(task, batch_id)
    return batch_id


def _batch_id(task: str, identity: str) -> str:
    return "b-" + hashed(f"{task}\n{identity}")[:32]


def new_batch(task: str, batch_id: str, *, options: BatchOptions, rules: Rules, poster: str, now: datetime, **more: Any) -> Item:
    """The BATCH item as first saved.

    `options` and the `rules` are frozen in it, so that every retry comes to the same verdicts. `sequence`, the batch's
    place in its task, is given when all its records are decided; `train` and `holdout` are its shards, `{key, sha256, records}`.
    """
    return new(
        batch_key(task, batch_id), batch_id=batch_id, task=task, status=RECEIVED, options=asdict(options), rules=rules,
        poster=poster, received_at=stamp(now), processed_at=None, sequence=None, train=None, holdout=None,
        counts=receipts.count(()), **more,
    )  # fmt: skip


def arrival(batch: Item) -> Item:
    """The index item that lists batches by time; saved together with the batch's first version."""
    return new((batch["pk"], f"ARRIVED#{place_of(batch)}"), batch_id=batch["batch_id"])


def place_of(batch: Mapping[str, Any]) -> str:
    """Where a batch stands among all, by time: the `next` of a page of `recent` that ends with it."""
    return f"{batch['received_at']}#{batch['batch_id']}"


def defaults(task: str, ledger: Ledger) -> dict[str, str]:
    """The options that the task's settings choose where a post does not."""
    return {"span_policy": task_item(ledger, task)["settings"].get("span_policy", BatchOptions.span_policy)}


def rules(task: str, ledger: Ledger) -> dict[str, Any]:
    """What its records are checked against now."""
    known = task_item(ledger, task)["settings"]
    return {name: known[name] for name in tasks.find(task).rules if name in known}


def check(task: str, line: Line, options: BatchOptions, rules: Rules) -> Checked:
    """The stateless verdict on a parsed line, or on one that could not be parsed."""
    if line.problem is not None:
        return Checked(record_id=None, record=None, problem=line.problem, notes=(), labels=frozenset())
    return records.check(task, line.value, options, rules)


def receive(post: Post, *, ledger: Ledger, objects: Objects, now: datetime) -> Receipt:
    """Answers a post with a verdict per record, made without looking at other batches.

    The receipt and the file in incoming/ are written before this returns. After a crash anywhere in between, the same post makes
    the same batch and the same answer. Raises InvalidRequest (nothing_parsed), TooLarge where the answer would be, and Conflict
    (key used with another body); nothing is stored then.
    """
    if all(line.problem for line in post.lines):
        first = next((line.problem for line in post.lines), None)
        details = {"first_code": first.code} if first else None
        raise InvalidRequest("not one record could be read", code="nothing_parsed", details=details)
    identity = f"key:{post.idempotency_key}" if post.idempotency_key else post.fingerprint
    batch_id = batch_id_of(post.task, identity, ledger)
    stored = ledger.get(batch_key(post.task, batch_id))
    if stored is not None and stored.get("fingerprint") != post.fingerprint:
        raise Conflict("this Idempotency-Key came with another body before", field="Idempotency-Key")
    batch = stored or new_batch(
        post.task, batch_id, options=post.options, rules=rules(post.task, ledger), poster=post.poster, now=now,
        fingerprint=post.fingerprint, **post.origin,
    )  # fmt: skip
    receipt, body = _answer(post, batch)
    if len(receipts.part(receipt)["records"]) < len(post.lines):
        raise TooLarge(f"{len(post.lines):,} verdicts are too many for one answer: {UPLOADS}")
    if stored is None and not _open(ledger, batch, receipt, body):
        return receive(post, ledger=ledger, objects=objects, now=now)  # a copy of this post was first
    if batch["status"] == RECEIVED:
        _store(objects, batch, receipt, body)
    return receipt


def rehearse(post: Post, *, ledger: Ledger, now: datetime) -> Receipt:
    """The verdicts that `receive` would give, with nothing stored; as many as fit in an answer."""
    batch = new_batch(
        post.task, batch_id_of(post.task, post.fingerprint, ledger), options=post.options,
        rules=rules(post.task, ledger), poster=post.poster, now=now,
    )  # fmt: skip
    return {**receipts.part(_answer(post, batch)[0]), "status": CHECKED}


def _answer(post: Post, batch: Item) -> tuple[Receipt, bytes]:
    """(receipt, JSON Lines for incoming/): line n is record n of the post, empty where it was rejected."""
    entries = []
    rows = [b""] * max(line.number for line in post.lines)
    options = BatchOptions(**batch["options"])
    for line in post.lines:
        found = check(post.task, line, options, batch["rules"])
        verdict = "rejected" if found.problem else "accepted"
        entries.append(receipts.entry(line.number, found.record_id, verdict, problem=found.problem, notes=found.notes))
        if found.problem is None:
            rows[line.number - 1] = json.dumps(line.value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    first = {**batch, "status": RECEIVED, **dict.fromkeys(("processed_at", "new_labels", "code", "message", "reason"))}
    return receipts.complete(first, entries), b"\n".join(rows) + b"\n"


def _open(ledger: Ledger, batch: Item, receipt: Receipt, body: bytes) -> bool:
    batch |= {"counts": receipt["counts"], "source_sha256": hashlib.sha256(body).hexdigest()}
    try:
        ledger.save(batch, arrival(batch))
    except Stale:
        return False
    return True


def _store(objects: Objects, batch: Item, receipt: Receipt, body: bytes) -> None:
    """Writes what is not there yet; the file in incoming/ is last, because it starts the processing."""
    task, batch_id = batch["task"], batch["batch_id"]
    if not objects.exists(keys.receipt(task, receipts.received_name(batch_id))):
        receipts.write(objects, task, receipts.received_name(batch_id), receipt)
    if not objects.exists(keys.incoming(task, batch_id)):
        metadata = {"batch-id": batch_id, "poster": batch["poster"], **BatchOptions(**batch["options"]).to_metadata()}
        objects.put(keys.incoming(task, batch_id), body, metadata=metadata, content_type="application/x-ndjson")


def is_gold(task: str, batch_id: str, ledger: Ledger) -> bool:
    batch = ledger.get(batch_key(task, batch_id))
    return batch is not None and batch.get("source") == GOLD


def as_gold(post: Post) -> Post:
    """The same post to the gold set: another batch than it would be as a poster's."""
    key = f"{GOLD}:{post.idempotency_key}" if post.idempotency_key else None
    return replace(post, fingerprint=hashed(f"{GOLD}:{post.fingerprint}"), idempotency_key=key, origin={"source": GOLD})


def presign(task: str, name: str, options: BatchOptions, poster: str, *, objects: Objects) -> dict[str, Any]:
    """Where to PUT a large file, and the headers that the upload must send."""
    found = UPLOAD_NAME.search(name.lower())
    if found is None:
        raise InvalidRequest(
            "the name must end in .jsonl .json .csv .xlsx, or that and .gz", code="unsupported_format", field="name"
        )
    batch_id = f"u-{uuid4().hex}"
    key = keys.incoming(task, batch_id, found["extension"])
    metadata = {"batch-id": batch_id, "poster": poster, **options.to_metadata()}
    url, headers = objects.presign_put(key, metadata=metadata, seconds=UPLOAD_SECONDS)
    return {"batch_id": batch_id, "url": url, "headers": headers, "key": key, "expires_in": UPLOAD_SECONDS}


def show(task: str, batch_id: str, *, ledger: Ledger, objects: Objects) -> Receipt:
    """The whole receipt as it stands; the ledger's word on the batch's status counts. Raises NotFound."""
    batch = require(ledger, batch_key(task, batch_id), "batch")
    name = receipts.received_name(batch_id) if batch["status"] == RECEIVED else batch_id
    try:
        stored = receipts.read(objects, task, name)
    except NotFound:  # a dropped file that is being processed, or a post that crashed before its receipt
        stored = {"records": []}
    return {**stored, **_shown(batch, task_item(ledger, task))}


def _shown(batch: Item, owner: Item) -> Receipt:
    """With the reason why a run left it out, where the last one did."""
    waits = batch["status"] == PROCESSED and batch["batch_id"] in (owner.get("waiting") or ())
    return receipts.of_batch(batch) | ({"waiting": dict(provenance.WAITS)} if waits else {})


def recent(
    task: str, *, ledger: Ledger, limit: int, before: str | None = None,
    poster: str | None = None, since: str | None = None, until: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Batches without their records, newest first; `next` is the cursor of the page after this one, or None.

    Those of one `poster`, that arrived on the days from `since` to `until`. Of very many by others a page may be short and still
    have a next one.
    """
    cursor = before or (f"{until}U" if until else None)  # after every time of that day, which goes on with a T
    page: list[Receipt] = []
    owner = task_item(ledger, task)
    for _ in range(MOST_PAGES):
        found = ledger.query(
            f"TASK#{task}", "ARRIVED#", newest_first=True, limit=limit + 1, before=f"ARRIVED#{cursor}" if cursor else None
        )
        places = [item["sk"].removeprefix("ARRIVED#") for item in found[:limit]]
        stored = ledger.get_many(batch_key(task, item["batch_id"]) for item in found[:limit])
        for place, item in zip(places, found, strict=False):
            if since and place < since:
                return {"batches": page, "next": None}
            cursor, batch = place, stored[batch_key(task, item["batch_id"])]
            if poster in (None, batch["poster"]):
                page.append(_shown(batch, owner))
            if len(page) == limit:
                return {"batches": page, "next": cursor if place is not places[-1] or len(found) > limit else None}
        if len(found) <= limit:
            return {"batches": page, "next": None}
    return {"batches": page, "next": cursor}
