"""Shelving a settled batch: its shards, its final receipt, and the one transaction that counts it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chartloop import changes, keys, receipts, snapshots
from chartloop.batches import PROCESSED, RECEIVED
from chartloop.counting import only_in
from chartloop.decisions import Outcome, is_gold
from chartloop.items import stamp, task_item, until_first
from chartloop.receipts import STORED, Entry, Receipt
from chartloop.records import canonical
from chartloop.seams import Item, Ledger, Objects
from chartloop.settling import stored


def shelve(
    batch: Item, outcomes: Sequence[Outcome], entries: Sequence[Entry], *, objects: Objects, now: datetime
) -> tuple[Item, Receipt]:
    """Writes the shards and what was set aside; gives (the batch as it will be saved, its receipt).

    `entries` are the verdicts beside the outcomes'. Done again, it writes the same bytes.
    """
    kept = [outcome for outcome in outcomes if outcome.verdict in STORED]
    _write_set_aside(batch, [outcome for outcome in outcomes if outcome.verdict == "set_aside"], objects)
    learned, held = ([outcome for outcome in kept if outcome.side == side] for side in ("training", "holdout"))
    done = {**batch, "status": PROCESSED, "processed_at": stamp(now), "changes": changes.of(batch["task"], kept)}
    if is_gold(batch):
        done["gold"] = _shard(batch, keys.gold, held, objects)
    else:
        shards = _shard(batch, keys.records, learned, objects), _shard(batch, keys.holdout, held, objects)
        done |= dict(zip(("train", "holdout"), shards, strict=True))
    told = [
        receipts.entry(
            o.arrival.line, o.arrival.record_id, o.verdict, problem=o.problem, notes=o.notes, labels=o.arrival.labels
        )
        for o in outcomes
    ]  # fmt: skip
    receipt = receipts.complete(done, [*entries, *told])
    return {**done, "counts": receipt["counts"]}, receipt


def _shard(
    batch: Item, key_of: Callable[[str, str], str], outcomes: Sequence[Outcome], objects: Objects
) -> dict[str, Any] | None:
    if not outcomes:
        return None
    key = key_of(batch["task"], batch["batch_id"])
    body = b"".join(
        snapshots.stored_line(
            record_id=o.arrival.record_id, batch_id=batch["batch_id"], sequence=batch["sequence"], line=o.arrival.line,
            group=o.group, record=o.arrival.record,
        )
        for o in outcomes
    )  # fmt: skip
    objects.put(key, body, content_type="application/x-ndjson")
    return snapshots.shard_entry(key, body)


def _write_set_aside(batch: Item, outcomes: Sequence[Outcome], objects: Objects) -> None:
    if outcomes:
        body = b"".join(canonical(outcome.arrival.record) + b"\n" for outcome in outcomes)
        objects.put(keys.quarantine(batch["task"], batch["batch_id"], "set_aside.jsonl"), body)


def count(done: Item, outcomes: Sequence[Outcome], mark: Item, ledger: Ledger) -> bool:
    """Saves the batch's end, the task's counts and the object's mark together; False where another worker ended the batch."""
    kept = [outcome for outcome in outcomes if outcome.verdict in STORED]

    def attempt() -> bool:
        task = task_item(ledger, done["task"])
        if stored(done, ledger)["status"] != RECEIVED:
            return False
        if is_gold(done):  # it is no record of those that a run waits for
            ledger.save(done, mark)
            return True
        task["records"] += only_in(done["batch_id"], done["task"], [o.arrival.record_id for o in kept], ledger)
        task["arrivals"] += len(kept)
        ledger.save(task, done, mark)
        return True

    return until_first(attempt)
