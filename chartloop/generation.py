"""The task `generation`: a completion for a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chartloop.task import Form, Note, Rules

if TYPE_CHECKING:
    from chartloop.records import BatchOptions


def body(
    _members: dict[str, Any], _record: dict[str, Any], _options: BatchOptions, _rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    """Prompt and completion are texts, which the form has checked."""
    return {}, []


FORM = Form(("record_id", "prompt", "completion"), ("patient_id",), ("prompt", "completion"), body)
