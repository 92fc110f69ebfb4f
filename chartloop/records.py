"""Records and their stateless verdict: each task's shape, what a batch may ask for, the canonical form and its hash.

Every message names field, rule and place; none repeats what the client sent in a field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from chartloop import entities, fields, strictjson
from chartloop.errors import InvalidRequest, NotFound


@dataclass(frozen=True)
class Shape:
    """The fields of a task's record; `texts` are those that hold clinical text."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    texts: tuple[str, ...]


SHAPES = {
    "ner": Shape(("record_id", "text", "entities"), ("patient_id", "codes"), ("text",)),
    "classification": Shape(("record_id", "text", "label"), ("patient_id",), ("text",)),
    "regression": Shape(("record_id", "features", "target"), ("patient_id",), ()),
    "generation": Shape(("record_id", "prompt", "completion"), ("patient_id",), ("prompt", "completion")),
}


@dataclass(frozen=True)
class Problem:
    """Why a record or a line is rejected; `code` is one of docs/contracts/error-codes.md."""

    code: str
    message: str
    field: str | None = None


@dataclass(frozen=True)
class Note:
    """What was changed in a record, or is worth knowing of it, though it is accepted."""

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
            replace={"true": True, "false": False}.get(replace, replace),  # type: ignore[arg-type]  # __post_init__ refuses it
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


def shape(task: str) -> Shape:
    if task not in SHAPES:
        raise NotFound("unknown task", code="unknown_task", field="task")
    return SHAPES[task]


def text_of(task: str, record: Mapping[str, Any]) -> str:
    """The clinical text of a canonical record; empty where the task has none."""
    return "\n".join(record[name] for name in shape(task).texts)


def canonical(record: Mapping[str, Any]) -> bytes:
    """The record as JSON with sorted keys and no spaces, in UTF-8: equal records give equal bytes."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(record: Mapping[str, Any]) -> str:
    """sha256, in hex, of the canonical JSON."""
    return hashlib.sha256(canonical(record)).hexdigest()


def check(task: str, value: Any, options: BatchOptions, declared_labels: Collection[str]) -> Checked:
    """The verdict on one parsed JSON value, from the value alone.

    The canonical record has code-point offsets, entities by position on whole tokens and without overlaps, and no `surface`.
    Where `declared_labels` is empty every label is taken. Raises NotFound for an unknown task only.
    """
    form = shape(task)
    try:
        members = fields.known(value, "", form.required, form.optional)
        record = _identity(members) | {name: fields.text(members[name], name) for name in form.texts}
        body, notes = _body(task, members, record, options, declared_labels)
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


def _body(
    task: str, members: dict[str, Any], record: dict[str, Any], options: BatchOptions, declared: Collection[str]
) -> tuple[dict[str, Any], list[Note]]:
    """(the fields that only this task has, what was changed in them)."""
    match task:
        case "ner":
            return _ner(members, record["text"], options, declared)
        case "classification":
            return {"label": _declared(fields.short(members["label"], "label", fields.MAX_LABEL), "label", declared)}, []
        case "regression":
            return {"features": _features(members["features"]), "target": fields.number(members["target"], "target")}, []
    return {}, []


def _ner(
    members: dict[str, Any], text: str, options: BatchOptions, declared: Collection[str]
) -> tuple[dict[str, Any], list[Note]]:
    sent = entities.check(text, members["entities"], offset_unit=options.offset_unit)
    for entity in sent:
        _declared(entity["label"], f"{entity['name']}.label", declared)
    settled, changes = entities.settle(text, sent)
    overlap = next((change for change in changes if change.code == "span_set_aside"), None)
    if overlap and options.span_policy == "reject":
        raise InvalidRequest(overlap.message, code="overlap", field=overlap.name)
    body: dict[str, Any] = {"entities": settled}
    if "codes" in members:
        body["codes"] = [_code(code, f"codes[{i}]") for i, code in enumerate(fields.a_list(members["codes"], "codes"))]
    return body, [Note(change.code, change.message, change.name) for change in changes]


def _code(value: Any, place: str) -> dict[str, str]:
    members = fields.known(value, place, ("system", "code"))
    return {name: fields.short(members[name], f"{place}.{name}", fields.MAX_CODE) for name in ("system", "code")}


def _features(value: Any) -> dict[str, Any]:
    features = {}
    for position, (name, held) in enumerate(fields.an_object(value, "features").items(), start=1):
        place = f"features, number {position}"
        features[fields.short(name, place, fields.MAX_LABEL)] = fields.feature(held, place)
    return features


def _declared(label: str, field: str, declared: Collection[str]) -> str:
    """`label`, which is one of `declared` where any is."""
    if declared and label not in declared:
        near = next((known for known in declared if known.casefold() == label.casefold()), None)
        hint = f"; it differs only in case from {near}" if near else ""
        raise InvalidRequest(f"{field} is none of the labels that the task declares{hint}", code="unknown_label", field=field)
    return label


def _labels(body: dict[str, Any]) -> frozenset[str]:
    return frozenset(labelled["label"] for labelled in [body, *body.get("entities", ())] if "label" in labelled)


def parse_json_line(text: str) -> Any | Problem:
    """The value of one strict JSON text, or the Problem with it."""
    try:
        return strictjson.loads(text)
    except InvalidRequest as error:
        return Problem(error.code, error.message)
