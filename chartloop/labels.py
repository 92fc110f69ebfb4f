"""Labels that a task declares: a record's label is one of them where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chartloop import fields
from chartloop.errors import InvalidRequest


def declared(label: str, field: str, rules: Mapping[str, Any]) -> str:
    """`label`, which is one of the rule `labels` where that is set. Raises InvalidRequest (unknown_label)."""
    known = rules.get("labels", ())
    if known and label not in known:
        near = next((one for one in known if one.casefold() == label.casefold()), None)
        hint = f"; it differs only in case from {near}" if near else ""
        raise InvalidRequest(f"{field} is none of the labels that the task declares{hint}", code="unknown_label", field=field)
    return label


def one(value: Any, field: str, rules: Mapping[str, Any]) -> str:
    """A label as it was sent, checked."""
    return declared(fields.short(value, field, fields.MAX_LABEL), field, rules)
