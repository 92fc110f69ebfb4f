"""Routes of what becomes of predictions: corrections, the queue of the least sure ones, and drift."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from chartloop import drift, feedback, predictions, tasks
from chartloop.drift import COUNTED_DAYS
from chartloop.fields import MAX_CODE, MAX_ID, MAX_LABEL
from lambdas.http import MODELS_READ, RECORDS_WRITE, Routes
from lambdas.routes_records import OffsetUnit, Task

routes = Routes()

# Read by the rules of records, whose refusals name field and rule.
Text = Annotated[Any, WithJsonSchema({"type": "string", "minLength": 1})]
Name = Annotated[Any, WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_ID})]
ENTITY = {
    "type": "object",
    "required": ["start", "end", "label"],
    "properties": {
        "start": {"type": "integer", "minimum": 0},
        "end": {"type": "integer", "minimum": 1},
        "label": {"type": "string", "minLength": 1, "maxLength": MAX_LABEL},
        "surface": {"type": "string"},
        "confidence": {"type": "number"},
    },
    "additionalProperties": False,
}
CODE = {
    "type": "object",
    "required": ["system", "code"],
    "properties": {name: {"type": "string", "minLength": 1, "maxLength": MAX_CODE} for name in ("system", "code")},
    "additionalProperties": False,
}
Entities = Annotated[Any, WithJsonSchema({"type": "array", "items": ENTITY})]
Codes = Annotated[Any, WithJsonSchema({"type": "array", "items": CODE})]


class Feedback(BaseModel):
    """What is right of a prediction: its entities, its codes, or both."""

    model_config = ConfigDict(extra="forbid")

    prediction_id: str = Field(min_length=1, max_length=250)
    entities: Entities = Field(None, description="All that there are. Without it those of the kept prediction are right.")
    codes: Codes = None
    text: Text = Field(None, description="Needed where the prediction was not kept.")
    patient_id: Name = Field(None, description="As of a record: what is of one patient stays on one side.")
    offset_unit: OffsetUnit = "codepoint"


@routes.add(RECORDS_WRITE, "POST", "/v1/tasks/<task>/feedback", "Correct a prediction", "BatchReceipt", status=202)
def post_feedback(task: Task, body: Feedback) -> dict[str, Any]:
    """It becomes a labelled record in a batch of its own; the same again has no second effect. For tasks with entities."""
    tasks.with_entities(task)
    world = routes.world
    correction = feedback.Correction(**body.model_dump())
    return feedback.receive(task, correction, routes.caller, ledger=world.ledger, objects=world.objects, now=world.clock())


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/review", "The kept predictions, least sure first", "Review")
def get_review(
    task: Task,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
    before: Annotated[str | None, Query(max_length=80)] = None,
    include: Annotated[Literal["text"] | None, Query()] = None,
    offset_unit: Annotated[OffsetUnit, Query()] = "codepoint",
) -> dict[str, Any]:
    """Those that nobody has corrected; `include=text` also needs the scope records:write. `next` is the following `before`."""
    tasks.find(task)
    world = routes.world
    if include:
        routes.demand(RECORDS_WRITE)
    page, following = predictions.review(task, ledger=world.ledger, now=world.clock(), limit=limit, before=before)
    if include:
        shown = predictions.with_text(task, page, objects=world.objects, offset_unit=offset_unit)
    else:
        shown = [predictions.shown(item) for item in page]
    return {"task": task, "offset_unit": offset_unit, "predictions": shown, "next": following}


@routes.add(MODELS_READ, "GET", "/v1/tasks/<task>/drift", "How a task's models answer, by version and day", "Drift")
def get_drift(task: Task, days: Annotated[int, Query(ge=1, le=COUNTED_DAYS)] = 30) -> dict[str, Any]:
    """Counts, rates and shares without text: labels, confidence, length, and what corrections changed."""
    tasks.find(task)
    return drift.show(task, ledger=routes.world.ledger, now=routes.world.clock(), days=days)
