"""The lines of a batch transform: each an input with its id, each answered by one line, whatever is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from chartloop.errors import InvalidRequest

JSON_LINES = "application/jsonlines"

Line = dict[str, Any]
"""`id`, and `said`, the line's object; or `id` and `error`."""
Options = Callable[[Mapping[str, Any]], dict[str, Any]]
"""The model's options of a line. Raises InvalidRequest."""
Ask = Callable[[Sequence[Any], Mapping[str, Any]], list[dict[str, Any]]]
"""(inputs, the options of them all) -> an answer or an error for each."""


def read(body: str | bytes) -> list[Line]:
    """The lines of a request's body. None of them can break the others: a job that fails loses its whole output."""
    raw = body.encode() if isinstance(body, str) else bytes(body)
    return [_line(part) for part in raw.removesuffix(b"\n").split(b"\n")]


def answers(lines: Sequence[Line], asked: str, version: str, options: Options, ask: Ask) -> list[dict[str, Any]]:
    """One answer a line, with its id: its prediction with the model's version, or its error as `{"code", "message"}`.

    `asked` is the field of a line that the model is asked about. Lines with the same options are asked together.
    """
    chosen = [_chosen(line, options) for line in lines]
    groups: dict[str, list[int]] = {}
    for place, line in enumerate(chosen):
        if "error" not in line:
            groups.setdefault(json.dumps(line["options"], sort_keys=True), []).append(place)
    predictions: dict[int, dict[str, Any]] = {}
    for places in groups.values():
        found = ask([chosen[place]["said"].get(asked) for place in places], chosen[places[0]]["options"])
        predictions.update(zip(places, found, strict=True))
    return [_answer(line, predictions.get(place, line), version) for place, line in enumerate(chosen)]


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
    return {"id": name, "said": value}


def _broken(name: str | int | None, code: str, message: str) -> Line:
    return {"id": name, "error": {"code": code, "message": message}}


def _chosen(line: Line, options: Options) -> Line:
    """The line with its options, or with what is wrong with them."""
    if "error" in line:
        return line
    try:
        return {**line, "options": options(line["said"])}
    except InvalidRequest as error:
        return _broken(line["id"], error.code, error.message)


def _answer(line: Line, prediction: Mapping[str, Any], version: str) -> dict[str, Any]:
    if error := prediction.get("error"):
        return {"id": line["id"], "error": {"code": error["code"], "message": error["message"]}}
    return {"id": line["id"], **prediction, "model_version": version}
