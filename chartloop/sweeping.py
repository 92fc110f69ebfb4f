"""What events have lost: objects below incoming/ that nothing was ever heard of."""

from __future__ import annotations

from collections.abc import Iterator

from chartloop import keys
from chartloop.intake import source_key
from chartloop.items import new
from chartloop.seams import Ledger, Objects, StoredObject

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


def _resent(task: str, missing: list[StoredObject], ledger: Ledger) -> Iterator[StoredObject]:
    for item in missing:
        pk, sk = source_key(task, item.key, item.etag)
        mark = ledger.get((pk, f"RESENT#{sk}")) or new((pk, f"RESENT#{sk}"), times=0)
        if mark["times"] < RESENDS:
            mark["times"] += 1
            ledger.save(mark)
            yield item
