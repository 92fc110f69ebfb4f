"""MedQuAD (Ben Abacha and Demner-Fushman 2019): consumers' health questions with answers, read into records and plain texts.

A document is one illness (the pair's `focus`), whatever sources write about it: all of its pairs are on one side of every split.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters import files
from chartloop import splits
from chartloop.errors import InvalidRequest
from chartloop.task import Note

COLUMNS = ("focus", "question", "answer")


@dataclass(frozen=True)
class Pair:
    """A question with its answer; runs of blanks, which the XML's layout left, are one blank."""

    focus: str
    question: str
    answer: str

    @property
    def record(self) -> dict[str, Any]:
        """The pair as a record: equal pairs have one id, and a document stands in a patient's place, never split."""
        own = _hash(f"{self.focus}\n{self.question}\n{self.answer}")
        document = f"focus-{_hash(self.focus)}"
        return {"record_id": f"medquad-{own}", "patient_id": document, "prompt": self.question, "completion": self.answer}


@dataclass(frozen=True)
class Parts:
    """A file's pairs, shared out by document: to fine-tune on, and to pretrain on as plain texts."""

    pairs: Sequence[Pair]
    texts: Sequence[str]
    left_out: int
    """Answers that are nearly the same as one of `pairs`, and are therefore in no part."""


def read_file(path: Path) -> Iterator[tuple[dict[str, Any], list[Note]]]:
    """(record, notes) of every pair of a file, .jsonl or .json, also gzipped; there is never anything to note.

    Raises FileProblem where the file cannot be read, InvalidRequest for a line without question, answer and focus.
    """
    yield from ((pair.record, []) for pair in pairs(path))


def pairs(path: Path) -> list[Pair]:
    """All pairs with an answer, in the file's order."""
    lines = files.parse(path.read_bytes(), path.name, task="generation", columns=COLUMNS)
    read = [_pair(line.value, f"{path.name}, line {line.number}") for line in lines]
    return [pair for pair in read if pair.answer]


def share_out(all_pairs: Iterable[Pair], percent: int) -> Parts:
    """`percent` of the documents, by the hash of their focus, are texts: an answer each, without its question.

    What is nearly the same as a record's answer (the split's own measure) is left out of the texts.
    """
    sides: tuple[list[Pair], list[Pair]] = ([], [])
    for pair in all_pairs:
        place = int(hashlib.sha256(f"pretraining:{pair.focus}".encode()).hexdigest(), 16) % 100
        sides[place < percent].append(pair)
    kept, others = sides
    known = _Near(pair.answer for pair in kept)
    texts = list(dict.fromkeys(pair.answer for pair in others))
    apart = [text for text in texts if text not in known]
    return Parts(kept, apart, len(texts) - len(apart))


class _Near:
    """Texts by their MinHash bands: whether another one is nearly the same as any."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._bands: dict[str, list[bytes]] = defaultdict(list)
        for text in texts:
            signature = splits.signature(text)
            for band in splits.bands(signature):
                self._bands[band].append(signature)

    def __contains__(self, text: object) -> bool:
        own = splits.signature(str(text))
        near = (known for band in splits.bands(own) for known in self._bands.get(band, ()))
        return any(splits.similarity(known, own) >= splits.NEAR for known in near)


def _pair(value: Any, place: str) -> Pair:
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in COLUMNS):
        raise InvalidRequest(f"{place}: not an object with {', '.join(COLUMNS)}", code="not_the_format", field=place)
    focus, question, answer = (_tidy(value[name]) for name in COLUMNS)
    return Pair(focus.casefold(), question, answer)


def _tidy(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
