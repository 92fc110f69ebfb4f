"""Settling a batch: the verdict on each of its records, saved a few at a time; then the batch's place in its task, once."""

from __future__ import annotations

from collections.abc import Sequence

from chartloop.decisions import Arrival, Outcome, decide, preload
from chartloop.errors import Stale
from chartloop.items import batch_key, require, task_item
from chartloop.receipts import STORED
from chartloop.seams import Item, Ledger
from chartloop.view import View

WINDOW = 7
"""Records decided in one transaction: an item, a patient and twelve bands each at most, and the batch: 99 of 100 items."""
TRIES = 20
SEEN_LABELS = 1000
"""Labels that a task remembers, so that its item stays small."""


def settle(batch: Item, arrivals: Sequence[Arrival], ledger: Ledger) -> tuple[Item, list[Outcome]]:
    """(the batch as stored now, an outcome for each arrival).

    Every save includes the batch, so two workers at one batch notice each other, and none adds to it once it has its `sequence`:
    its shards are then the same bytes, whoever writes them and how often. The sequence comes after the decisions,
    so a batch that replaces a record has a later place than the one that held it.

    Where the batch comes back with another status than `received`, another worker has ended it.
    """
    for _ in range(TRIES):
        outcomes: list[Outcome] = []
        for start in range(0, len(arrivals), WINDOW):
            batch, some = _window(batch, arrivals[start : start + WINDOW], ledger)
            outcomes += some
        if batch["status"] != "received" or batch["sequence"] is not None:
            return batch, outcomes
        version = batch["version"]
        labels = {label for outcome in outcomes if outcome.verdict in STORED for label in outcome.arrival.labels}
        batch = _give_place(batch, labels, ledger)
        if batch["version"] == version + 1 and batch["sequence"] is not None:
            return batch, outcomes
    raise Stale("too many workers at one batch")


def _window(batch: Item, arrivals: Sequence[Arrival], ledger: Ledger) -> tuple[Item, list[Outcome]]:
    for _ in range(TRIES):
        view = View(ledger)
        preload(view, batch["task"], arrivals)
        outcomes = [decide(view, batch["task"], batch, arrival) for arrival in arrivals]
        try:
            view.save(batch)
        except Stale:
            batch = stored(batch, ledger)
        else:
            return batch, outcomes
    raise Stale("too many writers at the same records")


def _give_place(batch: Item, labels: set[str], ledger: Ledger) -> Item:
    """The batch with its sequence and the labels that it brought, or as another worker has left it."""
    version = batch["version"]
    for _ in range(TRIES):
        task = task_item(ledger, batch["task"])
        seen = set(task["seen_labels"])
        task |= {"sequence": task["sequence"] + 1, "seen_labels": sorted(seen | labels)[:SEEN_LABELS]}
        new_labels = sorted(labels - seen - set(batch["rules"].get("labels", ())))[:SEEN_LABELS]
        placed = {**batch, "sequence": task["sequence"], "new_labels": new_labels}
        try:
            ledger.save(task, placed)
        except Stale:
            batch = stored(batch, ledger)
            if batch["version"] != version:
                return batch
        else:
            return placed
    raise Stale("too many writers at one task")


def stored(batch: Item, ledger: Ledger) -> Item:
    return require(ledger, batch_key(batch["task"], batch["batch_id"]), "batch")
