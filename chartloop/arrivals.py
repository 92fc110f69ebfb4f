"""A task's records as they came in: by whom, when, in which batch, with which verdict and labels, newest batch first. No text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from chartloop import batches, receipts
from chartloop.errors import InvalidRequest
from chartloop.seams import Ledger, Objects

LISTED = 50
"""Batches that are asked of the ledger at a time."""
MOST_LISTINGS = 20
A_RECEIPT, EFFORT = 500, 50_000
"""To read a receipt is as much work as to look at so many records; and the most of it for one page.

Where nearly all records are others than those that are sought it may be short, and still have a next one.
"""
PLACE = "~"
"""In a page's cursor, between the place of a batch and its last line that was shown; 0: all of it was.

It sorts after every character of a batch's place.
"""
LINE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Sought:
    """Which records: of one poster, of the days from `since` to `until`, of one verdict, with a label, with this in their id."""

    poster: str | None = None
    since: str | None = None
    until: str | None = None
    verdict: str | None = None
    label: str | None = None
    record_id: str | None = None

    def may_be_in(self, batch: receipts.Receipt) -> bool:
        return self.verdict is None or bool(batch["counts"][self.verdict])

    def fits(self, entry: receipts.Entry) -> bool:
        return (
            self.verdict in (None, entry["verdict"])
            and (self.label is None or self.label in entry.get("labels", ()))
            and (self.record_id is None or self.record_id.casefold() in (entry.get("record_id") or "").casefold())
        )


def page(
    task: str, sought: Sought, *, ledger: Ledger, objects: Objects, limit: int, before: str | None = None
) -> dict[str, Any]:  # fmt: skip
    """`{records, next}`: `next` is the cursor of the page after this one, or None."""
    cursor, cut, after = _place(before)
    found, spent = list[dict[str, Any]](), 0
    for _ in range(MOST_LISTINGS):
        listed = batches.recent(
            task, ledger=ledger, limit=LISTED, before=cursor, poster=sought.poster, since=sought.since, until=sought.until
        )
        for batch in filter(sought.may_be_in, listed["batches"]):
            if spent >= EFFORT:
                return {"records": found, "next": f"{cursor}{PLACE}0"}
            place = batches.place_of(batch)
            shown = batches.show(task, batch["batch_id"], ledger=ledger, objects=objects)
            spent += A_RECEIPT + len(shown["records"])
            wanted = [e for e in shown["records"] if sought.fits(e) and (place != cut or e["line"] > after)]
            fits = wanted[: limit - len(found)]
            found += [_told(shown, entry) for entry in fits]
            if len(fits) < len(wanted):
                return {"records": found, "next": f"{place}{PLACE}{fits[-1]['line']}" if fits else f"{cursor}{PLACE}0"}
            cursor = place
        cursor = listed["next"]
        if cursor is None:
            return {"records": found, "next": None}
    return {"records": found, "next": f"{cursor}{PLACE}0"}


def _told(batch: receipts.Receipt, entry: receipts.Entry) -> dict[str, Any]:
    whole = {name: batch.get(name) for name in ("batch_id", "poster", "received_at", "status")}
    labels = entry.get("labels", [])
    return {**whole, **{name: entry.get(name) for name in ("record_id", "line", "verdict")}, "labels": labels}


def _place(before: str | None) -> tuple[str | None, str, int]:
    """(cursor of `batches.recent`, the batch of which a part was shown, its last line that was). Raises InvalidRequest."""
    if before is None:
        return None, "", 0
    place, _, line = before.rpartition(PLACE)
    if not place or not LINE.fullmatch(line):
        raise InvalidRequest("a cursor is the `next` of a page", field="before")
    return (f"{place}{PLACE}", place, int(line)) if int(line) else (place, "", 0)
