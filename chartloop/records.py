"""Records and their stateless verdict: what a batch may ask for, the canonical form and its hash.

Every message names field, rule and place; none repeats what the client sent in a field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chartloop import fields, strictjson, tasks
from chartloop.errors import InvalidRequest
from chartloop.task import Form, Note, Rules


@dataclass(frozen=True)
class Problem:
    """Why a record or a line is rejected; `code` is one of docs/contracts/error-codes.md."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True)
class Line:
    """One parsed record of a file, or the reason why there is none. `number` counts the file's lines, elements or rows from 1."""

    number: int
    value: Any = None
    problem: Problem | None = None


@dataclass(frozen=True)
class BatchOptions:
    """How a batch wants to be read. Raises InvalidRequest, naming the field, for a value that is none of the choices."""

    replace: bool = False
    """A record whose id is stored with another body replaces it instead of being a conflict."""
    span_policy: str = "longest"
    """`longest` keeps the longest of overlapping spans, then the leftmost; `reject` refuses the record."""
    offset_unit: str = "codepoint"
    """What offsets count: `codepoint`, or `utf16` units."""

    def __post_init__(self) -> None:
        _choice("replace", self.replace, (True, False), "true or false")
        _choice("span_policy", self.span_policy, ("longest", "reject"), "longest or reject")
        _choice("offset_unit", self.offset_unit, ("codepoint", "utf16"), "codepoint or utf16")

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> BatchOptions:
        """The options in an S3 object's metadata; what is missing has its default, other names are left alone."""
        replace = metadata.get("replace", "false")
        return cls(
            replace={"true": True, "false": False}.get(replace),  # type: ignore[arg-type]  # __post_init__ refuses None
            span_policy=metadata.get("span-policy", "longest"),
            offset_unit=metadata.get("offset-unit", "codepoint"),
        )

    def to_metadata(self) -> dict[str, str]:
        replace = "true" if self.replace else "false"
        return {"replace": replace, "span-policy": self.span_policy, "offset-unit": self.offset_unit}


@dataclass(frozen=True)
class Checked:
    """The verdict on one record. `record` is canonical and set where `problem` is not; `labels` are those it uses.

    `record_id` is set wherever it could be read.
    """

    record_id: str | None
    record: dict[str, Any] | None
    problem: Problem | None
    notes: tuple[Note, ...]
    labels: frozenset[str]


def _choice(field: str, value: object, choices: tuple[object, ...], rule: str) -> None:
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise InvalidRequest(f"{field} must be {rule}", field=field)


def text_of(task: str, record: Mapping[str, Any]) -> str:
    """The clinical text of a canonical record; empty where the task has none."""
    return tasks.form(task).text(record)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The record as JSON with sorted keys and no spaces, in UTF-8: equal records give equal bytes."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(record: Mapping[str, Any]) -> str:
    """sha256, in hex, of the canonical JSON."""
    return hashlib.sha256(canonical(record)).hexdigest()


def check(task: str, value: Any, options: BatchOptions, rules: Rules) -> Checked:
    """The verdict on one parsed JSON value, from the value alone. Raises NotFound for an unknown task only."""
    return examine(tasks.form(task), value, options, rules)


def examine(form: Form, value: Any, options: BatchOptions, rules: Rules) -> Checked:
    """The same by the task's form. The canonical record has code-point offsets and nothing that its body does not name."""
    try:
        members = fields.known(value, "", form.required, form.optional)
        record = _identity(members) | {name: fields.text(members[name], name) for name in form.texts}
        body, notes = form.body(members, record, options, rules)
    except InvalidRequest as error:
        return Checked(_readable_id(value), None, Problem(error.code, error.message, error.field), (), frozenset())
    return Checked(record["record_id"], record | body, None, tuple(notes), _labels(body))


def _identity(members: dict[str, Any]) -> dict[str, Any]:
    names = [name for name in ("record_id", "patient_id") if name in members]
    return {name: fields.short(members[name], name, fields.MAX_ID, "bad_id") for name in names}


def _readable_id(value: Any) -> str | None:
    try:
        return fields.short(value["record_id"], "record_id", fields.MAX_ID)
    except (InvalidRequest, LookupError, TypeError):
        return None


def _labels(body: dict[str, Any]) -> frozenset[str]:
    return frozenset(labelled["label"] for labelled in [body, *body.get("entities", ())] if "label" in labelled)


def parse_json_line(text: str) -> Any | Problem:
    """The value of one strict JSON text, or the Problem with it."""
    try:
        return strictjson.loads(text)
    except InvalidRequest as error:
        return Problem(error.code, error.message)
