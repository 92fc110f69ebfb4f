"""CodiEsp (CLEF eHealth 2020): a folder of clinical cases with the ICD-10 codes of each, read into one NER record per case.

In Spanish, the spans that annotators marked as evidence become entities; the English texts are translations, which the spans
do not fit, and have codes alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from adapters.icd10cm import SYSTEM, pointed
from chartloop import entities
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.task import Note

PROCEDURES = "icd10pcs"
TEXTS = {"es": "text_files", "en": "text_files_en"}


def read_folder(path: Path, language: str = "es") -> Iterator[tuple[dict[str, Any], list[Note]]]:
    """(record, notes) of every case, by name. `path` holds `text_files` and `*D.tsv`, `*P.tsv`, `*X.tsv`.

    Raises InvalidRequest where there are no cases in that language, and FileProblem for a line that is no annotation.
    """
    documents = sorted((path / TEXTS[language]).glob("*.txt"))
    if not documents:
        raise InvalidRequest(f"the folder holds no {TEXTS[language]}/*.txt", field="path")
    diagnoses, procedures = _codes(path, "D"), _codes(path, "P")
    evidence = _rows(path, "X") if language == "es" else []
    marked = defaultdict(list)
    for number, row in evidence:
        marked[row[0]].append((number, row))
    for document in documents:
        name, text = document.stem, _raw(document)
        notes: list[Note] = []
        spans, changes = entities.settle(text, list(_spans(text, marked[name], notes)))
        notes += [Note(change.code, change.message, change.name) for change in changes]
        coded = [{"system": SYSTEM, "code": pointed(code)} for code in diagnoses[name]]
        coded += [{"system": PROCEDURES, "code": code.upper()} for code in procedures[name]]
        yield {"record_id": name, "text": text, "entities": spans, "codes": coded}, notes


def _raw(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileProblem(f"{file.name} is not UTF-8 at byte {error.start}", code="not_utf8", field=file.name) from None


def _lines(file: Path) -> list[str]:
    return _raw(file).removesuffix("\n").split("\n")


def _codes(path: Path, kind: str) -> defaultdict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for _, (document, code, *_rest) in _rows(path, kind):
        if code not in found[document]:
            found[document].append(code)
    return found


def _rows(path: Path, kind: str) -> list[tuple[int, list[str]]]:
    """(line number, columns) of the annotations of one kind: D diagnoses, P procedures, X evidence."""
    least = 5 if kind == "X" else 2
    rows = []
    for file in sorted(path.glob(f"*{kind}.tsv")):
        for number, line in enumerate(_lines(file), start=1):
            columns = line.split("\t")
            if len(columns) < least:
                raise FileProblem(
                    f"{file.name}, line {number}, has fewer than {least} columns", code="not_the_format", field=file.name
                )
            rows.append((number, columns))
    return rows


def _spans(text: str, marked: Sequence[tuple[int, list[str]]], notes: list[Note]) -> Iterator[dict[str, Any]]:
    """An entity for each span in one piece; the same span under two codes is one."""
    seen = set()
    for number, (_, label, _code, _surface, offsets, *_rest) in marked:
        reason = _unusable(text, offsets)
        if reason:
            notes.append(Note("span_set_aside", f"evidence, line {number}, {reason}", f"line {number}"))
        elif (label, offsets) not in seen:
            seen.add((label, offsets))
            start, end = map(int, offsets.split())
            yield {"start": start, "end": end, "label": label, "name": f"line {number}"}


def _unusable(text: str, offsets: str) -> str | None:
    if ";" in offsets:
        return "is discontinuous"
    parts = offsets.split()
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        return "has no offsets"
    start, end = map(int, parts)
    return None if start < end <= len(text) else f"does not lie inside the text of {len(text)} characters"
