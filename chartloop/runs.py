"""Runs: when one starts, and what is shown of it and of its task.

A task has one active run (TASK `active_run`); records that arrive meanwhile are the pending one. What a run works on is written
to its request.json before the run is in the ledger, and a run is in the ledger before its execution starts: after a crash
anywhere everything that a start needs is there, and it is started again under the same name.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from chartloop import costs, handover, keys, provenance, reviews, tasks, trail
from chartloop.errors import Conflict, InvalidRequest, NotFound, PromotionActive
from chartloop.items import change, model_key, new, require, run_key, stamp, task_item, task_key, until_first
from chartloop.orders import Order
from chartloop.seams import Executions, Item, Jobs, Ledger, Objects
from chartloop.settings import Settings
from chartloop.snapshots import build_request
from chartloop.steps import Step, execution_name, seconds_of, steps
from chartloop.task import TaskSettings

STARTING, RUNNING, SUCCEEDED, FAILED = "starting", "running", "succeeded", "failed"
ENDED = {SUCCEEDED, FAILED}
MOST_WAITING = 200
"""Batches over the cap that a task names, so that its item stays small."""
LONGEST_REASON = 500
"""Characters, as the API takes of a person's."""


def settings_of(owner: Item, settings: Settings) -> TaskSettings:
    """The settings of a TASK item: what was changed, over the defaults of this installation."""
    return tasks.change(tasks.defaults(tasks.find(owner["task"]), settings), owner["settings"])


def consider(
    task: str, *, ledger: Ledger, objects: Objects, executions: Executions, settings: Settings, now: datetime
) -> str | None:
    """Starts a run where enough records wait and none is active, and gives its id.

    A run that is saved but perhaps was never started is started again, under the same name, and gives None.
    """

    def attempt() -> str | None:
        owner = task_item(ledger, task)
        chosen = settings_of(owner, settings)
        if owner["active_run"]:
            start_saved(require(ledger, run_key(task, owner["active_run"]), "run"), executions)
            return None
        if owner["records"] < chosen.minimum_records or new_records(owner) < chosen.minimum_new_records:
            return None
        return _start(owner, chosen, settings, by=None, ledger=ledger, objects=objects, executions=executions, now=now)

    try:
        return until_first(attempt)
    except InvalidRequest as error:
        _block(ledger, task, error)
        return None


def start_now(
    task: str, by: str, *,
    ledger: Ledger, objects: Objects, executions: Executions, settings: Settings, now: datetime, order: Order | None = None,
    tuning: dict[str, Any] | None = None,
) -> str:  # fmt: skip
    """A person's start, which waits for no new records; an `order` that was sent before is the run that it started.

    `tuning` holds for this run alone. Raises Conflict or InvalidRequest with the reason why not.
    """

    def attempt() -> str:
        if started := _started(order, ledger, executions):
            return str(started["run_id"])
        owner = task_item(ledger, task)
        chosen = tasks.change(settings_of(owner, settings), {"tuning": tuning} if tuning else {})
        if owner["active_run"]:
            raise Conflict("a run of this task is active", code="run_active", details={"run_id": owner["active_run"]})
        if owner["records"] < chosen.minimum_records:
            raise Conflict(f"{_progress(owner, chosen)} records: too few for a run")
        return _start(owner, chosen, settings, by=by, ledger=ledger, objects=objects, executions=executions, now=now, order=order)

    return until_first(attempt)


def _started(order: Order | None, ledger: Ledger, executions: Executions) -> Item | None:
    """The run of an order that was sent before; started now where it was saved and then lost."""
    run = order.run(ledger) if order else None
    if run:
        start_saved(run, executions)
    return run


