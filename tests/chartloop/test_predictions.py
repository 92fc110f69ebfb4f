"""Prediction ids, what is kept, and the review queue: least sure first, without what was corrected or has expired."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chartloop import predictions
from chartloop.errors import InvalidRequest, NotFound
from chartloop.predictions import KEPT_DAYS, Kept
from tests.chartloop.intakes import NOW
from tests.fakes import FakeLedger, FakeObjects

TASK, VERSION = "ner", "ner-20261121-080000.x_1"


def result(*confidences: float) -> dict[str, Any]:
    entities = [
        {"label": "drug", "start": 2 * n, "end": 2 * n + 1, "surface": "a", "confidence": c} for n, c in enumerate(confidences)
    ]
    return {"entities": entities, "characters": 20}


class Store:
    def __init__(self) -> None:
        self.objects, self.ledger = FakeObjects(), FakeLedger()

    def keep(self, *results: dict[str, Any], text: str = "a a a a a a a a a a") -> list[Kept]:
        texts = [text] * len(results)
        made = predictions.to_keep(TASK, texts, predictions.identified(TASK, VERSION, texts, list(results)))
        predictions.keep(made, objects=self.objects, ledger=self.ledger, now=NOW)
        return made

    def review(self, limit: int = 10, before: str | None = None, days: int = 0) -> tuple[list[str], str | None]:
        now = NOW + timedelta(days=days)
        found, following = predictions.review(TASK, ledger=self.ledger, now=now, limit=limit, before=before)
        return [item["prediction_id"] for item in found], following


@pytest.fixture
def store() -> Store:
    return Store()


def test_an_id_says_what_it_was_made_for_and_of_which_text() -> None:
    made = predictions.of_text(TASK, VERSION, "0" * 32, 7, "a note")
    assert predictions.read(TASK, made.id) == made
    assert made.is_of("a note") and not made.is_of("a note ") and "note" not in made.id


def test_the_same_text_has_another_id_in_another_call() -> None:
    ids = {predictions.identified(TASK, VERSION, ["a"], [result()])[0]["prediction_id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "prediction_id", ["", "x", "ner.v.0.0.0", f"ner.v.{'0' * 32}.0.{'0' * 31}", f"ner/../v.{'0' * 32}.0.{'0' * 32}"]
)
def test_what_is_no_id_is_the_id_of_nothing(prediction_id: str) -> None:
    with pytest.raises(NotFound) as refused:
        predictions.read(TASK, prediction_id)
    assert (refused.value.code, refused.value.field) == ("unknown_prediction", "prediction_id")


def test_an_id_of_another_task_is_told_so() -> None:
    made = predictions.of_text("classification", VERSION, "0" * 32, 0, "a note")
    with pytest.raises(InvalidRequest) as refused:
        predictions.read(TASK, made.id)
    assert refused.value.code == "other_task"


def test_errors_have_no_id_and_are_not_kept(store: Store) -> None:
    [first, second] = predictions.identified(TASK, VERSION, ["a", "b"], [result(), {"error": {"code": "x", "message": "y"}}])
    assert "prediction_id" in first and "prediction_id" not in second
    assert len(predictions.to_keep(TASK, ["a", "b"], [first, second])) == 1


def test_what_was_kept_is_found_as_it_was(store: Store) -> None:
    one, other = store.keep(result(0.9), result(0.2, 0.8), text="Ödem 😀 here is text")
    assert predictions.find(other.prediction, store.objects) == other
    stranger = predictions.of_text(TASK, VERSION, one.prediction.call, 0, "another text")
    assert predictions.find(stranger, store.objects) is None
    assert len(store.objects.stored) == 1


def test_the_queue_has_the_least_sure_first_and_what_found_nothing_in_the_middle(store: Store) -> None:
    sure, unsure, empty, between = store.keep(result(0.99, 0.97), result(0.99, 0.1), result(), result(0.499999))
    order = [unsure, between, empty, sure]
    assert store.review()[0] == [kept.prediction.id for kept in order]


def test_every_confidence_has_its_place(store: Store) -> None:
    made = store.keep(*(result(c) for c in (1.0, 0.0, 0.000001, 0.999999)))
    assert store.review()[0] == [made[n].prediction.id for n in (1, 2, 3, 0)]


def test_pages_follow_each_other_without_a_gap(store: Store) -> None:
    made = store.keep(*(result(n / 1000) for n in range(250)))
    found, before = list[str](), None
    while True:
        page, before = store.review(40, before)
        found += page
        if before is None:
            break
    assert found == [kept.prediction.id for kept in made]


def test_what_was_corrected_leaves_the_queue_and_so_does_what_expires(store: Store) -> None:
    first, second = store.keep(result(0.1), result(0.2))
    item = store.ledger.get(predictions.place(first))
    assert item is not None
    store.ledger.save({**item, "corrected": {"batch_id": "b-1"}})
    assert store.review()[0] == [second.prediction.id]
    assert store.review(days=KEPT_DAYS - 1)[0] == [second.prediction.id]
    assert store.review(days=KEPT_DAYS)[0] == []


def test_a_page_with_text_has_offsets_in_the_unit_asked_for(store: Store) -> None:
    made = store.keep(result(0.1, 0.2), text="😀 a")
    items, _ = predictions.review(TASK, ledger=store.ledger, now=NOW, limit=5)
    [plain] = predictions.with_text(TASK, items, objects=store.objects, offset_unit="codepoint")
    [units] = predictions.with_text(TASK, items, objects=store.objects, offset_unit="utf16")
    assert (plain["text"], plain["entities"], plain["found"][1]["start"], units["found"][1]["start"]) == ("😀 a", 2, 2, 3)
    store.objects.stored.clear()
    [gone] = predictions.with_text(TASK, items, objects=store.objects, offset_unit="codepoint")
    assert "text" not in gone and gone["prediction_id"] == made[0].prediction.id


def test_the_ledger_holds_no_text(store: Store) -> None:
    store.keep(result(0.1), text="Quixano has fever")
    assert "Quixano" not in repr(store.ledger.items)
