"""Training jobs run as processes under the container contract, with namespaces and without, and tell of every change."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.jobs import known_as
from tests.local.conftest import until
from tests.local.job_tools import archive, channel, content, process, put, told
from tests.local.kept import BUCKET, ROLE, KeptCloud

TRAIN = """
import json, os, pathlib, socket, sys
import helper
seen = {"argv": sys.argv[1:], "cwd": os.getcwd(), "host": socket.gethostname(), "hosts": open("/etc/hosts").read(),
        "helper": helper.VALUE, "env": dict(os.environ), "files": sorted(os.listdir(os.environ["SM_CHANNEL_TRAIN"])),
        "config": {p.stem: json.loads(p.read_text()) for p in pathlib.Path(os.environ["SM_INPUT_CONFIG_DIR"]).iterdir()}}
pathlib.Path(os.environ["SM_MODEL_DIR"], "seen.json").write_text(json.dumps(seen))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "more.txt").write_text("more")
print("metric eval_f1=0.25")
print("metric eval_f1=0.75", flush=True)
"""
FAILS = """
import pathlib, os
pathlib.Path(os.environ["SM_OUTPUT_DIR"], "failure").write_text("no_data: the channel is empty")
raise SystemExit(3)
"""
SLEEPS = """
import os, pathlib, time
pathlib.Path(os.environ["SM_MODEL_DIR"], "half.txt").write_text("half")
print("metric eval_f1=0.5", flush=True)
time.sleep(600)
"""
TAKEN = """
import os, pathlib, signal, sys, time
kept, model = pathlib.Path(os.environ["KEPT"]), pathlib.Path(os.environ["SM_MODEL_DIR"])
found = sorted(path.name for path in kept.iterdir())
def taken(*_):
    kept.joinpath("state").write_text("half way")
    sys.exit(143)
signal.signal(signal.SIGTERM, taken)
model.joinpath("begun").write_text("again" if found else "anew")
print("metric eval_f1=0.5", flush=True)
if not found:
    model.joinpath("lost").touch()
    time.sleep(600)
