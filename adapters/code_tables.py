"""Tables of a code system: the ICD-10-CM order file, and any other system's `code,description` as CSV or JSON Lines."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from adapters import icd10cm
from chartloop.codebook import Code
from chartloop.errors import FileProblem

MOST_CODE = 40
"""Characters, as in a record's `codes`."""
MOST_DESCRIPTION = 1000


def read(path: Path, system: str = icd10cm.SYSTEM) -> list[Code]:
    """Every code once, in the file's order. `.csv` and `.jsonl` are tables, all else is an order file; each also `.gz`.

    Raises FileProblem with the line, for a table of nothing too.
    """
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    try:
        rows = _table(path, kind, system) if kind in (".csv", ".jsonl") else icd10cm.read(path)
        codes = list(_distinct(rows, path.name))
    except UnicodeDecodeError:
        raise FileProblem("the table is not UTF-8", code="not_utf8", field=path.name) from None
    except (EOFError, gzip.BadGzipFile):
        raise FileProblem("the table is no whole gzip file", code="truncated", field=path.name) from None
    if not codes:
        raise FileProblem("the table holds no code", code="nothing_parsed", field=path.name)
    return codes


def to_lines(codes: Iterable[Code]) -> bytes:
    """As staged: one `{"code", "description"}` a line."""
    return "".join(
        json.dumps({"code": each.code, "description": each.description}, ensure_ascii=False) + "\n" for each in codes
    ).encode()


def _table(path: Path, kind: str, system: str) -> Iterator[Code]:
    opened = gzip.open if path.name.endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        for number, row in _rows(stream, kind, path.name):
            values = [row.get(name) for name in ("code", "description")]
            if not all(isinstance(value, str) and value.strip() for value in values):
                raise _wrong(number, "has no code with a description", path.name)
            code, description = (str(value).strip() for value in values)
            if len(code) > MOST_CODE or len(description) > MOST_DESCRIPTION:
                raise _wrong(number, f"has over {MOST_CODE} characters of code or {MOST_DESCRIPTION} of description", path.name)
            yield Code(system, icd10cm.pointed(code) if system == icd10cm.SYSTEM else code, description)


def _rows(stream: TextIO, kind: str, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, fields) of each row."""
    if kind == ".csv":
        table = csv.DictReader(stream)
        yield from ((table.line_num, row) for row in table)
        return
    for number, line in enumerate(stream, start=1):
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            raise _wrong(number, "is no JSON", name) from None
        if isinstance(row, dict):
            yield number, row
        elif line.strip():
            raise _wrong(number, "is no object", name)


def _distinct(codes: Iterable[Code], name: str) -> Iterator[Code]:
    seen = set()
    for each in codes:
        if each.code in seen:
            raise FileProblem("a code is listed twice", code="duplicate_key", field=name, details={"code": each.code})
        seen.add(each.code)
        yield each


def _wrong(number: int, what: str, name: str) -> FileProblem:
    return FileProblem(f"line {number} {what}", code="not_the_format", field=name)
