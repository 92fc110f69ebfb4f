"""Rows as a matrix: what is not known at admission never enters, categories by their place, what is unknown as NaN."""

from __future__ import annotations

import numpy as np

from chartloop.columns import Column
from training import rows

COLUMNS = (
    Column("ward", "category"),
    Column("age", "ordinal", values=("young", "old")),
    Column("visits", "number"),
    Column("smokes", "flag"),
    Column("medications", "number", known="discharge"),
)
ROWS = [{"ward": "b", "age": "old", "visits": 2.0, "smokes": True}, {"ward": "a", "visits": 0.0}]


def test_categories_are_what_training_found_and_later_columns_are_not_there() -> None:
    found = rows.learned(ROWS, COLUMNS)
    assert [column.name for column in found] == ["ward", "age", "visits", "smokes"]
    assert found[0].values == ("a", "b")
    assert found[1].values == ("young", "old")
    assert rows.types(found) == ["c", "q", "q", "q"]


def test_what_is_missing_or_was_never_seen_is_nan() -> None:
    known = rows.learned(ROWS, COLUMNS)
    np.testing.assert_equal(
        rows.matrix([*ROWS, {"ward": "c"}], known),
        np.array([[1, 1, 2, 1], [0, np.nan, 0, np.nan], [np.nan] * 4], dtype=np.float32),
    )
