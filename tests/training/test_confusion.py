"""Confusion of entities: known answers."""

from __future__ import annotations

from typing import Any

from chartloop.extras import MOST_NAMES
from training import confusion


def entity(start: int, end: int, label: str) -> dict[str, Any]:
    return {"start": start, "end": end, "label": label}


def table(annotated: list[Any], found: list[Any]) -> dict[tuple[str, str], int]:
    made = confusion.of_entities([(annotated, found)])
    assert made is not None
    return {
        (row, column): count
        for row, counts in zip(made.annotated, made.counts, strict=True)
        for column, count in zip(made.found, counts, strict=True)
        if count
    }


def test_labels_are_counted_where_entities_overlap_whatever_their_extent() -> None:
    annotated = [entity(0, 5, "drug"), entity(10, 15, "sign"), entity(20, 25, "dose")]
    found = [entity(0, 4, "drug"), entity(12, 18, "drug"), entity(30, 35, "sign")]
    assert table(annotated, found) == {
        ("drug", "drug"): 1, ("sign", "drug"): 1, ("dose", "not found"): 1, ("not annotated", "sign"): 1,
    }  # fmt: skip


def test_the_one_that_shares_most_counts_and_the_same_label_first() -> None:
    annotated = [entity(0, 10, "drug")]
    assert table(annotated, [entity(0, 3, "drug"), entity(3, 10, "dose")]) == {("drug", "dose"): 1}
    assert table(annotated, [entity(0, 10, "drug"), entity(0, 10, "zzz")]) == {("drug", "drug"): 1}


def test_neighbours_do_not_overlap() -> None:
    assert table([entity(0, 5, "a")], [entity(5, 9, "a")]) == {("a", "not found"): 1, ("not annotated", "a"): 1}


def test_nothing_at_all_has_no_table() -> None:
    assert confusion.of_entities([([], []), ([], [])]) is None


def test_of_very_many_labels_the_rare_ones_are_one() -> None:
    many = [entity(10 * number, 10 * number + 5, f"l{number:02d}") for number in range(60)]
    made = confusion.of_entities([(many, many[:50]), (many[:20], [])])
    assert made is not None and len(made.annotated) == len(made.found) == MOST_NAMES
    assert made.annotated[-2:] == ("other labels", "not annotated")
    assert sum(map(sum, made.counts)) == 80
