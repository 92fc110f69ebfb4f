"""Corrections: a labelled record with its provenance by the ordinary way in, once; and every refusal by its code."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from chartloop import feedback, items, keys, predictions, snapshots, withdrawals
from chartloop.errors import ChartloopError
from chartloop.feedback import Correction
from tests.chartloop.intakes import NOW, TASK, Crashed, Desk, check, note

VERSION = "v-1"
TEXT = "😀 the patient takes aspirin and walks"
ASPIRIN = {"label": "drug", "start": 20, "end": 27, "surface": "aspirin", "confidence": 0.9}
PATIENT = {"label": "drug", "start": 6, "end": 13, "surface": "patient", "confidence": 0.3}


class Clinic(Desk):
    """A desk in a world in which version v-1 serves."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger.save(items.new(items.model_key(TASK, VERSION), task=TASK, model=VERSION))

    def predict(self, text: str = TEXT, *, keep: bool = True, entities: Any = (ASPIRIN, PATIENT)) -> str:
        results = predictions.identified(TASK, VERSION, [text], [{"entities": list(entities), "characters": len(text)}])
        if keep:
            made = predictions.to_keep(TASK, [text], results)
            predictions.keep(made, objects=self.objects, ledger=self.ledger, now=NOW)
        return str(results[0]["prediction_id"])

    def correct(self, prediction_id: str, by: str = "alice", **said: Any) -> dict[str, Any]:
        """The final receipt."""
        receipt = self.send(prediction_id, by, **said)
        self.process(keys.incoming(TASK, receipt["batch_id"]))
        return self.show(receipt["batch_id"])

    def send(self, prediction_id: str, by: str = "alice", **said: Any) -> dict[str, Any]:
        correction = Correction(prediction_id, **said)
        return feedback.receive(TASK, correction, by, ledger=self.ledger, objects=self.objects, now=NOW)

    def refused(self, prediction_id: str, **said: Any) -> tuple[str, str | None]:
        before = len(self.objects.stored), len(self.ledger.items)
        with pytest.raises(ChartloopError) as refused:
            self.send(prediction_id, **said)
        assert (len(self.objects.stored), len(self.ledger.items)) == before
        assert "aspirin" not in refused.value.message
        return refused.value.code, refused.value.field

    def waiting(self) -> int:
        return len(predictions.review(TASK, ledger=self.ledger, now=NOW, limit=50)[0])

    def stored(self) -> list[dict[str, Any]]:
        """The records that the next snapshot would take, of both sides."""
        shards = [batch[side] for batch in self.batches() for side in ("train", "holdout") if batch[side]]
        found = [each for shard in shards for each in snapshots.read_shard(self.objects.get(shard["key"]).body)]
        latest = {each.record_id: each for each in sorted(found, key=lambda each: each.sequence)}
        return [each.record for each in latest.values()]

    def disagreement(self) -> Any:
        counted = self.ledger.get((f"CORRECTED#{TASK}", f"MODEL#{VERSION}"))
        return counted and {label: tuple(numbers) for label, numbers in counted["labels"].items()} | {"texts": counted["texts"]}


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def test_a_correction_of_a_kept_prediction_is_a_record_with_its_provenance(clinic: Clinic) -> None:
    prediction_id = clinic.predict()
    assert clinic.waiting() == 1
    receipt = clinic.correct(prediction_id, entities=[ASPIRIN])
    assert receipt["counts"]["accepted"] == 1
    assert (receipt["source"], receipt["prediction_id"], receipt["poster"]) == ("feedback", prediction_id, "alice")
    [record] = clinic.stored()
    assert record["text"] == TEXT and record["entities"] == [{"start": 20, "end": 27, "label": "drug"}]
    assert clinic.waiting() == 0 and clinic.disagreement() == {"drug": (1, 1, 0), "texts": 1}
    check(clinic)


def test_it_counts_towards_the_next_run_as_one_new_record(clinic: Clinic) -> None:
    clinic.post([note("a"), note("b")])
    clinic.correct(clinic.predict(), entities=[])
    assert (clinic.task()["records"], clinic.task()["arrivals"]) == (3, 3)


def test_what_was_not_kept_is_corrected_with_its_text(clinic: Clinic) -> None:
    prediction_id = clinic.predict(keep=False)
    assert clinic.refused(prediction_id, entities=[]) == ("text_needed", "text")
    assert clinic.refused(prediction_id, codes=[{"system": "icd10cm", "code": "I10"}], text=TEXT) == ("missing_field", "entities")
    clinic.correct(prediction_id, entities=[ASPIRIN], text=TEXT)
    assert clinic.stored()[0]["text"] == TEXT
    assert clinic.disagreement() is None, "there is nothing to compare with"


@pytest.mark.parametrize("keep", [True, False])
def test_another_text_is_refused(clinic: Clinic, keep: bool) -> None:
    prediction_id = clinic.predict(keep=keep)
    assert clinic.refused(prediction_id, entities=[], text=TEXT + " ") == ("text_differs", "text")
    assert clinic.refused(prediction_id, entities=[], text=[TEXT]) == ("wrong_type", "text")


