"""The entities of a note: checked as sent, then settled on whole tokens without overlaps, with a word on every change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from chartloop import fields, spans
from chartloop.errors import InvalidRequest


class Change(NamedTuple):
    """What happened to one span; `name` is where it was sent, and the message holds offsets in code points."""

    code: str
    message: str
    name: str


def check(text: str, value: Any, *, offset_unit: str) -> list[dict[str, Any]]:
    """The entities that were sent for `text`, in code points, each with its place as `name`. Raises InvalidRequest."""
    entities = [_entity(entity, f"entities[{index}]") for index, entity in enumerate(fields.a_list(value, "entities"))]
    if offset_unit == "utf16":
        _to_code_points(text, entities)
    for entity in entities:
        _check_against(text, entity)
    return entities


def _entity(value: Any, name: str) -> dict[str, Any]:
    members = fields.known(value, name, ("start", "end", "label"), ("surface",))
    start, end = (_offset(members[edge], f"{name}.{edge}") for edge in ("start", "end"))
    if end <= start:
        raise InvalidRequest(f"{name} must end after it starts", code="offset_reversed", field=name)
    label = fields.short(members["label"], f"{name}.label", fields.MAX_LABEL)
    return {**members, "start": start, "end": end, "label": label, "name": name}


def _offset(value: Any, field: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidRequest(f"{field} must be an integer", code="offset_type", field=field)
    if value < 0:
        raise InvalidRequest(f"{field} must not be negative", code="offset_negative", field=field)
    return value


def _to_code_points(text: str, entities: Sequence[dict[str, Any]]) -> None:
    edges = [(entity, edge) for entity in entities for edge in ("start", "end")]
    try:
        offsets = spans.from_utf16(text, [entity[edge] for entity, edge in edges])
    except InvalidRequest as error:
        entity, edge = edges[(error.details or {})["index"]]
        raise InvalidRequest(error.message, code=error.code, field=f"{entity['name']}.{edge}") from None
    for (entity, edge), offset in zip(edges, offsets, strict=True):
        entity[edge] = offset


def _check_against(text: str, entity: dict[str, Any]) -> None:
    name, start, end = entity["name"], entity["start"], entity["end"]
    if end > len(text):
        message = f"{name}.end is past the end of the text, which has {len(text)} characters"
        raise InvalidRequest(message, code="offset_past_end", field=f"{name}.end")
    if "surface" in entity and text[start:end] != entity["surface"]:
        message = f"{name}.surface is not what the text holds from {start} to {end}"
        raise InvalidRequest(message, code="surface_mismatch", field=f"{name}.surface")
    if text[start:end].isspace():
        raise InvalidRequest(f"{name} covers nothing but white space", code="blank_span", field=name)


def settle(text: str, entities: Iterable[spans.Entity]) -> tuple[list[dict[str, Any]], list[Change]]:
    """(entities on whole tokens, disjoint, by position; what changed).

    `entities` lie inside `text`, cover more than white space, and have a `name` to be told by.
    """
    text_tokens = spans.tokens(text)
    wide, changes = [], []
    for entity in entities:
        start, end = spans.widen(text_tokens, entity["start"], entity["end"]) or (entity["start"], entity["end"])
        if (start, end) != (entity["start"], entity["end"]):
            changes.append(_edge_change(entity, start, end))
        wide.append({**entity, "start": start, "end": end})
    kept, set_aside = spans.resolve_overlaps(wide)
    changes += [_overlap_change(entity, rival) for entity, rival in set_aside]
    return [{edge: entity[edge] for edge in ("start", "end", "label")} for entity in kept], changes


def _edge_change(entity: spans.Entity, start: int, end: int) -> Change:
    grown = start < entity["start"] or end > entity["end"]
    code, done = ("span_widened", "widened to the whole word") if grown else ("span_trimmed", "freed of white space at its edges")
    return Change(code, f"{entity['name']} {entity['start']}:{entity['end']} was {done}, {start}:{end}", entity["name"])


def _overlap_change(entity: spans.Entity, rival: spans.Entity) -> Change:
    name = entity["name"]
    message = f"{name} {entity['start']}:{entity['end']} overlaps {rival['name']} {rival['start']}:{rival['end']}"
    return Change("span_set_aside", message, name)
