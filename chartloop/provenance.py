"""Who posted which record: every version of it, by batch; and how much of a run's new records one poster may bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from chartloop.items import batch_key, record_key, require
from chartloop.seams import Item, Ledger

NO_CAP = 100
WAITS = {"code": "poster_cap", "message": "its poster has brought all that one may bring to a run: it waits for a later one"}


def versions(task: str, record_id: str, *, ledger: Ledger) -> dict[str, Any]:
    """The Provenance of a record: who posted each of its versions when, and what became of it. Raises NotFound."""
    item = require(ledger, record_key(task, record_id), "record")
    batches = ledger.get_many(batch_key(task, version["batch_id"]) for version in item["versions"])
    found = [_version(version, batches.get(batch_key(task, version["batch_id"])) or {}) for version in item["versions"]]
    return {"task": task, "record_id": record_id, "side": item["side"], "gold": bool(item.get("gold")), "versions": found}


def _version(version: dict[str, Any], batch: Item) -> dict[str, Any]:
    told = {name: version[name] for name in ("batch_id", "sha256", "verdict")}
    names = ("poster", "received_at", "status", "source", "prediction_id")
    return {**told, "conflicting": bool(version["contradicts"]), **{name: batch.get(name) for name in names}}


def admitted(batches: Iterable[Item], known: Collection[str], percent: int) -> tuple[list[Item], list[Item]]:
    """(batches that a run takes, batches that wait): of the new records one poster may bring `percent` at most.

    `known` are the batches of the run before, which stay. A poster's batches are taken whole and in their order; one that is over
    the cap waits, and those after it too, until others have brought enough.
    """
    ordered = sorted(batches, key=lambda batch: int(batch["sequence"]))
    new = [batch for batch in ordered if batch["batch_id"] not in known]
    most = sum(map(_size, new)) * percent // 100
    waiting = _over(new, most) if percent < NO_CAP else set()
    return [b for b in ordered if b["batch_id"] not in waiting], [b for b in ordered if b["batch_id"] in waiting]


def _over(new: Sequence[Item], most: int) -> set[str]:
    brought, waiting, full = Counter[str](), set[str](), set[str]()
    for batch in new:
        poster = batch["poster"]
        if not _size(batch):  # gold is an administrator's
            continue
        if poster in full or brought[poster] + _size(batch) > most:
            full.add(poster)
            waiting.add(batch["batch_id"])
        else:
            brought[poster] += _size(batch)
    return waiting


def _size(batch: Item) -> int:
    return sum(shard["records"] for shard in (batch["train"], batch["holdout"]) if shard)
