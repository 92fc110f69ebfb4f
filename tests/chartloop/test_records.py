"""Verdicts on single records: canonical form, policies, units, labels, options."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop import classification, generation, ner, records, regression, spans
from chartloop.errors import InvalidRequest, NotFound
from chartloop.records import BatchOptions, Checked, Problem, check, examine
from tests.contracts import validate
from tests.corpus.bad_inputs import CANARY, GOOD, NOTE, note, span

PLAIN = BatchOptions()

FEATURES = {"age": "[70-80)", "number_inpatient": 2.0, "diag_1": "None"}
GOOD_RECORDS = {
    "ner": GOOD,
    "classification": {"record_id": "c-1", "text": NOTE, "label": "surgery"},
    "regression": {"record_id": "r-1", "patient_id": "p", "features": FEATURES, "target": 4.0},
    "generation": {"record_id": "g-1", "prompt": "Summarise.", "completion": "Well."},
}

FORMS = {
    "ner": ner.TASK.form, "classification": classification.FORM, "regression": regression.FORM, "generation": generation.FORM,
}  # fmt: skip

words = st.text(st.sampled_from("ab é\u0301😀5-\n"), min_size=1, max_size=30).filter(lambda text: bool(text.strip()))


@st.composite
def notes(draw: st.DrawFn) -> dict[str, Any]:
    """Records whose spans may be anywhere: inside words, over each other, with white space at their edges, blank."""
    text = draw(words)
    bounds = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(sorted).filter(lambda b: b[0] < b[1])
    drawn = draw(st.lists(st.tuples(bounds, st.sampled_from("ABC")), max_size=6))
    entities = [{"start": start, "end": end, "label": label} for (start, end), label in drawn]
    return {"record_id": "n-1", "text": text, "entities": entities}


def problem(value: Any, task: str = "ner", options: BatchOptions = PLAIN, declared: tuple[str, ...] = ()) -> Problem:
    checked = examine(FORMS[task], value, options, {"labels": declared})
    assert checked.problem is not None
    assert checked.record is None
    return checked.problem


@pytest.mark.parametrize("task", GOOD_RECORDS)
def test_a_good_record_of_each_task_is_accepted_and_stays_one(task: str) -> None:
    validate("record", GOOD_RECORDS[task])
    checked = examine(FORMS[task], GOOD_RECORDS[task], PLAIN, {})
    assert checked.problem is None
    assert checked.record == GOOD_RECORDS[task]
    validate("record", checked.record)
    assert checked.record_id == GOOD_RECORDS[task]["record_id"]


@pytest.mark.parametrize("task", GOOD_RECORDS)
def test_each_required_field_is_missed_by_name(task: str) -> None:
    for name in FORMS[task].required:
        rest = {key: value for key, value in GOOD_RECORDS[task].items() if key != name}
        found = problem(rest, task)
        assert (found.code, found.field) == ("missing_field", name)


@pytest.mark.parametrize(
    ("task", "changes", "code", "field"),
    [
        ("classification", {"label": ""}, "wrong_type", "label"),
        ("classification", {"text": "  "}, "empty_text", "text"),
        ("regression", {"target": "4"}, "wrong_type", "target"),
        ("regression", {"target": True}, "wrong_type", "target"),
        ("regression", {"target": float("nan")}, "not_finite", "target"),
        ("regression", {"target": 10**400}, "not_finite", "target"),
        ("regression", {"features": [1]}, "wrong_type", "features"),
        ("regression", {"features": {"age": {"years": 3}}}, "wrong_type", "features.age"),
        ("regression", {"features": {"number_inpatient": float("inf")}}, "not_finite", "features.number_inpatient"),
        ("regression", {"features": {CANARY: 1}}, "unknown_column", "features"),
        ("regression", {"features": {"num_medications": 1}}, "known_at_discharge", "features.num_medications"),
        ("regression", {"features": {"diag_1": "\ud800"}}, "lone_surrogate", "features.diag_1"),
        ("generation", {"prompt": ""}, "empty_text", "prompt"),
        ("generation", {"completion": 3}, "wrong_type", "completion"),
        ("generation", {"completion": "\udfff"}, "lone_surrogate", "completion"),
    ],
)
def test_bad_fields_of_the_other_tasks(task: str, changes: dict[str, Any], code: str, field: str) -> None:
    found = problem({**GOOD_RECORDS[task], **changes}, task)
    assert (found.code, found.field) == (code, field)
    assert CANARY not in found.message


def test_an_unknown_task_is_no_verdict() -> None:
    with pytest.raises(NotFound):
        check("triage", GOOD, PLAIN, {})


def test_a_problem_names_the_record_the_field_and_never_the_text() -> None:
    checked = check("ner", span(33, 400, surface=CANARY), PLAIN, {})
    assert checked.record_id == "b-1"
    assert checked.problem == Problem(
        "offset_past_end", f"entities[0].end is past the end of the text, which has {len(NOTE)} characters", "entities[0].end"
    )


def test_an_unknown_field_is_told_by_its_place_and_by_the_name_it_resembles() -> None:
    found = problem(note(pateint_id="p"))
    assert found.message == "field 4 of the record is unknown; did you mean patient_id?"
    assert CANARY not in problem(note(**{CANARY: 1})).message


@pytest.mark.parametrize("value", [None, 3, "x", [], {"record_id": 3}, {"record_id": "\ud800"}, {"record_id": "x" * 201}])
def test_an_id_that_cannot_be_read_is_not_repeated(value: Any) -> None:
    checked = check("ner", value, PLAIN, {})
    assert checked.record_id is None
    assert checked.problem is not None


@given(notes())
def test_accepted_spans_are_disjoint_whole_words_and_every_change_is_told(value: dict[str, Any]) -> None:
    checked = check("ner", value, PLAIN, {})
    if checked.problem:
        assert checked.problem.code == "blank_span"
        return
    assert checked.record is not None
    kept = checked.record["entities"]
    edges = {edge for token in spans.tokens(value["text"]) for edge in token}
    assert all({entity["start"], entity["end"]} <= edges for entity in kept)
    assert all(one["end"] <= other["start"] for one, other in pairwise(kept))
    assert len(kept) + sum(n.code == "span_set_aside" for n in checked.notes) == len(value["entities"])
    unchanged = [entity for entity in value["entities"] if entity in kept]
    assert len(value["entities"]) - len(unchanged) <= len(checked.notes)
    again = check("ner", checked.record, PLAIN, {})
    assert (again.record, again.notes) == (checked.record, ())


@given(notes(), st.randoms(use_true_random=False))
def test_the_digest_is_that_of_the_meaning_not_of_the_order(value: dict[str, Any], random: Any) -> None:
    first = check("ner", value, PLAIN, {}).record
    if first is None:
        return
    shuffled = dict(random.sample(list(value.items()), len(value)))
    shuffled["entities"] = [
        {**dict(reversed(entity.items())), "surface": value["text"][entity["start"] : entity["end"]]}
        for entity in random.sample(value["entities"], len(value["entities"]))
    ]
    second = check("ner", shuffled, PLAIN, {}).record
    assert second is not None
    assert records.digest(first) == records.digest(second)
    assert json.loads(records.canonical(first)) == first


@given(notes())
def test_utf16_offsets_give_the_same_record(value: dict[str, Any]) -> None:
    entities = []
    for entity in value["entities"]:
        start, end = spans.to_utf16(value["text"], (entity["start"], entity["end"]))
        entities.append({"start": start, "end": end, "label": entity["label"]})
    found = check("ner", {**value, "entities": entities}, BatchOptions(offset_unit="utf16"), {})
    assert found == check("ner", value, PLAIN, {})


def test_a_utf16_offset_inside_a_pair_names_its_entity() -> None:
    utf16 = BatchOptions(offset_unit="utf16")
    good, inside = {"start": 3, "end": 7, "label": "x"}, {"start": 1, "end": 3, "label": "x"}
    emoji = {"record_id": "e", "text": "😀 pain", "entities": [good, inside]}
    found = problem(emoji, options=utf16)
    assert (found.code, found.field) == ("offset_inside_surrogate", "entities[1].start")
    emoji["entities"] = [{**good, "end": 8}]
    found = problem(emoji, options=utf16)
    assert (found.code, found.field) == ("offset_past_end", "entities[0].end")


def test_the_reject_policy_refuses_what_the_longest_policy_sets_aside() -> None:
    value = note(entities=[{"start": 15, "end": 25, "label": "a"}, {"start": 21, "end": 25, "label": "b"}])
    kept = check("ner", value, PLAIN, {})
    assert [n.code for n in kept.notes] == ["span_set_aside"]
    assert kept.notes[0].message == "entities[1] 21:25 overlaps entities[0] 15:25"
    assert kept.labels == {"a"}
    found = problem(value, options=BatchOptions(span_policy="reject"))
    assert (found.code, found.field) == ("overlap", "entities[1]")


def test_a_label_in_another_case_is_refused_with_the_declared_one_named() -> None:
    found = problem(span(33, 40, label="DRUG"), declared=("drug", "dose"))
    assert found.message == "entities[0].label is none of the labels that the task declares; it differs only in case from drug"
    referral = {**GOOD_RECORDS["classification"], "label": "Surgery"}
    assert problem(referral, "classification", declared=("surgery",)).field == "label"
    assert check("ner", GOOD, PLAIN, {"labels": ["drug"]}).problem is None


def test_options_come_back_from_an_objects_metadata() -> None:
    for options in (PLAIN, BatchOptions(replace=True, span_policy="reject", offset_unit="utf16")):
        assert BatchOptions.from_metadata({**options.to_metadata(), "poster": "someone"}) == options
    assert BatchOptions.from_metadata({}) == PLAIN


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [("replace", "yes", "replace"), ("span-policy", "shortest", "span_policy"), ("offset-unit", "", "offset_unit")],
)
def test_a_bad_option_is_refused_by_name(name: str, value: str, field: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        BatchOptions.from_metadata({name: value})
    rules = {"replace": "true or false", "span_policy": "longest or reject", "offset_unit": "codepoint or utf16"}
    assert (error.value.field, error.value.message) == (field, f"{field} must be {rules[field]}")
    with pytest.raises(InvalidRequest):
        BatchOptions(replace=1)  # type: ignore[arg-type]


def test_options_are_written_as_metadata_is() -> None:
    assert PLAIN.to_metadata() == {"replace": "false", "span-policy": "longest", "offset-unit": "codepoint"}
    assert BatchOptions(replace=True).to_metadata()["replace"] == "true"
    assert BatchOptions.from_metadata({"replace": "true"}) == BatchOptions(replace=True)
    assert BatchOptions.from_metadata({"replace": "false", "span-policy": "longest"}) == PLAIN


def test_the_text_of_each_task() -> None:
    assert records.text_of("ner", GOOD) == NOTE
    assert FORMS["generation"].text(GOOD_RECORDS["generation"]) == "Summarise.\nWell."
    assert FORMS["regression"].text(GOOD_RECORDS["regression"]) == ""


def test_the_whole_verdict_on_a_record() -> None:
    checked = check("ner", GOOD, PLAIN, {})
    assert checked == Checked("g-1", GOOD, None, (), frozenset({"drug"}))
    refused = check("ner", note(text=3), PLAIN, {})
    assert refused == Checked("b-1", None, Problem("wrong_type", "text must be a string", "text"), (), frozenset())
    unread = check("ner", note(record_id=""), PLAIN, {})
    told = Problem("bad_id", "record_id must be a string of 1 to 200 characters", "record_id")
    assert unread == Checked(None, None, told, (), frozenset())
    patient = check("ner", note(patient_id="x" * 201), PLAIN, {})
    told = Problem("bad_id", "patient_id must be a string of 1 to 200 characters", "patient_id")
    assert patient == Checked("b-1", None, told, (), frozenset())


def test_labels_are_those_of_the_record_and_of_its_spans() -> None:
    assert check("classification", GOOD_RECORDS["classification"], PLAIN, {}).labels == {"surgery"}
    assert check("regression", GOOD_RECORDS["regression"], PLAIN, {}).labels == frozenset()
    spans_of_two = [{"start": 33, "end": 40, "label": "drug"}, {"start": 41, "end": 46, "label": "dose"}]
    assert check("ner", note(entities=spans_of_two), PLAIN, {}).labels == {"drug", "dose"}


def test_the_canonical_form_is_sorted_dense_and_in_utf8() -> None:
    assert records.canonical({"b": "é", "a": [1, 2.5]}) == '{"a":[1,2.5],"b":"é"}'.encode()
    assert records.digest({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.canonical({"a": float("nan")})


def test_a_line_is_its_value_or_the_problem_with_it() -> None:
    assert records.parse_json_line('{"a": 1}') == {"a": 1}
    assert records.parse_json_line("{") == Problem("invalid_json", "no valid JSON at character 1")
