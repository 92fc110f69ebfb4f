"""What becomes of one record against everything that is stored: duplicate, conflict, replaced, set aside or accepted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chartloop import records, splits
from chartloop.batches import GOLD
from chartloop.errors import Stale
from chartloop.items import band_key, batch_key, gold_key, hashed, new, record_key
from chartloop.records import Problem
from chartloop.seams import Item, Key
from chartloop.task import Note
from chartloop.view import View

HOLDERS = 256
"""Records that one band names at most. A record whose signature is stored already adds nothing, so copies never fill a band."""

SIGNATURES = 50
"""Texts of one record that are remembered, so that its item stays small however often it is replaced."""

ANONYMOUS = ("record_id", "patient_id", "codes")
"""What two records with the same text may differ in without their labels being in conflict."""

CONFLICT = Problem("record_conflict", "this record_id is stored with another body; post with replace to change it", "record_id")
CONTRADICTED = Note("conflicting_labels", "the same text is stored with other labels")
LEAK = Problem("would_leak", "the record would join two groups on different sides of the holdout")


Version = dict[str, Any]
"""Of a record: `{batch_id, sha256, verdict, contradicts}`, the last one newest."""


@dataclass(frozen=True)
class Arrival:
    """A good record of a batch, before the ledger was asked."""

    line: int
    record_id: str
    record: dict[str, Any]
    sha256: str
    text: str
    signature: bytes
    """MinHash of the text; empty where the task has no text."""
    bands: tuple[Key, ...]
    notes: tuple[Note, ...]
    labels: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """The verdict on an arrival, and where it belongs when it is stored."""

    arrival: Arrival
    verdict: str
    problem: Problem | None = None
    notes: tuple[Note, ...] = ()
    group: str = ""
    side: str = ""


def arrive(task: str, line: int, checked: records.Checked) -> Arrival:
    record = checked.record or {}
    text = records.text_of(task, record)
    signature = splits.signature(text) if text else b""
    bands = tuple(band_key(task, band) for band in splits.bands(signature)) if text else ()
    return Arrival(
        line=line, record_id=str(checked.record_id), record=record, sha256=records.digest(record), text=text,
        signature=signature, bands=bands, notes=checked.notes, labels=checked.labels,
    )  # fmt: skip


def preload(view: View, task: str, arrivals: Sequence[Arrival]) -> None:
    """Reads what `decide` will ask for, in three calls whatever the number of records."""
    own = [record_key(task, arrival.record_id) for arrival in arrivals]
    bands = [key for arrival in arrivals for key in arrival.bands]
    patients = [gold_key(task, splits.group_of(a.record, "", None)) for a in arrivals if "patient_id" in a.record]
    view.load([*own, *bands, *patients])
    view.load(_record(task, holder) for key in bands for holder in _holders(view, key))
    view.load(batch_key(task, version["batch_id"]) for key in own for version in _versions(view.get(key)))


def decide(view: View, task: str, batch: Item, arrival: Arrival) -> Outcome:
    """The verdict on `arrival`; puts what it changes into `view`. Raises Stale where another batch must be finished first.

    Once the batch has its sequence its records are settled: a retry then finds them, and changes nothing.
    """
    stored = view.get(record_key(task, arrival.record_id))
    mine = next((version for version in _versions(stored) if version["batch_id"] == batch["batch_id"]), None)
    if stored and mine:  # an earlier try got this far
        notes = arrival.notes + (CONTRADICTED,) * mine["contradicts"]
        return Outcome(arrival, mine["verdict"], notes=notes, group=stored["group"], side=stored["side"])
    settled = batch["sequence"] is not None
    held = next(reversed(_versions(stored)), None) if settled else newest(view, task, stored)
    if held and held["sha256"] == arrival.sha256:
        return Outcome(arrival, "duplicate")
    if held and (not batch["options"]["replace"] or _gold(stored) is not is_gold(batch)):
        return Outcome(arrival, "conflict", CONFLICT)
    if settled:
        return Outcome(arrival, "set_aside", LEAK)
    if held and _status(view, task, held["batch_id"]) == "received":
        raise Stale("the record that this one replaces belongs to a batch that is still being taken in")
    return _store(view, task, batch, arrival, stored, replaces=held is not None)


def is_gold(batch: Item) -> bool:
    return batch.get("source") == GOLD


def _gold(stored: Item | None) -> bool:
    return bool(stored and stored.get("gold"))


def newest(view: View, task: str, stored: Item | None) -> Version | None:
    """The newest version of a record that is not withdrawn, or None."""
    live = (version for version in reversed(_versions(stored)) if _status(view, task, version["batch_id"]) != "withdrawn")
    return next(live, None)


def _store(view: View, task: str, batch: Item, arrival: Arrival, stored: Item | None, *, replaces: bool) -> Outcome:
    near, gold = _neighbours(view, task, arrival), is_gold(batch)
    best = max(near, key=lambda item: _closeness(item, arrival), default=None)
    group = splits.group_of(arrival.record, arrival.text, splits.Neighbour(best["group"]) if best else None, gold=gold)
    side = "holdout" if gold else splits.side(task, group)
    if side == "training" and view.get(gold_key(task, group)):
        return Outcome(arrival, "set_aside", LEAK)
    if any(item["side"] != side for item in near) or (replaces and stored and stored["side"] != side):
        return Outcome(arrival, "set_aside", LEAK)
    text, labelling = hashed(arrival.text), _labelling(arrival)
    version = {
        "batch_id": batch["batch_id"],
        "sha256": arrival.sha256,
        "verdict": "replaced" if replaces else "accepted",
        "contradicts": any(item["text"] == text and item["labelling"] != labelling for item in near),
    }
    changed = _with_version(stored, task, arrival, version)
    view.put({**changed, "group": group, "side": side, "text": text, "labelling": labelling, "gold": gold})
    if gold and "patient_id" in arrival.record and not view.get(gold_key(task, group)):
        view.put(new(gold_key(task, group)))
    if all(arrival.signature.hex() not in item["signatures"] for item in near):
        _register(view, arrival)
    notes = arrival.notes + (CONTRADICTED,) * version["contradicts"]
    return Outcome(arrival, version["verdict"], notes=notes, group=group, side=side)


def _with_version(stored: Item | None, task: str, arrival: Arrival, version: Version) -> Item:
    """The RECORD item with one more version. Earlier signatures stay: an earlier text comes back when a version is withdrawn."""
    item = stored or new(record_key(task, arrival.record_id), versions=[], signatures=[])
    signatures = [arrival.signature.hex()] if arrival.signature else []
    signatures += [known for known in item["signatures"] if known not in signatures]
    return {**item, "versions": [*item["versions"], version], "signatures": signatures[:SIGNATURES]}


def _neighbours(view: View, task: str, arrival: Arrival) -> list[Item]:
    """Other stored records whose text is nearly this one's. Withdrawn ones count: a group's side never changes."""
    own = hashed(arrival.record_id)
    holders = {holder for key in arrival.bands for holder in _holders(view, key)}
    found = (view.get(_record(task, holder)) for holder in sorted(holders - {own}))
    return [item for item in found if item and _closeness(item, arrival) >= splits.NEAR]


def _closeness(item: Item, arrival: Arrival) -> float:
    return max((splits.similarity(bytes.fromhex(known), arrival.signature) for known in item["signatures"]), default=0.0)


def _register(view: View, arrival: Arrival) -> None:
    own = hashed(arrival.record_id)
    for key in arrival.bands:
        item = view.get(key) or new(key, holders=[])
        if own not in item["holders"] and len(item["holders"]) < HOLDERS:
            view.put({**item, "holders": [*item["holders"], own]})


def _holders(view: View, band: Key) -> list[str]:
    item = view.get(band)
    return list(item["holders"]) if item else []


def _record(task: str, record_hash: str) -> Key:
    return f"RECORD#{task}#{record_hash}", "RECORD"


def _labelling(arrival: Arrival) -> str:
    return records.digest({name: value for name, value in arrival.record.items() if name not in ANONYMOUS})


def _versions(stored: Item | None) -> list[Version]:
    return list(stored["versions"]) if stored else []


def _status(view: View, task: str, batch_id: str) -> str:
    batch = view.get(batch_key(task, batch_id))
    return str(batch["status"]) if batch else "missing"
