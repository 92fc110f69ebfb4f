"""Suggested billing codes for a note: what its nearest coded records carry, and which descriptions its words speak for.

The neighbours are exact: one matrix product over unit vectors. Both parts count alike: the share of the neighbours that carry
a code, as a part of the best code's share, and how much of the code's description stands in the note (chartloop/codebook.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from chartloop import spans
from chartloop.codebook import Codebook, Floats, Stem, terms

NEIGHBOURS = 20
EVIDENCE = 3
"""Records and words that are named for a suggestion."""
UNCARRIED = 0.5
"""What words count for a code that no stored record carries; counted in full, a whole table of them crowds the others out."""
BLOCK = 65_536
"""Rows that are compared at a time, so that a million of them need little memory beside their own."""


@dataclass(frozen=True)
class Note:
    """A text and its vector (dims, unit length), by the encoder that the stored vectors are of."""

    text: str
    vector: Floats


@dataclass(frozen=True)
class Neighbour:
    """A stored record near a note: its row, and the cosine of the two vectors."""

    row: int
    similarity: float


@dataclass(frozen=True)
class Coded:
    """Stored records: `vectors` (records x dims, unit length), their ids, and which codes each carries.

    `pairs` (n x 2) are (row, number of the code in `book`), sorted by row.
    """

    vectors: Floats
    record_ids: Sequence[str]
    book: Codebook
    pairs: npt.NDArray[np.int32]

    @cached_property
    def weights(self) -> Floats:
        """What the words for each code count."""
        found = np.full(len(self.book.codes), UNCARRIED, dtype=np.float32)
        found[self.pairs[:, 1]] = 1.0
        return found

    def nearest(self, queries: Floats, most: int) -> list[list[Neighbour]]:
        return nearest(self.vectors, queries, most)

    def codes_of(self, row: int) -> npt.NDArray[np.int32]:
        first, last = np.searchsorted(self.pairs[:, 0], (row, row + 1))
        numbers: npt.NDArray[np.int32] = self.pairs[first:last, 1]
        return numbers


@dataclass(frozen=True)
class Suggestion:
    """A code with its score (0 to 2), the records that carry it, nearest first, and where the note speaks of it."""

    number: int
    score: float
    records: tuple[Neighbour, ...]
    words: tuple[spans.Token, ...]


def nearest(vectors: Floats, queries: Floats, most: int, *, block: int = BLOCK) -> list[list[Neighbour]]:
    """For each row of `queries` at most `most` rows of `vectors`, the most similar first; of equal ones the earlier. Exact."""
    if most == 0 or not len(vectors):
        return [[] for _ in queries]
    found: list[list[Neighbour]] = [[] for _ in queries]
    for start in range(0, len(vectors), block):
        similarities = queries @ vectors[start : start + block].T
        for each, row in zip(found, similarities, strict=True):
            each += _best(row, most, start)
    return [sorted(each, key=lambda near: -near.similarity)[:most] for each in found]


def _best(similarities: Floats, most: int, start: int) -> list[Neighbour]:
    least = np.partition(similarities, -most)[-most] if most < len(similarities) else -np.inf
    rows = np.flatnonzero(similarities >= least)
    order = rows[np.argsort(-similarities[rows], kind="stable")][:most]
    return [Neighbour(start + int(row), float(similarities[row])) for row in order]


def suggest(stored: Coded, notes: Sequence[Note], *, stem: Stem, most: int) -> list[list[Suggestion]]:
    """The likeliest codes of each note, best first; none for which nothing speaks."""
    if not notes:
        return []
    near = stored.nearest(np.stack([note.vector for note in notes]), NEIGHBOURS)
    return [_suggested(stored, note.text, its, stem, most) for note, its in zip(notes, near, strict=True)]


def _suggested(stored: Coded, text: str, near: Sequence[Neighbour], stem: Stem, most: int) -> list[Suggestion]:
    shares = np.zeros(len(stored.book.codes), dtype=np.float32)
    for neighbour in near:
        shares[stored.codes_of(neighbour.row)] += max(neighbour.similarity, 0.0)
    held = terms(text, stem)
    scores = shares / (shares.max(initial=0.0) or 1.0) + stored.weights * stored.book.coverage(held)
    order = np.argsort(-scores, kind="stable")[:most]
    return [
        Suggestion(
            int(number),
            float(scores[number]),
            tuple(each for each in near if number in stored.codes_of(each.row))[:EVIDENCE],
            tuple(stored.book.shared(int(number), held))[:EVIDENCE],
        )
        for number in order
        if scores[number] > 0
    ]


def to_json(stored: Coded, suggestion: Suggestion) -> dict[str, Any]:
    """As the API answers it: records by id and similarity, words by their places; no text."""
    code = stored.book.codes[suggestion.number]
    records = [named(stored, each) for each in suggestion.records]
    words = [{"start": start, "end": end} for start, end in suggestion.words]
    known = {"system": code.system, "code": code.code, "description": code.description}
    return {**known, "score": round(suggestion.score, 4), "evidence": {"records": records, "words": words}}


def named(stored: Coded, near: Neighbour) -> dict[str, Any]:
    return {"record_id": stored.record_ids[near.row], "similarity": round(near.similarity, 4)}