def _start(
    owner: Item, chosen: TaskSettings, settings: Settings, *,
    by: str | None, ledger: Ledger, objects: Objects, executions: Executions, now: datetime, order: Order | None = None,
) -> str:  # fmt: skip
    """Raises InvalidRequest where there is nothing to work on or it costs too much, and Stale where `owner` is not the latest."""
    run = _new_run(owner["task"], "retrain", by=by, now=now)
    batches = [batch for batch in ledger.query(task_key(owner["task"])[0], "BATCH#") if batch["status"] == "processed"]
    settled, known = handover.settled_batches(objects, owner, batches), handover.known_batches(objects, ledger, owner["task"])
    batches, waiting = provenance.admitted(batches, known, chosen.poster_cap_percent)
    if waiting and all(batch["batch_id"] in known for batch in batches):
        raise InvalidRequest("every new batch waits, as its poster brings too much of the new records", code="poster_cap")
    request = build_request(run["run_id"], owner["task"], batches, settled, chosen, now, known)
    handover.check(request, chosen, objects, settings)
    cost = costs.estimate(owner["task"], costs.work_of(owner, batches, new_records(owner)), chosen, settings)
    costs.hold_cap(cost)
    run |= {"estimated_usd": cost["usd"], "rates": costs.rates(owner["task"], settings)}
    run |= {"snapshot": request["snapshot"], "trials": chosen.tuning.max_jobs}
    run["sequence"] = max(batch["sequence"] for batch in (*batches, *waiting))
    sides = {"train": handover.count(request["records"]), "holdout": handover.count(request["holdout"])}
    run["records"] = {**sides, "new": new_records(owner)}
    codes = handover.codes_place(run["run_id"], objects)
    run["input"] = handover.retrain_input(run, request, owner["embeddings"], codes, chosen, objects.bucket)
    run["counted_before"] = owner["counted"]
    owner |= {"active_run": run["run_id"], "counted": owner["arrivals"], "blocked": None}
    owner["waiting"] = [batch["batch_id"] for batch in waiting][:MOST_WAITING]
    handover.write(objects, request)
    ledger.save(owner, run, *_note(order, run))
    start_saved(run, executions)
    return str(run["run_id"])


def _new_run(
    task: str, kind: str, *, by: str | None, now: datetime, version: str | None = None, reason: str | None = None
) -> Item:
    """A RUN item: `marks` are its steps that are no jobs, `looks` those at the holdout.

    `sequence` is the place of its last batch; `requested` the endpoint configuration that it asked for;
    `withdrawn` whether it was in service and another run rolls it back.
    """
    run_id = f"{task}-{now:%Y%m%d-%H%M%S}-{uuid4().hex[:4]}"
    return new(
        run_key(task, run_id), run_id=run_id, task=task, kind=kind, model=version or run_id, status=STARTING, outcome=None,
        attempt=1, snapshot=None, sequence=0, records={"train": 0, "holdout": 0, "new": 0}, input={}, counted_before=0, looks=0,
        marks={}, requested=None, withdrawn=False, by=by, reason=reason, error=None, started_at=stamp(now), ended_at=None,
        steps=None, orchestration_seconds=None,
    )  # fmt: skip


def _note(order: Order | None, run: Item) -> list[Item]:
    return [order.note(run)] if order else []


def start_saved(run: Item, executions: Executions) -> None:
    if run["status"] == STARTING:
        executions.start(execution_name(run), run["input"])


def _block(ledger: Ledger, task: str, error: InvalidRequest) -> None:
    """Shows in the task's status why no run can start."""
    blocked = {"code": error.code, "message": error.message}
    if task_item(ledger, task)["blocked"] != blocked:
        change(ledger, lambda: task_item(ledger, task), lambda owner: owner.update(blocked=blocked))


def new_records(owner: Item) -> int:
    return max(0, int(owner["arrivals"] - owner["counted"]))


def _progress(owner: Item, chosen: TaskSettings) -> str:
    return f"{owner['records']:,} of {chosen.minimum_records:,}"


def start_promotion(
    task: str, version: str | None, kind: str, reason: str, by: str, *,
    ledger: Ledger, objects: Objects, executions: Executions, now: datetime, order: Order | None = None,
) -> Item:  # fmt: skip
    """A person's decision as a run of kind `promote` or `rollback`; it holds the promotion from the start. Gives the RUN item.

    An `order` that was sent before is the run that it started.

    A rollback without a version goes to the champion before this one. An active retraining goes on beside it. Raises NotFound,
    Conflict (not_promotable) or PromotionActive.
    """

    def attempt() -> Item:
        if started := _started(order, ledger, executions):
            return started
        owner = task_item(ledger, task)
        if owner["promotion"]:
            raise PromotionActive("another promotion of this task is under way", details={"run_id": owner["promotion"]})
        run, noted = decide(owner, version, kind, reason, by, ledger=ledger, objects=objects, now=now)
        ledger.save(owner, run, noted, *_note(order, run))
        return run

    run = until_first(attempt)
    start_saved(run, executions)
    return run


