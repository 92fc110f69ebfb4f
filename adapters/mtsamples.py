"""MTSamples: a table of transcriptions, each listed under one specialty or several, read into one classification record a note.

The title, the description and the keywords stay out: they name the specialty, which a model would read off instead of the note.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adapters import files
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.task import Note

SPECIALTY, TEXT, ID = "medical_specialty", "transcription", "sample_id"
NAMED = 8
"""Specialties that are told where a wanted one is not among them."""


@dataclass
class _Listed:
    """A note and the wanted labels that it is listed under."""

    name: str
    labels: list[str] = field(default_factory=list)


def read_file(path: Path, labels: Sequence[str]) -> Iterator[tuple[dict[str, Any] | None, list[Note]]]:
    """(record, notes) of every note that is listed under one of the specialties `labels`, in the file's order.

    A note that is listed several times is one record. Where several of `labels` claim it the first of them wins, and a note says
    so. At the end, without a record, a note for every row that was dropped. `path` is a `.csv`, or one that ends in `.csv.gz`.
    Raises InvalidRequest for fewer than two labels or one that the file does not have, FileProblem for what is no such table.
    """
    wanted = {_key(label): label for label in labels}
    if len(wanted) < 2:
        raise InvalidRequest("name at least two specialties", field="labels")
    listed, dropped, seen = _listed(path, wanted)
    if missing := [label for key, label in wanted.items() if key not in seen]:
        known = ", ".join(name for name, _ in seen.most_common(NAMED))
        raise InvalidRequest(f"no row of the file is listed under {', '.join(missing)}; most are under {known}", field="labels")
    order = list(wanted.values())
    for text, found in listed.items():
        claims = sorted(set(found.labels), key=order.index)
        told = [Note("listed_twice", f"is listed under {' and '.join(claims)}, of which {claims[0]} comes first in the labels")]
        yield {"record_id": found.name, "text": text, "label": claims[0]}, told if len(claims) > 1 else []
    yield None, dropped


def _listed(path: Path, wanted: dict[str, str]) -> tuple[dict[str, _Listed], list[Note], Counter[str]]:
    """(notes by their text, a note for each dropped row, how many rows each specialty has)."""
    listed: dict[str, _Listed] = {}
    dropped, seen = [], Counter[str]()
    for number, row in enumerate(_rows(path), start=1):
        key, text = _key(row[SPECIALTY]), row[TEXT].strip()
        seen[key] += 1
        if key not in wanted:
            dropped.append(Note("other_specialty", f"row {number} is listed under another specialty"))
        elif not text:
            dropped.append(Note("no_text", f"row {number} has no transcription"))
        else:
            if text in listed:
                dropped.append(Note("listed_again", f"row {number} repeats a note"))
            listed.setdefault(text, _Listed(_name(row, text))).labels.append(wanted[key])
    return listed, dropped, seen


def _rows(path: Path) -> Iterator[dict[str, str]]:
    text = files.read_text(path.read_bytes(), path.name)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="", strict=True)
    try:
        if lacking := {SPECIALTY, TEXT} - set(reader.fieldnames or ()):
            raise FileProblem(f"the header lacks {', '.join(sorted(lacking))}", code="not_the_format")
        yield from reader
    except csv.Error:
        raise FileProblem(f"the quotes of line {reader.reader.line_num} are not CSV", code="not_the_format") from None


def _key(specialty: str) -> str:
    return " ".join(specialty.split()).casefold()


def _name(row: dict[str, str], text: str) -> str:
    """The note's id in the file; where a file has none, from the text, so that it is the same in every copy."""
    return row.get(ID) or hashlib.sha256(text.encode()).hexdigest()[:16]
