"""Predictions that can be corrected: each text's id, what is kept of it where the caller asks so, and the queue for review.

An id is made, not stored: it names task, version, call and place, and binds them to the text by a hash. So a correction of a
prediction that nobody kept can still be told from one of another text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from chartloop import keys, spans
from chartloop.errors import InvalidRequest, NotFound, Stale
from chartloop.items import hashed, new, newest_first, stamp
from chartloop.seams import Item, Key, Ledger, Objects

KEPT_DAYS = 30
UNDECIDED = 0.5
"""Where a text in which nothing was found stands among the least confidences: it may be right or have missed everything."""
STEPS = 1_000_000
AT_ONCE = 100
"""Items of one save."""

_ID = re.compile(
    r"(?P<task>[a-z]+)\.(?P<version>[A-Za-z0-9._-]{1,80})\.(?P<call>[0-9a-f]{32})\.(?P<number>[0-9]{1,4})\.(?P<digest>[0-9a-f]{32})"
)

Result = Mapping[str, Any]
"""What the model answered to one text: `entities` in code points, `characters`, and what else an answer has."""


@dataclass(frozen=True)
class Prediction:
    """The answer to one text: `number` is its place among the texts of `call`."""

    task: str
    version: str
    call: str
    number: int
    digest: str

    @property
    def id(self) -> str:
        return f"{self.task}.{self.version}.{self.call}.{self.number}.{self.digest}"

    def is_of(self, text: str) -> bool:
        return self.digest == _digest(self.task, self.version, self.call, self.number, text)


@dataclass(frozen=True)
class Kept:
    """A prediction with its text and result."""

    prediction: Prediction
    text: str
    result: Result


def of_text(task: str, version: str, call: str, number: int, text: str) -> Prediction:
    return Prediction(task, version, call, number, _digest(task, version, call, number, text))


def _digest(task: str, version: str, call: str, number: int, text: str) -> str:
    return hashed(f"{task}\n{version}\n{call}\n{number}\n{text}")[:32]


def read(task: str, prediction_id: str) -> Prediction:
    """Raises NotFound (unknown_prediction), or InvalidRequest (other_task)."""
    found = _ID.fullmatch(prediction_id)
    if found is None:
        raise unknown()
    if found["task"] != task:
        raise InvalidRequest("the prediction is of another task", code="other_task", field="prediction_id")
    return Prediction(task, found["version"], found["call"], int(found["number"]), found["digest"])


def unknown() -> NotFound:
    return NotFound("no such prediction", code="unknown_prediction", field="prediction_id")


def identified(task: str, version: str, texts: Sequence[str], results: Sequence[Result]) -> list[dict[str, Any]]:
    """The results of one call, each with its `prediction_id`; one that is an error has none."""
    call = uuid4().hex
    pairs = enumerate(zip(texts, results, strict=True))
    return [
        dict(result) if "error" in result else {"prediction_id": of_text(task, version, call, number, text).id, **result}
        for number, (text, result) in pairs
    ]


def to_keep(task: str, texts: Sequence[str], results: Sequence[Result]) -> list[Kept]:
    """Of identified results, those that can be kept."""
    pairs = zip(texts, results, strict=True)
    return [Kept(read(task, result["prediction_id"]), text, result) for text, result in pairs if "prediction_id" in result]


def keep(made: Sequence[Kept], *, objects: Objects, ledger: Ledger, now: datetime) -> None:
    """Stores texts and results of one call as one object, then their places in the queue, which hold no text."""
    if not made:
        return
    call = made[0].prediction
    lines = [{"text": each.text, "result": each.result} for each in made]
    body = json.dumps({"kept_at": stamp(now), "predictions": lines}, ensure_ascii=False).encode()
    objects.put(keys.prediction(call.task, call.call), body, content_type="application/json")
    items = [_item(each, now) for each in made]
    for start in range(0, len(items), AT_ONCE):
        with suppress(Stale):  # the call is new: an earlier try of this save, which did not hear of its end, was done
            ledger.save(*items[start : start + AT_ONCE])


def find(prediction: Prediction, objects: Objects) -> Kept | None:
    """What was kept of it; None where nothing was, or no longer is."""
    return _of_call(prediction, objects).get(prediction.id)


def _of_call(prediction: Prediction, objects: Objects) -> dict[str, Kept]:
    """All that was kept of its call, by id."""
    try:
        stored = json.loads(objects.get(keys.prediction(prediction.task, prediction.call)).body)
    except NotFound:
        return {}
    lines = stored["predictions"]
    kept = to_keep(prediction.task, [line["text"] for line in lines], [line["result"] for line in lines])
    return {each.prediction.id: each for each in kept}


def _item(kept: Kept, now: datetime) -> Item:
    """The place in the queue: `corrected` says by which batch and what it changed, once somebody did."""
    found = kept.result["entities"]
    return new(
        place(kept), prediction_id=kept.prediction.id, model_version=kept.prediction.version, entities=len(found),
        least_confidence=min((entity["confidence"] for entity in found), default=None), characters=len(kept.text),
        kept_at=stamp(now), expires=seconds(now + timedelta(days=KEPT_DAYS)), corrected=None,
    )  # fmt: skip


def place(kept: Kept) -> Key:
    """The least sure come last in the order of keys, which is read from its end."""
    least = min((entity["confidence"] for entity in kept.result["entities"]), default=UNDECIDED)
    made = kept.prediction
    return f"KEPT#{made.task}", f"PLACE#{STEPS - round(least * STEPS):07d}#{made.call}#{made.number:04d}"


def seconds(when: datetime) -> int:
    """An item's `expires`."""
    return int(when.timestamp())


