"""A task's settings in the ledger: only what differs from this installation's defaults, by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from chartloop import runs, tasks, trail
from chartloop.errors import InvalidRequest
from chartloop.items import task_item, until_first
from chartloop.seams import Ledger
from chartloop.settings import Settings


def show(task: str, *, ledger: Ledger, settings: Settings) -> dict[str, Any]:
    """All settings with their values now, hyper-parameters in a group of their own."""
    return runs.settings_of(task_item(ledger, task), settings).model_dump(mode="json")


def change(task: str, changes: dict[str, Any], *, by: str, ledger: Ledger, settings: Settings, now: datetime) -> dict[str, Any]:
    """The settings after `changes`; a hyper-parameter is named without its group, and null is the default again.

    Raises InvalidRequest by field, and changes nothing then.
    """
    if not changes:
        raise InvalidRequest("nothing to change: give settings by name")
    for name in changes.keys() - tasks.names(tasks.find(task)):
        raise InvalidRequest("no such setting", code="unknown_setting", field=name)

    def attempt() -> dict[str, Any]:
        owner = task_item(ledger, task)
        known = {name: value for name, value in {**owner["settings"], **changes}.items() if value is not None}
        owner["settings"] = known
        chosen = runs.settings_of(owner, settings)
        ledger.save(owner, trail.enter(owner, now, action="settings", by=by, changes=changes))
        return chosen.model_dump(mode="json")

    return until_first(attempt)
