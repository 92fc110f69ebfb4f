"""What was not taken in, by reason: records and files of the newest batches, until somebody says that a batch needs nothing more.

It holds ids, lines, fields and rules, and no text: a rejected record is nowhere stored, and is mended in the sender's own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chartloop import receipts, trail
from chartloop.batches import PROCESSED, QUARANTINED
from chartloop.errors import Conflict, NotFound
from chartloop.items import batch_key, require, stamp, task_item, task_key, until_first
from chartloop.seams import Item, Ledger, Objects

LOOKED_AT = 200
"""Batches of one answer, newest first; the next ones are asked for by `before`."""
OPENED = 20
"""Receipts that are read for one answer."""
SHOWN = 100
"""Records of one reason that are named; all are counted."""

Group = dict[str, Any]

WAITING = ("rejected", "conflict", "set_aside")


def show(task: str, *, ledger: Ledger, objects: Objects, before: str | None = None) -> dict[str, Any]:
    """`{"task", "groups", "next"}`: a group is a verdict with its code, how many there are, where, and the first ones."""
    cursor = f"ARRIVED#{before}" if before else None
    listed = ledger.query(task_key(task)[0], "ARRIVED#", newest_first=True, limit=LOOKED_AT + 1, before=cursor)
    stored = ledger.get_many(batch_key(task, item["batch_id"]) for item in listed[:LOOKED_AT])
    places = [place for place, item in enumerate(listed[:LOOKED_AT]) if _waits(stored[batch_key(task, item["batch_id"])])]
    end = places[OPENED - 1] + 1 if len(places) >= OPENED else min(len(listed), LOOKED_AT)
    groups: dict[tuple[str, str], Group] = {}
    for place in places[:OPENED]:
        _add(groups, stored[batch_key(task, listed[place]["batch_id"])], objects)
    ordered = sorted(groups.values(), key=lambda group: (-group["found"], group["verdict"], group["code"]))
    return {
        "task": task,
        "groups": ordered,
        "next": listed[end - 1]["sk"].removeprefix("ARRIVED#") if end < len(listed) else None,
    }


def discard(task: str, batch_id: str, *, reason: str, by: str, ledger: Ledger, now: datetime) -> Item:
    """Nothing of the batch waits to be mended any more; what was accepted of it stays. Said again it changes nothing.

    Raises NotFound, and Conflict where nothing of it waits.
    """

    def attempt() -> Item:
        owner, batch = task_item(ledger, task), require(ledger, batch_key(task, batch_id), "batch")
        if batch.get("discarded"):
            return batch
        if not _waits(batch):
            raise Conflict("nothing of this batch waits to be mended", field="batch_id")
        batch |= {"discarded": {"at": stamp(now), "by": by}}
        ledger.save(owner, batch, trail.enter(owner, now, action="discard", by=by, batch_id=batch_id, reason=reason))
        return batch

    return until_first(attempt)


def _waits(batch: Item) -> bool:
    if batch.get("discarded"):
        return False
    bad = any(batch["counts"][verdict] for verdict in WAITING)
    return batch["status"] == QUARANTINED or (batch["status"] == PROCESSED and bad)


def _add(groups: dict[tuple[str, str], Group], batch: Item, objects: Objects) -> None:
    for found in _found(batch, objects):
        key = (found["verdict"], found["code"])
        group = groups.setdefault(key, {"verdict": key[0], "code": key[1], "found": 0, "batches": [], "records": []})
        group["found"] += 1
        if batch["batch_id"] not in group["batches"]:
            group["batches"].append(batch["batch_id"])
        if len(group["records"]) < SHOWN:
            told = {name: found[name] for name in ("line", "record_id", "field", "message") if found.get(name) is not None}
            group["records"].append({"batch_id": batch["batch_id"], "poster": batch["poster"], **told})


def _found(batch: Item, objects: Objects) -> Iterator[dict[str, Any]]:
    """Entries of the batch's receipt that wait; of a file that could not be read, the file."""
    if batch["status"] == QUARANTINED:
        yield {"verdict": "quarantined", "code": batch["code"], "message": batch["message"]}
        return
    try:
        entries = receipts.read(objects, batch["task"], batch["batch_id"])["records"]
    except NotFound:
        entries = []
    yield from ({"code": entry["verdict"], **entry} for entry in entries if entry["verdict"] in WAITING)
