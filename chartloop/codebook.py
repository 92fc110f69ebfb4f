"""A code system's descriptions as weighed terms: how much of what a code means stands in a note, and where it stands there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chartloop import spans

Floats = npt.NDArray[np.float32]
Stem = Callable[[str], str]
SHORTEST = 2
"""Letters of a term: single letters and digits are parts of names, and say little."""


@dataclass(frozen=True)
class Code:
    """A code of a system, such as `icd10cm` `I10`, with its description, which may be empty."""

    system: str
    code: str
    description: str = ""


def terms(text: str, stem: Stem) -> dict[str, list[spans.Token]]:
    """The text's words by their stem, each with where it stands (code points, half open)."""
    found: dict[str, list[spans.Token]] = {}
    for start, end in spans.tokens(text):
        word = text[start:end].lower()
        if _says_something(word):
            found.setdefault(stem(word), []).append((start, end))
    return found


def _stems(text: str, stem: Stem) -> set[str]:
    return {stem(word) for start, end in spans.tokens(text) if _says_something(word := text[start:end].lower())}


def _says_something(word: str) -> bool:
    return len(word) >= SHORTEST and word[0].isalpha()


class Codebook:
    """Codes by number. A term weighs the more the fewer of the descriptions it stands in (inverse document frequency).

    Weights come from the descriptions alone, so nothing of any note is kept here.
    """

    def __init__(self, codes: Sequence[Code], stem: Stem) -> None:
        self.codes = tuple(codes)
        self._stem = stem
        described = [sorted(_stems(code.description, stem)) for code in codes]
        known = Counter(term for its in described for term in its)
        self._numbers = {term: number for number, term in enumerate(known)}
        self._weights = np.log((1 + len(described)) / (1 + np.fromiter(known.values(), dtype=np.float64, count=len(known))))
        self._rows = np.repeat(np.arange(len(described)), [len(its) for its in described])
        self._terms = np.array([self._numbers[term] for its in described for term in its], dtype=np.int64)
        whole = np.bincount(self._rows, self._weights[self._terms], minlength=len(described))
        self._whole = np.where(whole > 0, whole, 1.0)

    def coverage(self, held: Collection[str]) -> Floats:
        """Per code, 0 to 1: the weight of its description's terms that are among `held`, of all their weight."""
        there = np.zeros(len(self._weights))
        there[[self._numbers[term] for term in held if term in self._numbers]] = 1.0
        gained = np.bincount(self._rows, (self._weights * there)[self._terms], minlength=len(self.codes))
        covered: Floats = (gained / self._whole).astype(np.float32)
        return covered

    def shared(self, number: int, held: dict[str, list[spans.Token]]) -> list[spans.Token]:
        """Where the note holds the terms of one code's description: each term's first place, in order."""
        described = terms(self.codes[number].description, self._stem)
        return sorted(held[term][0] for term in described if term in held)
