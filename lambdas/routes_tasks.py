"""Routes of a task: where it stands, its settings, its runs, its audit trail."""

from __future__ import annotations

from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from pydantic import BaseModel, ConfigDict, Field

from chartloop import lifecycle, runs, task_settings, tasks, trail
from chartloop.errors import NotFound
from chartloop.items import require, run_key, task_item
from chartloop.orders import order
from chartloop.seams import Item
from chartloop.tuning import MOST_TRIALS, TuningSettings
from lambdas.http import MODELS_PROMOTE, MODELS_READ, Routes
from lambdas.routes_records import IdempotencyKey, Reason, Task

routes = Routes()


class Start(BaseModel):
    """How a run is to be made, otherwise than the task's settings say."""

    model_config = ConfigDict(extra="forbid")

    tuning: TuningSettings | None = Field(None, description="How many trials to search, for this run alone.")


@routes.add(MODELS_READ, "GET", "/v1/tasks", "The tasks", "TaskList")
def list_tasks() -> dict[str, Any]:
    """What each is asked about, with which options, what its records hold, and what it is judged by: the first metric first."""
    return {"tasks": [tasks.shown(task) for task in tasks.TASKS.values()]}


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>", "Where a task stands", "TaskStatus")
def get_task(task: Task) -> dict[str, Any]:
    """Counts, what is missing to the next run, the active run and the champion."""
    tasks.find(task)
    return runs.status(task, ledger=routes.world.ledger, settings=routes.world.settings)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/cost", "What a run would cost", "Cost")
def get_cost(
    task: Task,
    trials: Annotated[int | None, Query(ge=0, le=MOST_TRIALS, description="With so many trials of a search.")] = None,
) -> dict[str, Any]:
    """If it started now: an estimate by step, what it stands on, and whether the cap of this installation allows it."""
    tasks.find(task)
    return runs.cost(task, ledger=routes.world.ledger, settings=routes.world.settings, trials=trials)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/settings", "A task's settings", "TaskSettings")
def get_settings(task: Task) -> dict[str, Any]:
    """All of them with their values now."""
    tasks.find(task)
    return task_settings.show(task, ledger=routes.world.ledger, settings=routes.world.settings)


@routes.add(MODELS_PROMOTE, "PATCH", "/v1/tasks/<task>/settings", "Change a task's settings", "TaskSettings")
def change_settings(task: Task, changes: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """By name; a hyper-parameter is named without its group, and null is the default again."""
    tasks.find(task)
    world = routes.world
    return task_settings.change(
        task, changes, by=routes.caller, ledger=world.ledger, settings=world.settings, now=world.clock()
    )  # fmt: skip


@routes.add(MODELS_PROMOTE, "POST", "/v1/tasks/<task>/runs", "Start a run now", "Run", status=202)
def start_run(task: Task, body: Annotated[Start | None, Body()] = None, idempotency_key: IdempotencyKey = None) -> dict[str, Any]:
    """Waits for no new records; the minimum of records holds."""
    tasks.find(task)
    world = routes.world
    tuning = body.tuning.model_dump() if body and body.tuning else None
    asked = {"kind": "retrain", **({"tuning": tuning} if tuning else {})}
    run_id = runs.start_now(
        task, routes.caller, ledger=world.ledger, objects=world.objects, executions=world.executions,
        settings=world.settings, now=world.clock(), order=order(task, routes.caller, idempotency_key, **asked), tuning=tuning,
    )  # fmt: skip
    return _shown(require(world.ledger, run_key(task, run_id), "run"))


@routes.add(MODELS_READ, "GET", "/v1/runs", "List runs, newest first", "RunPage")
def list_runs(
    task: Annotated[str | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    before: Annotated[str | None, Query(max_length=80)] = None,
) -> dict[str, Any]:
    """Without their scores, which a run's own address has; `next` is the `before` of the following page."""
    named = [tasks.find(task).name] if task else list(tasks.TASKS)
    found = sorted((run for name in named for run in _runs_of(name, limit + 1, before)), key=_time, reverse=True)
    page = [{**_shown(run), "scores": {"candidate": None, "champion": None}} for run in found[:limit]]
    return {"runs": page, "next": page[-1]["run_id"] if len(found) > limit else None}


@routes.add(MODELS_READ, "GET", "/v1/runs/<run_id>", "A run", "Run")
def get_run(run_id: str) -> dict[str, Any]:
    """Its steps, progress, score reports and verdict."""
    return _shown(require(routes.world.ledger, run_key(_task_of(run_id), run_id), "run"))


@routes.add(MODELS_PROMOTE, "POST", "/v1/runs/<run_id>/cancel", "Cancel a run", "Run", status=202)
def cancel_run(run_id: str, body: Reason) -> dict[str, Any]:
    """The run, which has failed with the code `cancelled`; its jobs stop. 409 once it puts its model into service."""
    world = routes.world
    run = lifecycle.cancel(
        _task_of(run_id), run_id, by=routes.caller, reason=body.reason, ledger=world.ledger, objects=world.objects,
        executions=world.executions, jobs=world.jobs, settings=world.settings, now=world.clock(),
    )  # fmt: skip
    return _shown(run)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/audit", "Who did what, newest first", "AuditPage")
def get_audit(
    task: Task,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    before: Annotated[str | None, Query(max_length=80)] = None,
) -> dict[str, Any]:
    """`next` is the `before` of the following page. Each entry holds the hash of the one before it; `head` is the last one's."""
    tasks.find(task)
    ledger = routes.world.ledger
    entries, following = trail.page(task, ledger=ledger, limit=limit, before=before)
    return {"audit": entries, "next": following, "head": trail.head(task_item(ledger, task))}


def _task_of(run_id: str) -> str:
    task = run_id.partition("-")[0]
    if task not in tasks.TASKS:
        raise NotFound("no such run", field="run")
    return task


def _runs_of(task: str, limit: int, before: str | None) -> list[Item]:
    """`before` is a run of any task: its id is its time."""
    cursor = f"RUN#{task}-{before.partition('-')[2]}" if before else None
    return routes.world.ledger.query(f"TASK#{task}", "RUN#", newest_first=True, limit=limit, before=cursor)


def _time(run: Item) -> str:
    return str(run["run_id"]).partition("-")[2]


def _shown(run: Item) -> dict[str, Any]:
    return runs.to_run(run, objects=routes.world.objects, jobs=routes.world.jobs)
