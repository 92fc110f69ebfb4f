"""Spans in a text: tokens, offsets in code points and UTF-16 units, widening, overlaps, BIO tags and strict counts.

An entity is any mapping with `start`, `end` (code points, half open) and `label`; other keys are carried along untouched.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from chartloop.errors import InvalidRequest

Entity = Mapping[str, Any]
Token = tuple[int, int]
"""(start, end) in code points, half open."""

# Letters (and signs that count as letters, like ½), digits, or one character that is no white space.
_RUNS = re.compile(r"[^\W\d_]+|\d+|\S")
_ORDER = itemgetter("start", "end", "label")


class Counts(NamedTuple):
    """Entities found, invented and missed."""

    tp: int
    fp: int
    fn: int


def tokens(text: str) -> list[Token]:
    """Letter runs with their combining marks, digit runs, and every other character that is no white space by itself.

    Independent of any model's tokenizer, so that a span's verdict and the token accuracy mean the same for every model.
    """
    runs = [match.span() for match in _RUNS.finditer(text)]
    return runs if text.isascii() else _join_marks(text, runs)


def _join_marks(text: str, runs: list[Token]) -> list[Token]:
    """Python's letters exclude combining marks, so a decomposed é or a Devanagari word arrives here in pieces."""
    joined: list[Token] = []
    for start, end in runs:
        if joined and joined[-1][1] == start and _continues(text, joined[-1], start):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _continues(text: str, before: Token, start: int) -> bool:
    """Whether the run at `start` belongs to the word `before`: a mark after letters, or letters after such a mark."""
    after_mark = _is_mark(text[start - 1]) and text[start].isalpha()
    return text[before[0]].isalpha() and (_is_mark(text[start]) or after_mark)


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def widen(text_tokens: Sequence[Token], start: int, end: int) -> Token | None:
    """The span from the first to the last token that `start:end` touches; None where it touches none.

    A span that begins or ends inside a token grows to the token's edge; white space at its edges falls away.
    """
    first = bisect_right(text_tokens, start, key=itemgetter(1))
    last = bisect_left(text_tokens, end, key=itemgetter(0)) - 1
    return (text_tokens[first][0], text_tokens[last][1]) if first <= last else None


def resolve_overlaps(entities: Iterable[Entity]) -> tuple[list[Entity], list[tuple[Entity, Entity]]]:
    """(kept, set aside): the longest is kept, then the leftmost, then the first label by name, whatever the order of `entities`.

    Kept ones come by position; each one set aside comes with a kept entity that it overlaps.
    """
    kept: list[Entity] = []
    set_aside = []
    for entity in sorted(entities, key=lambda e: (e["start"] - e["end"], e["start"], e["label"])):
        place = bisect_left(kept, entity["start"], key=itemgetter("start"))
        rival = next((k for k in kept[max(0, place - 1) : place + 1] if _overlap(k, entity)), None)
        if rival is None:
            insort(kept, entity, key=itemgetter("start"))
        else:
            set_aside.append((entity, rival))
    return kept, sorted(set_aside, key=lambda pair: _ORDER(pair[0]))


def _overlap(one: Entity, other: Entity) -> bool:
    return bool(one["start"] < other["end"] and other["start"] < one["end"])


def to_utf16(text: str, offsets: Iterable[int]) -> list[int]:
    """Code-point offsets into `text` as offsets in UTF-16 units, as JavaScript counts."""
    pairs = _pairs(text)
    return [offset + bisect_left(pairs, offset) for offset in offsets]


def from_utf16(text: str, offsets: Iterable[int]) -> list[int]:
    """UTF-16 offsets (0 or more) into `text` as code-point offsets.

    Raises InvalidRequest `offset_past_end` or `offset_inside_surrogate`; `details["index"]` is the place in `offsets`.
    """
    pairs = _pairs(text)
    high = [place + before for before, place in enumerate(pairs)]  # where each pair's first unit stands
    found = []
    for index, offset in enumerate(offsets):
        before = bisect_left(high, offset)
        if before and offset == high[before - 1] + 1:
            raise _bad_offset("offset_inside_surrogate", "an offset stands inside a surrogate pair", index)
        if offset - before > len(text):
            raise _bad_offset("offset_past_end", "an offset is past the end of the text", index)
        found.append(offset - before)
    return found


def _bad_offset(code: str, message: str, index: int) -> InvalidRequest:
    return InvalidRequest(message, code=code, details={"index": index})


def _pairs(text: str) -> list[int]:
    """Places of the characters that take two UTF-16 units."""
    return [] if text.isascii() else [place for place, character in enumerate(text) if character > "\uffff"]


def tags(text_tokens: Sequence[Token], entities: Iterable[Entity]) -> list[str]:
    """One BIO tag a token: a token that an entity touches is inside it; where entities overlap the earlier one has the token."""
    found = ["O"] * len(text_tokens)
    for entity in sorted(entities, key=_ORDER):
        first = bisect_right(text_tokens, entity["start"], key=itemgetter(1))
        last = bisect_left(text_tokens, entity["end"], key=itemgetter(0))
        free = [place for place in range(first, last) if found[place] == "O"]
        for place in free:
            found[place] = ("B-" if place == free[0] else "I-") + entity["label"]
    return found


def decode(text_tokens: Sequence[Token], bio: Sequence[str]) -> list[dict[str, Any]]:
    """The entities that BIO tags describe. An `I-` that continues nothing of its label begins an entity, as in IOB1."""
    found: list[dict[str, Any]] = []
    previous = "O"
    for (start, end), tag in zip(text_tokens, bio, strict=True):
        if tag.startswith("I-") and previous[2:] == tag[2:]:
            found[-1]["end"] = end
        elif tag != "O":
            found.append({"start": start, "end": end, "label": tag[2:]})
        previous = tag
    return found


def entity_counts(gold: Iterable[Entity], predicted: Iterable[Entity]) -> dict[str, Counts]:
    """Strict counts by label: an entity is found when label, start and end are the same. Repeats count once."""
    wanted = {(e["label"], e["start"], e["end"]) for e in gold}
    given = {(e["label"], e["start"], e["end"]) for e in predicted}
    found, invented, missed = (Counter(key[0] for key in keys) for keys in (wanted & given, given - wanted, wanted - given))
    return {label: Counts(found[label], invented[label], missed[label]) for label in sorted(found | invented | missed)}
