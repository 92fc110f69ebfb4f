"""Counting a task's records: each id once, however many batches hold a version of it."""

from __future__ import annotations

from collections.abc import Iterable

from chartloop.items import batch_key, record_key
from chartloop.seams import Ledger
from chartloop.view import View


def only_in(batch_id: str, task: str, record_ids: Iterable[str], ledger: Ledger) -> int:
    """How many of the records have no version in another processed batch: what this batch adds to `TASK.records`, or takes away.

    Right only together with a save of the TASK item as it was read before: that orders the batches of a task.
    """
    view = View(ledger)
    keys = [record_key(task, record_id) for record_id in record_ids]
    view.load(keys)
    versions = [[v["batch_id"] for v in (view.get(key) or {"versions": []})["versions"]] for key in keys]
    view.load(batch_key(task, other) for others in versions for other in others)
    others = {other for names in versions for other in names if other != batch_id}
    live = {other for other in others if (view.get(batch_key(task, other)) or {}).get("status") == "processed"}
    return sum(not live & set(names) for names in versions)
