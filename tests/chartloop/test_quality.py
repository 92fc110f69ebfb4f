"""The quality of a run's records: what contradicts, and what gives the label away, by ids and counts alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chartloop import firewall, quality, splits
from chartloop.snapshots import StoredRecord
from tests import contracts

LONG = " ".join(f"word{number}" for number in range(60))


def stored(name: str, **record: Any) -> StoredRecord:
    return StoredRecord(name, "b", 1, 1, f"t:{name}", "0" * 64, record)


def span(text: str, words: str, label: str) -> dict[str, Any]:
    start = text.index(words)
    return {"start": start, "end": start + len(words), "label": label}


def test_the_same_text_with_other_labels_is_a_conflict_and_other_codes_are_none() -> None:
    one = stored("a", text=LONG, entities=[span(LONG, "word3", "drug")], codes=[{"system": "icd10cm", "code": "R05"}])
    same = stored("b", text=LONG.upper().lower(), entities=[span(LONG, "word3", "drug")])
    other = stored("c", text=LONG, entities=[])
    found = list(quality.conflicts("ner", [one, same, other]))
    assert [pair["records"] for pair in found] == [["a", "c"], ["b", "c"]] and found[0]["kind"] == "same_text"


def test_nearly_the_same_texts_are_compared_by_the_words_that_both_hold_once() -> None:
    moved = "Seen today. " + LONG
    one = stored("a", text=LONG, entities=[span(LONG, "word31", "drug")])
    agrees = stored("b", text=moved, entities=[span(moved, "word31", "drug")])
    assert not list(quality.conflicts("ner", [one, agrees]))
    differs = stored("b", text=moved, entities=[span(moved, "word31", "sign")])
    assert list(quality.conflicts("ner", [one, differs])) == [{"records": ["a", "b"], "kind": "near_text"}]
    lacks = stored("b", text=moved, entities=[])
    assert len(list(quality.conflicts("ner", [one, lacks]))) == 1


def notes(label: str, count: int, say: str) -> list[StoredRecord]:
    return [stored(f"{label}{n}", text=f"{say}\nfinding {n} of {label[0]}{n}", label=label) for n in range(count)]


def test_a_label_that_stands_in_its_own_texts_alone_gives_itself_away() -> None:
    leaking = [*notes("surgery", 20, "Surgery note"), *notes("consultation", 20, "Seen")]
    (found,) = quality.label_leaks(leaking)
    assert (found["kind"], found["label"], found["found"], found["field"]) == ("label_in_text", "surgery", 20, "text")


def test_a_heading_of_one_label_gives_it_away() -> None:
    (found,) = quality.label_leaks([*notes("x", 20, "OPERATIVE REPORT: done"), *notes("y", 20, "rest")])
    assert (found["kind"], found["label"]) == ("heading_in_text", "x")


@pytest.mark.parametrize("few", [9, 0])
def test_a_name_that_stands_elsewhere_too_or_in_few_records_is_no_leak(few: int) -> None:
    both = [*notes("surgery", 20, "Surgery note"), *notes("consultation", 20, "After surgery")]
    assert not list(quality.label_leaks(both))
    assert not list(quality.label_leaks([*notes("surgery", few, "Surgery note"), *notes("consultation", 20, "Seen")]))
    assert not list(quality.label_leaks([*notes("surg", 20, "surgery note"), *notes("consultation", 20, "Seen")]))


def test_a_feature_that_is_the_target_in_other_units_is_a_leak() -> None:
    rows = [stored(f"r{n}", features={"hours": n * 24 + 1, "age": n * n % 7, "ward": "a"}, target=float(n)) for n in range(30)]
    (found,) = quality.label_leaks(rows)
    assert (found["kind"], found["field"], found["found"]) == ("feature_is_target", "features.hours", 30)
    assert not list(quality.label_leaks(rows[:9]))


def test_completions_that_stand_in_their_prompts_are_a_leak() -> None:
    told = [stored(f"g{n}", prompt=f"Text {n}: it is word{n}. Summarise.", completion=f"It is word{n}.") for n in range(12)]
    (found,) = quality.label_leaks(told)
    assert (found["kind"], found["found"]) == ("completion_in_prompt", 12)
    hidden = [stored(f"g{n}", prompt=f"Question {n}", completion=f"Answer {n * 7}") for n in range(12)]
    assert not list(quality.label_leaks(hidden))


def test_a_text_is_signed_once_for_firewall_and_quality() -> None:
    learned = [stored("a", text=LONG, label="x"), stored("b", text=LONG + " more", label="y")]
    judged = [stored("c", text=LONG.upper(), label="z")]
    asked: list[str] = []

    def counting(text: str) -> bytes:
        asked.append(text)
        return splits.signature(text)

    sign = firewall.Signed(counting)
    held = firewall.leaks("classification", learned, judged, sign)
    found = quality.report("classification", learned, judged, held, sign)
    assert held == firewall.leaks("classification", learned, judged) == {"c": "same_text"}
    assert found == quality.report("classification", learned, judged, held)
    assert sorted(asked) == [LONG, LONG + " more"]


def test_the_report_keeps_its_contract_and_holds_no_text() -> None:
    learned, judged = (
        [*notes("surgery", 20, "Surgery note"), stored("z", text=LONG, label="a")],
        notes("consultation", 20, "Seen"),
    )
    held = {"consultation1": "near_text", "consultation2": "near_text"}
    made = quality.report("classification", learned, judged, held)
    contracts.validate(
        "quality", {"task": "classification", "run_id": "r", "created_at": "2026-11-21T08:00:00.000Z", "alarms": [], **made}
    )
    assert made["set_aside"]["counts"] == {"near_text": 2} and made["records"] == {"training": 21, "holdout": 20}
    assert "word1" not in json.dumps(made) and "finding" not in json.dumps(made)
