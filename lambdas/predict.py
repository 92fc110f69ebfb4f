"""The predict route: checks each text, asks the task's endpoint, and answers in the offsets that were asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from chartloop import coding, drift, predictions, spans, tasks
from chartloop.errors import ChartloopError, InvalidRequest, TooLarge
from chartloop.fields import MAX_ID
from chartloop.seams import Models
from lambdas import logs, wiring
from lambdas.http import PREDICT, Edge, Event, Routes
from lambdas.routes_records import OffsetUnit, Task
from lambdas.wiring import World

MOST_CHARACTERS = 200_000
"""Of all texts of a request: read well within the 29 seconds of API Gateway, and under 5 MB in whatever script."""
MOST_TEXTS = 1000
MOST_CODED = 100
"""Texts of a request that asks for codes: their vectors must fit into one call of the search function."""
BULK = "predict a file of notes with `chartloop predict --file`, or post them in several requests"

routes = Routes()

# Texts are looked at one by one below: one that is no good text is an error in its place, not of the request.
Text = Annotated[Any, WithJsonSchema({"type": "string", "minLength": 1})]
NamedText = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": "string", "minLength": 1, "maxLength": MAX_ID}, "text": {"type": "string", "minLength": 1}},
    "additionalProperties": False,
}
Items = {"type": "array", "maxItems": MOST_TEXTS, "items": {"anyOf": [{"type": "string", "minLength": 1}, NamedText]}}
Texts = Annotated[list[Any], WithJsonSchema(Items)]


@dataclass(frozen=True)
class Entry:
    """A text as it was sent, with the caller's name for it, or why it cannot be read."""

    text: str
    name: str | None = None
    problem: tuple[str, str] | None = None
    """(code, message)"""

    def placed(self, result: dict[str, Any]) -> dict[str, Any]:
        return result if self.name is None else {"id": self.name, **result}


class Request(BaseModel):
    """One text, or many with or without names of the caller's own."""

    model_config = ConfigDict(extra="forbid")

    text: Text = None
    texts: Texts | None = None
    min_confidence: float = Field(0.0, ge=0, le=1, description="Entities under it are left out.")
    offset_unit: OffsetUnit = "codepoint"
    keep: bool = Field(False, description="Keeps text and result for 30 days, for the review queue and for corrections.")
    codes: int = Field(0, ge=0, le=coding.MOST, description="How many billing codes to suggest for each text, at most.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Request:
        if (self.text is None) == (self.texts is None):
            raise InvalidRequest("give either text or texts", field="text")
        return self

    def entries(self) -> list[Entry]:
        return [_checked(self.text, None)] if self.texts is None else [_entry(value) for value in self.texts]


@routes.add(PREDICT, "POST", "/v1/tasks/<task>/predict", "Entities, and billing codes, of one text or of many", "Prediction")
def post_predict(task: Task, request: Request) -> dict[str, Any]:
    """One result a text, in order; a text that cannot be read has an error in its place. 503 before the first promotion."""
    tasks.find(task)
    return predict(task, request, routes.world)


def predict(task: str, request: Request, world: World) -> dict[str, Any]:
    """The Prediction of docs/contracts. Raises TooLarge, Unavailable and ModelError."""
    entries = request.entries()
    _check_size(entries, MOST_CODED if request.codes else MOST_TEXTS)
    readable = [entry.text for entry in entries if entry.problem is None]
    answer = _answered(task, request, readable, world)
    answered = predictions.identified(task, answer["model_version"], readable, answer["predictions"])
    _remember(task, request, answer["model_version"], readable, answered, world)
    found = iter(answered)
    results = [_result(entry, found, request.offset_unit) for entry in entries]
    facts: dict[str, Any] = {name: answer[name] for name in ("model_version", "snapshot", "warnings") if name in answer}
    return {"task": task, **facts, "offset_unit": request.offset_unit, "predictions": results}


def _answered(task: str, request: Request, texts: Sequence[str], world: World) -> dict[str, Any]:
    """The model's answer, with codes where they were asked for."""
    asked = {"inputs": list(texts), "min_confidence": request.min_confidence}
    if not request.codes:
        return world.models.invoke(task, asked)
    return coding.add(task, texts, world.models.invoke(task, {**asked, "vectors": True}), request.codes, world.library)


def _remember(
    task: str, request: Request, version: str, texts: Sequence[str], results: Sequence[dict[str, Any]], world: World
) -> None:
    """Keeps what the caller wants kept, and counts all; a count that is not saved costs nobody the answer."""
    kept = predictions.to_keep(task, texts, results)
    if request.keep:
        predictions.keep(kept, objects=world.objects, ledger=world.ledger, now=world.clock())
    try:
        world.tally.add(task, version, drift.of_results(kept, whole=request.min_confidence == 0), world.clock())
    except Exception as error:  # of the ledger, whatever it is
        logs.crash("not counted", error, task=task, version=version)


def _check_size(entries: Sequence[Entry], most: int) -> None:
    characters = sum(len(entry.text) for entry in entries)
    if characters > MOST_CHARACTERS or len(entries) > most:
        raise TooLarge(f"at most {MOST_CHARACTERS:,} characters and {most:,} texts in one such request: {BULK}", field="texts")


def _entry(value: Any) -> Entry:
    if not isinstance(value, dict):
        return _checked(value, None)
    name = value.get("id")
    if set(value) != {"id", "text"} or not isinstance(name, str) or not 0 < len(name) <= MAX_ID or not _encodable(name):
        return Entry("", problem=("wrong_type", f"a named text has an id of 1 to {MAX_ID} characters, a text, and nothing else"))
    return _checked(value["text"], name)


def _checked(text: Any, name: str | None) -> Entry:
    if not isinstance(text, str):
        return Entry("", name, ("wrong_type", "a text must be a string"))
    if not text:
        return Entry("", name, ("empty_text", "the text is empty"))
    if not _encodable(text):
        return Entry("", name, ("lone_surrogate", "the text holds a lone surrogate"))
    return Entry(text, name)


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


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
