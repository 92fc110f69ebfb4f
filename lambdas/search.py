"""The search function: nearest stored records and suggested codes, from the files that runs publish in the model folder."""

from __future__ import annotations

from typing import Any

from chartloop.errors import ChartloopError
from chartloop.seams import Library
from lambdas import wiring


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return handle(event, wiring.world().library)


def handle(event: dict[str, Any], library: Library) -> dict[str, Any]:
    """`{"ask": "codes", "task", "encoder", "notes": [{"text", "vector"}], "most"}`, or "similar" with a "vector" for the notes.

    `{"answer": ...}` as the seam has it, or the error of docs/contracts/error.schema.json.
    """
    task, encoder, most = event["task"], event["encoder"], event["most"]
    try:
        if event["ask"] == "similar":
            return {"answer": library.similar(task, encoder, event["vector"], most)}
        return {"answer": library.suggest(task, encoder, event["notes"], most)}
    except ChartloopError as error:
        return error.to_json()
