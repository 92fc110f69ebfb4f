"""Confusion of entities: which label was answered where which is annotated, with what was missed and what was invented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from chartloop.extras import MOST_NAMES, Confusion
from chartloop.spans import Entity

MISSED, INVENTED = "not found", "not annotated"
OTHER = "other labels"
NOTE = "Entities that overlap, whatever their extent: what is annotated (rows) against what was found there (columns)."


def of_entities(records: Iterable[tuple[Sequence[Entity], Sequence[Entity]]]) -> Confusion | None:
    """Over (annotated, found) of each record; None where there is neither. Rare labels are one, where there are very many."""
    pairs = Counter(pair for annotated, found in records for pair in _pairs(annotated, found))
    if not pairs:
        return None
    names = Counter[str]()
    for (row, column), count in pairs.items():
        names[row] += count
        names[column] += count * (column != row)
    del names[MISSED], names[INVENTED]
    common = {name for name, _ in names.most_common(MOST_NAMES - 2)}
    rows = [*sorted(common), *([OTHER] if len(names) > len(common) else [])]
    known = {*common, MISSED, INVENTED}
    summed = Counter[tuple[str, str]]()
    for (row, column), count in pairs.items():
        summed[row if row in known else OTHER, column if column in known else OTHER] += count
    annotated, found = (*rows, INVENTED), (*rows, MISSED)
    counts = tuple(tuple(summed[row, column] for column in found) for row in annotated)
    return Confusion(annotated=annotated, found=found, counts=counts, note=NOTE)


def _pairs(annotated: Sequence[Entity], found: Sequence[Entity]) -> Iterator[tuple[str, str]]:
    """Each annotated entity with the found one that it shares most with, the same label first; and each that shares with none."""
    for entity in annotated:
        shared = [(_shared(entity, other), other["label"] == entity["label"], other["label"]) for other in found]
        best = max(shared, default=(0, False, ""))
        yield entity["label"], best[2] if best[0] > 0 else MISSED
    for other in found:
        if all(_shared(entity, other) <= 0 for entity in annotated):
            yield INVENTED, other["label"]


def _shared(one: Entity, other: Entity) -> int:
    """How many characters both cover."""
    return int(min(one["end"], other["end"]) - max(one["start"], other["start"]))
