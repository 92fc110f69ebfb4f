"""The predict route: asks the task's endpoint, and answers in the offsets that were asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Body

from chartloop import coding, drift, predictions, spans, tasks
from chartloop.errors import ChartloopError, InvalidRequest
from chartloop.seams import Models
from chartloop.task import Task
from lambdas import asking, logs, wiring
from lambdas.asking import Entry, Request
from lambdas.http import PREDICT, Edge, Event, Routes
from lambdas.routes_records import Task as TaskName
from lambdas.wiring import World

routes = Routes()


@routes.add(
    PREDICT, "POST", "/v1/tasks/<task>/predict", "What the model in service answers, to one input or to many", "Prediction"
)
def post_predict(task: TaskName, body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
    """One result an input, in order; one that cannot be read has an error in its place. 503 before the first promotion."""
    found = tasks.find(task)
    return predict(found, asking.read(found, body), routes.world)


def predict(task: Task, request: Request, world: World) -> dict[str, Any]:
    """The Prediction of docs/contracts. Raises Unavailable and ModelError."""
    texts = [entry.text for entry in request.readable]
    answer = _answered(task, request, world)
    answered = predictions.identified(task.name, answer["model_version"], texts, answer["predictions"])
    _remember(task, request, answer["model_version"], texts, answered, world)
    found = iter(answered)
    unit = request.answered.offset_unit
    results = [_result(entry, found, unit) for entry in request.entries]
    facts: dict[str, Any] = {name: answer[name] for name in ("model_version", "snapshot", "warnings") if name in answer}
    said = {"offset_unit": unit} if task.has_entities else {}
    return {"task": task.name, **facts, **said, "predictions": results}


def _answered(task: Task, request: Request, world: World) -> dict[str, Any]:
    """The model's answer, with codes where they were asked for."""
    inputs = [entry.value for entry in request.readable]
    asked = {"inputs": inputs, **request.options}
    if not request.answered.codes:
        return world.models.invoke(task.name, asked)
    answer = world.models.invoke(task.name, {**asked, "vectors": True})
    return coding.add(task.name, inputs, answer, request.answered.codes, world.library)


def _remember(
    task: Task, request: Request, version: str, texts: Sequence[str], results: Sequence[dict[str, Any]], world: World
) -> None:
    """Keeps what the caller wants kept, and counts all; a count that is not saved costs nobody the answer."""
    kept = predictions.to_keep(task.name, texts, results)
    if request.answered.keep:
        predictions.keep(kept, objects=world.objects, ledger=world.ledger, now=world.clock())
    try:
        whole = not request.options.get("min_confidence")
        world.tally.add(task.name, version, drift.of_results(kept, task.found, whole=whole), world.clock())
    except Exception as error:  # of the ledger, whatever it is
        logs.crash("not counted", error, task=task.name, version=version)


def _result(entry: Entry, found: Iterator[dict[str, Any]], offset_unit: str) -> dict[str, Any]:
    if entry.problem is not None:
        code, message = entry.problem
        return entry.placed({"error": {"code": code, "message": message}})
    result = next(found)
    if offset_unit == "utf16" and "entities" in result:
        [characters] = spans.to_utf16(entry.text, [result["characters"]])
        found_there = predictions.in_unit(entry.text, result["entities"], offset_unit)
        result = {**result, "entities": found_there, "characters": characters}
        for code in result.get("codes", ()):
            code["evidence"]["words"] = predictions.in_unit(entry.text, code["evidence"]["words"], offset_unit)
    return entry.placed(result)


def loads(text: str) -> Any:
    """The JSON of a request. Unlike a record's it may hold lone surrogates: they are the error of their own text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is no valid JSON", code="invalid_json") from None


@lru_cache(maxsize=1)
def edge() -> Edge:
    return Edge(routes, loads=loads)


def handle(event: Event, context: Any, world: World) -> dict[str, Any]:
    """A request of the API; or one of promotion's own, which the API cannot produce: it always tells of its context."""
    return edge()(event, context, world) if "requestContext" in event else direct(event, world.models)


def direct(event: Event, models: Models) -> dict[str, Any]:
    """`{"ask": "state" | "answer", "task", "config", "payload"}`: what adapters/function_endpoint.py asks this function."""
    try:
        if event["ask"] == "state":
            return {"state": asdict(models.state(event["task"], event["config"]))}
        return {"answer": models.invoke(event["task"], event["payload"], config=event["config"])}
    except ChartloopError as error:
        return error.to_json()


def handler(event: Event, context: Any) -> dict[str, Any]:
    return handle(event, context, wiring.world())