def test_ids_of_nothing_of_another_task_and_of_no_version_are_refused(clinic: Clinic) -> None:
    made = predictions.of_text(TASK, "v-2", "0" * 32, 0, TEXT)
    assert clinic.refused(made.id, entities=[], text=TEXT) == ("unknown_prediction", "prediction_id")
    assert clinic.refused("nonsense", entities=[]) == ("unknown_prediction", "prediction_id")
    other = predictions.of_text("generation", VERSION, "0" * 32, 0, TEXT)
    assert clinic.refused(other.id, entities=[], text=TEXT) == ("other_task", "prediction_id")


def test_nothing_said_is_refused(clinic: Clinic) -> None:
    assert clinic.refused(clinic.predict()) == ("missing_field", "entities")


@pytest.mark.parametrize(
    ("entities", "code"),
    [
        ([{"start": 0, "end": 900, "label": "drug"}], "offset_past_end"),
        ([{"start": -1, "end": 4, "label": "drug"}], "offset_negative"),
        ([{**ASPIRIN, "surface": "ibuprofen"}], "surface_mismatch"),
        ([{"start": 1, "end": 4, "label": "drug", "by": "me"}], "unknown_field"),
        ({"start": 1}, "wrong_type"),
        (["aspirin"], "wrong_type"),
    ],
)
def test_what_would_be_a_bad_record_is_refused_by_its_code(clinic: Clinic, entities: Any, code: str) -> None:
    assert clinic.refused(clinic.predict(), entities=entities)[0] == code


def test_declared_labels_hold_for_corrections(clinic: Clinic) -> None:
    owner = clinic.task()
    owner["settings"] = {"labels": ["drug"]}
    clinic.ledger.save(owner)
    assert clinic.refused(clinic.predict(), entities=[{**ASPIRIN, "label": "sign"}])[0] == "unknown_label"


def test_offsets_may_count_utf16_units(clinic: Clinic) -> None:
    clinic.correct(clinic.predict(), entities=[{**ASPIRIN, "start": 21, "end": 28}], offset_unit="utf16")
    assert clinic.stored()[0]["entities"] == [{"start": 20, "end": 27, "label": "drug"}]


def test_codes_alone_leave_the_kept_entities_right(clinic: Clinic) -> None:
    code = {"system": "icd10cm", "code": "I10"}
    clinic.correct(clinic.predict(), codes=[code], patient_id="p-1", offset_unit="utf16")
    [record] = clinic.stored()
    assert record["codes"] == [code] and [entity["start"] for entity in record["entities"]] == [6, 20]
    assert clinic.disagreement() == {"drug": (2, 0, 0), "texts": 1}


def test_the_same_again_has_no_second_effect_whoever_sends_it(clinic: Clinic) -> None:
    prediction_id = clinic.predict()
    first = clinic.correct(prediction_id, entities=[ASPIRIN])
    again = clinic.correct(prediction_id, "bob", entities=[ASPIRIN])
    assert again == first and len(clinic.batches()) == 1
    assert clinic.task()["arrivals"] == 1 and clinic.disagreement() == {"drug": (1, 1, 0), "texts": 1}


def test_another_correction_replaces_the_record_and_the_way_back_is_open(clinic: Clinic) -> None:
    prediction_id = clinic.predict()
    for entities, counted in (([ASPIRIN], (1, 1, 0)), ([], (0, 2, 0)), ([ASPIRIN], (1, 1, 0))):
        clinic.correct(prediction_id, entities=entities)
        assert len(clinic.stored()) == 1 and len(clinic.stored()[0]["entities"]) == len(entities)
        assert clinic.disagreement() == {"drug": counted, "texts": 1}
    assert clinic.task()["records"] == 1
    check(clinic)


def test_a_withdrawn_correction_can_be_sent_again(clinic: Clinic) -> None:
    prediction_id = clinic.predict()
    batch_id = clinic.correct(prediction_id, entities=[ASPIRIN])["batch_id"]
    withdrawals.withdraw(TASK, batch_id, reason="wrong", by="bob", ledger=clinic.ledger, objects=clinic.objects, now=NOW)
    assert clinic.correct(prediction_id, entities=[ASPIRIN])["batch_id"] != batch_id
    assert clinic.task()["records"] == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 18))
def test_a_crash_anywhere_is_mended_by_sending_it_again(clinic: Clinic, at: int, after: bool) -> None:
    prediction_id = clinic.predict()
    torn = clinic.interrupted(at, after=after)
    correction = Correction(prediction_id, entities=[ASPIRIN])
    with suppress(Crashed):
        feedback.receive(TASK, correction, "alice", ledger=torn.ledger, objects=torn.objects, now=NOW)
    clinic.correct(prediction_id, entities=[ASPIRIN])
    assert len(clinic.stored()) == 1 and clinic.task()["arrivals"] == 1
    assert clinic.waiting() == 0 and clinic.disagreement() == {"drug": (1, 1, 0), "texts": 1}


def test_a_moved_entity_is_one_taken_away_and_one_added(clinic: Clinic) -> None:
    clinic.correct(clinic.predict(entities=[ASPIRIN]), entities=[{"start": 14, "end": 27, "label": "drug"}])
    assert clinic.disagreement() == {"drug": (0, 1, 1), "texts": 1}


def test_a_posted_batch_says_nothing_of_a_prediction(clinic: Clinic) -> None:
    receipt = clinic.post([note("a")])
    assert "source" not in receipt and "prediction_id" not in receipt
