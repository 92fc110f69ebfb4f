"""Tables of records: cells as fields, and workbooks damaged in every place."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import spreadsheet
from chartloop import classification, ner, regression
from chartloop.errors import FileProblem
from tests.corpus.bad_inputs import HEADER, NOTE, SHEET, workbook

LIMIT = 2**20
OWN = (*regression.FORM.required, *regression.FORM.optional)
with zipfile.ZipFile(io.BytesIO(SHEET)) as _archive:
    PARTS = {name: _archive.read(name) for name in _archive.namelist()}

# What moves a reader of worksheets: other types, far cells, numbers that are none, broken markup.
PATCHES = [b"", b"<", b'"', b"-1", b"9" * 11, b"XFD1048576", b"nan", b"\xff", b't="d"', b't="s"', b"<v>1e999</v>", b"<v>NaN</v>"]


def test_a_table_of_the_other_tasks() -> None:
    rows = 'record_id,features,target\nr-1,"{""age"": 71}",3.5\nr-2,{},NaN\n'
    good, bad = spreadsheet.csv_text(rows, columns=regression.FORM.required)
    assert good.value == {"record_id": "r-1", "features": {"age": 71}, "target": 3.5}
    assert bad.problem is not None
    assert (bad.problem.code, bad.problem.field) == ("not_finite", "target")
    with pytest.raises(FileProblem, match="lacks text, label"):
        spreadsheet.csv_text(rows, columns=classification.FORM.required)


def test_a_row_may_stand_in_columns_of_its_own() -> None:
    rows = "patient_id,record_id,age,target,ward\np-1,r-1,71,3.5,None\n,r-2,,2,\n"
    good, bare = spreadsheet.csv_text(rows, columns=regression.FORM.required, gathers="features", own=OWN)
    assert good.value == {"record_id": "r-1", "patient_id": "p-1", "features": {"age": "71", "ward": "None"}, "target": 3.5}
    assert bare.value == {"record_id": "r-2", "features": {}, "target": 2}
    book = workbook(("record_id", "age", "target"), ("r-1", 71, 3))
    (sheet,) = spreadsheet.xlsx(book, columns=regression.FORM.required, limit=LIMIT, gathers="features", own=OWN)
    assert sheet.value == {"record_id": "r-1", "features": {"age": "71"}, "target": 3}
    with pytest.raises(FileProblem, match="lacks target"):
        spreadsheet.csv_text("record_id,age\nr,1\n", columns=regression.FORM.required, gathers="features", own=OWN)


def test_a_row_in_one_column_stays_there() -> None:
    rows = 'record_id,features,target,age\nr-1,"{""age"": 71}",3.5,4\n'
    (line,) = spreadsheet.csv_text(rows, columns=regression.FORM.required, gathers="features", own=OWN)
    assert line.value == {"record_id": "r-1", "features": {"age": 71}, "target": 3.5, "age": "4"}


def test_a_text_in_a_csv_keeps_its_line_ends_and_spaces() -> None:
    (line,) = spreadsheet.csv_text(
        'record_id , text,entities\r\na," one\r\ntwo\rthree\nfour ",[]\r\n', columns=ner.TASK.form.required
    )
    assert line.value == {"record_id": "a", "text": " one\r\ntwo\rthree\nfour ", "entities": []}


def test_a_sheet_gives_ids_as_strings_and_targets_as_numbers() -> None:
    book = workbook(("record_id", "patient_id", "features", "target"), (17, 4.5, '{"age": 71}', 3), ("r", None, "{}", 1.5))
    first, second = spreadsheet.xlsx(book, columns=regression.FORM.required, limit=LIMIT)
    assert first.value == {"record_id": "17", "patient_id": "4.5", "features": {"age": 71}, "target": 3}
    assert second.value == {"record_id": "r", "features": {}, "target": 1.5}


def test_a_cell_without_a_column_is_told_by_its_place() -> None:
    (line,) = spreadsheet.csv_text("record_id,text,entities\na,b,[],,Zyxwvut\n", columns=ner.TASK.form.required)
    assert line.problem is not None
    assert line.problem.message == "cell 5 stands below no column name"


def test_rows_are_counted_from_below_the_header() -> None:
    book = workbook(HEADER, ("a", NOTE, "[]"), (), ("b", NOTE, "[]"))
    assert [line.number for line in spreadsheet.xlsx(book, columns=ner.TASK.form.required, limit=LIMIT)] == [1, 3]


def test_the_limit_is_on_what_the_parts_inflate_to() -> None:
    size = sum(map(len, PARTS.values()))
    assert len(spreadsheet.xlsx(SHEET, columns=ner.TASK.form.required, limit=size)) == 1
    with pytest.raises(FileProblem) as error:
        spreadsheet.xlsx(SHEET, columns=ner.TASK.form.required, limit=size - 1)
    assert error.value.code == "gzip_bomb"


def rebuilt(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return buffer.getvalue()


@settings(max_examples=200)
@given(st.sampled_from(sorted(PARTS)), st.integers(0, 3000), st.integers(0, 12), st.sampled_from(PATCHES))
def test_no_damage_inside_a_workbook_crashes_the_reader(name: str, place: int, length: int, patch: bytes) -> None:
    body = PARTS[name]
    place %= len(body)
    damaged = rebuilt({**PARTS, name: body[:place] + patch + body[place + length :]})
    try:
        lines = spreadsheet.xlsx(damaged, columns=ner.TASK.form.required, limit=LIMIT)
    except FileProblem as problem:
        assert problem.code == "not_the_format"
    else:
        assert len(lines) <= 1


@given(st.integers(0, len(SHEET) - 1), st.binary(min_size=1, max_size=40))
def test_no_damage_to_the_archive_crashes_the_reader(place: int, patch: bytes) -> None:
    damaged = SHEET[:place] + patch + SHEET[place + len(patch) :]
    try:
        lines = spreadsheet.xlsx(damaged, columns=ner.TASK.form.required, limit=LIMIT)
    except FileProblem as problem:
        assert problem.code in {"not_the_format", "truncated", "gzip_bomb"}
    else:
        assert len(lines) <= 1


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_workbook_without_a_part_is_read_or_refused(name: str) -> None:
    parts = {part: body for part, body in PARTS.items() if part != name}
    try:
        lines = spreadsheet.xlsx(rebuilt(parts), columns=ner.TASK.form.required, limit=LIMIT)
    except FileProblem as problem:
        assert problem.code == "not_the_format"
    else:
        assert [line.value["text"] for line in lines] == [NOTE]
