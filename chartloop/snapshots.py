"""Snapshots: a run's immutable input. Stored records in shards, their hashes, the request, and the records that it selects."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chartloop import records
from chartloop.errors import JobFailed
from chartloop.items import stamp
from chartloop.seams import Item

if TYPE_CHECKING:  # jobs read snapshots in containers without pydantic
    from chartloop.task import TaskSettings

Entry = Mapping[str, Any]
"""A shard as a run's request.json names it: `batch_id, key, sha256, records, sequence`, and `settled` on the holdout side."""

IDENTITY = ("record_id", "patient_id")
"""What a stored record keeps outside its body, or, of a patient, only hashed in its group."""


@dataclass(frozen=True)
class StoredRecord:
    """An accepted record as its shard holds it (docs/contracts/keys.md). `record` is the body, without ids."""

    record_id: str
    batch_id: str
    sequence: int
    line: int
    group: str
    sha256: str
    record: dict[str, Any]
    settled: bool = False
    """Whether its holdout shard is part of what runs are judged on; it is not stored but comes from the request."""


def stored_line(*, record_id: str, batch_id: str, sequence: int, line: int, group: str, record: Mapping[str, Any]) -> bytes:
    """One line of a shard, with its line end. `record` is canonical; its ids stay out of the body."""
    body = {name: value for name, value in record.items() if name not in IDENTITY}
    place = {"record_id": record_id, "batch_id": batch_id, "sequence": sequence, "line": line, "group": group}
    return records.canonical({**place, "sha256": records.digest(body), "record": body}) + b"\n"


def read_shard(body: bytes) -> list[StoredRecord]:
    """The records of a shard, in its order. Raises JobFailed for a line that is no stored record."""
    found = []
    for number, line in enumerate(body.splitlines(), start=1):
        try:
            found.append(StoredRecord(**json.loads(line)))
        except (ValueError, TypeError):
            raise JobFailed(f"line {number} of a shard is no stored record", code="shard_damaged") from None
    return found


def shard_entry(key: str, body: bytes) -> dict[str, Any]:
    """A shard as a BATCH item names it: `{key, sha256, records, bytes}`."""
    return {"key": key, "sha256": hashlib.sha256(body).hexdigest(), "records": body.count(b"\n"), "bytes": len(body)}


def snapshot_hash(entries: Iterable[Entry]) -> str:
    """sha256, in hex, over the hashes of all shards of both sides, in whatever order they come."""
    return hashlib.sha256("\n".join(sorted(entry["sha256"] for entry in entries)).encode()).hexdigest()


def build_request(
    run_id: str, task: str, batches: Iterable[Item], settled: Collection[str], settings: TaskSettings, now: datetime,
    known: Collection[str] = (),
) -> dict[str, Any]:  # fmt: skip
    """runs/{run_id}/request.json over processed `batches`.

    `settled` are the ids of those whose holdout is settled, `known` of those that the run before had.
    """
    ordered = sorted(batches, key=lambda batch: int(batch["sequence"]))
    training = [_entry(b, b["train"]) | {"new": b["batch_id"] not in known} for b in ordered if b["train"]]
    holdout = [_entry(b, b["holdout"]) | {"settled": b["batch_id"] in settled} for b in ordered if b["holdout"]]
    return {
        "run_id": run_id,
        "task": task,
        "created_at": stamp(now),
        "snapshot": snapshot_hash([*training, *holdout]),
        "records": training,
        "holdout": holdout,
        "gold": [_entry(batch, batch["gold"]) for batch in ordered if batch.get("gold")],
        "settings": settings.model_dump(mode="json"),
    }


def _entry(batch: Item, shard: Mapping[str, Any]) -> dict[str, Any]:
    named = {name: shard[name] for name in ("key", "sha256", "records")}
    return {"batch_id": batch["batch_id"], **named, "sequence": batch["sequence"]}


def select(entries: Sequence[Entry], read: Callable[[str], bytes]) -> list[StoredRecord]:
    """The records of these shards that count, by sequence and line, whatever the order of `entries`.

    Of a record that was replaced only the newest, and of records with the same text only the first. `read` gives the bytes at a
    key. Raises JobFailed for a shard whose bytes are not those that the request hashed.
    """
    return counted(read_all(entries, read))


def read_all(entries: Iterable[Entry], read: Callable[[str], bytes]) -> list[StoredRecord]:
    """Every record of these shards. Raises JobFailed for a shard whose bytes are not those that the request hashed."""
    return [record for entry in entries for record in _read(entry, read)]


def counted(records: Iterable[StoredRecord]) -> list[StoredRecord]:
    """The rule of `select` over records from anywhere; over what it gave once it gives the same again."""
    newest = {record.record_id: record for record in sorted(records, key=_place)}
    kept: dict[str, StoredRecord] = {}
    for record in sorted(newest.values(), key=_place):
        kept.setdefault(_sameness(record), record)
    return list(kept.values())


def _read(entry: Entry, read: Callable[[str], bytes]) -> Iterable[StoredRecord]:
    body = read(entry["key"])
    if hashlib.sha256(body).hexdigest() != entry["sha256"]:
        raise JobFailed(f"{entry['key']} is not what the request hashed", code="shard_changed")
    settled = bool(entry.get("settled", False))
    return (StoredRecord(**{**vars(record), "settled": settled}) for record in read_shard(body))


def _place(record: StoredRecord) -> tuple[int, int, str]:
    return record.sequence, record.line, record.record_id


def _sameness(record: StoredRecord) -> str:
    """Equal for records of the same text. Rows without text may be equal by nature: each is its own."""
    texts = [record.record[name] for name in ("text", "prompt", "completion") if name in record.record]
    return "text:" + "\n".join(texts) if texts else "id:" + record.record_id
