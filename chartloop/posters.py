"""Whose records a task has: what each poster sent, what of it waits, and who wrote the gold set. Counts, no text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from chartloop import runs
from chartloop.batches import PROCESSED
from chartloop.decisions import is_gold
from chartloop.items import task_item, task_key
from chartloop.seams import Item, Ledger
from chartloop.settings import Settings

SHARDS = ("train", "holdout", "gold")
MOST_POSTERS = 500


def show(task: str, *, ledger: Ledger, settings: Settings) -> dict[str, Any]:
    """The Posters of docs/contracts/posters.schema.json; withdrawn batches and those that are not taken in do not count."""
    owner = task_item(ledger, task)
    taken = [batch for batch in ledger.query(task_key(task)[0], "BATCH#") if batch["status"] == PROCESSED]
    gold = [batch for batch in taken if is_gold(batch)]
    waiting = owner.get("waiting") or ()
    return {
        "task": task,
        "cap_percent": runs.settings_of(owner, settings).poster_cap_percent,
        "posters": by_poster((batch for batch in taken if not is_gold(batch)), waiting),
        "gold": {"records": sum(map(size, gold)), "batches": len(gold), "posters": by_poster(gold)},
    }


def by_poster(batches: Iterable[Item], waiting: Collection[str] = ()) -> list[dict[str, Any]]:
    """What each sent, the most first: records, batches, how many records wait for a later run, and when the last came."""
    found = defaultdict[str, list[Item]](list)
    for batch in batches:
        found[batch["poster"]].append(batch)
    ordered = sorted(found, key=lambda poster: (-sum(map(size, found[poster])), poster))
    return [
        {
            "poster": poster,
            "records": sum(map(size, found[poster])),
            "batches": len(found[poster]),
            "waiting": sum(size(batch) for batch in found[poster] if batch["batch_id"] in waiting),
            "last_at": max((batch["received_at"] for batch in found[poster] if batch.get("received_at")), default=None),
        }
        for poster in ordered[:MOST_POSTERS]
    ]


def size(batch: Item) -> int:
    """Records that it stored."""
    return sum(shard["records"] for name in SHARDS if (shard := batch.get(name)))
