"""Declared columns: what a row may hold, what counts as missing, and what is refused, by name and rule but never by value."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from chartloop import columns, stays
from chartloop.columns import Column
from chartloop.errors import InvalidRequest

CANARY = "Zyxwvut"
COLUMNS = (
    Column("visits", "number"),
    Column("ward", "category", missing=("?",)),
    Column("age", "ordinal", values=("young", "old")),
    Column("smokes", "flag"),
    Column("medications", "number", known="discharge"),
)


def test_a_row_comes_out_in_canonical_form_whoever_wrote_it() -> None:
    typed, _ = columns.check({"visits": 3, "ward": 12, "age": "old", "smokes": True}, COLUMNS)
    written, _ = columns.check({"visits": "3", "ward": "12", "age": "old", "smokes": "Yes"}, COLUMNS)
    assert typed == written == {"visits": 3.0, "ward": "12", "age": "old", "smokes": True}


def test_what_is_missing_is_left_out_and_none_is_a_value() -> None:
    row, remarks = columns.check({"visits": None, "ward": "?", "age": "", "smokes": None}, COLUMNS)
    assert (row, remarks) == ({}, [])
    assert columns.check({"ward": "None"}, COLUMNS)[0] == {"ward": "None"}
    assert columns.check({"ward": "NaN"}, COLUMNS)[0] == {"ward": "NaN"}


def test_a_value_that_is_not_listed_is_missing_with_a_remark() -> None:
    row, (remark,) = columns.check({"age": CANARY, "visits": 1}, COLUMNS)
    assert row == {"visits": 1.0}
    assert (remark.code, remark.field) == ("unseen_category", "features.age")
    assert CANARY not in remark.message


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        ({"medications": 4}, "known_at_discharge", "features.medications"),
        ({"medications": None}, "known_at_discharge", "features.medications"),
        ({"visits": 1, CANARY: 2}, "unknown_column", "features"),
        ({"visits": CANARY}, "wrong_type", "features.visits"),
        ({"visits": True}, "wrong_type", "features.visits"),
        ({"visits": [1]}, "wrong_type", "features.visits"),
        ({"visits": "nan"}, "not_finite", "features.visits"),
        ({"visits": 10**400}, "not_finite", "features.visits"),
        ({"ward": 1.5}, "wrong_type", "features.ward"),
        ({"ward": float("nan")}, "wrong_type", "features.ward"),
        ({"ward": True}, "wrong_type", "features.ward"),
        ({"ward": CANARY * 20}, "wrong_type", "features.ward"),
        ({"ward": "\ud800"}, "lone_surrogate", "features.ward"),
        ({"smokes": CANARY}, "wrong_type", "features.smokes"),
        ([CANARY], "wrong_type", "features"),
    ],
)
def test_what_breaks_a_rule_is_refused_without_its_value(row: Any, code: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        columns.check(row, COLUMNS)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert CANARY not in refused.value.message


def test_a_name_that_is_nearly_right_is_told() -> None:
    with pytest.raises(InvalidRequest, match="did you mean visits"):
        columns.check({"visitz": 1}, COLUMNS)


def test_declarations_are_read_and_checked_by_pydantic_and_come_back_from_json() -> None:
    adapter = TypeAdapter(tuple[Column, ...])
    declared = [asdict(column) for column in stays.COLUMNS]
    assert adapter.validate_python(declared) == stays.COLUMNS == columns.of_json(declared)
    for broken in ({"name": "", "type": "number"}, {"name": "a", "type": "ordinal"}, {"name": "a", "type": "x"}):
        with pytest.raises(ValidationError):
            adapter.validate_python([broken])
    with pytest.raises(ValidationError):
        adapter.validate_python([{"name": "a", "type": "number", "unit": "days"}])


def test_the_stays_declare_each_column_once_and_the_leaks_as_known_at_discharge() -> None:
    names = [column.name for column in stays.COLUMNS]
    assert len(set(names)) == len(names) == 47
    later = {column.name for column in stays.LATER}
    assert {"num_medications", "num_procedures", "discharge_disposition_id", "A1Cresult", "insulin", "readmitted"} <= later
