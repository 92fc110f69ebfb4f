"""Codes on the command line: staged from a table, suggested with their evidence, and records that are like a note."""

from __future__ import annotations

import io
import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from client import exits
from client.cli import run
from tests.client import examples
from tests.client.service import Service, printed

BUCKET = "chartloop-data-123456789012-us-east-1"
NOTE = "known\x1b hypertension"
CODE = {
    "system": "icd10cm", "code": "I10", "description": "Essential [primary] hypertension", "score": 1.5, "keyphrases": [0],
    "evidence": {"records": [{"record_id": "r-[b]1", "similarity": 0.91}], "words": [{"start": 7, "end": 19}]},
}  # fmt: skip


def test_a_table_lies_in_the_bucket_by_its_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    table = tmp_path / "own.csv"
    table.write_text("code,description\n2345-7,Glucose in blood\n")
    session = Service().session(tmp_path)
    with mock_aws():
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        assert run(["stage-codes", str(table), "--system", "loinc"], session) == exits.OK
        body = s3.get_object(Bucket=BUCKET, Key="codes/loinc.jsonl")["Body"].read()
    assert json.loads(body) == {"code": "2345-7", "description": "Glucose in blood"}
    assert f"s3://{BUCKET}/codes/loinc.jsonl: 1 codes" in printed(session)


@pytest.mark.parametrize("system", ["../x", "A", ""])
def test_a_system_has_a_plain_name(tmp_path: Path, system: str) -> None:
    assert run(["stage-codes", __file__, "--system", system], Service().session(tmp_path)) == exits.REFUSED


def test_suggestions_are_shown_with_what_speaks_for_them(tmp_path: Path) -> None:
    answer = examples.prediction({**examples.found(NOTE, problem="hypertension"), "codes": [CODE]})
    service = Service().on("POST /v1/tasks/ner/predict", {**answer, "warnings": [{"code": "no_codes", "message": "none"}]})
    session = service.session(tmp_path)
    assert run(["predict", NOTE, "--codes", "5"], session) == exits.OK
    assert service.sent()["codes"] == 5
    for part in ("I10", "1.50", "Essential", "hypertension", "r-[b]1 (0.91)"):
        assert part in printed(session)
    assert isinstance(session.notices.file, io.StringIO) and "no_codes: none" in session.notices.file.getvalue()
    assert "\x1b" not in printed(session)


def test_similar_records(tmp_path: Path) -> None:
    found = {"task": "ner", "model_version": "r-1", "snapshot": None, "records": [{"record_id": "r-9", "similarity": 0.5}]}
    service = Service().on("POST /v1/tasks/ner/similar", found)
    session = service.session(tmp_path)
    assert run(["similar", "a note", "--most", "3", "--text"], session) == exits.OK
    assert service.sent() == {"text": "a note", "most": 3, "include": ["text"]}
    assert "r-9" in printed(session) and "0.500" in printed(session)
