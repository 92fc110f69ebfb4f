"""Tuning jobs really run their trials, so many at a time, on values of the search; described and listed as SageMaker does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapters.jobs import SageMakerJobs
from chartloop.tuning import Categorical, Continuous, Tuning, TuningSettings, order
from tests.local.conftest import until
from tests.local.kept import BUCKET, ROLE, KeptCloud
from tests.local.test_jobs import archive, channel, content, put

TRAIN = """
import json, os, pathlib, sys
told = dict(zip(sys.argv[1::2], sys.argv[2::2]))
pathlib.Path(os.environ["SM_MODEL_DIR"], "told.json").write_text(json.dumps(told))
print("metric eval_loss=9.0")
print("metric eval_loss=%s" % abs(float(told["--rate"]) - 0.5), flush=True)
"""
SOME_FAIL = (
    TRAIN
    + """
if "-002-" in os.environ["TRAINING_JOB_NAME"]:
    raise SystemExit(1)
"""
)
THE_THIRD_IS_WORSE = """
import os, time
third = "-003-" in os.environ["TRAINING_JOB_NAME"]
print("metric eval_loss=%s" % (9.0 if third else 1.0), flush=True)
if third:
    time.sleep(600)
"""
SLEEPS = """
import time
print("metric eval_loss=1.0", flush=True)
time.sleep(600)
"""
FAILS = "raise SystemExit(1)"
DECLARED = Tuning("eval_loss", higher_is_better=False, ranges={"rate": Continuous(0.001, 1.0), "kind": Categorical(("a", "b"))})


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptCloud]:
    made = KeptCloud(tmp_path_factory.mktemp("tuning"))
    yield made
    made.stop()


def request(cloud: KeptCloud, name: str, script: str, **asked: Any) -> dict[str, Any]:
    put(cloud, f"{name}/code/asset.tar.gz", archive(training__train=script))
    code = "/opt/ml/input/data/code/asset.tar.gz"
    given = {"sagemaker_program": "training/train.py", "sagemaker_submit_directory": code, "epochs": "2", "rate": "1"}
    found = order(DECLARED, TuningSettings(**asked), ("ner", name), given, 7)
    metrics = [{"Name": "eval_loss", "Regex": "metric eval_loss=([-+0-9.eE]+)"}]
    definition = {
        "StaticHyperParameters": found["static"], "RoleArn": ROLE, "EnableNetworkIsolation": True,
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File", "MetricDefinitions": metrics},
        "InputDataConfig": [channel("code", f"s3://{BUCKET}/{name}/code/")],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/{name}/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    }  # fmt: skip
    return {
        "HyperParameterTuningJobName": name, "HyperParameterTuningJobConfig": found["config"],
        "TrainingJobDefinition": definition, "Tags": [{"Key": "application", "Value": "chartloop"}],
    }  # fmt: skip


def started(cloud: KeptCloud, name: str, script: str, **asked: Any) -> Any:
    client = cloud.client("sagemaker")
    client.create_hyper_parameter_tuning_job(**request(cloud, name, script, **asked))
    return client


def ended(cloud: KeptCloud, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(the tuning job's description, its trials) once it has ended."""
    client = cloud.client("sagemaker")

    def over() -> Any:
        found = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return found if found["HyperParameterTuningJobStatus"] in ("Completed", "Failed", "Stopped") else None

    found = until(over, 120)
    return found, client.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)[
        "TrainingJobSummaries"
    ]


def test_the_trials_are_training_jobs_and_the_best_one_is_told(cloud: KeptCloud) -> None:
    started(cloud, "search", TRAIN, max_jobs=5, max_parallel_jobs=2, early_stopping=False)
    job, trials = ended(cloud, "search")
    assert (job["HyperParameterTuningJobStatus"], "FailureReason" in job) == ("Completed", False)
    assert job["TrainingJobStatusCounters"]["Completed"] == job["ObjectiveStatusCounters"]["Succeeded"] == len(trials) == 5
    values = {one["TrainingJobName"]: one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for one in trials}
    best = job["BestTrainingJob"]
    assert best["TrainingJobName"] == min(values, key=lambda name: values[name])
    assert len({one["TunedHyperParameters"]["rate"] for one in trials}) == 5
    told = cloud.client("sagemaker").describe_training_job(TrainingJobName=best["TrainingJobName"])
    assert told["TrainingJobStatus"] == "Completed" and best["TrainingJobName"].startswith("search-00")
    assert told["ModelArtifacts"]["S3ModelArtifacts"] == f"s3://{BUCKET}/search/out/{best['TrainingJobName']}/output/model.tar.gz"
    assert told["HyperParameters"].items() >= {"epochs": "2", **best["TunedHyperParameters"]}.items()
    assert told["HyperParameters"]["_tuning_objective_metric"] == "eval_loss"
    assert content(cloud, f"search/out/{best['TrainingJobName']}/output/model.tar.gz")


