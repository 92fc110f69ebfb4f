"""The task `classification`: one label for a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chartloop import labels
from chartloop.task import Form, Note, Rules

if TYPE_CHECKING:
    from chartloop.records import BatchOptions


def body(
    members: dict[str, Any], _record: dict[str, Any], _options: BatchOptions, rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    return {"label": labels.one(members["label"], "label", rules)}, []


FORM = Form(("record_id", "text", "label"), ("patient_id",), ("text",), body)
