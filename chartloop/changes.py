"""What a batch changed: its labels and counts beside those of all that was there before it, and who posted it. No text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from chartloop import records
from chartloop.decisions import Outcome, is_gold
from chartloop.errors import Conflict
from chartloop.items import batch_key, require, task_key
from chartloop.seams import Item, Ledger

MOST_LABELS = 500
Counts = dict[str, Any]
"""`{records, training, holdout, replaced, characters, labels}`; `labels` counts each label, of spans or of records."""


def of(task: str, kept: Iterable[Outcome]) -> Counts:
    """Of what a batch stored; kept with it in the ledger."""
    made, labels = Counter[str](), Counter[str]()
    for outcome in kept:
        record = outcome.arrival.record
        made.update({"records": 1, outcome.side: 1, "characters": len(records.text_of(task, record))})
        made["replaced"] += outcome.verdict == "replaced"
        labels.update(_labels(record))
    names = ("records", "training", "holdout", "replaced", "characters")
    return {**{name: made[name] for name in names}, "labels": dict(labels.most_common(MOST_LABELS))}


def _labels(record: Mapping[str, Any]) -> list[str]:
    if "entities" in record:
        return [entity["label"] for entity in record["entities"]]
    return [record["label"]] if "label" in record else []


def show(task: str, batch_id: str, *, ledger: Ledger) -> dict[str, Any]:
    """The Changes of docs/contracts/changes.schema.json. Raises NotFound, and Conflict where the batch stored nothing (yet)."""
    batch = require(ledger, batch_key(task, batch_id), "batch")
    if not batch.get("changes"):
        raise Conflict(f"a batch that is {batch['status']} has changed nothing", code="nothing_changed", field="batch_id")
    earlier = [one for one in ledger.query(task_key(task)[0], "BATCH#") if _before(one, batch)]
    before = _sum(one["changes"] for one in earlier)
    this: Counts = batch["changes"]
    return {
        "task": task,
        "batch_id": batch_id,
        "poster": batch["poster"],
        "batch": this,
        "before": before,
        "distance": distance(before["labels"], this["labels"]),
        "new_labels": sorted(this["labels"].keys() - before["labels"].keys()),
        "posters": dict(_posters(earlier)),
    }


def _before(one: Item, batch: Item) -> bool:
    """Whether it counted when `batch` came: gold is measured against gold."""
    counts = one["status"] == "processed" and bool(one.get("changes")) and is_gold(one) is is_gold(batch)
    return counts and bool(one["sequence"] < batch["sequence"])


def _sum(changes: Iterable[Counts]) -> Counts:
    made, labels = Counter[str](), Counter[str]()
    for one in changes:
        made.update({name: value for name, value in one.items() if name != "labels"})
        labels.update(one["labels"])
    names = ("records", "training", "holdout", "replaced", "characters")
    return {**{name: made[name] for name in names}, "labels": dict(labels.most_common(MOST_LABELS))}


def distance(one: Mapping[str, int], other: Mapping[str, int]) -> float | None:
    """Total variation of the labels' shares, 0 (the same) to 1 (nothing in common); None where one side has no labels."""
    totals = sum(one.values()), sum(other.values())
    if not all(totals):
        return None
    return sum(abs(one.get(name, 0) / totals[0] - other.get(name, 0) / totals[1]) for name in {*one, *other}) / 2


def _posters(batches: Iterable[Item]) -> list[tuple[str, int]]:
    found = Counter[str]()
    for batch in batches:
        found[batch["poster"]] += batch["changes"]["records"]
    return found.most_common(MOST_LABELS)
