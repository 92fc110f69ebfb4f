"""Withdrawing a batch: its records leave the next snapshots, and its counts the task's."""

from __future__ import annotations

from datetime import datetime

from chartloop import batches, receipts, trail
from chartloop.batches import PROCESSED, WITHDRAWN
from chartloop.counting import only_in
from chartloop.decisions import is_gold
from chartloop.errors import Conflict
from chartloop.items import batch_key, require, task_item, until_first
from chartloop.receipts import STORED, Receipt
from chartloop.seams import Item, Ledger, Objects


def withdraw(task: str, batch_id: str, *, reason: str, by: str, ledger: Ledger, objects: Objects, now: datetime) -> Receipt:
    """The receipt of the batch, now `withdrawn`. A batch that is withdrawn stays as it is. Raises NotFound and Conflict.

    What a version of this batch had replaced counts again.
    """
    until_first(lambda: _withdraw(task, batch_id, reason=reason, by=by, ledger=ledger, objects=objects, now=now))
    receipt = batches.show(task, batch_id, ledger=ledger, objects=objects)
    receipts.write(objects, task, batch_id, receipt)
    return receipt


def _withdraw(task: str, batch_id: str, *, reason: str, by: str, ledger: Ledger, objects: Objects, now: datetime) -> None:
    owner, batch = task_item(ledger, task), require(ledger, batch_key(task, batch_id), "batch")
    if batch["status"] == WITHDRAWN:
        return
    if batch["status"] != PROCESSED:
        raise Conflict(f"a batch that is {batch['status']} cannot be withdrawn", field="batch_id")
    batch |= {"status": WITHDRAWN, "reason": reason}
    told = trail.enter(owner, now, action="withdraw", by=by, batch_id=batch_id, reason=reason)
    if not is_gold(batch):
        _uncount(owner, batch, ledger, objects)
    ledger.save(owner, batch, told)


def _uncount(owner: Item, batch: Item, ledger: Ledger, objects: Objects) -> None:
    kept = [entry["record_id"] for entry in _entries(batch, objects) if entry["verdict"] in STORED]
    owner["records"] -= only_in(batch["batch_id"], batch["task"], kept, ledger)
    if not _was_in_a_run(batch, ledger):
        owner["arrivals"] -= len(kept)


def _entries(batch: Item, objects: Objects) -> list[receipts.Entry]:
    return list(receipts.read(objects, batch["task"], batch["batch_id"])["records"])


def _was_in_a_run(batch: Item, ledger: Ledger) -> bool:
    """Whether a run that has not failed took the batch into its snapshot; its records are new no longer then."""
    runs = ledger.query(batch["pk"], "RUN#", newest_first=True)
    return any(run["kind"] == "retrain" and run["status"] != "failed" and run["sequence"] >= batch["sequence"] for run in runs)
