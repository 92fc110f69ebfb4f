"""What nobody uses any more and still costs money: judged by its name, its tags, its age, and what the ledger says of it.

Only what is surely this deployment's is taken away: its name has the form that promotion or a run gives, and it carries no other
application's tag. The endpoint that a task serves from is never touched here; whatever else looks wrong is reported.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from chartloop import trail, tuning
from chartloop.items import run_key, task_item, task_key, transform_key, until_first
from chartloop.runs import ENDED
from chartloop.seams import Item, Ledger, Thing
from chartloop.settings import TAG
from chartloop.tasks import TASKS
from chartloop.transforms import RUNNING

VERSION = r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}"
ENDPOINT, CONFIG, MODEL, NOTEBOOK, PROCESSING, TRAINING, TRANSFORM, TUNING = (
    "endpoint",
    "endpoint-config",
    "model",
    "notebook",
    "processing",
    "training",
    "transform",
    "tuning",
)
JOBS = (PROCESSING, TRAINING, TRANSFORM, TUNING)
LATEST = 50
"""How many of a task's runs are looked at for the one that a tuning job is of."""
JANITOR = "janitor"


@dataclass(frozen=True)
class Finding:
    """Something that nobody uses; `action` is `remove` (deleted, or stopped where it runs) or `report`."""

    thing: Thing
    action: str
    reason: str
    task: str | None = None


@dataclass(frozen=True)
class Standing:
    """What the ledger says of a task: versions that are in use, and whether a promotion goes on."""

    task: str
    champion: str | None
    used: frozenset[str]
    promoting: bool


def standing(task: str, ledger: Ledger) -> Standing:
    """In use are the champion, the one before it, and whatever an active run or promotion works on."""
    owner = task_item(ledger, task)
    versions = [owner[name]["version"] for name in ("champion", "previous_champion") if owner[name]]
    active = [ledger.get(run_key(task, owner[name])) for name in ("active_run", "promotion") if owner[name]]
    used = frozenset([*versions, *(run["model"] for run in active if run)])
    return Standing(task, owner["champion"]["version"] if owner["champion"] else None, used, owner["promotion"] is not None)


def findings(
    things: Iterable[Thing], *, name: str, ledger: Ledger, now: datetime, hours: int, notebook_hours: int
) -> list[Finding]:
    """What to take away and what to report of `things`, all of whose names begin with `{name}-`, and of jobs."""
    listed = list(things)
    stands = {task: standing(task, ledger) for task in TASKS}
    live = {thing.config for thing in listed if thing.kind == ENDPOINT}

    def judge(thing: Thing) -> Finding | None:
        age = (now - thing.since).total_seconds() / 3600
        if thing.tags.get(TAG, name) != name:
            return None
        if thing.kind == NOTEBOOK:
            return _notebook(thing, age, notebook_hours)
        if age < hours:
            return None
        if thing.kind == ENDPOINT:
            return _endpoint(thing, name, stands)
        if thing.kind in JOBS:
            return _job(thing, ledger)
        return _left_over(thing, name, stands, live)

    return [found for thing in listed if (found := judge(thing)) is not None]


def _notebook(thing: Thing, age: float, hours: int) -> Finding | None:
    if thing.status != "InService" or age < hours:
        return None
    return Finding(thing, "remove", f"runs for {age:.0f} hours and may run for {hours}")


def _endpoint(thing: Thing, name: str, stands: Mapping[str, Standing]) -> Finding | None:
    """A task's own endpoint is promotion's to delete; a second one beside it is there only while a promotion goes on."""
    for task, stand in stands.items():
        if thing.name == f"{name}-{task}":
            return _serving(thing, name, stand)
        if thing.name == f"{name}-{task}-next":
            return None if stand.promoting else Finding(thing, "remove", "no promotion goes on", task)
    return Finding(thing, "report", "serves no task that this version knows")


def _serving(thing: Thing, name: str, stand: Standing) -> Finding | None:
    if stand.promoting:
        return None
    if stand.champion is None:
        return Finding(thing, "report", "serves though no model is in service", stand.task)
    right = thing.config.startswith(f"{name}-{stand.champion}-")
    return None if right else Finding(thing, "report", "serves another model than the champion", stand.task)


def _left_over(thing: Thing, name: str, stands: Mapping[str, Standing], live: Collection[str]) -> Finding | None:
    """A configuration or a model: a rollback makes again what it needs."""
    for task, stand in stands.items():
        match = re.fullmatch(rf"{re.escape(name)}-({task}-{VERSION})-[0-9a-f]{{8}}.*", thing.name)
        if match:
            kept = match[1] in stand.used or thing.name in live or stand.promoting
            return None if kept else Finding(thing, "remove", "of a version that is not in use", task)
    return None


def _job(thing: Thing, ledger: Ledger) -> Finding | None:
    """Jobs are named by their run or transform, so another deployment's are told apart by the ledger: it knows only its own."""
    match = re.match(rf"((?:{'|'.join(TASKS)})-{VERSION})-", thing.name)
    if thing.status != "InProgress" or (match is None and thing.kind != TUNING):
        return None
    task = thing.name.partition("-")[0]
    what = TRANSFORM if thing.kind == TRANSFORM else "run"
    if match is None:
        owner = _tuned(task, thing.name, ledger)
    else:
        owner = ledger.get((transform_key if what == TRANSFORM else run_key)(task, match[1]))
    if owner is None:
        return None
    ended = owner["status"] != RUNNING if what == TRANSFORM else owner["status"] in ENDED
    return Finding(thing, "remove" if ended else "report", f"its {what} has ended" if ended else "runs for very long", task)


def _tuned(task: str, job: str, ledger: Ledger) -> Item | None:
    """The run of a tuning job, whose name holds the hash of its run's id; stopped, it stops its trials."""
    latest = ledger.query(task_key(task)[0], "RUN#", newest_first=True, limit=LATEST)
    return next((run for run in latest if job.rpartition("-")[0] == tuning.name(task, run["run_id"])), None)


def note(done: Iterable[Finding], ledger: Ledger, now: datetime) -> None:
    """Enters what was taken away into the audit trail of its task."""
    for finding in done:
        if finding.task is not None:
            until_first(partial(_enter, finding.task, finding, ledger, now))


def _enter(task: str, finding: Finding, ledger: Ledger, now: datetime) -> None:
    owner, thing = task_item(ledger, task), finding.thing
    told = trail.enter(owner, now, action="tidied", by=JANITOR, kind=thing.kind, name=thing.name, reason=finding.reason)
    ledger.save(owner, told)