def test_the_product_reads_it_as_it_would_on_aws(cloud: KeptCloud) -> None:
    jobs = SageMakerJobs(client=started(cloud, "read", SOME_FAIL, max_jobs=3, max_parallel_jobs=1))
    ended(cloud, "read")
    trials, state = jobs.trials("read"), jobs.describe("tuning", "read")
    assert [trial.status for trial in trials] == ["Completed", "Failed", "Completed"]
    assert [trial.objective is None for trial in trials] == [False, True, False]
    assert all(trial.values.keys() == DECLARED.ranges.keys() and trial.started and trial.ended for trial in trials)
    assert state.status == "Completed" and state.started and state.ended and state.started <= state.ended
    assert state.metrics == {"trials": 3, "best": min(trial.objective for trial in trials if trial.objective is not None)}
    assert state.billed == pytest.approx(sum(float(trial.ended or 0) - float(trial.started or 0) for trial in trials))


def test_no_more_run_at_once_than_were_asked_for_and_every_change_is_told(cloud: KeptCloud) -> None:
    started(cloud, "pairs", TRAIN, max_jobs=4, max_parallel_jobs=2)
    ended(cloud, "pairs")
    running, most = set[str](), 0
    for kind, detail in cloud.events():
        if kind == "SageMaker Training Job State Change" and detail["TrainingJobName"].startswith("pairs-"):
            going = detail["TrainingJobStatus"] == "InProgress"
            (running.add if going else running.discard)(detail["TrainingJobName"])
            most = max(most, len(running))
    assert most == 2
    changes = [
        detail["HyperParameterTuningJobStatus"]
        for kind, detail in cloud.events()
        if kind == "SageMaker HyperParameter Tuning Job State Change" and detail["HyperParameterTuningJobName"] == "pairs"
    ]
    assert changes == ["InProgress"] * 2 + ["Completed"] * 2


def test_a_trial_that_fails_does_not_end_the_search(cloud: KeptCloud) -> None:
    started(cloud, "some", SOME_FAIL, max_jobs=3, max_parallel_jobs=1)
    job, trials = ended(cloud, "some")
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert [one["TrainingJobStatus"] for one in trials] == ["Completed", "Failed", "Completed"]
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in trials[1] and trials[1]["ObjectiveStatus"] == "Failed"


def test_where_all_fail_the_tuning_fails(cloud: KeptCloud) -> None:
    started(cloud, "none", FAILS, max_jobs=2, max_parallel_jobs=2)
    job, _ = ended(cloud, "none")
    assert (job["HyperParameterTuningJobStatus"], "BestTrainingJob" in job) == ("Failed", False)
    assert job["FailureReason"].startswith("All training jobs failed")


def test_a_hopeless_trial_is_stopped_and_cannot_be_the_best(cloud: KeptCloud) -> None:
    started(cloud, "early", THE_THIRD_IS_WORSE, max_jobs=4, max_parallel_jobs=1)
    job, trials = ended(cloud, "early")
    assert [one["TrainingJobStatus"] for one in trials] == ["Completed", "Completed", "Stopped", "Completed"]
    assert trials[2]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] == 9.0
    assert job["TrainingJobStatusCounters"]["Stopped"] == 1


def test_a_stopped_tuning_stops_its_trials(cloud: KeptCloud) -> None:
    client = started(cloud, "stopped", SLEEPS, max_jobs=9, max_parallel_jobs=2)
    listed = client.list_training_jobs_for_hyper_parameter_tuning_job
    until(lambda: len(listed(HyperParameterTuningJobName="stopped")["TrainingJobSummaries"]) == 2)
    client.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")
    job, trials = ended(cloud, "stopped")
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert [one["TrainingJobStatus"] for one in trials] == ["Stopped", "Stopped"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"HyperParameterTuningJobName": "x" * 33}, "32"),
        ({"static": {"rate": "1"}}, "searched or static"),
        ({"metric": "eval_f1"}, "objective"),
        ({"strategy": "Hyperband"}, "Bayesian"),
    ],
)
def test_what_sagemaker_would_refuse_is_refused(cloud: KeptCloud, change: dict[str, Any], said: str) -> None:
    asked = json.loads(json.dumps(request(cloud, "refused", TRAIN, max_jobs=1)))
    asked["HyperParameterTuningJobName"] = change.get("HyperParameterTuningJobName", "refused")
    asked["TrainingJobDefinition"]["StaticHyperParameters"].update(change.get("static", {}))
    if "metric" in change:
        asked["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"] = change["metric"]
    asked["HyperParameterTuningJobConfig"]["Strategy"] = change.get("strategy", "Bayesian")
    with pytest.raises(ClientError, match=said):
        cloud.client("sagemaker").create_hyper_parameter_tuning_job(**asked)