def decide(
    owner: Item, version: str | None, kind: str, reason: str, by: str, *, ledger: Ledger, objects: Objects, now: datetime
) -> tuple[Item, Item]:
    """(RUN, AUDIT) of a decision, to be saved with `owner`, whose promotion it has then. Raises NotFound or Conflict."""
    task = owner["task"]
    model = _promotable(owner, version, kind, ledger)
    run = _new_run(task, kind, by=by, now=now, version=model["model"], reason=reason)
    run |= {"input": handover.promotion_input(run, objects.bucket), "snapshot": model["snapshot"]}
    owner["promotion"] = run["run_id"]
    names = ("run_id", "task", "kind", "model", "reason", "by")
    handover.write(objects, {**{name: run[name] for name in names}, "created_at": run["started_at"]})
    return run, trail.enter(owner, now, action=kind, by=by, model=run["model"], artifact=model["sha256"], reason=reason)


def _promotable(owner: Item, version: str | None, kind: str, ledger: Ledger) -> Item:
    """The MODEL item that may go into service now."""
    before = owner["previous_champion"]
    chosen = version or (before["version"] if before else None)
    if chosen is None:
        raise Conflict("there is no earlier model to roll back to", code="not_promotable")
    model = require(ledger, model_key(owner["task"], chosen), "version")
    if owner["champion"] and owner["champion"]["version"] == chosen:
        raise Conflict("this model is in service already", code="not_promotable", field="version")
    if kind == "rollback" and model["promoted_at"] is None:
        raise Conflict("this model was never in service", code="not_promotable", field="version")
    return model


def status(task: str, *, ledger: Ledger, settings: Settings) -> dict[str, Any]:
    """Where a task stands: how many records of how many, what runs, what serves, and why nothing can start."""
    owner = task_item(ledger, task)
    chosen = settings_of(owner, settings)
    waiting = new_records(owner)
    shown = ("task", "records", "active_run", "promotion", "champion", "previous_champion", "blocked")
    return {
        **{name: owner[name] for name in shown},
        "minimum_records": chosen.minimum_records,
        "new_records": waiting,
        "minimum_new_records": chosen.minimum_new_records,
        "progress": _progress(owner, chosen),
        "waiting": len(owner.get("waiting") or ()),
        "labels": owner["seen_labels"],
        "pending": bool(owner["active_run"]) and waiting >= chosen.minimum_new_records,
        "reviews": reviews.waiting(owner),
    }


def cost(task: str, *, ledger: Ledger, settings: Settings, trials: int | None = None) -> dict[str, Any]:
    """The Cost of docs/contracts/cost.schema.json: what a run would cost if it started now, with so many `trials`."""
    owner = task_item(ledger, task)
    batches = [batch for batch in ledger.query(task_key(task)[0], "BATCH#") if batch["status"] == "processed"]
    chosen = settings_of(owner, settings)
    if trials is not None:
        chosen = tasks.change(chosen, {"tuning": {**chosen.tuning.model_dump(), "max_jobs": trials}})
    return costs.estimate(task, costs.work_of(owner, batches, new_records(owner)), chosen, settings)


def to_run(run: Item, *, objects: Objects, jobs: Jobs) -> dict[str, Any]:
    """The Run of docs/contracts/run.schema.json, with what S3 and SageMaker know of it."""
    names = ("run_id", "task", "kind", "status", "outcome", "attempt", "snapshot", "records", "error", "reason", "by")
    ended = run["ended_at"]
    shown = steps(run, jobs) if run["steps"] is None else run["steps"]
    return {
        **{name: run[name] for name in names},
        "version": run["model"],
        "review": run.get("review"),
        "steps": shown,
        "estimated_usd": run.get("estimated_usd"),
        "cost_usd": _cost(shown),
        "verdict": _read(objects, keys.run(run["run_id"], "verdict.json")),
        "scores": {role: _read(objects, keys.run(run["run_id"], f"score/{role}.json")) for role in ("candidate", "champion")},
        "started_at": run["started_at"],
        "ended_at": ended,
        "seconds": round(seconds_of(ended) - seconds_of(run["started_at"]), 3) if ended else None,
        "orchestration_seconds": run["orchestration_seconds"],
    }


def _cost(shown: list[Step]) -> float | None:
    """US dollars of all jobs so far; None where none ran."""
    found = [step["cost_usd"] for step in shown if step.get("cost_usd") is not None]
    return round(sum(found), 4) if found else None


def _read(objects: Objects, key: str) -> Any:
    try:
        return json.loads(objects.get(key).body)
    except NotFound:
        return None
