"""Drift: what a model version answers day by day, and what corrections change in it, by counts without text.

Each process of predict counts in memory and saves, at most every ten seconds, an item that no other writes: a request waits for
no other writer and nearly never for the ledger. What a process counted since then is lost when it ends.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chartloop import spans
from chartloop.errors import Stale
from chartloop.items import new, newest_first, stamp
from chartloop.predictions import Kept, Result, seconds
from chartloop.seams import Item, Key, Ledger

SAVE_SECONDS = 10
COUNTED_DAYS = 90
BINS = 10
LENGTHS = (100, 300, 1_000, 3_000, 10_000)
"""Characters up to which a text is of a class; one more class for the longer ones."""

Counts = dict[str, Any]
"""JSON: numbers, lists of numbers, and `labels` by name; two add up place by place."""


def nothing() -> Counts:
    """`filtered` texts were asked for with a least confidence: what was found in them is not all, so no other count has them."""
    return {
        "texts": 0, "filtered": 0, "without_entities": 0, "tokens": 0, "characters": 0, "entities": 0, "confidence": 0.0,
        "labels": {}, "bins": [0] * BINS, "lengths": [0] * (len(LENGTHS) + 1),
    }  # fmt: skip


def of_text(text: str, entities: Sequence[Mapping[str, Any]]) -> Counts:
    """What one text with all its entities counts."""
    found = nothing()
    confidences = [float(entity["confidence"]) for entity in entities]
    for confidence in confidences:
        found["bins"][min(int(confidence * BINS), BINS - 1)] += 1
    found["lengths"][bisect_left(LENGTHS, len(text))] += 1
    return found | {
        "texts": 1, "without_entities": int(not entities), "tokens": len(spans.tokens(text)), "characters": len(text),
        "entities": len(entities), "confidence": sum(confidences), "labels": dict(Counter(each["label"] for each in entities)),
    }  # fmt: skip


def of_results(made: Iterable[Kept], found: Callable[[Result], Sequence[Result]], *, whole: bool) -> list[Counts]:
    """Of each text; `found` gives a result's labels, `whole` says that none of them was left out."""
    return [of_text(each.text, found(each.result)) if whole else nothing() | {"filtered": 1} for each in made]


def added(one: Counts, other: Counts) -> Counts:
    """Their sum; what only one of them has is taken as it is."""
    return {name: _sum(one.get(name), other.get(name)) for name in one | other}


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, dict):
        return added(one, other)
    return [a + b for a, b in zip(one, other, strict=True)] if isinstance(one, list) else one + other


class Tally:
    """The counts of one process: of each task, version and day an item with its own name."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._process = uuid4().hex
        self._items: dict[Key, Item] = {}
        self._unsaved: set[Key] = set()
        self._saved_at: datetime | None = None

    def add(self, task: str, version: str, counts: Iterable[Counts], now: datetime) -> None:
        """Raises what the ledger raises where it is time to save; the counts are kept for the next time then."""
        day = stamp(now)[:10]
        key = f"COUNTED#{task}", f"DAY#{day}#{version}#{self._process}"
        if key not in self._items:
            expires = seconds(now + timedelta(days=COUNTED_DAYS))
            self._items[key] = new(key, model_version=version, day=day, expires=expires, counts=nothing())
        item = self._items[key]
        for each in counts:
            item["counts"] = added(item["counts"], each)
        self._unsaved.add(key)
        if self._saved_at is None or now - self._saved_at >= timedelta(seconds=SAVE_SECONDS):
            self._saved_at = now
            self._save(day)

    def _save(self, day: str) -> None:
        for key in sorted(self._unsaved):
            try:
                self._ledger.save(self._items[key])
            except Stale:  # an earlier save of this process, which did not hear of its end, was done
                self._items[key]["version"] += 1
                continue
            self._unsaved.discard(key)
        self._items = {key: item for key, item in self._items.items() if item["day"] == day or key in self._unsaved}


def correct(
    task: str, version: str, change: Mapping[str, spans.Counts], before: Mapping[str, Sequence[int]] | None, ledger: Ledger
) -> tuple[Item, dict[str, list[int]]]:
    """(the version's item with the correction of one prediction counted, to be saved with what says so; what was counted).

    `change`: by label, entities left as they were (tp), taken away (fp) and added (fn); `before`: what an earlier correction
    of the same prediction counted, which is taken back.
    """
    key = f"CORRECTED#{task}", f"MODEL#{version}"
    item = ledger.get(key) or new(key, model_version=version, texts=0, labels={})
    counted = {label: list(counts) for label, counts in change.items()}
    labels = added(item["labels"], counted)
    labels = added(labels, {label: [-number for number in numbers] for label, numbers in (before or {}).items()})
    item |= {"texts": item["texts"] + (before is None), "labels": labels}
    return item, counted


def show(task: str, *, ledger: Ledger, now: datetime, days: int) -> dict[str, Any]:
    """The Drift of the contract: the versions that answered in the last `days`, the one that did last first."""
    since = stamp(now - timedelta(days=days - 1))[:10]
    by_day: dict[str, dict[str, Counts]] = {}
    for item in newest_first(ledger, f"COUNTED#{task}", "DAY#"):
        if item["day"] < since:
            break
        of_version = by_day.setdefault(item["model_version"], {})
        of_version[item["day"]] = added(of_version.get(item["day"], nothing()), item["counts"])
    corrected = {item["model_version"]: item for item in ledger.query(f"CORRECTED#{task}", "MODEL#")}
    versions = [_version(name, found, corrected.get(name)) for name, found in by_day.items()]
    return {"task": task, "since": since, "versions": versions}


def _version(name: str, by_day: Mapping[str, Counts], corrected: Item | None) -> dict[str, Any]:
    whole = nothing()
    for counts in by_day.values():
        whole = added(whole, counts)
    days = [{"day": day, **figures(counts)} for day, counts in sorted(by_day.items())]
    return {"model_version": name, **figures(whole), "corrections": _corrections(corrected), "by_day": days}


def figures(counts: Counts) -> dict[str, Any]:
    """Counts as shares and rates; None where there is nothing to divide by."""
    edges = [*LENGTHS, None]
    return {
        "texts": counts["texts"],
        "filtered": counts["filtered"],
        "without_entities": _share(counts["without_entities"], counts["texts"]),
        "tokens": counts["tokens"],
        "labels": [
            {"label": label, "entities": number, "per_1000_tokens": _share(1000 * number, counts["tokens"])}
            for label, number in sorted(counts["labels"].items())
        ],
        "confidence": {"mean": _share(counts["confidence"], counts["entities"]), "bins": counts["bins"]},
        "characters": {
            "mean": _share(counts["characters"], counts["texts"]),
            "classes": [{"up_to": edge, "texts": texts} for edge, texts in zip(edges, counts["lengths"], strict=True)],
        },
    }


def _corrections(item: Item | None) -> dict[str, Any] | None:
    if item is None:
        return None
    every = list(item["labels"].values())
    whole = [sum(numbers) for numbers in zip(*every, strict=True)] if every else [0, 0, 0]
    labels = [{"label": label, **_changes(numbers)} for label, numbers in sorted(item["labels"].items())]
    return {"texts": item["texts"], **_changes(whole), "labels": labels}


def _changes(numbers: Sequence[int]) -> dict[str, Any]:
    """`disagreement`: the share that was taken away or added, of all entities of both sides; one that was moved is both."""
    left, taken, put = numbers
    return {"unchanged": left, "removed": taken, "added": put, "disagreement": _share(taken + put, left + taken + put)}


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None
