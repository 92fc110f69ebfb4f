"""The lines of a batch transform: read one by one, answered one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from training import lines

FOUND = {"entities": [{"label": "drug", "confidence": 0.9}, {"label": "drug", "confidence": 0.4}], "characters": 3}


def test_a_line_is_answered_under_its_id_without_what_is_too_uncertain() -> None:
    asked = lines.read(b'{"id": "a", "text": "x y", "min_confidence": 0.5}\n{"record_id": "r", "text": "z", "entities": []}\n')
    answers = lines.answers(asked, [FOUND, FOUND], "ner-1")
    assert [(answer["id"], len(answer["entities"])) for answer in answers] == [("a", 1), ("r", 2)]
    assert {answer["model_version"] for answer in answers} == {"ner-1"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[" * 100_000, "invalid_json"),
        ("[]", "wrong_type"),
        ('{"id": {}, "text": "x"}', "bad_id"),
        ('{"text": "x", "min_confidence": 7}', "invalid_request"),
    ],
)
def test_a_line_that_is_no_good_is_told_in_its_place(line: str, code: str) -> None:
    asked = lines.read(f'{{"text": "x"}}\n{line}\n')
    first, second = lines.answers(asked, [FOUND, {"error": {"code": "invalid_text", "status": 400, "message": "m"}}], "ner-1")
    assert "entities" in first
    assert second["error"]["code"] == code


def test_bytes_that_are_no_text_are_that_lines_error() -> None:
    asked = lines.read(b'{"text": "\xff"}\n{"text": "x"}')
    assert [line.get("error", {}).get("code") for line in asked] == ["invalid_json", None]


def test_the_models_own_refusal_is_told_with_the_id() -> None:
    refused: Any = {"error": {"code": "text_too_long", "status": 413, "message": "m", "field": "texts[0]"}}
    assert lines.answers(lines.read(json.dumps({"id": 7, "text": "x"})), [refused], "ner-1") == [
        {"id": 7, "error": {"code": "text_too_long", "message": "m"}}
    ]
