"""brat import: one record a document, every span that was set aside or moved told by id and offsets."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import brat
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import BatchOptions, check
from chartloop.task import Note
from tests.corpus.public import data

TEXT = "Pt. has chronic headaches 😀\r\nand nausea; takes aspirin."


def read(*lines: str, text: str = TEXT) -> tuple[list[tuple[int, int, str]], list[Note]]:
    record, notes = brat.read("d-1", text, "\n".join(lines) + "\n")
    assert (record["record_id"], record["text"]) == ("d-1", text)
    return [(entity["start"], entity["end"], entity["label"]) for entity in record["entities"]], notes


def test_text_bound_annotations_become_entities_and_the_rest_is_left() -> None:
    start = TEXT.index("aspirin")
    entities, notes = read(
        "T1\tProblem 16 25\theadaches", "E1\tProblem:T1 ", "A1\tNegation E1", "R1\tTreats Arg1:T2 Arg2:T1\t",
        "#1\tAnnotatorNotes T1\tsure", "*\tEquiv T1 T2", f"T2\tDrug {start} {start + 7}\taspirin",
    )  # fmt: skip
    assert entities == [(16, 25, "Problem"), (start, start + 7, "Drug")]
    assert notes == []


def test_line_ends_and_emoji_count_as_they_stand_in_the_file() -> None:
    start = TEXT.index("nausea")
    assert read(f"T1\tProblem {start} {start + 6}\tnausea\r")[0] == [(start, start + 6, "Problem")]
    across = TEXT.index("😀")
    assert read(f"T1\tProblem {across} {start - 1}\t😀  and")[0] == [(across, start - 1, "Problem")]


def test_a_discontinuous_span_is_set_aside_by_its_id_and_offsets() -> None:
    entities, notes = read("T9\tProblem 8 15;34 40\tchronic nausea")
    assert entities == []
    assert notes == [Note("span_set_aside", "T9 8:15;34:40 is discontinuous", "T9")]


def test_of_overlapping_spans_the_longest_stays() -> None:
    entities, notes = read("T1\tProblem 16 25\theadaches", "T2\tProblem 8 25\tchronic headaches")
    assert entities == [(8, 25, "Problem")]
    assert notes == [Note("span_set_aside", "T1 16:25 overlaps T2 8:25", "T1")]


def test_a_span_inside_a_word_is_widened_and_told() -> None:
    entities, notes = read("T1\tProblem 16 20\thead")
    assert entities == [(16, 25, "Problem")]
    assert notes == [Note("span_widened", "T1 16:20 was widened to the whole word, 16:25", "T1")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("T1\tProblem 16 999\theadaches", "does not lie inside the text"),
        ("T1\tProblem 16 16\t", "does not lie inside the text"),
        ("T1\tProblem 25 16\theadaches", "does not lie inside the text"),
        ("T1\tProblem 15 16\t ", "covers nothing but white space"),
        ("T1\tProblem 16 25\tmigraine", "does not cover the text that it quotes"),
        ("T1\tProblem -1 25\theadaches", "line 1 is no text-bound annotation"),
        ("T1 Problem 16 25 headaches", "line 1 is no text-bound annotation"),
    ],
)
def test_what_cannot_be_an_entity_is_told_and_never_quoted(line: str, reason: str) -> None:
    entities, (note,) = read(line)
    assert entities == []
    assert note.code == "span_set_aside"
    assert reason in note.message
    assert "headaches" not in note.message
    assert "migraine" not in note.message


def test_a_folder_gives_its_documents_by_name(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / f"{name}.txt").write_bytes(TEXT.encode())
        (tmp_path / f"{name}.ann").write_bytes(b"T1\tProblem 16 25\theadaches\n")
    documents = list(brat.read_folder(tmp_path))
    assert [record["record_id"] for record, _ in documents] == ["a", "b"]
    assert documents[0][0]["text"] == TEXT


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"no \.txt documents"):
        list(brat.read_folder(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    with pytest.raises(InvalidRequest, match=r"a\.txt has no a\.ann"):
        list(brat.read_folder(tmp_path))
    (tmp_path / "a.ann").write_bytes(b"")
    with pytest.raises(FileProblem, match=r"a\.txt is not UTF-8 at byte 3"):
        list(brat.read_folder(tmp_path))


def test_maccrobat_whole() -> None:
    """Each annotation is an entity or told of, and what is imported passes the strictest batch unchanged."""
    folder = data("maccrobat2020")
    documents = list(brat.read_folder(folder))
    annotated = sum(line.startswith("T") for file in folder.glob("*.ann") for line in file.read_text("utf-8").split("\n"))
    entities = sum(len(record["entities"]) for record, _ in documents)
    set_aside = sum(note.code == "span_set_aside" for _, notes in documents for note in notes)
    assert len(documents) == len(list(folder.glob("*.txt")))
    assert entities + set_aside == annotated
    assert set_aside < annotated * 0.03
    for record, _ in documents:
        checked = check("ner", record, BatchOptions(span_policy="reject"), {})
        assert checked.record == record
        assert checked.notes == ()
