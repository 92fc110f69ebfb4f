"""The later life of a run: an interrupted one goes on under its id, and each one ends once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from chartloop import keys, reporting, reviews, trail, vectors
from chartloop.errors import Conflict, PromotionActive, Stale
from chartloop.items import change, require, run_key, stamp, task_item, task_key, until_first
from chartloop.promotion import stale, swapped, verdict_of
from chartloop.runs import ENDED, FAILED, RUNNING, STARTING, SUCCEEDED, consider, new_records, settings_of, start_saved
from chartloop.seams import Executions, Item, Jobs, Ledger, Objects
from chartloop.settings import Settings
from chartloop.steps import execution_name, frozen
from chartloop.task import TaskSettings

ATTEMPTS = 2
"""An interrupted run goes on once; one that holds the promotion goes on until registry, folder, endpoint and pointer agree."""
UNDONE = {"code": "promotion_failed", "message": "the promotion was undone"}
CANCELLED = "cancelled"
LATEST = 20
"""How many of the newest runs are looked at; hardly ever more than two of them have not ended."""


def begin(task: str, run_id: str, *, ledger: Ledger, objects: Objects) -> str:
    """Marks the run running and says where it starts: `prepare`, `promote`, or `finish` where nothing is left to do but that.

    A run that was interrupted after its verdict does not train again, unless the verdict compared it with an earlier champion.
    """
    run = change(ledger, lambda: require(ledger, run_key(task, run_id), "run"), _running)
    owner = task_item(ledger, task)
    if run["status"] in ENDED or run["withdrawn"]:
        return "finish"
    if owner["promotion"] == run_id:
        return "promote"
    if swapped(owner, run_id) or run["kind"] != "retrain":
        return "finish"
    if not objects.exists(keys.run(run_id, "verdict.json")) or stale(run, owner, objects):
        return "prepare"
    return "promote" if verdict_of(run, objects)["verdict"] == "promote" else "finish"


def _running(run: Item) -> None:
    if run["status"] == STARTING:
        run["status"] = RUNNING


def resume(
    task: str, *, ledger: Ledger, objects: Objects, executions: Executions, jobs: Jobs, settings: Settings, now: datetime
) -> list[str]:
    """Starts again what was interrupted, under its id; the ids of the runs that it touched. Safe to call at any time.

    A saved run whose execution never began begins; one whose execution is gone, or ended without finishing the run, gets its
    second attempt, and after that it fails.
    """
    owner = task_item(ledger, task)
    touched = []
    latest = ledger.query(task_key(task)[0], "RUN#", newest_first=True, limit=LATEST)
    for run in (run for run in latest if run["status"] not in ENDED):
        state = executions.status(execution_name(run))
        if state == "RUNNING":
            continue
        touched.append(run["run_id"])
        if run["status"] == STARTING and state == "MISSING":
            start_saved(run, executions)
        elif run["attempt"] < ATTEMPTS or owner["promotion"] == run["run_id"]:
            _next_attempt(run, ledger, executions)
        else:
            error = {"code": "interrupted", "message": f"interrupted {ATTEMPTS} times; the next record starts a new run"}
            finish(
                task, run["run_id"], "failed", error=error, ledger=ledger, objects=objects, executions=executions, jobs=jobs,
                settings=settings, now=now,
            )  # fmt: skip
    return touched


def _next_attempt(run: Item, ledger: Ledger, executions: Executions) -> None:
    run |= {"attempt": run["attempt"] + 1, "status": STARTING}
    try:
        ledger.save(run)
    except Stale:
        return  # it moved meanwhile, so it is not interrupted
    start_saved(run, executions)


def finish(
    task: str, run_id: str, outcome: str, *, error: Mapping[str, str] | None = None,
    ledger: Ledger, objects: Objects, executions: Executions, jobs: Jobs, settings: Settings, now: datetime,
) -> str | None:  # fmt: skip
    """Ends a run with its outcome (`promoted`, `kept`, `needs-review`, `failed`) and starts the next one where enough waits.

    What the promotion itself noted goes before `outcome`: an execution that found nothing left to do says `promoted` too. A run
    that still holds the promotion is not ended: what it began must be completed or undone first, which `resume` sees to.

    The report comes last: one that a crash prevented is made whenever somebody asks for it.
    """

    def attempt() -> bool:
        run, owner = require(ledger, run_key(task, run_id), "run"), task_item(ledger, task)
        if run["status"] in ENDED:
            return True
        if owner["promotion"] == run_id:
            ledger.save(run | {"error": dict(error) if error else None})
            return False
        _end(run, owner, outcome, error, objects=objects, jobs=jobs, settings=settings, now=now)
        ledger.save(run, owner)
        return True

    if not until_first(attempt):
        return None
    following = consider(task, ledger=ledger, objects=objects, executions=executions, settings=settings, now=now)
    reporting.keep(task, run_id, ledger=ledger, objects=objects, jobs=jobs, now=now)
    return following


def cancel(
    task: str, run_id: str, *, by: str, reason: str,
    ledger: Ledger, objects: Objects, executions: Executions, jobs: Jobs, settings: Settings, now: datetime,
) -> Item:  # fmt: skip
    """Ends a run because a person says so, and stops its execution with its jobs; asked again, it is stopped again.

    The ledger comes first: what is still under way then cannot promote the candidate. Raises NotFound, Conflict (run_ended) or,
    while the run puts its model into service, PromotionActive.
    """

    def attempt() -> Item:
        run, owner = require(ledger, run_key(task, run_id), "run"), task_item(ledger, task)
        if run["status"] in ENDED:
            if (run["error"] or {}).get("code") == CANCELLED:
                return run
            raise Conflict("the run has ended already", code="run_ended", field="run")
        if owner["promotion"] == run_id or swapped(owner, run_id):
            raise PromotionActive("the run is putting its model into service: roll back afterwards", field="run")
        error = {"code": CANCELLED, "message": f"cancelled by {by}"}
        run["reason"] = reason
        _end(run, owner, "failed", error, objects=objects, jobs=jobs, settings=settings, now=now)
        ledger.save(run, owner, trail.enter(owner, now, action="cancel", by=by, run_id=run_id, reason=reason))
        return run

    run = until_first(attempt)
    if executions.status(execution_name(run)) == "RUNNING":
        executions.stop(execution_name(run), f"cancelled by {by}")
    consider(task, ledger=ledger, objects=objects, executions=executions, settings=settings, now=now)
    reporting.keep(task, run_id, ledger=ledger, objects=objects, jobs=jobs, now=now)
    return run


def _end(
    run: Item, owner: Item, outcome: str, error: Mapping[str, str] | None, *,
    objects: Objects, jobs: Jobs, settings: Settings, now: datetime,
) -> None:  # fmt: skip
    """Puts the run's end into it and, where it was the active one or waits for a person, into the task; save both."""
    found = _outcome(outcome, run, objects)
    run["error"] = dict(error or run["error"] or UNDONE) if found == "failed" else None
    run |= {"status": FAILED if found == "failed" else SUCCEEDED, "outcome": found, "ended_at": stamp(now)}
    run |= frozen(run, jobs)
    chosen = settings_of(owner, settings)
    if owner["active_run"] == run["run_id"]:
        _release(owner, run, chosen, objects)
    if found == reviews.FOR_REVIEW:
        reviews.opened(run, owner, chosen.review_days, now)


def _outcome(said: str, run: Item, objects: Objects) -> str:
    promotion = run["marks"].get("promote", {}).get("status")
    if promotion == "succeeded":
        return "promoted"
    if said != "promoted":
        return said
    return "failed" if promotion else {"keep": "kept", "needs-review": "needs-review"}[verdict_of(run, objects)["verdict"]]


def _release(owner: Item, run: Item, chosen: TaskSettings, objects: Objects) -> None:
    """The task after its active run ended.

    A failed run gives its new records back, but for one: the next record that arrives starts a run again, the same records alone
    do not, or a run that always fails would be started for ever.
    """
    owner["active_run"] = None
    if run["status"] == FAILED and new_records(owner) < chosen.minimum_new_records:
        owner["counted"] = max(run["counted_before"], owner["arrivals"] - chosen.minimum_new_records + 1)
    if vectors.stored(objects, owner["task"], run["snapshot"]):
        owner["embeddings"] = run["snapshot"]
