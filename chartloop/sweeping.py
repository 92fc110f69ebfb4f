"""What events have lost: objects below incoming/ that nothing was ever heard of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from chartloop import keys
from chartloop.intake import source_key
from chartloop.items import new, task_key
from chartloop.runs import ENDED
from chartloop.seams import Ledger, Objects, StoredObject
from chartloop.steps import seconds_of

LATEST = 20
"""How many of the newest runs are looked at; hardly ever more than two of them have not ended."""
RESENDS = 3
"""How often an object is sent to the queue again; what fails after that stays among the dead letters, with their alarm."""


def lost(task: str, *, ledger: Ledger, objects: Objects) -> list[StoredObject]:
    """Objects that were not taken in, to be sent to the queue again; each is given `RESENDS` times.

    An object whose event is still under way may be among them: taking one in twice has one effect.
    """
    stored = list(objects.list(keys.incoming_of(task)))
    marks = {item.key: source_key(task, item.key, item.etag) for item in stored}
    taken = ledger.get_many(marks.values())
    return list(_resent(task, [item for item in stored if marks[item.key] not in taken], ledger))


def oldest_run(task: str, *, ledger: Ledger, now: datetime) -> float:
    """Seconds since the start of the oldest run that has not ended; 0 where none goes on."""
    latest = ledger.query(task_key(task)[0], "RUN#", newest_first=True, limit=LATEST)
    going = (now.timestamp() - seconds_of(run["started_at"]) for run in latest if run["status"] not in ENDED)
    return max(0.0, *going, 0.0)


def _resent(task: str, missing: list[StoredObject], ledger: Ledger) -> Iterator[StoredObject]:
    for item in missing:
        pk, sk = source_key(task, item.key, item.etag)
        mark = ledger.get((pk, f"RESENT#{sk}")) or new((pk, f"RESENT#{sk}"), times=0)
        if mark["times"] < RESENDS:
            mark["times"] += 1
            ledger.save(mark)
            yield item
