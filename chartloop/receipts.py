"""Receipts: what a poster is told of a batch, one verdict per record (docs/contracts/batch_receipt.schema.json)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from chartloop import keys
from chartloop.records import Problem
from chartloop.seams import Item, Objects
from chartloop.task import Note

VERDICTS = ("accepted", "duplicate", "replaced", "conflict", "set_aside", "rejected")
STORED = ("accepted", "replaced")
"""The verdicts whose records reach the shards."""

MOST_BYTES = 5_000_000
"""Of the verdicts in one answer; a function may answer 6 MB."""

MOST_LABELS = 50
"""Of one record that its verdict names, in the order of their letters."""

Entry = dict[str, Any]
Receipt = dict[str, Any]


def entry(
    line: int, record_id: str | None, verdict: str, *,
    problem: Problem | None = None, notes: Sequence[Note] = (), labels: Collection[str] = (),
) -> Entry:  # fmt: skip
    """One record's verdict; only what applies is in it."""
    found: Entry = {"line": line, "record_id": record_id, "verdict": verdict}
    if problem is not None:
        found |= _plain(problem)
    if notes:
        found["notes"] = [_plain(note) for note in notes]
    if labels:
        found["labels"] = sorted(labels)[:MOST_LABELS]
    return found


def _plain(said: Problem | Note) -> dict[str, str]:
    plain = {"code": said.code, "message": said.message}
    return plain if said.field is None else {**plain, "field": said.field}


def count(entries: Iterable[Entry]) -> dict[str, int]:
    found = Counter(entry["verdict"] for entry in entries)
    return {"total": found.total(), **{verdict: found[verdict] for verdict in VERDICTS}}


def of_batch(batch: Item) -> Receipt:
    """What the ledger knows of a batch: a receipt without its records."""
    names = (
        "batch_id", "task", "status", "counts", "new_labels", "poster", "received_at", "processed_at", "code", "message",
        "reason", "source", "prediction_id", "warnings",
    )  # fmt: skip
    return {name: batch[name] for name in names if batch.get(name) is not None or name == "processed_at"}


def complete(batch: Item, entries: Sequence[Entry]) -> Receipt:
    ordered = sorted(entries, key=lambda entry: entry["line"])
    return {**of_batch(batch), "counts": count(ordered), "records": ordered}


def part(receipt: Receipt, after: int = 0) -> Receipt:
    """The receipt with the verdicts of the lines after `after`, as many as fit in one answer; its counts are of all."""
    shown, size = list[Entry](), 0
    for found in receipt["records"]:
        if found["line"] > after:
            size += len(json.dumps(found))
            if size > MOST_BYTES:
                break
            shown.append(found)
    return {**receipt, "records": shown}


def write(objects: Objects, task: str, name: str, receipt: Receipt) -> None:
    body = json.dumps(receipt, ensure_ascii=False, separators=(",", ":")).encode()
    objects.put(keys.receipt(task, name), body, content_type="application/json")


def read(objects: Objects, task: str, name: str) -> Receipt:
    """Raises NotFound."""
    receipt: Receipt = json.loads(objects.get(keys.receipt(task, name)).body)
    return receipt


def received_name(batch_id: str) -> str:
    """The API's own receipt has a name of its own: it is never written over the final one, however late a retry is."""
    return f"{batch_id}.received"
