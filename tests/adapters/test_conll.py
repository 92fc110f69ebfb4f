"""CoNLL import: documents or sentences, tabs or spaces, IOB1 or IOB2, and lines that are neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import conll
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import BatchOptions, check
from tests.corpus.public import data


def read(tmp_path: Path, text: str, name: str = "notes.tsv") -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(record id, text, [(surface, label)]) of each record."""
    (tmp_path / name).write_bytes(text.encode())
    found = []
    for record, notes in conll.read_folder(tmp_path):
        assert notes == []
        assert check("ner", record, BatchOptions(span_policy="reject"), {}).record == record
        surfaces = [(record["text"][e["start"] : e["end"]], e["label"]) for e in record["entities"]]
        found.append((record["record_id"], record["text"], surfaces))
    return found


def test_a_record_a_sentence(tmp_path: Path) -> None:
    text = "Chest\tB-Problem\npain\tI-Problem\n.\tO\n\n\nOn\tO\naspirin\tB-Drug\n"
    assert read(tmp_path, text) == [
        ("notes-1", "Chest pain .", [("Chest pain", "Problem")]),
        ("notes-2", "On aspirin", [("aspirin", "Drug")]),
    ]


def test_a_record_a_document_where_the_file_marks_them(tmp_path: Path) -> None:
    text = "-DOCSTART- O\n\nChest B-X\npain I-X\n\n😀 B-X\nwell O\n\n-DOCSTART- O\n\nfine O\n"
    assert read(tmp_path, text) == [
        ("notes-1", "Chest pain\n😀 well", [("Chest pain", "X"), ("😀", "X")]),
        ("notes-2", "fine", []),
    ]


def test_iob1_adjacent_entities_windows_line_ends_and_more_columns(tmp_path: Path) -> None:
    text = "\ufeffa NN I-X\r\nb NN I-X\r\nc NN B-X\r\nd NN I-Y\r\n\r\n"
    assert read(tmp_path, text) == [("notes-1", "a b c d", [("a b", "X"), ("c", "X"), ("d", "Y")])]


def test_an_entity_does_not_run_on_into_the_next_sentence(tmp_path: Path) -> None:
    text = "-DOCSTART- O\n\na B-X\n\nb I-X\n"
    assert read(tmp_path, text) == [("notes-1", "a\nb", [("a", "X"), ("b", "X")])]


def test_one_file_or_a_folder_of_them(tmp_path: Path) -> None:
    (tmp_path / "b.conll").write_text("x\tO\n")
    (tmp_path / "SOURCE.md").write_text("not data\n")
    assert [record_id for record_id, _, _ in read(tmp_path, "y\tO\n", "a.txt")] == ["a-1", "b-1"]
    assert [record["record_id"] for record, _ in conll.read_folder(tmp_path / "b.conll")] == ["b-1"]


@pytest.mark.parametrize("line", ["Zyxwvut", "Zyxwvut\tS-X", "Zyxwvut\tB-", "\tO", "Zyxwvut\tX"])
def test_a_line_that_is_no_token_and_tag_is_refused_by_its_place(tmp_path: Path, line: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        read(tmp_path, f"a\tO\n{line}\n")
    assert error.value.field == "notes.tsv, line 2"
    assert "Zyxwvut" not in error.value.message


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="holds no file"):
        list(conll.read_folder(tmp_path))
    (tmp_path / "a.tsv").write_bytes(b"caf\xe9\tO\n")
    with pytest.raises(FileProblem, match=r"a\.tsv is not UTF-8 at byte 3"):
        list(conll.read_folder(tmp_path))


@pytest.mark.parametrize("name", ["ncbi-disease/train.tsv", "bc5cdr/devel.tsv"])
def test_public_sets_whole(name: str) -> None:
    """Each B- tag is one entity, each sentence one record, and every record is accepted."""
    text = data(name).read_text("utf-8")
    documents = list(conll.read_folder(data(name)))
    assert len(documents) == len([part for part in text.split("\n\n") if part.strip()])
    assert sum(len(record["entities"]) for record, _ in documents) == text.count("\tB-")
    for record, _ in documents:
        assert check("ner", record, BatchOptions(), {}).problem is None
