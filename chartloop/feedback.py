"""Feedback: a corrected prediction becomes a labelled record by the way that all records come in, and leaves the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chartloop import batches, drift, predictions, records, spans
from chartloop.batches import Post
from chartloop.errors import InvalidRequest
from chartloop.items import hashed, model_key, stamp, until_first
from chartloop.predictions import Kept, Prediction
from chartloop.receipts import Receipt
from chartloop.records import BatchOptions, Line
from chartloop.seams import Ledger, Objects
from chartloop.task import Rules

SOURCE = "feedback"
KEPT_AFTER = timedelta(days=1)
"""How long a corrected prediction stays among the queue's items: they are the least sure ones, which every reader would pass."""


@dataclass(frozen=True)
class Correction:
    """What is right of a prediction. Where only `codes` are given, the entities of the kept prediction are.

    `offset_unit` is of `entities`, which may be as predict answered them. `text` is needed where the prediction was not kept.
    """

    prediction_id: str
    entities: Any = None
    codes: Any = None
    text: Any = None
    patient_id: Any = None
    offset_unit: str = "codepoint"


def receive(task: str, correction: Correction, by: str, *, ledger: Ledger, objects: Objects, now: datetime) -> Receipt:
    """The receipt of a batch of one record, which says where it came from.

    The same correction again is the same batch; another one of the same prediction replaces the record.
    Raises NotFound (unknown_prediction) and InvalidRequest: other_task, text_needed, text_differs, missing_field, and the codes
    with which a record is rejected. Nothing is stored then.
    """
    made = predictions.read(task, correction.prediction_id)
    if ledger.get(model_key(task, made.version)) is None:
        raise predictions.unknown()
    kept = predictions.find(made, objects)
    record = _record(made, kept, correction)
    unit = correction.offset_unit if correction.entities is not None else "codepoint"
    options = BatchOptions(**{**batches.defaults(task, ledger), "replace": True, "offset_unit": unit})  # type: ignore[arg-type]
    line = Line(1, record)
    canonical = _canonical(task, line, options, batches.rules(task, ledger))
    content = hashed(json.dumps([made.id, record, options.to_metadata()], sort_keys=True))
    fingerprint = _fingerprint(content, kept, ledger)
    post = Post(task, [line], options, by, fingerprint, origin={"source": SOURCE, "prediction_id": made.id})
    receipt = batches.receive(post, ledger=ledger, objects=objects, now=now)
    if kept is not None:
        corrected = {"content": content, "fingerprint": fingerprint, "batch_id": receipt["batch_id"], "at": stamp(now)}
        _leave(kept, canonical, corrected, ledger, now)
    return receipt


def _record(made: Prediction, kept: Kept | None, correction: Correction) -> dict[str, Any]:
    """The record as a client would post it."""
    if correction.entities is None and correction.codes is None:
        raise InvalidRequest("give the right entities, the right codes, or both", code="missing_field", field="entities")
    if correction.entities is None and kept is None:
        raise InvalidRequest("the prediction was not kept: give its entities", code="missing_field", field="entities")
    given = {"codes": correction.codes, "patient_id": correction.patient_id}
    return {
        "record_id": f"{SOURCE}-{made.call}-{made.number}",
        "text": _text(made, kept, correction.text),
        "entities": _entities(correction.entities) if kept is None or correction.entities is not None else _found(kept),
        **{name: value for name, value in given.items() if value is not None},
    }


def _text(made: Prediction, kept: Kept | None, sent: Any) -> str:
    if sent is None and kept is None:
        raise InvalidRequest("the prediction was not kept: give its text", code="text_needed", field="text")
    text = kept.text if sent is None and kept is not None else sent
    if not isinstance(text, str):
        raise InvalidRequest("text must be a string", code="wrong_type", field="text")
    if not made.is_of(text):
        raise InvalidRequest("this is not the text that the prediction was made for", code="text_differs", field="text")
    return text


def _entities(sent: Any) -> Any:
    """Without the confidence that predict gave them."""
    if not isinstance(sent, list):
        return sent
    return [{k: v for k, v in each.items() if k != "confidence"} if isinstance(each, dict) else each for each in sent]


def _found(kept: Kept) -> list[dict[str, Any]]:
    return [{name: entity[name] for name in ("start", "end", "label")} for entity in kept.result["entities"]]


def _canonical(task: str, line: Line, options: BatchOptions, rules: Rules) -> dict[str, Any]:
    """The record as it will be stored. Raises InvalidRequest with what a batch would reject it for."""
    checked = batches.check(task, line, options, rules)
    if checked.record is None:
        problem = checked.problem
        raise InvalidRequest(problem.message, code=problem.code, field=problem.field) if problem else InvalidRequest("no record")
    return checked.record


def _fingerprint(content: str, kept: Kept | None, ledger: Ledger) -> str:
    """What makes it the same post: of a prediction that was corrected otherwise before, that correction too.

    So what is corrected back to where it was is a new batch, and not a copy of the first.
    """
    item = ledger.get(predictions.place(kept)) if kept else None
    before = item["corrected"] if item else None
    if before is None:
        return content
    return str(before["fingerprint"]) if before["content"] == content else hashed(content + before["fingerprint"])


def _leave(kept: Kept, canonical: Mapping[str, Any], corrected: Mapping[str, Any], ledger: Ledger, now: datetime) -> None:
    """Takes the prediction out of the queue and counts what changed, together and once."""
    before = _settled(kept)
    change = spans.entity_counts(canonical["entities"], before)

    def attempt() -> None:
        item = ledger.get(predictions.place(kept))
        if item is None or (item["corrected"] and item["corrected"]["batch_id"] == corrected["batch_id"]):
            return
        made = kept.prediction
        earlier = item["corrected"]["counted"] if item["corrected"] else None
        version, counted = drift.correct(made.task, made.version, change, earlier, ledger)
        item |= {"corrected": {**corrected, "counted": counted}, "expires": predictions.seconds(now + KEPT_AFTER)}
        ledger.save(item, version)

    until_first(attempt)


def _settled(kept: Kept) -> list[dict[str, Any]]:
    """The predicted entities on whole tokens, as those of a record are."""
    record = {"record_id": kept.prediction.call, "text": kept.text, "entities": _found(kept)}
    checked = records.check(kept.prediction.task, record, BatchOptions(), {})
    return list(checked.record["entities"]) if checked.record else []
