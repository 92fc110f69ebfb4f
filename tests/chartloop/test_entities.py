"""The entities of a note: checked as sent, settled with a word on every change."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import entities
from chartloop.entities import Change
from chartloop.errors import InvalidRequest

TEXT = "5mg aspirin  daily"


def named(*spans: tuple[int, int, str]) -> list[dict[str, Any]]:
    return [{"start": start, "end": end, "label": label, "name": f"e{n}"} for n, (start, end, label) in enumerate(spans)]


def test_a_dose_is_a_number_and_a_unit() -> None:
    settled, changes = entities.settle(TEXT, named((0, 1, "value"), (1, 3, "unit")))
    assert settled == [{"start": 0, "end": 1, "label": "value"}, {"start": 1, "end": 3, "label": "unit"}]
    assert changes == []


def test_each_change_is_told_with_where_it_was_and_is() -> None:
    settled, changes = entities.settle(TEXT, named((3, 12, "drug"), (6, 9, "drug"), (14, 18, "frequency")))
    assert settled == [{"start": 4, "end": 11, "label": "drug"}, {"start": 13, "end": 18, "label": "frequency"}]
    assert changes == [
        Change("span_trimmed", "e0 3:12 was freed of white space at its edges, 4:11", "e0"),
        Change("span_widened", "e1 6:9 was widened to the whole word, 4:11", "e1"),
        Change("span_widened", "e2 14:18 was widened to the whole word, 13:18", "e2"),
        Change("span_set_aside", "e1 4:11 overlaps e0 4:11", "e1"),
    ]


@pytest.mark.parametrize(
    ("span", "code"),
    [
        ((3, 11), "span_trimmed"),
        ((4, 12), "span_trimmed"),
        ((5, 11), "span_widened"),
        ((4, 10), "span_widened"),
        ((3, 10), "span_widened"),
    ],
)
def test_a_span_that_grew_at_an_edge_is_widened_else_trimmed(span: tuple[int, int], code: str) -> None:
    settled, (change,) = entities.settle(TEXT, named((*span, "drug")))
    assert settled == [{"start": 4, "end": 11, "label": "drug"}]
    assert change.code == code


@pytest.mark.parametrize(
    ("sent", "code", "field"),
    [
        ({}, "wrong_type", "entities"),
        ([None], "wrong_type", "entities[0]"),
        ([{"start": 0, "end": 1, "label": "a"}, {"start": 0, "end": 1}], "missing_field", "entities[1].label"),
        ([{"start": 0, "end": 1, "label": "a", "id": 3}], "unknown_field", "entities[0]"),
        ([{"start": True, "end": 1, "label": "a"}], "offset_type", "entities[0].start"),
        ([{"start": 0, "end": 1.0, "label": "a"}], "offset_type", "entities[0].end"),
        ([{"start": -1, "end": 1, "label": "a"}], "offset_negative", "entities[0].start"),
        ([{"start": 1, "end": 1, "label": "a"}], "offset_reversed", "entities[0]"),
        ([{"start": 0, "end": 19, "label": "a"}], "offset_past_end", "entities[0].end"),
        ([{"start": 11, "end": 13, "label": "a"}], "blank_span", "entities[0]"),
        ([{"start": 0, "end": 1, "label": "a", "surface": "6"}], "surface_mismatch", "entities[0].surface"),
        ([{"start": 0, "end": 1, "label": "\udc00"}], "lone_surrogate", "entities[0].label"),
    ],
)
def test_a_bad_entity_is_refused_by_its_place(sent: Any, code: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        entities.check(TEXT, sent, offset_unit="codepoint")
    assert (error.value.code, error.value.field) == (code, field)
