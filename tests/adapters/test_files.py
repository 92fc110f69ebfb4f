"""Every bad input gets the verdict the corpus declares for it, with messages that repeat nothing of it; good ones stay raw."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import files
from chartloop.errors import FileProblem
from chartloop.records import BatchOptions, Checked, check
from tests.corpus.bad_inputs import CANARY, GOOD, NOTE, SHEET, STRANGE_RECORDS, Case, cases, gz

CASES = cases()


def verdicts(case: Case) -> list[Checked]:
    found = []
    for line in files.parse(case.body, case.file, task="ner"):
        if line.problem:
            found.append(Checked(None, None, line.problem, (), frozenset()))
        else:
            found.append(check("ner", line.value, BatchOptions(), {"labels": case.declared}))
    return found


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_bad_input_has_its_verdict(case: Case) -> None:
    if case.whole:
        with pytest.raises(FileProblem) as error:
            verdicts(case)
        assert error.value.code == case.whole
        messages = [error.value.message]
    else:
        found = verdicts(case)
        assert tuple(checked.problem.code if checked.problem else None for checked in found) == case.records
        messages = [checked.problem.message + str(checked.problem.field) for checked in found if checked.problem]
    assert not any(CANARY in message or NOTE in message for message in messages)


def test_the_corpus_holds_two_hundred_inputs() -> None:
    assert len(CASES) >= 190
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("name", STRANGE_RECORDS)
def test_strange_text_is_stored_raw_with_its_offsets(name: str) -> None:
    record = STRANGE_RECORDS[name]
    (line,) = files.parse(json.dumps(record, ensure_ascii=False).encode(), "a.jsonl", task="ner")
    stored = check("ner", line.value, BatchOptions(), {}).record
    assert stored is not None
    assert stored["text"] == record["text"]
    sent = [(entity["start"], entity["end"]) for entity in record["entities"]]
    assert [(entity["start"], entity["end"]) for entity in stored["entities"]] == sent


def test_numbers_are_those_of_the_file() -> None:
    bad = b'\n{"a": NaN}\n\n{"b": 1}\n'
    assert [line.number for line in files.parse(bad, "a.jsonl", task="ner")] == [2, 4]
    assert [line.number for line in files.parse(b'[{"a": NaN}, {"b": 1}]', "a.json", task="ner")] == [1, 2]
    table = b"record_id,text,entities\na,b,[]\n,,\nc,d,[]\n"
    assert [line.number for line in files.parse(table, "a.csv", task="ner")] == [1, 3]


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("a.jsonl", b"\n" * 1001, "too_large"),
        ("a.jsonl.gz", gz(b"\n" * 1001), "gzip_bomb"),
        ("a.xlsx", SHEET[:1000], "truncated"),
        ("a.xlsx.gz", gz(SHEET), "gzip_bomb"),
    ],
)
def test_the_limit_holds_for_the_file_and_for_what_it_inflates_to(name: str, body: bytes, code: str) -> None:
    with pytest.raises(FileProblem) as error:
        files.parse(body, name, task="ner", limit=1000)
    assert error.value.code == code
    assert files.parse(b"\n" * 1000, "a.jsonl", task="ner", limit=1000) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=6), st.sampled_from([None, 1]))
def test_an_array_reads_as_json_reads_it(values: list, indent: int | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(values, ensure_ascii=ascii_only, indent=indent)
        try:
            body = text.encode()
        except UnicodeEncodeError:
            continue
        found = files.parse(body, "a.json", task="ner")
        for value, line in zip(values, found, strict=True):
            assert line.problem.code == "lone_surrogate" if line.problem else line.value == value


@settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode), st.sampled_from(files.EXTENSIONS), st.booleans())
def test_no_bytes_crash_the_reader(body: bytes, extension: str, packed: bool) -> None:
    try:
        lines = files.parse(gz(body) if packed else body, f"a.{extension}" + ".gz" * packed, task="ner")
    except FileProblem:
        return
    for line in lines:
        assert line.problem or check("ner", line.value, BatchOptions(), {}).problem is not None or line.value == GOOD
