"""Every SageMaker request of the state machine, as botocore and our own rules for it see it."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from chartloop import tasks, tuning
from chartloop.instances import has_own_disks
from infra import requests
from infra.requests import METRICS
from tests.infra.asl import machines, resolve
from tests.infra.executions import JOBS, MACHINE, an_input

STATES = {
    name: state
    for machine in machines(MACHINE)
    for name, state in machine["States"].items()
    if "sagemaker" in state.get("Resource", "")
}
CONTEXT = {"Execution": {"Name": "ner-20261121-080102-3f9c-1"}}


def request(name: str, look: int = 1) -> dict[str, Any]:
    """The request as SageMaker would get it."""
    declared = tasks.TASKS["ner"].tuning
    assert declared is not None
    document = {
        **an_input(),
        "toolkit": JOBS.toolkit(),
        "candidate": {"model_uri": "s3://data/runs/r/train/j/output/model.tar.gz"},
        "standing": {"champion": {"present": True, "version": "ner-0", "model_uri": "s3://data/m.tar.gz"}, "look": look},
        "tuning": tuning.order(declared, tuning.TuningSettings(max_jobs=5), ("ner", "ner-20261121-080102-3f9c"), {}, 42),
    }
    resolved = resolve(STATES[name]["Parameters"], document, CONTEXT)
    assert isinstance(resolved, dict)
    return resolved


def operation(name: str) -> str:
    called = STATES[name]["Resource"].removeprefix("arn:aws:states:::sagemaker:").removesuffix(".sync")
    return str(called[0].upper() + called[1:])


@cache
def shape_of(called: str) -> Any:
    return botocore.session.get_session().get_service_model("sagemaker").operation_model(called).input_shape


def test_all_jobs_are_looked_at() -> None:
    scoring = {"Score", "ScoreFirst", "ScoreOnGpu", "ScoreFirstOnGpu"}
    assert set(STATES) == {"Prepare", "Embed", "EmbedAll", "Train", "Tune"} | scoring


@pytest.mark.parametrize("name", STATES)
def test_botocore_takes_the_request(name: str) -> None:
    report = ParamValidator().validate(request(name), shape_of(operation(name)))
    assert not report.has_errors(), report.generate_report()


def variant(**changes: Any) -> dict[str, Any]:
    """The training request of a deployment with these settings, on demand or (spot) not."""
    jobs = replace(JOBS, **changes)
    resolved = resolve(jobs.train(), {**an_input(), "toolkit": jobs.toolkit()}, CONTEXT)
    assert isinstance(resolved, dict)
    return resolved


FALLBACKS = ("ml.g5.xlarge", "ml.g6.xlarge")
VARIANTS: list[dict[str, Any]] = [
    {"spot": spot, "training_fallbacks": fallbacks, "warm_pool_seconds": pool, "training_instances": count}
    for spot in (False, True)
    for fallbacks in ((), FALLBACKS)
    for pool in (0, 1800)
    for count in (1, 3)
    if not (spot and pool)
]


@pytest.mark.parametrize("changes", VARIANTS, ids=str)
@pytest.mark.parametrize("on_demand", [False, True])
def test_botocore_takes_every_way_to_train(changes: dict[str, Any], on_demand: bool) -> None:
    jobs = replace(JOBS, **changes)
    sent = resolve(jobs.train(on_demand=on_demand), {**an_input(), "toolkit": jobs.toolkit()}, CONTEXT)
    report = ParamValidator().validate(sent, shape_of("CreateTrainingJob"))
    assert not report.has_errors(), report.generate_report()
    cluster, time = sent["ResourceConfig"], sent["StoppingCondition"]
    spot = sent.get("EnableManagedSpotTraining", False)
    assert ("InstanceType" in cluster) is not ("InstancePreferences" in cluster)
    assert not (spot and ("InstancePreferences" in cluster or "KeepAlivePeriodInSeconds" in cluster))
    assert not spot or time["MaxWaitTimeInSeconds"] >= time["MaxRuntimeInSeconds"]
    assert ("CheckpointConfig" in sent) is changes["spot"] is ("CHARTLOOP_CHECKPOINTS" in sent["Environment"])


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("name", ["Prepare", "Embed", "EmbedAll", "Score"])
def test_several_machines_share_what_can_be_divided(name: str, count: int) -> None:
    jobs = replace(JOBS, processing_instances=count)
    makers = {"Prepare": jobs.prepare, "Embed": lambda: jobs.embed(previous=True), "EmbedAll": lambda: jobs.embed(previous=False)}
    document = {
        **an_input(),
        "candidate": {"model_uri": "s3://d/c"},
        "standing": {"champion": {"model_uri": "s3://d/m"}, "look": 1},
    }
    sent = resolve(makers.get(name, lambda: jobs.score(champion=True))(), document, CONTEXT)
    report = ParamValidator().validate(sent, shape_of("CreateProcessingJob"))
    assert not report.has_errors(), report.generate_report()
    assert sent["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == (1 if name == "Score" else count)
    spread = {item["InputName"]: item["S3Input"]["S3DataDistributionType"] for item in sent["ProcessingInputs"]}
    assert {input_ for input_, how in spread.items() if how == "ShardedByS3Key"} == ({"records"} if name == "Prepare" else set())


def test_fallbacks_come_after_the_first_choice() -> None:
    cluster = variant(training_fallbacks=FALLBACKS, training_instances=2)["ResourceConfig"]
    assert [kind["InstanceType"] for kind in cluster["InstancePreferences"]] == ["ml.g4dn.xlarge", *FALLBACKS]
    assert cluster["InstanceCount"] == 2


@pytest.mark.parametrize(
    ("changes", "started_by_torchrun"),
    [
        ({}, False),
        ({"training_instances": 2}, True),
        ({"training_instance": "ml.g5.12xlarge"}, True),
        ({"training_instance": "ml.g5.8xlarge"}, False),
        ({"training_instance": "ml.p4d.24xlarge"}, True),
        ({"training_fallbacks": ("ml.g4dn.12xlarge",)}, True),
    ],
)
def test_torchrun_starts_a_process_for_each_of_several_gpus(changes: dict[str, Any], started_by_torchrun: bool) -> None:
    hyperparameters = variant(**changes)["HyperParameters"]
    assert hyperparameters.get("sagemaker_torch_distributed_enabled") == ("true" if started_by_torchrun else None)


def test_only_what_is_read_from_front_to_end_is_streamed() -> None:
    modes = {channel["ChannelName"]: channel.get("InputMode", "File") for channel in variant()["InputDataConfig"]}
    assert modes == {"code": "File", "train": "FastFile", "model": "File"}


@pytest.mark.parametrize("name", STATES)
def test_a_job_has_no_network_and_everything_is_encrypted(name: str) -> None:
    sent = request(name)
    sent = sent.get("TrainingJobDefinition", sent)
    network = sent.get("NetworkConfig", sent)
    assert network["EnableNetworkIsolation"] is True
    assert network["EnableInterContainerTrafficEncryption"] is True
    assert sent.get("ProcessingOutputConfig", sent.get("OutputDataConfig"))["KmsKeyId"] == JOBS.key
    if "ProcessingResources" in sent:
        cluster = sent["ProcessingResources"]["ClusterConfig"]  # a machine encrypts disks of its own by itself
        assert cluster.get("VolumeKmsKeyId") == (None if has_own_disks(cluster["InstanceType"]) else JOBS.key)


@pytest.mark.parametrize("name", STATES)
def test_only_score_reads_the_holdout_and_only_under_its_own_role(name: str) -> None:
    sent = request(name)
    reads_holdout = "s3://data/holdout/" in str(sent)
    assert reads_holdout is name.startswith("Score")
    assert sent.get("TrainingJobDefinition", sent)["RoleArn"] == (JOBS.score_role if reads_holdout else JOBS.job_role)


@pytest.mark.parametrize("name", [name for name in STATES if name not in ("Train", "Tune")])
def test_a_container_is_told_within_sagemakers_limits_and_by_names_that_it_has(name: str) -> None:
    sent = request(name)
    application = sent["AppSpecification"]
    words = [*application["ContainerEntrypoint"], *application["ContainerArguments"]]
    assert all(len(word) <= 256 for word in words)
    given = {item["S3Input"]["LocalPath"] for item in sent["ProcessingInputs"]}
    given |= {item["S3Output"]["LocalPath"] for item in sent["ProcessingOutputConfig"]["Outputs"]}
    folders = [word for word in application["ContainerArguments"] if word.startswith("/opt/ml/")]
    assert set(folders) == given - {f"{requests.INPUT}/code"}


def test_training_follows_the_toolkits_contract() -> None:
    sent = request("Train")
    assert sent["HyperParameters"] == {
        "num_train_epochs": "8",
        "sagemaker_program": "training/train.py",
        "sagemaker_submit_directory": "/opt/ml/input/data/code/0123.tar.gz",
    }
    assert [channel["ChannelName"] for channel in sent["InputDataConfig"]] == ["code", "train", "model"]
    assert sent["TrainingJobName"] == "ner-20261121-080102-3f9c-1-train"
    assert [metric["Name"] for metric in sent["AlgorithmSpecification"]["MetricDefinitions"]] == list(METRICS)


@pytest.mark.parametrize(
    ("line", "value"), [("metric eval_f1=0.9123", "0.9123"), ("metric eval_f1=1.2e-05 epoch=3", "1.2e-05"), ("eval_f1=3", None)]
)
def test_a_metric_is_read_from_its_line(line: str, value: str | None) -> None:
    definitions = {d["Name"]: d["Regex"] for d in request("Train")["AlgorithmSpecification"]["MetricDefinitions"]}
    match = re.search(definitions["eval_f1"], line)
    assert (match and match.group(1)) == value


@pytest.mark.parametrize(("look", "suffix"), [(1, "-score"), (2, "-score2"), (3, "-score3")])
def test_each_look_at_the_holdout_is_a_job_of_its_own(look: int, suffix: str) -> None:
    assert request("Score", look)["ProcessingJobName"] == "ner-20261121-080102-3f9c-1" + suffix
