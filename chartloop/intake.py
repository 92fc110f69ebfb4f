"""Taking a file in: from an object below incoming/ to shards, counts and receipts, exactly once, whatever crashes in between."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chartloop import batches, keys, receipts
from chartloop.batches import QUARANTINED, RECEIVED
from chartloop.decisions import CONFLICT, Arrival, arrive
from chartloop.errors import FileProblem, InvalidRequest, NotFound, Stale
from chartloop.items import Clock, batch_key, hashed, new, stamp
from chartloop.receipts import Entry, Receipt
from chartloop.records import BatchOptions, Line
from chartloop.seams import Item, Key, Ledger, Objects, StoredObject
from chartloop.settling import settle, stored
from chartloop.shelving import count, shelve

Parse = Callable[[bytes, str], list[Line]]
"""(body, file name) to lines; raises the FileProblem that is the verdict on the whole file."""


@dataclass(frozen=True)
class Intake:
    """What taking files in needs of the world; `limit` is the most bytes of a file."""

    ledger: Ledger
    objects: Objects
    parse: Parse
    clock: Clock
    limit: int


def source_key(task: str, key: str, etag: str) -> Key:
    """The item that says: this content of this object was taken in."""
    return f"TASK#{task}", f"SOURCE#{hashed(key + chr(10) + etag)}"


def process(task: str, listed: StoredObject, intake: Intake) -> str | None:
    """Takes in the object that an event or a listing names; returns its batch id, or None where there is nothing to do.

    May be called any number of times, at once and after a crash anywhere: the end is that of one undisturbed call. Raises Stale
    where other writers are faster or another batch must be finished first; the caller's queue then tries again.
    """
    if intake.ledger.get(source_key(task, listed.key, listed.etag)) is not None:
        return None
    try:
        source = listed if listed.size > intake.limit else intake.objects.get(listed.key)
    except NotFound:  # deleted since
        return None
    return _Taking(task, source, intake).run()


class _Taking:
    """One object on its way in."""

    def __init__(self, task: str, source: StoredObject, intake: Intake) -> None:
        self.task, self.source, self.intake = task, source, intake
        self.ledger, self.objects = intake.ledger, intake.objects
        self.name = source.key.split("/", 2)[2]
        self.mark = new(source_key(task, source.key, source.etag), object=source.key, etag=source.etag)

    def run(self) -> str:
        try:
            options, lines = self._options(), self._lines()
        except InvalidRequest as problem:
            batch = self._opened(BatchOptions())
            self._end(batch, self._quarantined(batch, problem))
        else:
            batch = self._opened(options)
            self._take(batch, lines)
        return str(batch["batch_id"])

    def _options(self) -> BatchOptions:
        """What the object's metadata asks for; the task's setting where it says nothing of overlaps."""
        chosen = BatchOptions(**batches.defaults(self.task, self.ledger))  # type: ignore[arg-type]
        return BatchOptions.from_metadata({**chosen.to_metadata(), **self.source.metadata})

    def _lines(self) -> list[Line]:
        if self.source.size > self.intake.limit:
            raise FileProblem(f"the file is over the limit of {self.intake.limit} bytes", code="too_large")
        return self.intake.parse(self.source.body, self.name)

    def _opened(self, options: BatchOptions) -> Item:
        """The batch that the object's metadata names, or that of its content; made where it is not there yet.

        A name that belongs to other content is not believed.
        """
        content = hashlib.sha256(self.source.body or self.source.etag.encode()).hexdigest()
        stem = self.name.partition(".")[0]
        named = self.source.metadata.get("batch-id", stem if batches.UPLOAD_ID.fullmatch(stem) else "")
        batch = self._open(named, options, content) if keys.ID.fullmatch(named) else None
        if batch is None or batch["source_sha256"] != content:
            identity = f"file:{content}:{json.dumps(options.to_metadata())}"
            batch = self._open(batches.batch_id_of(self.task, identity, self.ledger), options, content)
        return batch

    def _open(self, batch_id: str, options: BatchOptions, content: str) -> Item:
        known = self.ledger.get(batch_key(self.task, batch_id))
        if known is not None:
            return known
        batch = batches.new_batch(
            self.task, batch_id, options=options, rules=batches.rules(self.task, self.ledger),
            poster=self.source.metadata.get("poster", "s3"), now=self.intake.clock(), source_sha256=content,
        )  # fmt: skip
        try:
            self.ledger.save(batch, batches.arrival(batch))
        except Stale:  # another worker was first
            return stored(batch, self.ledger)
        return batch

    def _take(self, batch: Item, lines: Sequence[Line]) -> None:
        if batch["status"] == RECEIVED:
            arrivals, entries = self._looked_at(batch, lines)
            batch, outcomes = settle(batch, arrivals, self.ledger)
        if batch["status"] != RECEIVED:
            return self._came_before(batch)
        done, receipt = shelve(batch, outcomes, entries, objects=self.objects, now=self.intake.clock())
        self._write_receipts(receipt)
        if not count(done, outcomes, self.mark, self.ledger):
            self._came_before(stored(batch, self.ledger))
        return None

    def _looked_at(self, batch: Item, lines: Sequence[Line]) -> tuple[list[Arrival], list[Entry]]:
        """(what the ledger must be asked about, the verdicts that stand already)."""
        options, arrivals, entries = BatchOptions(**batch["options"]), list[Arrival](), self._rejected_before(batch)
        for line in lines:
            checked = batches.check(self.task, line, options, batch["rules"])
            if checked.problem is None:
                arrivals.append(arrive(self.task, line.number, checked))
            else:
                entries.append(receipts.entry(line.number, checked.record_id, "rejected", problem=checked.problem))
        distinct, repeated = _distinct(arrivals, replace=options.replace)
        return distinct, entries + repeated

    def _rejected_before(self, batch: Item) -> list[Entry]:
        """The lines that are empty in incoming/ because the API had rejected them."""
        if "fingerprint" not in batch:
            return []
        received = receipts.read(self.objects, self.task, receipts.received_name(batch["batch_id"]))
        return [entry for entry in received["records"] if entry["verdict"] == "rejected"]

    def _quarantined(self, batch: Item, problem: InvalidRequest) -> Item:
        """Writes the file and its verdict to quarantine/; the batch as it will be saved."""
        done = {
            **batch,
            "status": QUARANTINED,
            "processed_at": stamp(self.intake.clock()),
            "code": problem.code,
            "message": problem.message,
        }
        receipt = receipts.complete(done, ())
        if self.source.body:  # what is over the limit stays where it is
            self.objects.put(keys.quarantine(self.task, batch["batch_id"], "file"), self.source.body)
        verdict = json.dumps(receipt).encode()
        self.objects.put(keys.quarantine(self.task, batch["batch_id"], "verdict.json"), verdict, content_type="application/json")
        self._write_receipts(receipt)
        return done

    def _end(self, batch: Item, done: Item) -> None:
        try:
            self.ledger.save(done, self.mark)
        except Stale:
            self._came_before(stored(batch, self.ledger))

    def _came_before(self, batch: Item) -> None:
        """The same content came by another name, or another worker has ended this batch."""
        self._write_receipts(batches.show(self.task, batch["batch_id"], ledger=self.ledger, objects=self.objects))
        try:
            self.ledger.save(self.mark)
        except Stale:  # the other worker had the same object
            return

    def _write_receipts(self, receipt: Receipt) -> None:
        """Under the batch's id and, as a dropped file is looked for by its name, under that."""
        receipts.write(self.objects, self.task, receipt["batch_id"], receipt)
        if not self.name.startswith(receipt["batch_id"]):
            receipts.write(self.objects, self.task, self.name, receipt)


def _distinct(arrivals: Sequence[Arrival], *, replace: bool) -> tuple[list[Arrival], list[Entry]]:
    """(one arrival for each record_id: the first, or with `replace` the last; the verdicts on the others)."""
    kept: dict[str, Arrival] = {}
    for arrival in reversed(arrivals) if replace else arrivals:
        kept.setdefault(arrival.record_id, arrival)
    entries = []
    for arrival in arrivals:
        standing = kept[arrival.record_id]
        if standing is not arrival:
            same = standing.sha256 == arrival.sha256
            verdict, problem = ("duplicate", None) if same else ("conflict", CONFLICT)
            entries.append(receipts.entry(arrival.line, arrival.record_id, verdict, problem=problem, labels=arrival.labels))
    return [arrival for arrival in arrivals if kept[arrival.record_id] is arrival], entries
