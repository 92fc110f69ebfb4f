"""Strict JSON: good values read as ever, depth is the same everywhere, and items are told apart whatever is in them."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import strictjson
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import Problem, parse_json_line

any_text = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(any_text, children, max_size=4),
    max_leaves=20,
)


@given(values, st.booleans(), st.sampled_from([None, 1]))
def test_good_json_reads_as_ever(value: object, ascii_only: bool, indent: int | None) -> None:
    assert strictjson.loads(json.dumps(value, ensure_ascii=ascii_only, indent=indent)) == value


def test_the_depth_is_counted_not_left_to_the_stack() -> None:
    def nested(levels: int) -> str:
        return "[" * levels + "]" * levels

    assert strictjson.loads(nested(strictjson.MAX_DEPTH)) is not None
    assert strictjson.loads(nested(strictjson.MAX_DEPTH).replace("[]", "[1]")) is not None
    for levels in (strictjson.MAX_DEPTH + 1, sys.getrecursionlimit() // 2, 100_000):
        with pytest.raises(InvalidRequest) as error:
            strictjson.loads(nested(levels))
        assert error.value.code == "too_deep"


BAD = ['{"a": NaN}', "[-Infinity]", "1e400", '{"a": [{"b": 1, "b": 2}]}', '"\\udead"', "\ud800", "[1,]", ""]


@pytest.mark.parametrize("text", BAD)
def test_bad_json_is_a_problem_not_an_exception(text: str) -> None:
    assert isinstance(parse_json_line(text), Problem)


def test_an_escaped_pair_is_one_character() -> None:
    assert strictjson.loads('"\\ud83d\\ude00 \\\\ud800"') == "😀 \\ud800"


@given(st.lists(values, max_size=5), st.sampled_from([None, 1]))
def test_split_finds_each_element(elements: list[object], indent: int | None) -> None:
    text = " " + json.dumps(elements, indent=indent) + " tail"
    items, end = strictjson.split(text, 1)
    assert text[end:] == " tail"
    assert [json.loads(text[first:last]) for first, last in items] == elements


@given(st.lists(values, min_size=1, max_size=5), st.data())
def test_a_cut_array_is_truncated_wherever_it_is_cut(elements: list[object], data: st.DataObject) -> None:
    text = json.dumps(elements)
    with pytest.raises(FileProblem) as error:
        strictjson.split(text[: data.draw(st.integers(1, len(text) - 1))], 0)
    assert error.value.code == "truncated"


def test_a_string_that_never_closes_takes_no_more_time_than_its_length() -> None:
    with pytest.raises(FileProblem):
        strictjson.split('["' + "a\\\\" * 500_000, 0)
