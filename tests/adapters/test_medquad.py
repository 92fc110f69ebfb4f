"""MedQuAD import: tidy pairs, documents that are never split, texts that no record resembles; on the real file too."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from adapters import medquad
from chartloop import generation, splits
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import BatchOptions, examine
from tests.corpus.public import data


def written(path: Path, *pairs: dict[str, Any]) -> Path:
    body = "".join(json.dumps(pair) + "\n" for pair in pairs).encode()
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


def pair(focus: str, question: str = "What is it ?", answer: str = "An illness.") -> dict[str, Any]:
    return {"source": "9_CDC_QA", "focus": focus, "question": question, "answer": answer}


@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.jsonl.gz"])
def test_pairs_become_records_and_a_document_stands_in_the_patients_place(tmp_path: Path, name: str) -> None:
    path = written(
        tmp_path / name,
        pair("Lyme  Disease", answer="Causes:\n                \n- ticks   and\n- more"),
        pair("lyme disease", "How is it\ttreated ?"),
        pair("Gout", answer=" \n "),
    )
    read = [record for record, _ in medquad.read_file(path)]
    assert [record["prompt"] for record in read] == ["What is it ?", "How is it treated ?"]
    assert read[0]["completion"] == "Causes:\n- ticks and\n- more"
    assert read[0]["patient_id"] == read[1]["patient_id"]
    assert read[0]["record_id"] != read[1]["record_id"]
    assert [examine(generation.FORM, record, BatchOptions(), {}).record for record in read] == read


def test_what_is_no_pair_is_named_by_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"pairs\.jsonl, line 2: not an object with focus, question, answer"):
        medquad.pairs(written(tmp_path / "pairs.jsonl", pair("gout"), {"question": "?", "answer": "!"}))
    (tmp_path / "broken.jsonl.gz").write_bytes(b"no gzip")
    with pytest.raises(FileProblem):
        medquad.pairs(tmp_path / "broken.jsonl.gz")


def test_texts_are_of_other_documents_and_nearly_no_records_answer() -> None:
    words = " ".join(f"word{number}" for number in range(60))
    pairs = [
        medquad.Pair(f"illness {n}", "What ?", f"{words} number {n}" if n % 10 == 0 else f"Only of {n}, " * 9) for n in range(60)
    ]
    parts = medquad.share_out(pairs, 40)
    assert len(parts.pairs) + len(parts.texts) + parts.left_out == 60
    assert parts.left_out == sum(f"{words} number" in one.answer for one in pairs if one not in parts.pairs) > 0
    assert not {one.answer for one in parts.pairs} & set(parts.texts)
    assert medquad.share_out(reversed(pairs), 40).pairs == parts.pairs[::-1]
    assert [medquad.share_out(pairs, percent).pairs for percent in (0, 100)] == [pairs, []]


def test_the_public_file() -> None:
    pairs = medquad.pairs(data("medquad/medquad.jsonl.gz"))
    assert len(pairs) == 6000
    parts = medquad.share_out(pairs, 40)
    assert (len(parts.pairs), len(parts.texts), parts.left_out) == (3634, 2148, 125)
    assert not {one.answer for one in parts.pairs} & set(parts.texts)
    sides = {
        splits.side("generation", splits.group_of(one.record, generation.FORM.text(one.record), None)) for one in parts.pairs
    }
    assert sides == {"training", "holdout"}
