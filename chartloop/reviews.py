"""Candidates that wait for a person: until when, who decided what and why, and that the champion stays where nobody does.

A run whose verdict is `needs-review` ends with that outcome and a `review`, `{"until", "status", "by", "at", "reason"}`; TASK
`reviews` names the open ones by version with their deadline. A person's promotion or rejection closes it; else the sweep does
(chartloop/deadlines.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from chartloop.items import require, run_key, stamp
from chartloop.seams import Item, Ledger

WAITING, PROMOTED, REJECTED, EXPIRED, SUPERSEDED = "waiting", "promoted", "rejected", "expired", "superseded"
FOR_REVIEW = "needs-review"
"""Of a verdict, of its run's outcome, and of its model's status."""
OUTCOME = {PROMOTED: "promoted", REJECTED: "kept", EXPIRED: "kept", SUPERSEDED: "kept"}


def opened(run: Item, owner: Item, days: int, now: datetime) -> None:
    """Notes on both items that `run`'s candidate waits."""
    until = stamp(now + timedelta(days=days))
    run["review"] = {"until": until, "status": WAITING, "by": None, "at": None, "reason": None}
    owner["reviews"] = {**waiting(owner), run["model"]: until}


def waiting(owner: Item) -> dict[str, str]:
    """Deadlines by version; a TASK item that is older than reviews has none."""
    return dict(owner.get("reviews") or {})


def closed(owner: Item, version: str, status: str, *, by: str, reason: str, ledger: Ledger, now: datetime) -> list[Item]:
    """The run whose candidate waited, with what came of it, to be saved with `owner`; nothing where it did not wait."""
    open_ones = waiting(owner)
    if version not in open_ones:
        return []
    del open_ones[version]
    owner["reviews"] = open_ones
    run = require(ledger, run_key(owner["task"], version), "run")
    run["review"] = {**run["review"], "status": status, "by": by, "at": stamp(now), "reason": reason}
    return [run | {"outcome": OUTCOME[status]}]
