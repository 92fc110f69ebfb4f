"""What predict may be asked, by task: one input or many, with names of the caller's own, and the task's options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError, WithJsonSchema, create_model

from chartloop import coding, records
from chartloop.errors import InvalidRequest, TooLarge
from chartloop.fields import MAX_ID
from chartloop.task import Options, Task
from chartloop.tasks import TASKS
from lambdas.routes_records import OffsetUnit

MOST_CHARACTERS = 200_000
"""Of all inputs of a request: read well within the 29 seconds of API Gateway, and under 5 MB in whatever script."""
MOST_CODED = 100
"""Texts of a request that asks for codes: their vectors must fit into one call of the search function."""
BULK = "predict a file with `chartloop predict --file`, or post it in several requests"


class Answered(Options):
    """How entities are answered: what the endpoint is not told."""

    offset_unit: OffsetUnit = "codepoint"
    keep: bool = Field(False, description="Keeps text and result for 30 days, for the review queue and for corrections.")
    codes: int = Field(0, ge=0, le=coding.MOST, description="How many billing codes to suggest for each text, at most.")


PLAIN = Answered()


@dataclass(frozen=True)
class Entry:
    """An input as it was sent, with the caller's name for it, or why it cannot be read."""

    value: Any = None
    name: str | None = None
    problem: tuple[str, str] | None = None
    """(code, message)"""

    @property
    def text(self) -> str:
        """What its prediction's id is bound to."""
        return self.value if isinstance(self.value, str) else records.canonical({"input": self.value}).decode()

    def placed(self, result: dict[str, Any]) -> dict[str, Any]:
        return result if self.name is None else {"id": self.name, **result}


@dataclass(frozen=True)
class Request:
    """One request of predict: `options` go to the endpoint, `answered` says how entities come back."""

    entries: Sequence[Entry]
    options: dict[str, Any]
    answered: Answered = PLAIN

    @property
    def readable(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.problem is None]


def read(task: Task, body: dict[str, Any]) -> Request:
    """The request in a body. Raises InvalidRequest by field, and TooLarge."""
    model = model_of(task)
    for name in body:
        if name not in model.model_fields:
            if not any(name in model_of(other).model_fields for other in TASKS.values()):
                raise InvalidRequest("a field is not known")  # the caller's invention: it may be anything
            raise InvalidRequest(f"the task {task.name} is not asked with {name}", code="not_for_this_task", field=name)
    try:
        said = model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidRequest(first["msg"], field=".".join(map(str, first["loc"]))) from None
    one, many = getattr(said, task.asked.one), getattr(said, task.asked.many)
    if (one is None) == (many is None):
        raise InvalidRequest(f"give either {task.asked.one} or {task.asked.many}", field=task.asked.one)
    entries = [_checked(task, one, None)] if many is None else [_entry(task, value) for value in many]
    chosen = {name: getattr(said, name) for name in task.asked.options.model_fields}
    task.asked.options(**chosen).check(len(entries))
    answered = Answered(**{name: getattr(said, name) for name in Answered.model_fields}) if task.has_entities else PLAIN
    _check_size(task, entries, min(task.asked.most, MOST_CODED) if answered.codes else task.asked.most)
    return Request(entries, chosen, answered)


@lru_cache(maxsize=100)
def model_of(task: Task) -> type[BaseModel]:
    """The body of the task's requests. Inputs are looked at one by one: one that is no good is an error in its place."""
    plain: dict[str, Any] = {"type": "string", "minLength": 1} if _is_text(task) else {"type": "object"}
    name = {"type": "string", "minLength": 1, "maxLength": MAX_ID}
    named = {
        "type": "object", "required": ["id", task.asked.one], "properties": {"id": name, task.asked.one: plain},
        "additionalProperties": False,
    }  # fmt: skip
    many = {"type": "array", "maxItems": task.asked.most, "items": {"anyOf": [plain, named]}}
    fields: dict[str, Any] = {
        task.asked.one: (Annotated[Any, WithJsonSchema(plain)], None),
        task.asked.many: (Annotated[list[Any] | None, WithJsonSchema(many)], None),
    }
    bases = (task.asked.options, Answered) if task.has_entities else (task.asked.options,)
    return create_model(f"Predict{task.name.title()}", __base__=bases, __doc__=f"What the task `{task.name}` is asked.", **fields)


def schema(task: Task) -> dict[str, Any]:
    return model_of(task).model_json_schema()


def _is_text(task: Task) -> bool:
    return task.asked.one in task.form.texts


def _check_size(task: Task, entries: Sequence[Entry], most: int) -> None:
    characters = sum(len(entry.text) for entry in entries if entry.problem is None)
    if characters > MOST_CHARACTERS or len(entries) > most:
        raise TooLarge(
            f"at most {MOST_CHARACTERS:,} characters and {most:,} {task.asked.many} in one such request: {BULK}",
            field=task.asked.many,
        )


def _entry(task: Task, value: Any) -> Entry:
    """An object is an input with its name, unless the task's inputs are objects and this is one of them."""
    one = task.asked.one
    if not isinstance(value, dict) or (set(value) != {"id", one} and not _is_text(task)):
        return _checked(task, value, None)
    name = value.get("id")
    if set(value) != {"id", one} or not isinstance(name, str) or not 0 < len(name) <= MAX_ID or not _encodable(name):
        return Entry(problem=("wrong_type", f"a named {one} has an id of 1 to {MAX_ID} characters, a {one}, and nothing else"))
    return _checked(task, value[one], name)


def _checked(task: Task, value: Any, name: str | None) -> Entry:
    one = task.asked.one
    if not _is_text(task):
        problem = _no_row(value, one)
        return Entry(None, name, problem) if problem else Entry(value, name)
    if not isinstance(value, str):
        return Entry(None, name, ("wrong_type", f"a {one} must be a string"))
    if not value:
        return Entry(None, name, ("empty_text", f"the {one} is empty"))
    if not _encodable(value):
        return Entry(None, name, ("lone_surrogate", f"the {one} holds a lone surrogate"))
    return Entry(value, name)


def _no_row(value: Any, one: str) -> tuple[str, str] | None:
    """Why this is no object that can be asked about, and written again as JSON."""
    if not isinstance(value, dict):
        return "wrong_type", f"{one} must be an object"
    try:
        records.canonical(value)
    except UnicodeEncodeError:
        return "lone_surrogate", f"{one} hold a lone surrogate"
    except ValueError:
        return "not_finite", f"{one} hold a number that is not finite"
    return None


def _encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
