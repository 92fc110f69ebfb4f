"""Public data and other tools' files become records on the command line."""

from __future__ import annotations

import json
from pathlib import Path

from adapters import diabetes130
from client import exits
from client.cli import run
from tests.client.service import Service, printed


def test_brat_files_become_records_and_what_is_set_aside_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "brat"
    folder.mkdir()
    (folder / "1.txt").write_text("severe chest pain, no fever")
    (folder / "1.ann").write_text("T1\tproblem 0 17\tsevere chest pain\nT2\tanatomy 7 12\tchest\n")
    output = tmp_path / "out.jsonl"
    session = Service().session(tmp_path)
    assert run(["import", "brat", str(folder), "-o", str(output)], session) == exits.OK
    (record,) = (json.loads(line) for line in output.read_text().splitlines())
    assert [(entity["start"], entity["end"], entity["label"]) for entity in record["entities"]] == [(0, 17, "problem")]
    assert "span_set_aside" in printed(session)
    assert printed(session).endswith(f"1 records with 1 entities in {output}, 1 span_set_aside\n")
    assert "chest" not in printed(session).replace(str(tmp_path), "")


def test_transcriptions_become_records_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    table, output = tmp_path / "notes.csv", tmp_path / "out.jsonl"
    rows = ["medical_specialty,transcription,sample_id", "Surgery,Wound closed.,1", "Consult,He coughs.,2", "Radiology,Film.,3"]
    table.write_text("\n".join([*rows, "Consult,Wound closed.,1"]))
    session = Service().session(tmp_path)
    assert run(["import", "mtsamples", str(table), "--labels", "Surgery,Consult", "-o", str(output)], session) == exits.OK
    assert [json.loads(line)["label"] for line in output.read_text().splitlines()] == ["Surgery", "Consult"]
    assert "1: listed_twice: is listed under Surgery and Consult" in printed(session)
    dropped = "1 listed_again, 1 listed_twice, 1 other_specialty"
    assert printed(session).endswith(f"2 records with 1 Surgery, 1 Consult in {output}, {dropped}\n")


def test_stays_become_records_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    table, output = tmp_path / "stays.csv", tmp_path / "out.jsonl"
    columns = [*diabetes130.NEEDED, "num_medications"]
    table.write_text(
        ",".join(columns) + "\n" + ",".join(["9", "1", "3", *["?"] * (len(columns) - 7), "1", "0", "2", "18"]) + "\n"
    )
    session = Service().session(tmp_path)
    assert run(["import", "diabetes130", str(table), "-o", str(output)], session) == exits.OK
    (record,) = (json.loads(line) for line in output.read_text().splitlines())
    assert (record["target"], record["features"]["number_outpatient"]) == (3.0, 2.0)
    assert "left out, for it is known only at discharge: num_medications" in printed(session)
    assert "1 records in " in printed(session)


def test_a_folder_without_annotations_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    output = tmp_path / "out.jsonl"
    session = Service().session(tmp_path)
    assert run(["import", "brat", str(tmp_path / "empty"), "-o", str(output)], session) == exits.REFUSED
    assert not output.exists()


def test_questions_become_records_and_other_documents_plain_texts(tmp_path: Path) -> None:
    source, output, texts = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "texts.jsonl"))
    pairs = [{"focus": f"illness {n}", "question": f"What is {n}?", "answer": f"It is {n} of many."} for n in range(20)]
    source.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    session = Service().session(tmp_path)
    ordered = ["import", "medquad", str(source), "-o", str(output)]
    assert run(ordered, session) == exits.OK
    assert len(output.read_text().splitlines()) == 20
    assert run([*ordered, "--texts", str(texts), "--texts-percent", "50"], session) == exits.OK
    records = [json.loads(line) for line in output.read_text().splitlines()]
    others = [json.loads(line)["text"] for line in texts.read_text().splitlines()]
    assert 0 < len(records) < 20
    assert {record["completion"] for record in records}.isdisjoint(others)
    assert printed(session).endswith(f"{len(records)} records in {output}, {len(others)} text\n")
