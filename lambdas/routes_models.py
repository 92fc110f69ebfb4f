"""Routes of models: what there is, and a person's promotion, rejection or rollback."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from chartloop import models, runs, tasks
from chartloop.orders import order
from lambdas.http import MODELS_PROMOTE, MODELS_READ, PREDICT, Routes
from lambdas.routes_records import IdempotencyKey, Reason, Task

routes = Routes()


class Rollback(BaseModel):
    """Back to `version`, or to the champion before this one."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)
    version: str | None = Field(None, min_length=1, max_length=80)


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/models", "List a task's models, newest first", "ModelList")
def list_models(task: Task) -> dict[str, Any]:
    """Every version that was judged."""
    tasks.find(task)
    found = routes.world.ledger.query(f"TASK#{task}", "MODEL#", newest_first=True)
    return {"models": [models.to_model(item) for item in found]}


@routes.add(PREDICT, "GET", "/v1/tasks/<task>/schema", "What a row holds that the model in service is asked about", "RowSchema")
def get_schema(task: Task) -> dict[str, Any]:
    """Its columns, with the values that training found. 503 before the first promotion, 404 for a task without rows."""
    tasks.find(task)
    return models.schema(task, routes.world.ledger)


@routes.add(MODELS_PROMOTE, "POST", "/v1/tasks/<task>/models/<version>/promote", "Promote a model", "Run", status=202)
def promote_model(task: Task, version: str, body: Reason, idempotency_key: IdempotencyKey = None) -> dict[str, Any]:
    """The run that promotes it."""
    return _start(task, version, "promote", body.reason, idempotency_key)


@routes.add(MODELS_PROMOTE, "POST", "/v1/tasks/<task>/models/<version>/reject", "Reject a model", "Model")
def reject_model(task: Task, version: str, body: Reason) -> dict[str, Any]:
    """The model, which is not promoted any more."""
    tasks.find(task)
    world = routes.world
    item = models.reject(
        task, version, reason=body.reason, by=routes.caller, ledger=world.ledger, registry=world.registry, now=world.clock()
    )
    return models.to_model(item)


@routes.add(MODELS_PROMOTE, "POST", "/v1/tasks/<task>/rollback", "Roll back to an earlier model", "Run", status=202)
def roll_back(task: Task, body: Rollback, idempotency_key: IdempotencyKey = None) -> dict[str, Any]:
    """The run that puts the earlier model into service."""
    return _start(task, body.version, "rollback", body.reason, idempotency_key)


def _start(task: str, version: str | None, kind: str, reason: str, key: str | None) -> dict[str, Any]:
    tasks.find(task)
    world = routes.world
    run = runs.start_promotion(
        task, version, kind, reason, routes.caller, ledger=world.ledger, objects=world.objects, executions=world.executions,
        now=world.clock(), order=order(task, routes.caller, key, kind=kind, version=version, reason=reason),
    )  # fmt: skip
    return runs.to_run(run, objects=world.objects, jobs=world.jobs)