def review(task: str, *, ledger: Ledger, now: datetime, limit: int, before: str | None = None) -> tuple[list[Item], str | None]:
    """(the kept predictions that nobody has corrected, least sure first; the `before` of the following page)."""
    found: list[Item] = []
    cursor = f"PLACE#{before}" if before else None
    for item in newest_first(ledger, f"KEPT#{task}", "PLACE#", cursor):
        if item["corrected"] is None and item["expires"] > seconds(now):
            found.append(item)
        if len(found) > limit:
            break
    page = found[:limit]
    return page, page[-1]["sk"].removeprefix("PLACE#") if len(found) > limit else None


def shown(item: Item) -> dict[str, Any]:
    """A place in the queue as the Review of docs/contracts has it, without text."""
    names = ("prediction_id", "model_version", "least_confidence", "entities", "characters", "kept_at")
    return {name: item[name] for name in names}


def with_text(task: str, items: Sequence[Item], *, objects: Objects, offset_unit: str) -> list[dict[str, Any]]:
    """The same with `text` and the answer's entities as `found`; without them where they have just expired."""
    told = []
    known: dict[str, dict[str, Kept]] = {}
    for item in items:
        prediction = read(task, item["prediction_id"])
        if prediction.call not in known:
            known[prediction.call] = _of_call(prediction, objects)
        kept = known[prediction.call].get(prediction.id)
        text = {"text": kept.text, "found": in_unit(kept.text, kept.result["entities"], offset_unit)} if kept else {}
        told.append({**shown(item), **text})
    return told


def in_unit(text: str, entities: Sequence[Mapping[str, Any]], offset_unit: str) -> list[dict[str, Any]]:
    """Entities, whose offsets are code points, with those of the unit asked for."""
    if offset_unit == "codepoint":
        return [dict(entity) for entity in entities]
    starts = spans.to_utf16(text, [entity["start"] for entity in entities])
    ends = spans.to_utf16(text, [entity["end"] for entity in entities])
    return [{**entity, "start": start, "end": end} for entity, start, end in zip(entities, starts, ends, strict=True)]
