"""The ledger's items: how each kind is keyed and what it holds. Everything that must survive is one of these or an S3 object.

TASK#{task}            TASK                counters, settings, active run, champion, promotion lock
TASK#{task}            BATCH#{batch_id}    a batch: status, counts, its shards
TASK#{task}            RUN#{run_id}        a run: status, attempt, steps, outcome
TASK#{task}            MODEL#{version}     a model version: status, metrics, sha256
TASK#{task}            TRANSFORM#{id}      a batch transform: status, model, estimate, counts, score
TASK#{task}            AUDIT#{time}#{id}   who did what, when and why
TASK#{task}            ORDER#{by}#{key}    by hashed caller and Idempotency-Key: the run that was asked for under it
TASK#{task}            ARRIVED#{time}#{id} the batches by time
TASK#{task}            SOURCE#{hash}       by key and etag: an object below incoming/ that was taken in
TASK#{task}            HOLDOUT#{hash}      how often each run looked at a settled holdout
RECORD#{task}#{hash}   RECORD              by hashed record_id: its versions by batch, group, side, signatures
GOLD#{task}#{group}    GOLD                by split group of a patient: that the gold set holds records of him
BAND#{task}#{band}     BAND                by band of the MinHash signature: the records that have it
NOTEBOOK               ORDER               the notebook instance's last order: for which execution, and whether it is answered
KEPT#{task}            PLACE#{place}#{id}  a kept prediction, by how sure its least sure entity is; expires
COUNTED#{task}         DAY#{day}#{version}#{process}  what one process of predict answered on a day; expires
CORRECTED#{task}       MODEL#{version}     what corrections changed in a version's predictions

An item that holds `expires`, in seconds since 1970, is taken away by the table itself some days after that time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from chartloop.errors import NotFound, Stale
from chartloop.seams import Item, Key, Ledger

GATE = "gate"
"""Who decides, where no person does."""

Clock = Callable[[], datetime]
T = TypeVar("T")


def utc_now() -> datetime:
    return datetime.now(UTC)


def stamp(now: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, the form of every time in the contracts."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z"


def hashed(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def task_key(task: str) -> Key:
    return f"TASK#{task}", "TASK"


def batch_key(task: str, batch_id: str) -> Key:
    return f"TASK#{task}", f"BATCH#{batch_id}"


def run_key(task: str, run_id: str) -> Key:
    return f"TASK#{task}", f"RUN#{run_id}"


def model_key(task: str, version: str) -> Key:
    return f"TASK#{task}", f"MODEL#{version}"


def transform_key(task: str, transform_id: str) -> Key:
    return f"TASK#{task}", f"TRANSFORM#{transform_id}"


def holdout_key(task: str, holdout: str) -> Key:
    return f"TASK#{task}", f"HOLDOUT#{holdout}"


def record_key(task: str, record_id: str) -> Key:
    return f"RECORD#{task}#{hashed(record_id)}", "RECORD"


def gold_key(task: str, group: str) -> Key:
    return f"GOLD#{task}#{group}", "GOLD"


def band_key(task: str, band: str) -> Key:
    return f"BAND#{task}#{band}", "BAND"


def new(key: Key, **attributes: Any) -> Item:
    """An item that was never saved."""
    return {"pk": key[0], "sk": key[1], "version": 0, **attributes}


def newest_first(ledger: Ledger, pk: str, prefix: str, before: str | None = None, *, at_once: int = 200) -> Iterator[Item]:
    """The items of `pk` below `prefix` from the last to the first, read as far as they are wanted."""
    while True:
        found = ledger.query(pk, prefix, newest_first=True, limit=at_once, before=before)
        yield from found
        if len(found) < at_once:
            return
        before = found[-1]["sk"]


def new_task(task: str) -> Item:
    """The TASK item before anything happened.

    `records` counts accepted records that are not withdrawn; `arrivals` accepted and replaced ones ever, `counted` the arrivals
    at the start of the last run, so that `arrivals - counted` are new; `sequence` is the last batch's place. `champion` is
    `{version, sha256, since, by, reason, run_id}`; `settled_run` the run promoted last, whose holdout is settled; `promotion`
    names the run that holds the promotion lock; `embeddings` the snapshot embedded last; `blocked`, `{code, message}`, why no run
    can start; `trail` number and hash of the last audit entry; `reviews` the versions that wait for a person, with their
    deadlines (chartloop/reviews.py). `settings` holds only what differs from the defaults, by name; `seen_labels` the labels of
    records so far.
    """
    return new(
        task_key(task),
        task=task,
        records=0,
        arrivals=0,
        counted=0,
        sequence=0,
        settings={},
        seen_labels=[],
        active_run=None,
        champion=None,
        previous_champion=None,
        settled_run=None,
        promotion=None,
        embeddings=None,
        blocked=None,
        trail=None,
        reviews={},
    )


def task_item(ledger: Ledger, task: str) -> Item:
    """The stored TASK item, or a fresh one that is not saved yet."""
    return ledger.get(task_key(task)) or new_task(task)


def require(ledger: Ledger, key: Key, what: str) -> Item:
    item = ledger.get(key)
    if item is None:
        raise NotFound(f"no such {what}", field=what)
    return item


def change(ledger: Ledger, read: Callable[[], Item], apply: Callable[[Item], Any], *, tries: int = 20) -> Item:
    """Reads, applies, saves; again from the read when another writer was first. `apply` may raise to give up."""
    for _ in range(tries):
        item = read()
        apply(item)
        try:
            ledger.save(item)
        except Stale:
            continue
        return item
    raise Stale("too many writers at one item")


def until_first(attempt: Callable[[], T], *, tries: int = 20) -> T:
    """Attempts anew while another writer is first, for what reads, decides and saves by itself."""
    for _ in range(tries - 1):
        try:
            return attempt()
        except Stale:
            continue
    return attempt()
