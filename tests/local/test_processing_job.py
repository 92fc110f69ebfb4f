"""Processing jobs: inputs dealt to several machines, outputs at the end, messages of failures, and no network where isolated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local.conftest import until
from tests.local.job_tools import content, process, put, told
from tests.local.kept import BUCKET, KeptCloud


@pytest.fixture(scope="module", params=[True, False], ids=["namespaces", "rewriting"])
def cloud(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("processing"), mounts=request.param)
    yield made
    made.stop()


def test_a_processing_job_reads_its_inputs_and_leaves_its_outputs(cloud: KeptCloud) -> None:
    one, many = put(cloud, "p/one.json", b"1"), put(cloud, "p/many/deep/two.json", b"2").removesuffix("deep/two.json")
    script = """
        cd /opt/ml/processing; cat input/one/one.json input/many/deep/two.json > output/both
        mkdir output/d; echo "$1" > output/d/arg
    """
    process(cloud, "copy", script, inputs={"one": one, "many": many})
    job = cloud.settled("Processing", "copy")
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    assert content(cloud, "copy/out/both") == b"12"
    assert content(cloud, "copy/out/d/arg") == b"x y\n"
    assert told(cloud, "Processing", "copy") == ["InProgress"] * 2 + ["Completed"] * 2
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]


WHO = """
    cd /opt/ml
    host=$(python3 -c 'import json; print(json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"])')
    (ls processing/input/dealt; cat processing/input/whole/one.json) > processing/output/$host
"""


def test_several_machines_share_a_processing_job(cloud: KeptCloud) -> None:
    whole = put(cloud, "several/one.json", b"1")
    for number in range(5):
        dealt = put(cloud, f"several/dealt/{number}.jsonl", b"x").rpartition("/")[0] + "/"
    script = WHO if cloud.mounts else WHO.replace('"/opt/ml/config', '"config')
    process(cloud, "several", script, inputs={"whole": whole, "dealt": dealt}, machines=3, dealt="dealt")
    job = cloud.settled("Processing", "several")
    assert job["ProcessingJobStatus"] == "Completed", job.get("FailureReason")
    shares = [content(cloud, f"several/out/algo-{number}").decode().split() for number in (1, 2, 3)]
    assert shares == [["0.jsonl", "3.jsonl", "1"], ["1.jsonl", "4.jsonl", "1"], ["2.jsonl", "1"]]


def test_one_machine_that_fails_ends_the_others(cloud: KeptCloud) -> None:
    script = """grep -q '"current_host": "algo-2"' /opt/ml/config/resourceconfig.json && exit 7; exec sleep 600"""
    process(cloud, "one-fails", script, inputs={}, machines=2)
    job = cloud.settled("Processing", "one-fails")
    assert (job["ProcessingJobStatus"], job["FailureReason"].rpartition(" ")[2]) == ("Failed", "7")


def test_a_processing_job_that_fails_leaves_its_message_and_no_output(cloud: KeptCloud) -> None:
    script = "cd /opt/ml; echo half > processing/output/half; echo 'bad_shard: hash' > output/message; exit 1"
    process(cloud, "broken", script, inputs={})
    job = cloud.settled("Processing", "broken")
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Failed", "bad_shard: hash")
    assert job["FailureReason"] == "AlgorithmError: bad_shard: hash, exit code: 1"
    assert cloud.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="broken/out")["KeyCount"] == 0


def test_a_stopped_processing_job_stops(cloud: KeptCloud) -> None:
    process(cloud, "waits", "sleep 600", inputs={})
    client = cloud.client("sagemaker")
    until(lambda: client.describe_processing_job(ProcessingJobName="waits").get("ProcessingStartTime"))
    client.stop_processing_job(ProcessingJobName="waits")
    assert cloud.settled("Processing", "waits")["ProcessingJobStatus"] == "Stopped"


def test_isolation_leaves_a_job_no_network(cloud: KeptCloud) -> None:
    if not cloud.mounts:
        pytest.skip("no namespaces, no isolation")
    script = f"""python3 -c 'import socket; socket.create_connection(("127.0.0.1", {cloud.port}), 5)'"""
    process(cloud, "isolated", script, inputs={})
    assert cloud.settled("Processing", "isolated")["ProcessingJobStatus"] == "Failed"
    process(cloud, "connected", script, inputs={}, isolated=False)
    assert cloud.settled("Processing", "connected")["ProcessingJobStatus"] == "Completed"
