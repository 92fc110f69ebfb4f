"""The notebook's workplace on moto's S3: inputs come as folders, results go with the manifest last, steps are told of."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chartloop.errors import JobFailed
from training.jobs import metric
from training.workplace import Workplace, serving, workplace

ORDER: dict[str, Any] = {
    "run_id": "ner-1", "execution": "ner-1-1", "look": 1, "bucket": "data",
    "uris": {"request": "s3://data/runs/ner-1/request.json", "records": "s3://data/records/ner/", "model": "s3://data/models/ner/v/"},
}  # fmt: skip


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="data")
        yield client


class Clock:
    """Seconds that pass one by one, each time that somebody looks."""

    def __init__(self, step: float = 1.0) -> None:
        self.now, self.step = 1000.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def told(s3: Any, name: str) -> Any:
    return json.loads(s3.get_object(Bucket="data", Key=f"runs/ner-1/notebook/ner-1-1-{name}.json")["Body"].read())


def test_a_prefix_and_an_object_come_as_folders(s3: Any, tmp_path: Path) -> None:
    for key in ("records/ner/a.jsonl", "records/ner/b/c.jsonl", "records/ner/", "records/nerve/x", "runs/ner-1/request.json"):
        s3.put_object(Bucket="data", Key=key, Body=key.encode())
    work = Workplace(ORDER, tmp_path, s3)
    records = work.fetch("records")
    assert {path.relative_to(records).as_posix() for path in records.rglob("*") if path.is_file()} == {"a.jsonl", "b/c.jsonl"}
    assert (work.fetch("request") / "request.json").read_text() == "runs/ner-1/request.json"


def test_an_input_that_is_not_there_is_named(s3: Any, tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="records") as raised:
        Workplace(ORDER, tmp_path, s3).fetch("records")
    assert raised.value.code == "input_missing"


def test_a_result_goes_with_its_manifest_last(s3: Any, tmp_path: Path) -> None:
    work = Workplace(ORDER, tmp_path, s3)
    for name in ("manifest.json", "model.tar.gz", "more/z.json"):
        (work.here("model") / name).parent.mkdir(parents=True, exist_ok=True)
        (work.here("model") / name).write_text(name)
    stored: list[str] = []
    s3.meta.events.register("before-call.s3.PutObject", lambda params, **_: stored.append(params["url_path"]))
    work.deliver("model")
    assert [path.rpartition("/models/ner/v/")[2] for path in stored] == ["model.tar.gz", "more/z.json", "manifest.json"]


def test_a_step_tells_how_far_it_is_and_how_it_ended(s3: Any, tmp_path: Path) -> None:
    work = Workplace(ORDER, tmp_path, s3, Clock(step=10))
    with work.step("embed"):
        assert told(s3, "embed") == {"status": "InProgress", "started": 1010.0, "ended": None, "metrics": {}}
        metric(progress=40)
        assert told(s3, "embed")["metrics"] == {"progress": 40.0}
    assert told(s3, "embed")["status"] == "Completed" and told(s3, "embed")["ended"] > 1010


def test_a_step_that_is_told_of_often_is_written_seldom(s3: Any, tmp_path: Path) -> None:
    work = Workplace(ORDER, tmp_path, s3, Clock(step=0))
    with work.step("embed"):
        metric(progress=40)
        assert told(s3, "embed")["metrics"] == {}
    assert told(s3, "embed")["metrics"] == {"progress": 40.0}


def test_a_step_that_fails_says_so_and_a_later_look_has_its_number(s3: Any, tmp_path: Path) -> None:
    work = Workplace({**ORDER, "look": 2}, tmp_path, s3)
    with pytest.raises(ValueError), work.step("score"):
        raise ValueError("a record")
    assert told(s3, "score2")["status"] == "Failed"


def test_curves_come_from_what_lies_beside_the_model(s3: Any, tmp_path: Path) -> None:
    body, line = io.BytesIO(), b'{"name": "train_loss", "value": 0.5}\n'
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        member = tarfile.TarInfo("metrics.jsonl")
        member.size = len(line)
        tar.addfile(member, io.BytesIO(line))
    work = Workplace(ORDER, tmp_path, s3)
    model = "s3://data/runs/ner-1/train/j/output/model.tar.gz"
    assert work.curves(model) == {}
    s3.put_object(Bucket="data", Key="runs/ner-1/train/j/output/output.tar.gz", Body=body.getvalue())
    assert work.curves(model) == {"train_loss": [0.5]}


def test_each_workplace_has_a_folder_of_its_own(s3: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "order.json").write_text(json.dumps(ORDER))
    one, other = (workplace(tmp_path / "order.json") for _ in range(2))
    assert one.order == ORDER
    assert one.here("x").parent != other.here("x").parent and one.here("x").parent.parent == tmp_path


def test_the_model_folder_says_who_serves(tmp_path: Path) -> None:
    assert serving("", "ner") is None and serving(str(tmp_path), "ner") is None
    (tmp_path / "models" / "ner").mkdir(parents=True)
    (tmp_path / "models" / "ner" / "champion.json").write_text('{"version": "v", "sha256": "s"}')
    assert serving(str(tmp_path), "ner") == {"version": "v", "sha256": "s"}
