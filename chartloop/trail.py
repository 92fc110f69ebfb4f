"""The audit trail: every entry carries its number and the hash of the one before, so an entry that is changed or gone shows.

The task keeps number and hash of its last entry, and an entry is saved together with its task: two writers cannot take one place.
Who may write the table could write a whole new chain; who kept an export sees that, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from chartloop.items import new, stamp
from chartloop.records import digest
from chartloop.seams import Item, Ledger

Entry = Mapping[str, Any]
"""As the API answers it; `number`, `previous` and `sha256` are missing of what is older than the chain."""

LEDGERS_OWN = ("pk", "sk", "version")
START = {"number": 0, "sha256": ""}


def enter(owner: Item, now: datetime, *, action: str, by: str, **details: Any) -> Item:
    """The next entry of the trail of `owner`, a TASK item that is to be saved together with it and with what it tells of."""
    last = head(owner)
    told = {"action": action, "by": by, "at": stamp(now), **details, "number": last["number"] + 1, "previous": last["sha256"]}
    told["sha256"] = digest(told)
    owner["trail"] = {"number": told["number"], "sha256": told["sha256"]}
    return new((owner["pk"], f"AUDIT#{told['at']}#{uuid4().hex[:8]}"), **told)


def head(owner: Item) -> dict[str, Any]:
    """`{number, sha256}` of the last entry."""
    return dict(owner.get("trail") or START)


def page(task: str, *, ledger: Ledger, limit: int, before: str | None = None) -> tuple[list[Entry], str | None]:
    """(entries, newest first; the `before` of the page after this one, or None)."""
    cursor = f"AUDIT#{before}" if before else None
    found = ledger.query(f"TASK#{task}", "AUDIT#", newest_first=True, limit=limit + 1, before=cursor)
    entries: list[Entry] = [{name: value for name, value in item.items() if name not in LEDGERS_OWN} for item in found[:limit]]
    return entries, found[limit - 1]["sk"].removeprefix("AUDIT#") if len(found) > limit else None


def in_order(entries: Iterable[Entry]) -> list[Entry]:
    """Oldest first: by number, and what is older than the chain by its time before them."""
    return sorted(entries, key=lambda entry: (entry.get("number", 0), str(entry.get("at"))))


def faults(entries: Iterable[Entry], last: Entry | None = None) -> Iterator[str]:
    """What is wrong with a whole trail, one sentence each; `last` is its `head`, where that is known."""
    number, sha256 = 0, ""
    for entry in in_order(entries):
        if "number" not in entry:
            continue
        own = {name: value for name, value in entry.items() if name != "sha256"}
        if entry["number"] != number + 1:
            yield f"entry {number + 1} is missing: after {number} comes {entry['number']}"
        elif entry.get("previous") != sha256:
            yield f"entry {entry['number']} does not follow the one before it"
        if entry.get("sha256") != digest(own):
            yield f"entry {entry['number']} was changed"
        number, sha256 = entry["number"], str(entry.get("sha256"))
    if last is not None and (last["number"], last["sha256"]) != (number, sha256):
        yield f"the trail ends with entry {number}, and the task's last one is {last['number']}"
