"""A task's records as they came in: by whom, when, in which batch and with which verdict, newest batch first. Ids, no text."""

from __future__ import annotations

import re
from typing import Any

from chartloop import batches
from chartloop.errors import InvalidRequest
from chartloop.seams import Ledger, Objects

MOST_BATCHES = 20
"""Looked into for one page: where nearly all records are of other verdicts it may be short, and still have a next one."""
PLACE = "~"
"""Between the cursor of the batch before and the last line that was shown, in a page's own cursor."""


LINE = re.compile(r"[0-9]{1,9}")


def page(
    task: str, *, ledger: Ledger, objects: Objects, limit: int, before: str | None = None, poster: str | None = None,
    since: str | None = None, until: str | None = None, verdict: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`{records, next}`: those of one `poster`, of the days from `since` to `until`, of one `verdict`."""
    cursor, after = _place(before)
    found: list[dict[str, Any]] = []
    for _ in range(MOST_BATCHES):
        listed = batches.recent(task, ledger=ledger, limit=1, before=cursor, poster=poster, since=since, until=until)
        for batch in listed["batches"]:
            shown = batches.show(task, batch["batch_id"], ledger=ledger, objects=objects)
            told = {name: shown.get(name) for name in ("batch_id", "poster", "received_at", "status")}
            wanted = [e for e in shown["records"] if e["line"] > after and verdict in (None, e["verdict"])]
            fits = wanted[: limit - len(found)]
            found += [{**told, **{name: entry.get(name) for name in ("record_id", "line", "verdict")}} for entry in fits]
            if len(fits) < len(wanted):
                return {"records": found, "next": f"{cursor or ''}{PLACE}{fits[-1]['line'] if fits else after}"}
        cursor, after = listed["next"], 0
        if cursor is None:
            return {"records": found, "next": None}
    return {"records": found, "next": f"{cursor}{PLACE}0"}


def _place(before: str | None) -> tuple[str | None, int]:
    """(cursor of `batches.recent`, the last line of its first batch that was shown). Raises InvalidRequest."""
    if before is None:
        return None, 0
    cursor, mark, line = before.rpartition(PLACE)
    if not mark or not LINE.fullmatch(line):
        raise InvalidRequest("a cursor is the `next` of a page", field="before")
    return cursor or None, int(line)
