"""The lines of a batch transform: read one by one, answered one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from chartloop.errors import InvalidRequest
from training import lines


def options(said: Mapping[str, Any]) -> dict[str, Any]:
    """A model with the one option `loud`."""
    if not isinstance(said.get("loud", False), bool):
        raise InvalidRequest("loud must be true or false", field="loud")
    return {"loud": said.get("loud", False)}


class Model:
    """Says what it hears; `calls` are the inputs of each call."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []

    def ask(self, inputs: Sequence[Any], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.calls.append(list(inputs))
        return [self._answer(each, loud=options["loud"]) for each in inputs]

    def _answer(self, said: Any, *, loud: bool) -> dict[str, Any]:
        if not isinstance(said, str):
            return {"error": {"code": "invalid_text", "status": 400, "message": "m", "field": "inputs[0]"}}
        return {"heard": said.upper() if loud else said}


def answered(body: str | bytes, model: Model | None = None) -> list[dict[str, Any]]:
    return lines.answers(lines.read(body), "text", "toy-1", options, (model or Model()).ask)


def test_lines_are_answered_in_order_under_their_ids_however_they_are_grouped() -> None:
    model = Model()
    body = b'{"id": "a", "text": "x", "loud": true}\n{"record_id": "r", "text": "y"}\n{"id": 3, "text": "z", "loud": true}\n'
    assert answered(body, model) == [
        {"id": "a", "heard": "X", "model_version": "toy-1"},
        {"id": "r", "heard": "y", "model_version": "toy-1"},
        {"id": 3, "heard": "Z", "model_version": "toy-1"},
    ]
    assert model.calls == [["x", "z"], ["y"]]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ("[]", "wrong_type"),
        ('{"id": {}, "text": "x"}', "bad_id"),
        ('{"text": "x", "loud": 7}', "invalid_request"),
        ('{"text": 7}', "invalid_text"),
        ('{"note": "x"}', "invalid_text"),
    ],
)
def test_a_line_that_is_no_good_is_told_in_its_place(line: str, code: str) -> None:
    first, second = answered(f'{{"text": "x"}}\n{line}\n')
    assert first["heard"] == "x"
    assert second["error"]["code"] == code


def test_bytes_that_are_no_text_are_that_lines_error() -> None:
    found = answered(b'{"text": "\xff"}\n{"text": "x"}')
    assert [each.get("error", {}).get("code") for each in found] == ["invalid_json", None]


def test_the_models_own_refusal_is_told_with_the_id() -> None:
    assert answered(json.dumps({"id": 7, "text": None})) == [{"id": 7, "error": {"code": "invalid_text", "message": "m"}}]
