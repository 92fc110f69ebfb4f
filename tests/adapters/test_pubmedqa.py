"""PubMedQA import: prompts that end in their question, labels that are asked for, and what is no question refused."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from adapters import pubmedqa
from chartloop import classification, generation
from chartloop.errors import FileProblem, InvalidRequest
from chartloop.records import BatchOptions, examine
from tests.corpus.public import data


def question(decision: str = "yes", **more: Any) -> dict[str, Any]:
    contexts = ["Two groups were compared.", "Group A did better."]
    asked = {"QUESTION": "Does A help?", "CONTEXTS": contexts, "LONG_ANSWER": "A helps.", "final_decision": decision}
    return {**asked, "YEAR": "2000", "MESHES": ["Humans"], **more}


def written(path: Path, content: Any) -> Path:
    body = json.dumps(content).encode()
    path.write_bytes(gzip.compress(body) if path.suffix == ".gz" else body)
    return path


@pytest.mark.parametrize("name", ["asked.json", "asked.json.gz"])
def test_the_abstract_and_then_the_question_are_answered_by_the_conclusion(tmp_path: Path, name: str) -> None:
    (record, notes), (none, dropped) = pubmedqa.read_file(written(tmp_path / name, {"17": question()}))
    assert record == {
        "record_id": "pubmed-17", "prompt": "Two groups were compared.\nGroup A did better.\n\nDoes A help?",
        "completion": "A helps.",
    }  # fmt: skip
    assert (notes, none, dropped) == ([], None, [])
    assert record is not None and examine(generation.FORM, record, BatchOptions(), {}).record == record


def test_with_labels_the_decision_is_the_label_and_the_conclusion_stays_out(tmp_path: Path) -> None:
    asked = {"1": question("yes"), "2": question("maybe"), "3": question("no")}
    *found, (_, dropped) = pubmedqa.read_file(written(tmp_path / "asked.json", asked), ["yes", "no"])
    records = [record for record, _ in found if record is not None]
    assert [(record["record_id"], record["label"]) for record in records] == [("pubmed-1", "yes"), ("pubmed-3", "no")]
    assert "A helps" not in records[0]["text"] and records[0]["text"].startswith("Does A help?")
    assert [note.code for note in dropped] == ["other_decision"]
    assert [examine(classification.FORM, record, BatchOptions(), {}).record for record in records] == records


def test_a_label_that_no_question_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="perhaps"):
        list(pubmedqa.read_file(written(tmp_path / "asked.json", {"1": question()}), ["yes", "perhaps"]))


@pytest.mark.parametrize("content", [[], {}, 7])
def test_what_is_no_such_file_is_refused(tmp_path: Path, content: Any) -> None:
    with pytest.raises(FileProblem):
        list(pubmedqa.read_file(written(tmp_path / "asked.json", content)))


@pytest.mark.parametrize("broken", [7, question(CONTEXTS="one"), question(CONTEXTS=[1]), question(LONG_ANSWER=" ")])
def test_a_question_without_a_part_is_named_by_its_number(tmp_path: Path, broken: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"asked\.json, 9: needs QUESTION"):
        list(pubmedqa.read_file(written(tmp_path / "asked.json", {"8": question(), "9": broken})))


def test_the_public_file() -> None:
    path = data("pubmedqa/pqal_train.json.gz")
    records = [record for record, _ in pubmedqa.read_file(path) if record]
    assert len(records) == 500 and len({record["record_id"] for record in records}) == 500
    labels = Counter(record["label"] for record, _ in pubmedqa.read_file(path, ["yes", "no"]) if record)
    assert labels == {"yes": 276, "no": 169}
