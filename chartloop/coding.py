"""Suggested codes beside a model's entities: what is asked of the library, and what an answer says where it has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chartloop.errors import ChartloopError, Unavailable
from chartloop.seams import Library

MOST = 50
"""Suggestions a text, and records of `similar`."""
Answer = dict[str, Any]


def add(task: str, texts: Sequence[str], answer: Mapping[str, Any], most: int, library: Library) -> Answer:
    """The model's `answer` about `texts` with `codes` in the place of each vector; `warnings` say why there are none.

    Entities are answered whatever becomes of the search. Places are code points; `keyphrases` are indices of the entities that
    overlap the words that speak for a code.
    """
    predictions = [{name: value for name, value in each.items() if name != "vector"} for each in answer["predictions"]]
    readable = [place for place, each in enumerate(predictions) if "entities" in each]
    coded = {**answer, "predictions": predictions, "warnings": []}
    found: Sequence[list[dict[str, Any]]] = [[] for _ in readable]
    try:
        notes = [{"text": texts[place], "vector": vector_of(answer, place)} for place in readable]
        found = library.suggest(task, answer["encoder"], notes, most) if notes else []
    except ChartloopError as error:
        coded["warnings"] = [{"code": error.code, "message": error.message}]
    for place, its in zip(readable, found, strict=True):
        predictions[place]["codes"] = [{**each, "keyphrases": _overlapping(each, predictions[place]["entities"])} for each in its]
    return coded


def vector_of(answer: Mapping[str, Any], place: int = 0) -> list[float]:
    """Of one of the answer's texts. Raises Unavailable `no_vectors` where the model in service gives none."""
    vector: list[float] | None = answer["predictions"][place].get("vector")
    if vector is None or not answer.get("encoder"):
        raise Unavailable("the model in service gives no vectors: the next one that is promoted does", code="no_vectors")
    return vector


def _overlapping(suggested: Mapping[str, Any], entities: Sequence[Mapping[str, Any]]) -> list[int]:
    words = suggested["evidence"]["words"]
    return [
        place
        for place, entity in enumerate(entities)
        if any(word["start"] < entity["end"] and entity["start"] < word["end"] for word in words)
    ]
