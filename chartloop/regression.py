"""The task `regression`: a number for a row of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chartloop import fields
from chartloop.task import Form, Note, Rules

if TYPE_CHECKING:
    from chartloop.records import BatchOptions


def body(
    members: dict[str, Any], _record: dict[str, Any], _options: BatchOptions, _rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    return {"features": features(members["features"]), "target": fields.number(members["target"], "target")}, []


def features(value: Any) -> dict[str, Any]:
    """A row: short names, each with a string, a number, a truth value or null. Raises InvalidRequest by the field's place."""
    found = {}
    for position, (name, held) in enumerate(fields.an_object(value, "features").items(), start=1):
        place = f"features, number {position}"
        found[fields.short(name, place, fields.MAX_LABEL)] = fields.feature(held, place)
    return found


FORM = Form(("record_id", "features", "target"), ("patient_id",), (), body)
