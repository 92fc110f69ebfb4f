"""The lines of a batch transform: each a text with its id, each answered by one line, whatever is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

JSON_LINES = "application/jsonlines"

Line = dict[str, Any]
"""`id`, `text`, `min_confidence`; or `id`, `text` None and `error`."""


def read(body: str | bytes) -> list[Line]:
    """The lines of a request's body. None of them can break the others: a job that fails loses its whole output."""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    return [_line(part) for part in raw.removesuffix(b"\n").split(b"\n")]


def answers(lines: Sequence[Line], predictions: Sequence[Mapping[str, Any]], version: str) -> list[dict[str, Any]]:
    """One answer a line, with its id: its prediction with the model's version, or its error as `{"code", "message"}`."""
    return [_answer(line, prediction, version) for line, prediction in zip(lines, predictions, strict=True)]


def _line(raw: bytes) -> Line:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return _broken(None, "invalid_json", "the line is no JSON")
    if not isinstance(value, dict):
        return _broken(None, "wrong_type", "the line is no object")
    name = value.get("id", value.get("record_id"))
    if not isinstance(name, str | int | None):
        return _broken(None, "bad_id", "an id must be a string or a whole number")
    least = value.get("min_confidence", 0.0)
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
        return _broken(name, "invalid_request", "min_confidence must be a number from 0 to 1")
    return {"id": name, "text": value.get("text"), "min_confidence": float(least)}


def _broken(name: str | int | None, code: str, message: str) -> Line:
    return {"id": name, "text": None, "error": {"code": code, "message": message}}


def _answer(line: Line, prediction: Mapping[str, Any], version: str) -> dict[str, Any]:
    error = line.get("error") or prediction.get("error")
    if error:
        return {"id": line["id"], "error": {"code": error["code"], "message": error["message"]}}
    kept = [entity for entity in prediction["entities"] if entity["confidence"] >= line["min_confidence"]]
    return {"id": line["id"], **prediction, "entities": kept, "model_version": version}
