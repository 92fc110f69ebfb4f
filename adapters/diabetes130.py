"""Diabetes 130-US hospitals 1999-2008 (UCI 296): the table of stays read into records of the task `regression`.

What is known at admission becomes the features, the patient's number the patient_id, so that nobody is on both sides of the
split, and the days in hospital the target.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from adapters import files
from chartloop import columns, stays
from chartloop.columns import Remark
from chartloop.errors import FileProblem, InvalidRequest

RECORD, PATIENT, TARGET = "encounter_id", "patient_nbr", "time_in_hospital"
NEEDED = (RECORD, PATIENT, TARGET, *(column.name for column in stays.ADMISSION))
CAUTION = (
    "diag_1 is taken as the reason for admission, though this table coded it when the patient left: "
    "where you know it only then, declare it so and train without it"
)


def read_file(path: Path) -> Iterator[tuple[dict[str, Any] | None, list[Remark]]]:
    """(record, remarks) of every stay, in order; first, without a record, which columns are left out, and why.

    `path` is a `.csv`, or one that ends in `.csv.gz`. Raises FileProblem where it is not that table, or a row of it breaks a
    rule, by its line.
    """
    text = files.read_text(path.read_bytes(), path.name)
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        yield None, _left_out(reader.fieldnames or ())
        for row in reader:
            yield _record(row, reader.line_num)
    except csv.Error:
        raise FileProblem(f"the quotes of line {reader.reader.line_num} are not CSV", code="not_the_format") from None


def _left_out(header: Collection[str]) -> list[Remark]:
    if missing := [name for name in NEEDED if name not in header]:
        raise FileProblem(f"the header lacks {', '.join(missing)}", code="not_the_format")
    later = [column.name for column in stays.LATER if column.name in header]
    others = set(header) - set(NEEDED) - set(later)
    told = [Remark("known_at_discharge", f"left out, for it is known only at discharge: {', '.join(later)}")] if later else []
    told += [Remark("not_declared", f"left out, for the task does not declare it: {len(others)} more columns")] if others else []
    return [*told, Remark("diagnosis", CAUTION, "diag_1")]


def _record(row: dict[str, Any], line: int) -> tuple[dict[str, Any], list[Remark]]:
    sent = {column.name: row[column.name] for column in stays.ADMISSION}
    try:
        features, remarks = columns.check(sent, stays.COLUMNS)
        target = float(row[TARGET])
    except InvalidRequest as error:
        raise FileProblem(f"line {line}: {error.message}", code=error.code, field=error.field) from None
    except (TypeError, ValueError):
        raise FileProblem(f"line {line}: {TARGET} is no number", code="wrong_type", field=TARGET) from None
    return {"record_id": row[RECORD], "patient_id": row[PATIENT], "features": features, "target": target}, remarks
