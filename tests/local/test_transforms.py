"""Batch transform jobs run a real model server over objects in S3, line by line, and tell of their end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chartloop.errors import JobFailed
from local.transforms import mini_batches
from tests.local.conftest import until
from tests.local.job_tools import archive
from tests.local.kept import BUCKET, ROLE, KeptCloud

SCRIPT = """
import os, time
def model_fn(model_dir):
    return os.environ["VERSION"]
def input_fn(body, content_type):
    assert content_type == "application/jsonlines", content_type
    return body.decode()
def predict_fn(data, model):
    if "bad" in data:
        raise ValueError(data)
    while "wait" in data and not os.path.exists(os.environ["GATE"]):
        time.sleep(0.02)
    return "\\n".join(f"{model} {line}" for line in data.splitlines())
def output_fn(prediction, accept):
    return prediction
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("transforms"))
    model = archive(code__inference=SCRIPT)
    made.client("s3").put_object(Bucket=BUCKET, Key="models/m/model.tar.gz", Body=model)
    environment = {"VERSION": "model", "GATE": str(made.state / "gate")}
    container = {"Image": "image", "ModelDataUrl": f"s3://{BUCKET}/models/m/model.tar.gz", "Environment": environment}
    made.client("sagemaker").create_model(ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container)
    yield made
    made.stop()


def start(cloud: KeptCloud, name: str, text: str, *, source: dict[str, Any] | None = None, **options: Any) -> None:
    key = f"in/{name}/input.jsonl"
    cloud.client("s3").put_object(Bucket=BUCKET, Key=key, Body=text.encode())
    where = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{key}"}}
    cloud.client("sagemaker").create_transform_job(
        **{"TransformJobName": name, "ModelName": "m", "BatchStrategy": "SingleRecord", **options},
        Environment={"VERSION": "own"},
        TransformInput={"DataSource": where, "ContentType": "application/jsonlines", "SplitType": "Line", **(source or {})},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/out/{name}", "Accept": "application/jsonlines", "AssembleWith": "Line"},
        TransformResources={"InstanceType": "ml.m5.xlarge", "InstanceCount": 1},
    )  # fmt: skip


def ended(cloud: KeptCloud, name: str) -> Any:
    def found() -> Any:
        job = cloud.client("sagemaker").describe_transform_job(TransformJobName=name)
        return job if job["TransformJobStatus"] in ("Completed", "Failed", "Stopped") else None

    return until(found, 60)


def outputs(cloud: KeptCloud, name: str) -> dict[str, str]:
    storage = cloud.client("s3")
    listed = storage.list_objects_v2(Bucket=BUCKET, Prefix=f"out/{name}").get("Contents", [])
    return {one["Key"]: storage.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read().decode() for one in listed}


@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_every_line_is_answered_in_its_place_by_the_model_in_the_jobs_environment(cloud: KeptCloud, strategy: str) -> None:
    name = f"order-{strategy.lower()}"
    start(cloud, name, "one\ntwo\nthree", BatchStrategy=strategy)
    job = ended(cloud, name)
    assert job["TransformJobStatus"] == "Completed" and job["TransformEndTime"] >= job["TransformStartTime"]
    assert outputs(cloud, name) == {f"out/{name}/input.jsonl.out": "own one\nown two\nown three\n"}
    told = [d["TransformJobStatus"] for kind, d in cloud.events() if kind == "SageMaker Transform Job State Change"
            and d["TransformJobName"] == name]  # fmt: skip
    assert set(told) == {"InProgress", "Completed"}


def test_one_request_that_fails_fails_the_job_and_leaves_no_output(cloud: KeptCloud) -> None:
    start(cloud, "fails", "one\nbad\nthree\n")
    job = ended(cloud, "fails")
    assert (job["TransformJobStatus"], outputs(cloud, "fails")) == ("Failed", {})
    assert "See job logs" in job["FailureReason"] and "bad" not in job["FailureReason"]


def test_a_job_that_is_stopped_ends_without_output(cloud: KeptCloud) -> None:
    start(cloud, "stopped", "wait\ntwo\n")
    client = cloud.client("sagemaker")
    until(lambda: client.describe_transform_job(TransformJobName="stopped").get("TransformStartTime"))
    client.stop_transform_job(TransformJobName="stopped")
    (cloud.state / "gate").touch()
    assert ended(cloud, "stopped")["TransformJobStatus"] == "Stopped"
    assert outputs(cloud, "stopped") == {}


def test_what_sagemaker_refuses_is_refused(cloud: KeptCloud) -> None:
    with pytest.raises(ClientError, match=r"(?i)could not find model"):
        start(cloud, "no-model", "one", ModelName="none")
    with pytest.raises(ClientError, match="100 MB"):
        start(cloud, "too-much", "one", MaxPayloadInMB=60, MaxConcurrentTransforms=2)
    with pytest.raises(ClientError, match="CompressionType"):
        start(cloud, "packed", "one", source={"CompressionType": "Gzip"})
    client = cloud.client("sagemaker")
    with pytest.raises(ClientError, match=r"(?i)could not find"):
        client.describe_transform_job(TransformJobName="no-model")
    start(cloud, "twice", "one")
    with pytest.raises(ClientError, match="already exists"):
        start(cloud, "twice", "one")
    ended(cloud, "twice")
    with pytest.raises(ClientError, match="in status Completed"):
        client.stop_transform_job(TransformJobName="twice")


def test_lines_are_packed_up_to_the_most_bytes_and_none_is_cut() -> None:
    lines = [b"aa\n", b"bb\n", b"cccc\n", b"d"]
    assert list(mini_batches(lines, 6, single=False)) == [b"aa\nbb\n", b"cccc\nd"]
    assert list(mini_batches(lines, 6, single=True)) == lines
    with pytest.raises(JobFailed):
        list(mini_batches(lines, 4, single=False))
