"""Flips: answers on the settled holdout that the candidate has right and the champion had wrong, or the other way round.

What is shown of them is clinical text: it goes to a place of its own, which expires (docs/report.md). Reports hold counts alone.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Literal

from chartloop.extras import Flipped, Flips
from chartloop.spans import Entity

MOST = 20
"""Flips of either way that are shown; all are counted."""
ROOM = 160
"""Characters of a sentence that are shown before and behind its place, at most."""
STOP = re.compile(r"\n|[.!?;](?=\s)")

Way = Literal["fixed", "broken", "beside"]
"""The last one is of answers in words, which are shown side by side."""


@dataclass(frozen=True)
class Answered:
    """A settled record with what is annotated and what both models answered; entities in code points."""

    record_id: str
    text: str
    truth: Sequence[Entity]
    candidate: Sequence[Entity]
    champion: Sequence[Entity]


@dataclass(frozen=True)
class Flip:
    """`answers` by who gave them (`truth`, `candidate`, `champion`, `base`): `{"spans"}` within `text`, or `{"value"}`.

    `telling`: how sure of its answer the model was that tells the two apart; `subject`: what the same again would be.
    """

    way: Way
    label: str
    record_id: str
    text: str
    answers: Mapping[str, Any]
    telling: float = field(default=0.0, compare=False)
    subject: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("telling", "subject")}


def counted(flips: Iterable[Flip]) -> Flips:
    ways = Counter((flip.label, flip.way) for flip in flips)
    labels = {
        label: Flipped(fixed=ways[label, "fixed"], broken=ways[label, "broken"]) for label in sorted({label for label, _ in ways})
    }
    return Flips(
        fixed=sum(each.fixed for each in labels.values()), broken=sum(each.broken for each in labels.values()), labels=labels
    )


def shown(flips: Sequence[Flip], most: int = MOST) -> list[Flip]:
    """The most telling ones, broken before fixed, at most so many of either: every label in turn, what is new before the same."""
    return [flip for way in ("broken", "fixed") for flip in _chosen([flip for flip in flips if flip.way == way])[:most]]


def _chosen(flips: Iterable[Flip]) -> list[Flip]:
    queues: defaultdict[str, list[Flip]] = defaultdict(list)
    for flip in flips:
        queues[flip.label].append(flip)
    ordered = [_new_first(queues[label]) for label in sorted(queues, key=lambda label: (-len(queues[label]), label))]
    return [flip for turn in zip_longest(*ordered) for flip in turn if flip is not None]


def _new_first(flips: list[Flip]) -> list[Flip]:
    """By confidence, but a subject comes again only after all others have come."""
    seen: Counter[str] = Counter()
    rounds = []
    for place, flip in enumerate(sorted(flips, key=lambda flip: (-flip.telling, flip.record_id))):
        rounds.append((seen[flip.subject], place, flip))
        seen[flip.subject] += 1
    return [flip for *_, flip in sorted(rounds, key=lambda each: each[:2])]


def of_entities(answered: Iterable[Answered]) -> list[Flip]:
    """Entities that one model has just as annotated and the other has not, and ones that only one of the models invents.

    What is found in the wrong extent is one flip, not an entity missed and another invented. A place where both models are wrong,
    each in its way, is none.
    """
    return [flip for each in answered for flip in _of_record(each)]


def _of_record(its: Answered) -> Iterator[Flip]:
    truth, ours, theirs = ({_key(entity): entity for entity in some} for some in (its.truth, its.candidate, its.champion))
    missed = [key for key in truth if key not in ours and key not in theirs]
    for way, right, wrong in (("fixed", ours, theirs), ("broken", theirs, ours)):
        found = [key for key in truth if key in right and key not in wrong]
        yield from (_flip(its, way, key, right[key]) for key in found)
        only_wrong = [key for key in wrong if key not in truth and key not in right]
        excused = [*found, *missed, *(key for key in right if key not in truth and key not in wrong)]
        yield from (_flip(its, way, key, wrong[key]) for key in only_wrong if not any(_overlap(key, other) for other in excused))


def _flip(its: Answered, way: Any, key: tuple[str, int, int], sure: Entity) -> Flip:
    label, start, end = key
    here = {
        "truth": [entity for entity in its.truth if _overlap(_key(entity), key)],
        "candidate": [entity for entity in its.candidate if _overlap(_key(entity), key)],
        "champion": [entity for entity in its.champion if _overlap(_key(entity), key)],
    }
    first = min([start, *(entity["start"] for some in here.values() for entity in some)])
    last = max([end, *(entity["end"] for some in here.values() for entity in some)])
    begin, stop = around(its.text, first, last)
    answers = {who: {"spans": [_within(entity, begin) for entity in some]} for who, some in here.items()}
    subject = its.text[start:end].casefold()
    return Flip(way, label, its.record_id, its.text[begin:stop], answers, float(sure.get("confidence", 0.0)), subject)


def _key(entity: Entity) -> tuple[str, int, int]:
    return entity["label"], entity["start"], entity["end"]


def _overlap(one: tuple[str, int, int], other: tuple[str, int, int]) -> bool:
    return one[1] < other[2] and other[1] < one[2]


def _within(entity: Entity, begin: int) -> dict[str, Any]:
    return {"start": entity["start"] - begin, "end": entity["end"] - begin, "label": entity["label"]}


def around(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence or line around a place, cut to ROOM characters on either side, at white space where there is some."""
    before, behind = text[max(0, start - ROOM) : start], text[end : end + ROOM]
    stops = [match.end() for match in STOP.finditer(before)]
    if stops:
        begin = start - len(before) + stops[-1]
    else:
        begin = start - len(before.partition(" ")[2] if start > ROOM and " " in before else before)
    stop = STOP.search(behind)
    if stop:
        finish = end + stop.end()
    else:
        finish = end + len(behind.rpartition(" ")[0] if end + ROOM < len(text) and " " in behind else behind)
    while begin < start and text[begin].isspace():
        begin += 1
    while finish > end and text[finish - 1].isspace():
        finish -= 1
    return begin, finish
