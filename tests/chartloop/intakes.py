"""Posts and their processing on the fakes, crashes at chosen calls, and what must hold of the stores afterwards."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from adapters import files
from chartloop import batches, keys, snapshots
from chartloop.batches import Post
from chartloop.errors import Stale
from chartloop.intake import Intake, process
from chartloop.items import task_item
from chartloop.records import BatchOptions
from chartloop.seams import StoredObject
from tests.fakes import FakeLedger, FakeObjects

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
TASK = "ner"
WORDS = "the patient was seen for chest pain and shortness of breath and was given aspirin and oxygen on arrival in the ward"


class Crashed(Exception):
    """The process died here."""


class Interrupted:
    """A seam that calls `act` instead of (or, with `after`, behind) its n-th call, counted over all seams that share `count`."""

    def __init__(self, seam: Any, count: list[int], at: int, act: Callable[[], None], *, after: bool = False) -> None:
        self._seam, self._count, self._at, self._act, self._after = seam, count, at, act, after

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._seam, name)
        if not callable(attribute):
            return attribute

        def call(*arguments: Any, **named: Any) -> Any:
            self._count[0] += 1
            now = self._count[0] == self._at
            if now and not self._after:
                self._act()
            answer = attribute(*arguments, **named)
            if now and self._after:
                self._act()
            return answer

        return call


def crash() -> None:
    raise Crashed


class Desk:
    """Takes posts in on a pair of fakes, as the API and on_upload do."""

    def __init__(self) -> None:
        self.ledger = FakeLedger()
        self.objects = FakeObjects()

    def interrupted(self, at: int, act: Callable[[], None] = crash, *, after: bool = False) -> Desk:
        """The same stores, seen by a process that is interrupted at its n-th call."""
        other, count = Desk(), [0]
        other.ledger = Interrupted(self.ledger, count, at, act, after=after)  # type: ignore[assignment]
        other.objects = Interrupted(self.objects, count, at, act, after=after)  # type: ignore[assignment]
        return other

    def receive(self, records: Any, *, key: str | None = None, **options: Any) -> dict[str, Any]:
        body = json.dumps(records).encode()
        fingerprint = hashlib.sha256(body + repr(sorted(options.items())).encode()).hexdigest()
        lines = files.parse(body, "body.json", task=TASK)
        post = Post(TASK, lines, BatchOptions(**options), "poster", fingerprint, key)
        return batches.receive(post, ledger=self.ledger, objects=self.objects, now=NOW)

    def drop(self, name: str, body: bytes, **metadata: str) -> str:
        key = f"incoming/{TASK}/{name}"
        self.objects.put(key, body, metadata=metadata)
        return key

    def process(self, key: str, *, limit: int = files.LIMIT) -> str | None:
        found = next((item for item in self.objects.list(key) if item.key == key), None)
        listed = StoredObject(key, found.size, found.etag) if found else StoredObject(key, 0, "gone")
        intake = Intake(self.ledger, self.objects, partial(files.parse, task=TASK), lambda: NOW, limit)
        return process(TASK, listed, intake)

    def post(self, records: Any, **options: Any) -> dict[str, Any]:
        """The final receipt of a post that was taken in."""
        receipt = self.receive(records, **options)
        self.process(keys.incoming(TASK, receipt["batch_id"]))
        return self.show(receipt["batch_id"])

    def show(self, batch_id: str) -> dict[str, Any]:
        return batches.show(TASK, batch_id, ledger=self.ledger, objects=self.objects)

    def task(self) -> dict[str, Any]:
        return task_item(self.ledger, TASK)

    def batches(self) -> list[dict[str, Any]]:
        return self.ledger.query(f"TASK#{TASK}", "BATCH#")

    def live(self) -> dict[str, tuple[str, str]]:
        """record_id -> (side, body hash) as the next snapshot would have it."""
        found: dict[str, tuple[int, str, str]] = {}
        for batch in self.batches():
            for side in ("train", "holdout"):
                if batch["status"] != "processed" or batch[side] is None:
                    continue
                for record in snapshots.read_shard(self.objects.get(batch[side]["key"]).body):
                    rival = found.get(record.record_id)
                    assert rival is None or rival[1] == side, "a record stands on both sides"
                    found[record.record_id] = max(rival or (0, "", ""), (record.sequence, side, record.sha256))
        return {record_id: (side, sha256) for record_id, (_, side, sha256) in found.items()}


def until_done(work: Callable[[], Any], tries: int = 50) -> Any:
    """What a queue does: delivers again while the work fails."""
    for _ in range(tries):
        try:
            return work()
        except (Crashed, Stale):
            continue
    raise AssertionError("never done")


def check(desk: Desk) -> None:
    """What holds of the stores whenever no work is under way."""
    live, task = desk.live(), desk.task()
    assert task["records"] == len(live)
    sequences = []
    for batch in desk.batches():
        if batch["status"] in ("processed", "withdrawn"):
            sequences.append(batch["sequence"])
            for shard in filter(None, (batch["train"], batch["holdout"], batch.get("gold"))):
                assert hashlib.sha256(desk.objects.get(shard["key"]).body).hexdigest() == shard["sha256"]
            stored = sum(shard["records"] for shard in (batch["train"], batch["holdout"], batch.get("gold")) if shard)
            assert stored == batch["counts"]["accepted"] + batch["counts"]["replaced"]
    assert sorted(sequences) == sorted(set(sequences)), "two batches have one place"


def note(record_id: str, words: str = "", **more: Any) -> dict[str, Any]:
    """A record whose text no other id's is near to."""
    text = words or " ".join(hashlib.sha256(f"{record_id}{i}".encode()).hexdigest()[:6] for i in range(12))
    first = {"start": 0, "end": len(text.split()[0]), "label": "drug"}
    return {"record_id": record_id, "text": text, "entities": [first], **more}
