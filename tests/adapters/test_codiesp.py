"""CodiEsp: codes by case, evidence as entities in Spanish, everything set aside told of by its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.codiesp import read_folder
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import BatchOptions, check

TEXT = "Varón con fiebre y tos. Se realiza radiografía."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("text_files", TEXT), ("text_files_en", "A man with fever and cough. An X-ray is made.")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "case-1.txt").write_bytes(text.encode())
    (tmp_path / "trainD.tsv").write_text("case-1\tr50.9\ncase-1\tr05\ncase-1\tr50.9\n")
    (tmp_path / "trainP.tsv").write_text("case-1\tbw03zzz\n")
    (tmp_path / "trainX.tsv").write_text(
        "case-1\tDIAGNOSTICO\tr50.9\tfiebre\t10 16\n"
        "case-1\tDIAGNOSTICO\tr50.8\tfiebre\t10 16\n"
        "case-1\tDIAGNOSTICO\tr05\tfiebre tos\t10 16;19 22\n"
        "case-1\tPROCEDIMIENTO\tbw03zzz\tradiografía\t35 99\n"
    )
    return tmp_path


def test_a_case_in_spanish_has_its_codes_and_its_evidence(folder: Path) -> None:
    ((record, notes),) = read_folder(folder)
    assert record["codes"] == [
        {"system": "icd10cm", "code": "R50.9"},
        {"system": "icd10cm", "code": "R05"},
        {"system": "icd10pcs", "code": "BW03ZZZ"},
    ]
    assert record["entities"] == [{"start": 10, "end": 16, "label": "DIAGNOSTICO"}]
    assert [note.field for note in notes] == ["line 3", "line 4"]
    assert not any("fiebre" in note.message for note in notes)
    assert check("ner", record, BatchOptions(), {}).problem is None


def test_the_english_translation_has_codes_alone(folder: Path) -> None:
    ((record, notes),) = read_folder(folder, "en")
    assert record["text"].startswith("A man")
    assert (record["entities"], notes, len(record["codes"])) == ([], [], 3)


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        list(read_folder(tmp_path))


def test_a_line_that_is_no_annotation_is_named(folder: Path) -> None:
    (folder / "devX.tsv").write_text("case-1\tDIAGNOSTICO\n")
    with pytest.raises(FileProblem, match=r"devX.tsv, line 1"):
        list(read_folder(folder))
