"""Batch transforms: a file of texts through the model in service as one job of SageMaker's, from its upload to counts and score.

The ledger knows what was asked for before SageMaker does, so a job that never came to be, or whose end nobody heard of, is
asked for or looked at again (`settle`). Ids and texts are in the files alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from chartloop import costs, failures, keys, records, tasks, trail
from chartloop.errors import Conflict, JobFailed, Stale, TooLarge, Unavailable
from chartloop.items import new, require, stamp, task_item, transform_key, until_first
from chartloop.records import BatchOptions, Checked
from chartloop.seams import Item, Ledger, Objects, Transforms
from chartloop.settings import LAMBDA, Settings
from chartloop.task import Task

WAITING, RUNNING, DONE, FAILED, STOPPED = "waiting", "running", "done", "failed", "stopped"
INPUT, OUTPUT = "input.jsonl", "output/input.jsonl.out"
"""Names below the transform's prefix; the second is SageMaker's own for the answers to the first."""
LARGEST = 1_000_000_000
"""Bytes of an input: with its answers it has room where it is read back."""
MOST_ERRORS = 50
"""Lines that are told by number; all of them are in the output."""
KEPT_DAYS = 30
"""How long the texts and the results of a transform are kept."""
UPLOAD_SECONDS = 3600
DOWNLOAD_SECONDS = 900
PATIENT_HOURS = 24
"""How long a job that SageMaker has no room for is asked for again."""
SHOWN = (
    "transform_id", "task", "status", "created_at", "created_by", "started_at", "ended_at", "model_version", "bytes", "estimate",
    "counts", "errors", "score", "error",
)  # fmt: skip


class Room:
    """What a transform is made and followed with."""

    def __init__(self, *, ledger: Ledger, objects: Objects, transforms: Transforms, settings: Settings) -> None:
        self.ledger = ledger
        self.objects = objects
        self.transforms = transforms
        self.settings = settings


def create(task: str, by: str, room: Room, now: datetime) -> dict[str, Any]:
    """A new Transform (docs/contracts/transform.schema.json) that waits for its input, with the address to send that to."""
    if room.settings.serving == LAMBDA:
        raise Conflict(
            "this deployment serves from a function and has no model for jobs: use `chartloop predict --file`",
            code="no_transforms",
        )
    transform_id = f"{task}-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:4]}"
    item = new(
        transform_key(task, transform_id), transform_id=transform_id, task=task, status=WAITING, created_at=stamp(now),
        created_by=by, started_at=None, ended_at=None, model_version=None, sha256=None, bytes=None, estimate=None, counts=None,
        errors=[], score=None, error=None,
    )  # fmt: skip
    room.ledger.save(item)
    url, headers = room.objects.presign_put(_key(item, INPUT), metadata={}, seconds=UPLOAD_SECONDS)
    return {**show(item, room), "upload": {"url": url, "headers": headers, "expires_in": UPLOAD_SECONDS}}


def start(task: str, transform_id: str, by: str, room: Room, now: datetime) -> Item:
    """Starts the job; asked again, nothing else happens.

    Raises NotFound, Unavailable (no_model), Conflict (not_uploaded), TooLarge and InvalidRequest (cost_cap).
    """
    item = until_first(lambda: _claim(task, transform_id, by, room, now))
    if item["status"] == RUNNING:
        _ask(item, room)
    return item


def _claim(task: str, transform_id: str, by: str, room: Room, now: datetime) -> Item:
    """The item, running from here on: which model answers is decided once."""
    item = find(task, transform_id, room.ledger)
    if item["status"] != WAITING:
        return item
    owner = task_item(room.ledger, task)
    champion = owner["champion"]
    if champion is None:
        raise Unavailable("no model is in service yet: post records, or wait for the first run to promote one")
    size = _size(item, room.objects)
    estimate = costs.of_transform(task, size, room.settings)
    item |= {
        "status": RUNNING, "started_at": stamp(now), "model_version": champion["version"], "sha256": champion["sha256"],
        "bytes": size, "estimate": estimate,
    }  # fmt: skip
    told = trail.enter(owner, now, action="transform", by=by, transform=transform_id, model=champion["version"])
    room.ledger.save(item, owner, told)
    return item


def _size(item: Item, objects: Objects) -> int:
    size = next((found.size for found in objects.list(_key(item, INPUT)) if found.key == _key(item, INPUT)), 0)
    if not size:
        raise Conflict("nothing was sent to the upload's address yet", code="not_uploaded")
    if size > LARGEST:
        raise TooLarge(f"the input has over {LARGEST:,} bytes: send it in several transforms")
    return size


def _ask(item: Item, room: Room) -> None:
    bucket = room.objects.bucket
    room.transforms.start(
        item["task"],
        job_name(item),
        model=f"{room.settings.endpoint_prefix}-{item['model_version']}-{item['sha256'][:8]}",  # as promotion names it
        source=keys.uri(bucket, _key(item, INPUT)),
        target=keys.uri(bucket, _key(item, OUTPUT).rpartition("/")[0]),
    )


def stop(task: str, transform_id: str, room: Room, now: datetime) -> Item:
    """Stops it; its job ends by and by. One that waits is stopped at once, one that has ended stays as it is."""
    item = find(task, transform_id, room.ledger)
    if item["status"] == RUNNING and room.transforms.state(job_name(item)).status != "Missing":
        room.transforms.stop(job_name(item))
        return settle(item, room, now)
    return _end(item, STOPPED, room, now) if item["status"] in (WAITING, RUNNING) else item


def settle(item: Item, room: Room, now: datetime) -> Item:
    """The item after a look at its job: one that ended is judged, one that SageMaker does not know is asked for again."""
    if item["status"] != RUNNING:
        return item
    state = room.transforms.state(job_name(item))
    match state.status:
        case "Completed":
            return _judge(item, room, now)
        case "Failed":
            return _end(item, FAILED, room, now, error=failures.of_job(state.failure or ""))
        case "Stopped":
            return _end(item, STOPPED, room, now)
        case "Missing":
            return _again(item, room, now)
    return item


def _again(item: Item, room: Room, now: datetime) -> Item:
    waited = now - datetime.fromisoformat(item["started_at"])
    if waited.total_seconds() < PATIENT_HOURS * 3600:
        _ask(item, room)
        return item
    message = "SageMaker had no machine for the job for a day"
    return _end(item, FAILED, room, now, error={"code": "no_capacity", "message": message})


def _judge(item: Item, room: Room, now: datetime) -> Item:
    try:
        with TemporaryDirectory() as folder:
            files = [Path(folder) / "input", Path(folder) / "output"]
            for path, name in zip(files, (INPUT, OUTPUT), strict=True):
                room.objects.download(_key(item, name), path)
            facts = read(_lines(files[0]), _lines(files[1]), tasks.find(item["task"]))
    except JobFailed as error:
        return _end(item, FAILED, room, now, error={"code": error.code, "message": error.message})
    return _end(item, DONE, room, now, **facts)


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def read(inputs: Iterable[bytes], outputs: Iterable[bytes], task: Task) -> dict[str, Any]:
    """`counts`, the first `errors` and the `score` of an input and its output, line by line. Raises JobFailed."""
    tally = task.tally()
    counts, errors = {"lines": 0, "predicted": 0, "failed": 0}, list[dict[str, Any]]()
    try:
        for number, (line, result) in enumerate(zip(inputs, outputs, strict=True), start=1):
            answer = json.loads(result)
            problem = answer.get("error")
            counts["lines"] += 1
            counts["failed" if problem else "predicted"] += 1
            truth = None if problem else _truth(json.loads(line), task)
            if truth and truth.record:
                tally.add(truth.record, answer)
            elif truth and truth.problem:
                problem = {"code": truth.problem.code, "message": truth.problem.message}
            if problem is not None and len(errors) < MOST_ERRORS:
                errors.append({"line": number, "code": problem["code"], "message": problem["message"]})
    except ValueError:
        raise JobFailed("the output has not one answer a line of the input", code="results_incomplete") from None
    return {"counts": counts, "errors": errors, "score": tally.score()}


def _truth(line: Mapping[str, Any], task: Task) -> Checked | None:
    """The line as a record, or why its truth is no good; None where it carries none."""
    wanted = {name: line.get(name) for name in task.form.required if name != "record_id"}
    if None in wanted.values():
        return None
    return records.examine(task.form, {"record_id": "line", **wanted}, BatchOptions(), {})


def _end(item: Item, status: str, room: Room, now: datetime, **facts: Any) -> Item:
    """Says once how it ended; where somebody else was first, that stands."""
    ended = {**item, **facts, "status": status, "ended_at": stamp(now)}
    try:
        room.ledger.save(ended)
    except Stale:
        return find(item["task"], item["transform_id"], room.ledger)
    return ended


def show(item: Item, room: Room) -> dict[str, Any]:
    """The Transform of the contract. One that is done has the address of its output."""
    shown = {name: item[name] for name in SHOWN}
    if item["status"] == RUNNING:
        state = room.transforms.state(job_name(item))
        return {**shown, "status": "queued" if state.started is None else RUNNING}
    if item["status"] != DONE:
        return shown
    url = room.objects.presign_get(_key(item, OUTPUT), seconds=DOWNLOAD_SECONDS)
    return {**shown, "output": {"url": url, "expires_in": DOWNLOAD_SECONDS}}


def recent(task: str, ledger: Ledger, limit: int) -> list[dict[str, Any]]:
    """The task's transforms as the ledger has them, newest first, without their outputs."""
    found = ledger.query(f"TASK#{task}", "TRANSFORM#", newest_first=True, limit=limit)
    return [{name: item[name] for name in SHOWN} for item in found]


def running(task: str, ledger: Ledger) -> list[Item]:
    return [item for item in ledger.query(f"TASK#{task}", "TRANSFORM#") if item["status"] == RUNNING]


def find(task: str, transform_id: str, ledger: Ledger) -> Item:
    """Raises NotFound."""
    return require(ledger, transform_key(task, transform_id), "transform")


def job_name(item: Item) -> str:
    return f"{item['transform_id']}-transform"


def of_job(name: str) -> tuple[str, str]:
    """(task, transform id) of a job's name."""
    return name.partition("-")[0], name.removesuffix("-transform")


def _key(item: Item, name: str) -> str:
    return keys.transform(item["task"], item["transform_id"], name)