model.joinpath("state").write_text(kept.joinpath("state").read_text())
"""
TOGETHER = """
import os, pathlib
pathlib.Path(os.environ["SM_MODEL_DIR"], os.environ["RANK"]).write_text(os.environ["WORLD_SIZE"])
"""
METRICS = [{"Name": "eval_f1", "Regex": "eval_f1=([0-9.]+)"}]


@pytest.fixture(scope="module", params=[True, False], ids=["namespaces", "rewriting"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("jobs"), mounts=request.param)
    yield made
    made.stop()


def train(
    cloud: KeptCloud, name: str, script: str, *, seconds: int = 600, more: dict[str, Any] | None = None, **hyperparameters: Any
) -> None:
    put(cloud, f"{name}/code/asset.tar.gz", archive(training__train=script, helper="VALUE = 7\n"))
    put(cloud, f"{name}/train/a.jsonl", b"{}\n")
    put(cloud, f"{name}/train/sub/b.jsonl", b"{}\n")
    given = {
        "sagemaker_program": "training/train.py", "sagemaker_submit_directory": "/opt/ml/input/data/code/asset.tar.gz",
        **hyperparameters,
    }  # fmt: skip
    request: dict[str, Any] = {
        "TrainingJobName": name, "RoleArn": ROLE, "EnableNetworkIsolation": True, "Environment": {"HF_HUB_OFFLINE": "1"},
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File", "MetricDefinitions": METRICS},
        "InputDataConfig": [channel("code", f"s3://{BUCKET}/{name}/code/"), channel("train", f"s3://{BUCKET}/{name}/train/")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/{name}/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
        "HyperParameters": {key: json.dumps(value) if key in hyperparameters else value for key, value in given.items()},
    }  # fmt: skip
    cloud.client("sagemaker").create_training_job(**{**request, **(more or {})})


def test_a_training_script_finds_the_toolkits_contract(cloud: KeptCloud) -> None:
    train(cloud, "good", TRAIN, num_train_epochs=8, learning_rate=3e-4, do_train=True, model_name_or_path="a b")
    job = cloud.settled("Training", "good")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/good/out/good/output/model.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(content(cloud, "good/out/good/output/model.tar.gz"))) as tar:
        seen = json.load(tar.extractfile("seen.json"))  # type: ignore[arg-type]
    with tarfile.open(fileobj=io.BytesIO(content(cloud, "good/out/good/output/output.tar.gz"))) as tar:
        assert tar.getnames() == ["more.txt"]
    arguments = dict(zip(seen["argv"][::2], seen["argv"][1::2], strict=True))
    assert arguments == {
        "--num_train_epochs": "8", "--learning_rate": "0.0003", "--do_train": "True", "--model_name_or_path": "a b",
    }  # fmt: skip
    assert seen["helper"] == 7
    assert seen["files"] == ["a.jsonl", "sub"]
    env = seen["env"]
    assert json.loads(env["SM_HPS"]) == {
        "num_train_epochs": 8, "learning_rate": 0.0003, "do_train": True, "model_name_or_path": "a b",
    }  # fmt: skip
    assert env["SM_HP_DO_TRAIN"] == "true"
    assert env["HF_HUB_OFFLINE"] == "1"
    assert env["TRAINING_JOB_NAME"] == "good"
    assert json.loads(env["SM_CHANNELS"]) == ["code", "train"]
    assert seen["config"]["hyperparameters"]["num_train_epochs"] == "8"
    assert seen["config"]["resourceconfig"]["hosts"] == [env["SM_CURRENT_HOST"]]
    if cloud.mounts:
        assert (seen["host"], env["SM_MODEL_DIR"], seen["cwd"]) == ("algo-1", "/opt/ml/model", "/opt/ml/code")
        assert "algo-1" in seen["hosts"]
    until(lambda: not list((cloud.state / "jobs").iterdir()))


def test_a_training_jobs_statuses_metrics_and_events(cloud: KeptCloud) -> None:
    train(cloud, "stages", TRAIN)
    job = cloud.settled("Training", "stages")
    stages = [change["Status"] for change in job["SecondaryStatusTransitions"]]
    assert stages == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all("EndTime" in change for change in job["SecondaryStatusTransitions"])
    assert job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert [(metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]] == [("eval_f1", 0.75)]
    assert told(cloud, "Training", "stages") == [stage for stage in stages for _ in range(2)]
    assert job["AlgorithmSpecification"]["MetricDefinitions"] == METRICS
    assert "eval_f1=0.25" in (cloud.state / "logs" / "jobs" / "stages.log").read_text()


def test_a_script_that_fails_says_why(cloud: KeptCloud) -> None:
    train(cloud, "bad", FAILS)
    job = cloud.settled("Training", "bad")
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: no_data: the channel is empty, exit code: 3"
    assert "ModelArtifacts" not in job


def test_metrics_are_seen_while_it_trains_and_a_stopped_job_keeps_what_it_has(cloud: KeptCloud) -> None:
    train(cloud, "long", SLEEPS)
    client = cloud.client("sagemaker")
    until(lambda: client.describe_training_job(TrainingJobName="long").get("FinalMetricDataList"))
    client.stop_training_job(TrainingJobName="long")
    job = cloud.settled("Training", "long")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    with tarfile.open(fileobj=io.BytesIO(content(cloud, "long/out/long/output/model.tar.gz"))) as tar:
        assert tar.getnames() == ["half.txt"]
    with pytest.raises(ClientError, match="in status Stopped"):
        client.stop_training_job(TrainingJobName="long")


def test_a_job_that_takes_too_long_is_stopped(cloud: KeptCloud) -> None:
    train(cloud, "late", SLEEPS, seconds=1)
    job = cloud.settled("Training", "late")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_names_are_used_once_and_missing_input_fails(cloud: KeptCloud) -> None:
    process(cloud, "no-input", "true", inputs={"data": f"s3://{BUCKET}/nothing/here/"})
    job = cloud.settled("Processing", "no-input")
    assert job["ProcessingJobStatus"] == "Failed"
    assert "No S3 objects found" in job["FailureReason"]
    with pytest.raises(ClientError, match="unique"):
        process(cloud, "no-input", "true", inputs={})


def spot(cloud: KeptCloud, name: str) -> dict[str, Any]:
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/{name}/checkpoints/", "LocalPath": "/opt/ml/checkpoints"},
        "Environment": {"KEPT": "/opt/ml/checkpoints"},
    }


def test_a_spot_machine_that_is_taken_away_is_replaced_and_the_checkpoints_are_there(cloud: KeptCloud) -> None:
    (cloud.state / "faults").write_text("spot:taken:1\n")
    train(cloud, "taken", TAKEN, more=spot(cloud, "taken"))
    job = cloud.settled("Training", "taken")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert [change["Status"] for change in job["SecondaryStatusTransitions"]] == [
        *("Starting", "Downloading", "Training", "Interrupted", "Starting", "Downloading", "Training", "Uploading", "Completed")
    ]
    assert content(cloud, "taken/checkpoints/state") == b"half way"
    with tarfile.open(fileobj=io.BytesIO(content(cloud, "taken/out/taken/output/model.tar.gz"))) as tar:
        assert sorted(tar.getnames()) == ["begun", "state"]


def test_machines_on_demand_are_not_taken_away(cloud: KeptCloud) -> None:
    (cloud.state / "faults").write_text("spot:paid:1\n")
    train(cloud, "paid", TRAIN)
    job = cloud.settled("Training", "paid")
    assert "Interrupted" not in [change["Status"] for change in job["SecondaryStatusTransitions"]]


def test_torchrun_starts_as_many_processes_as_there_are_machines(cloud: KeptCloud) -> None:
    cluster = {"InstancePreferences": [{"InstanceType": "ml.g5.xlarge"}], "InstanceCount": 2, "VolumeSizeInGB": 5}
    train(cloud, "together", TOGETHER, more={"ResourceConfig": cluster}, sagemaker_torch_distributed_enabled=True)
    job = cloud.settled("Training", "together")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["ResourceConfig"]["SelectedInstanceType"] == "ml.g5.xlarge"
    with tarfile.open(fileobj=io.BytesIO(content(cloud, "together/out/together/output/model.tar.gz"))) as tar:
        assert sorted(tar.getnames()) == ["0", "1"]


def test_a_job_cannot_write_into_the_journals_blobs(cloud: KeptCloud) -> None:
    uri = put(cloud, "shared/original.txt", b"original")
    process(cloud, "scribbler", "echo changed > /opt/ml/processing/input/data/original.txt", inputs={"data": uri})
    assert cloud.settled("Processing", "scribbler")["ProcessingJobStatus"] == "Completed"
    kept = [path.read_bytes() for path in (cloud.state / "journal" / "blobs").iterdir()]
    assert b"original" in kept
    assert b"changed\n" not in kept


@pytest.mark.parametrize("end", [KeptCloud.kill, KeptCloud.stop])
def test_jobs_end_with_their_cloud_and_that_is_no_failure(tmp_path: Path, end: Callable[[KeptCloud], None]) -> None:
    cloud = KeptCloud(tmp_path)
    process(cloud, "orphan", "echo $$ > /opt/ml/processing/output/pid; exec sleep 600", inputs={})
    pid = until(lambda: next(iter((tmp_path / "jobs").glob("*/ml/processing/output/pid")), None))
    running = Path("/proc", until(lambda: pid.read_text().strip()), "cmdline")
    assert running.exists()
    end(cloud)
    until(lambda: not running.exists() or b"sleep" not in running.read_bytes())
    assert set(told(cloud, "Processing", "orphan")) == {"InProgress"}


@pytest.mark.parametrize(
    ("name", "step", "plain"),
    [("ner-7-1-train", "train", "train"), ("ner-7-1-train-try3", "train", "train"), ("ner-7-1-score2-try2", "score2", "score")],
)
def test_a_fault_finds_a_job_by_its_step_whichever_try_it_is(name: str, step: str, plain: str) -> None:
    assert known_as(name) == (step, plain)
