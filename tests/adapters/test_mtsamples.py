"""MTSamples: each note once whatever it is listed under, without what gives its specialty away, and every dropped row counted."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adapters import mtsamples
from chartloop import classification
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import BatchOptions, examine
from tests.corpus.public import data

COLUMNS = ["", "description", "medical_specialty", "sample_name", "transcription", "keywords", "sample_id"]
ROWS = [
    ["1", "a secret", " Surgery", "Secret", "The wound was closed.\nNo bleeding.", "surgery, secret", "7"],
    ["2", "a secret", " Orthopedic", "Secret", "The wound was closed.\nNo bleeding.", "orthopedic, secret", "7"],
    ["3", "", "Consult - History and Phy.", "", 'He says "fine".', "", "8"],
    ["4", "", "Surgery", "", 'He says "fine".', "", "8"],
    ["5", "", "Surgery", "", "  ", "", "9"],
]
LABELS = ["Surgery", "consult - history and phy."]


def table(folder: Path, rows: list[list[str]] = ROWS, columns: list[str] = COLUMNS) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([columns, *(row[: len(columns)] for row in rows)])
    path = folder / "mtsamples.csv.gz"
    path.write_bytes(gzip.compress(out.getvalue().encode()))
    return path


def read(path: Path, labels: list[str] = LABELS) -> tuple[list[dict[str, Any]], list[str], Counter[str]]:
    """(records, codes noted of records, codes of what was dropped)."""
    found = list(mtsamples.read_file(path, labels))
    records = [record for record, _ in found if record is not None]
    noted = [note.code for record, notes in found if record is not None for note in notes]
    return records, noted, Counter(note.code for record, notes in found if record is None for note in notes)


def test_a_note_is_one_record_under_the_first_of_the_labels_that_claim_it(tmp_path: Path) -> None:
    records, noted, dropped = read(table(tmp_path))
    assert [(record["record_id"], record["label"]) for record in records] == [("7", "Surgery"), ("8", "Surgery")]
    assert noted == ["listed_twice"]
    assert dropped == {"other_specialty": 1, "listed_again": 1, "no_text": 1}
    records, _, _ = read(table(tmp_path), LABELS[::-1])
    assert records[1]["label"] == "consult - history and phy."


def test_what_gives_the_specialty_away_stays_out(tmp_path: Path) -> None:
    records, _, _ = read(table(tmp_path))
    assert records[0] == {"record_id": "7", "text": "The wound was closed.\nNo bleeding.", "label": "Surgery"}
    assert all(examine(classification.FORM, record, BatchOptions(), {"labels": LABELS}).problem is None for record in records)


def test_without_ids_in_the_file_a_note_is_known_by_its_text(tmp_path: Path) -> None:
    first, _, _ = read(table(tmp_path, columns=COLUMNS[:-1]))
    second, _, _ = read(table(tmp_path, ROWS[::-1], COLUMNS[:-1]))
    assert {record["record_id"] for record in first} == {record["record_id"] for record in second}
    assert all(len(record["record_id"]) == 16 for record in first)


def test_a_label_that_the_file_does_not_have_is_named_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="under Radiology; most are under surgery") as refused:
        read(table(tmp_path), ["Surgery", "Radiology"])
    assert refused.value.field == "labels"


def test_one_label_is_no_classification(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="at least two"):
        read(table(tmp_path), ["Surgery", "surgery "])


def test_another_table_and_broken_quotes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="lacks transcription"):
        read(table(tmp_path, columns=COLUMNS[:4]))
    broken = tmp_path / "broken.csv"
    broken.write_text('medical_specialty,transcription\nSurgery,"cut "off\n')
    with pytest.raises(FileProblem, match="line 2"):
        read(broken)


def test_the_real_table_gives_each_note_once() -> None:
    records, noted, dropped = read(data("mtsamples") / "mtsamples.csv.gz", ["Surgery", "Consult - History and Phy."])
    assert len(records) == len({record["text"] for record in records}) == len({record["record_id"] for record in records}) == 1250
    assert Counter(record["label"] for record in records) == {"Surgery": 863, "Consult - History and Phy.": 387}
    assert (noted, dropped["other_specialty"]) == (["listed_twice"] * 3, 2594)
