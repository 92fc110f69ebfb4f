"""Single fields: each rule at its edge, told by field and never by value."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chartloop import fields
from chartloop.errors import InvalidRequest
from tests import contracts

LONGEST = "a" * fields.MAX_TEXT


def code(check: Callable[[], Any]) -> str:
    with pytest.raises(InvalidRequest) as error:
        check()
    assert error.value.field == "f"
    assert "f" in error.value.message
    return error.value.code


def test_the_limits_are_those_of_the_contract() -> None:
    schema = json.loads((contracts.FOLDER / "record.schema.json").read_text())["oneOf"][0]["properties"]
    code = schema["codes"]["items"]["properties"]["code"]
    label = schema["entities"]["items"]["properties"]["label"]
    assert schema["text"]["maxLength"] == fields.MAX_TEXT
    limits = [held["maxLength"] for held in (schema["record_id"], label, code)]
    assert limits == [fields.MAX_ID, fields.MAX_LABEL, fields.MAX_CODE]


def test_text_is_anything_that_is_not_blank_up_to_its_limit() -> None:
    for good in ("a", "\x00", "\u200b", LONGEST, "😀"):
        assert fields.text(good, "f") == good
    assert code(lambda: fields.text(LONGEST + "a", "f")) == "text_too_long"
    assert code(lambda: fields.text("\u3000\r\n", "f")) == "empty_text"
    assert code(lambda: fields.text("a\ud800", "f")) == "lone_surrogate"
    assert code(lambda: fields.text(b"a", "f")) == "wrong_type"


def test_a_short_string_has_one_character_to_its_limit() -> None:
    assert fields.short("aaa", "f", 3) == "aaa"
    for bad in ("", "aaaa", 3, None, ["a"]):
        assert code(lambda bad=bad: fields.short(bad, "f", 3, "bad_id")) == "bad_id"
    assert code(lambda: fields.short("\udc00", "f", 3, "bad_id")) == "lone_surrogate"


def test_a_number_is_finite_and_no_boolean() -> None:
    assert [fields.number(good, "f") for good in (3, -2.5, 10**300)] == [3.0, -2.5, 1e300]
    for bad in (float("nan"), float("-inf"), 10**400):
        assert code(lambda bad=bad: fields.number(bad, "f")) == "not_finite"
    for bad in (True, "3", None, [3]):
        assert code(lambda bad=bad: fields.number(bad, "f")) == "wrong_type"


def test_an_object_has_its_fields_and_no_other() -> None:
    assert fields.known({"a": 1, "b": 2}, "f", ("a",), ("b",)) == {"a": 1, "b": 2}
    assert code(lambda: fields.known([], "f", ("a",))) == "wrong_type"
    assert code(lambda: fields.known({"a": 1, "Zyxwvut": 2}, "f", ("a",))) == "unknown_field"
    with pytest.raises(InvalidRequest) as error:
        fields.known({"b": 1}, "f", ("a",), ("b",))
    assert (error.value.code, error.value.field) == ("missing_field", "f.a")
    with pytest.raises(InvalidRequest, match="field 2 of the record is unknown; known are a"):
        fields.known({"a": 1, "Zyxwvut": 2}, "", ("a",))
