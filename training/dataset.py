"""The snapshot as training reads it: its records, as labelled documents where they are, and the part that validation watches."""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import from_json

from chartloop import parts, snapshots
from chartloop.errors import JobFailed
from chartloop.hyperparameters import Hyperparameters
from chartloop.snapshots import StoredRecord

Grouped = TypeVar("Grouped", "Document", StoredRecord)
"""What has a split group."""

MOST_COMPARED = 200
HELD_BACK_PERCENT = 5
"""Of the groups, where validation is off: no model's confidence is honest on notes that it learned."""


@dataclass(frozen=True)
class Document:
    """A text with its entities (`start`, `end` in code points, `label`), its split group, and its billing codes."""

    text: str
    entities: Sequence[dict[str, Any]]
    group: str
    record_id: str = ""
    codes: Sequence[dict[str, str]] = ()
    """`system` and `code` each."""


@dataclass(frozen=True)
class Snapshot:
    """The training side of a run: `hash`, `task` and `rules`, which its records were checked against, are its manifest's."""

    hash: str
    task: str
    records: tuple[StoredRecord, ...]
    rules: Mapping[str, Any] = field(default_factory=dict)


def read(folder: Path) -> Snapshot:
    """The snapshot, of one file or of several machines' parts: the same either way.

    Raises JobFailed `snapshot_changed` where a file is not what its manifest says, `shard_missing` where parts lack one.
    """
    suffixes = parts.whole(path.name for path in folder.iterdir())
    if not suffixes:
        raise JobFailed("the snapshot is not whole", code="snapshot_changed", field="manifest")
    with kept():
        read = [_part(folder, suffix) for suffix in suffixes]
    manifest, lines = read[0]
    if len(read) == 1:
        return Snapshot(manifest["hash"], manifest["task"], tuple(lines), manifest["rules"])
    if {shard for about, _ in read for shard in about["shards"]} != set(manifest["asked"]):
        raise JobFailed("the snapshot's parts lack a shard", code="shard_missing")
    stored = snapshots.counted(line for _, its in read for line in its)
    if not stored:
        raise JobFailed("the request's shards hold no records", code="no_training_data")
    ordered = tuple(sorted(stored, key=lambda each: each.record_id))
    return Snapshot(manifest["hash"], manifest["task"], ordered, manifest["rules"])


@contextmanager
def kept() -> Iterator[None]:
    """What is made inside stays until the job ends: Python's collector need not go over it again and again."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _part(folder: Path, suffix: str) -> tuple[dict[str, Any], list[StoredRecord]]:
    """A part's manifest and stored records."""
    manifest = json.loads((folder / f"manifest{suffix}.json").read_bytes())
    body = (folder / f"train{suffix}.jsonl").read_bytes()
    if hashlib.sha256(body).hexdigest() != manifest["sha256"]:
        raise JobFailed(f"train{suffix}.jsonl differs from its manifest", code="snapshot_changed", field="sha256")
    # split at newlines alone: a note may hold the other characters that splitlines takes for a line's end
    return manifest, [StoredRecord(**from_json(line)) for line in body.split(b"\n") if line]


def documents(snapshot: Snapshot) -> tuple[Document, ...]:
    """Of a snapshot whose records have a text and entities."""
    return tuple(map(document, snapshot.records))


def document(stored: StoredRecord) -> Document:
    record = stored.record
    return Document(record["text"], record["entities"], stored.group, stored.record_id, record.get("codes", ()))


def held_back_percent(chosen: Hyperparameters, least: int = HELD_BACK_PERCENT) -> int:
    """What share of the groups a training leaves out: what it validates on, and `least` where it does not."""
    return (chosen.validation_percent if chosen.do_eval else 0) or least


def left_out(
    records: Iterable[Grouped], chosen: Hyperparameters, least: int = HELD_BACK_PERCENT
) -> tuple[list[Grouped], list[Grouped], list[Grouped]]:
    """(to learn from, to validate on after each epoch, all that is not learned from): the second is the third, or nothing."""
    learned, held_back = split_validation(records, held_back_percent(chosen, least))
    return learned, held_back if held_back_percent(chosen, 0) else [], held_back


def split_validation(documents: Iterable[Grouped], percent: int) -> tuple[list[Grouped], list[Grouped]]:
    """(to learn from, held back): a group's place follows from its hash, so it is the same in every run."""
    sides: tuple[list[Grouped], list[Grouped]] = ([], [])
    for each in documents:
        place = int(hashlib.sha256(f"validation:{each.group}".encode()).hexdigest(), 16) % 100
        sides[place < percent].append(each)
    return sides


@dataclass(frozen=True)
class Notes:
    """Of the training side, never of the holdout, which only judges.

    `compared` are notes on which two forms of one model are compared: those that training watched and did not learn from, where
    there are any. `learned` are the others, from which int8 takes its scales.
    """

    learned: Sequence[Document] = ()
    compared: Sequence[Document] = ()


def notes(documents: Sequence[Document], held_back: int) -> Notes:
    """`held_back` percent of the groups were not learned from, as the trained model's card says."""
    return Notes(*sides(documents, held_back))


def sides(documents: Sequence[Grouped], held_back: int) -> tuple[Sequence[Grouped], Sequence[Grouped]]:
    """(learned, compared), as in Notes."""
    learned, watched = split_validation(documents, held_back)
    return (learned or watched)[:MOST_COMPARED], (watched or learned)[:MOST_COMPARED]
