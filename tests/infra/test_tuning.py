"""The tuning in the state machine: after the training, by the same request, its best to Score; nothing where nobody asks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chartloop import tasks, tuning
from chartloop.tuning import TuningSettings
from infra import requests
from infra import tuning as state
from infra.definition import definition
from tests.infra.asl import TaskError, machines, reachable, resolve, run
from tests.infra.executions import FUNCTIONS, JOBS, Tasks, an_input, finished_as
from tests.infra.templates import Templates

NAME = "regression-20261121-080102-3f9c-2"
CONTEXT = {"Execution": {"Name": NAME}}
MACHINE = definition(functions={name: f"arn:{name}" for name in FUNCTIONS}, jobs=JOBS, pause_seconds=1)


def asked(task: str = "regression", **more: Any) -> dict[str, Any]:
    declared, encoded = tasks.TASKS[task].tuning, tasks.encode(tasks.TASKS[task].settings().hyperparameters)
    assert declared is not None
    its = tuning.order(declared, TuningSettings(max_jobs=7, **more), (task, NAME[:-2]), encoded, 42)
    return an_input(tuning=its, hyperparameters=encoded)


class Tuned(Tasks):
    """A training, a tuning job whose trials are better, and the function that chooses."""

    def __call__(self, state: dict[str, Any], parameters: dict[str, Any]) -> Any:
        answer = super().__call__(state, parameters)
        if "HyperParameterTuningJobName" in parameters:
            return {"HyperParameterTuningJobName": parameters["HyperParameterTuningJobName"], "BestTrainingJob": {}}
        return answer

    def _name(self, parameters: dict[str, Any]) -> str:
        if "HyperParameterTuningJobName" in parameters:
            return "search"
        return super()._name(parameters).removeprefix(f"{NAME}-")

    def _answer(self, name: str) -> Any:
        return {"model_uri": "s3://data/best.tar.gz"} if name == "tune" else super()._answer(name)

    def of(self, field: str) -> dict[str, Any]:
        return next(parameters for parameters in self.parameters if field in parameters)


def ran(tasks: Tuned, document: dict[str, Any], machine: dict[str, Any] = MACHINE) -> str:
    try:
        run(machine, document, tasks, CONTEXT, [])
    except TaskError as error:
        return error.name
    return "succeeded"


def test_the_search_comes_after_the_training_and_its_best_is_scored() -> None:
    tasks = Tuned()
    assert ran(tasks, asked()) == "succeeded"
    assert finished_as(tasks) == "promoted"
    after = tasks.calls[tasks.calls.index("train") :]
    assert after[:4] == ["train", "search", "tune", "champion"]
    (payload,) = [p["Payload"] for p in tasks.parameters if p.get("FunctionName") == "arn:tune"]
    job = tuning.job_name("regression", NAME[:-2], 2)
    trained = {"job": f"{NAME}-train", "model_uri": "s3://data/train/job/output/model.tar.gz"}
    assert (payload["trained"], payload["tuned"]) == (trained, job)
    (score,) = [p for p in tasks.parameters if str(p.get("ProcessingJobName")).endswith("score")]
    inputs = {item["InputName"]: item["S3Input"]["S3Uri"] for item in score["ProcessingInputs"]}
    assert inputs["candidate"] == "s3://data/best.tar.gz"


def test_a_run_that_asks_for_none_has_none() -> None:
    tasks = Tuned()
    assert ran(tasks, an_input()) == "succeeded"
    assert not {"search", "tune"} & {*tasks.calls}


@pytest.mark.parametrize("broken", ["search", "tune"])
@pytest.mark.parametrize("error", ["States.TaskFailed", "NotFound"])
def test_a_tuning_that_fails_fails_the_run(broken: str, error: str) -> None:
    tasks = Tuned(failing={broken: f"{error}|why"})
    assert ran(tasks, asked()) == "RunFailed"
    assert tasks.parameters[-1]["Payload"]["error"] == {"Error": error.removeprefix("States."), "Cause": "why"}


@pytest.mark.parametrize("task", [name for name, task in tasks.TASKS.items() if task.tuning])
def test_the_trials_are_trained_as_the_run_trains(task: str) -> None:
    tried = Tuned()
    ran(tried, asked(task))
    one, many = tried.of("TrainingJobName"), tried.of("HyperParameterTuningJobName")
    definition = many["TrainingJobDefinition"]
    same = ("RoleArn", "AlgorithmSpecification", "InputDataConfig", "OutputDataConfig", "ResourceConfig",
            "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption")  # fmt: skip
    assert {name: definition[name] for name in same} == {name: one[name] for name in same}
    assert many["Tags"] == one["Tags"] and definition["EnableNetworkIsolation"] is True
    static, declared = definition["StaticHyperParameters"], many["HyperParameterTuningJobConfig"]["ParameterRanges"]
    searched = {its["Name"] for ranges in declared.values() for its in ranges}
    assert not searched & static.keys() and searched | static.keys() == one["HyperParameters"].keys()
    assert static["sagemaker_program"] == "training/train.py"
    objective = many["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
    assert objective in [its["Name"] for its in definition["AlgorithmSpecification"]["MetricDefinitions"]]
    assert len(many["HyperParameterTuningJobName"]) <= 32


def test_the_request_is_one_that_sagemaker_knows() -> None:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel
    from botocore.validate import validate_parameters

    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = model.operation_model("CreateHyperParameterTuningJob").input_shape
    for jobs in (JOBS, replace(JOBS, spot=True), replace(JOBS, training_fallbacks=("ml.g5.xlarge",))):
        document = {**asked(), "toolkit": jobs.toolkit()}
        validate_parameters(resolve(state.request(jobs), document, CONTEXT), shape)


def test_spot_machines_and_preferred_ones_are_asked_for_as_a_definition_has_it() -> None:
    spot = state.request(replace(JOBS, spot=True))["TrainingJobDefinition"]
    assert spot["EnableManagedSpotTraining"] is True and "MaxWaitTimeInSeconds" in spot["StoppingCondition"]
    assert "CheckpointConfig" not in spot and requests.CHECKPOINTED.keys().isdisjoint(spot["Environment"])
    preferred = state.request(replace(JOBS, training_fallbacks=("ml.g5.xlarge",)))["TrainingJobDefinition"]
    kinds = preferred["HyperParameterTuningResourceConfig"]["InstanceConfigs"]
    assert [kind["InstanceType"] for kind in kinds] == ["ml.g4dn.xlarge", "ml.g5.xlarge"] and "ResourceConfig" not in preferred
    warm = state.request(replace(JOBS, warm_pool_seconds=600))["TrainingJobDefinition"]
    assert warm["ResourceConfig"]["KeepAlivePeriodInSeconds"] == 600


def test_all_states_are_reached() -> None:
    assert all(reachable(part) == set(part["States"]) for part in machines(MACHINE))


def test_the_machine_and_its_function_may_do_no_more(cloud: Templates, by_notebook: Templates) -> None:
    job = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/regression-0-1"
    for action in ("Create", "Stop"):
        may = {
            role for role in cloud.all("AWS::IAM::Role") if cloud.allowed(role, f"sagemaker:{action}HyperParameterTuningJob", job)
        }
        assert len(may) == (1 if action == "Create" else 2), "the machine, and who stops what is forgotten"
    tune = cloud.role_of("tune")
    assert cloud.allowed(tune, "sagemaker:ListTrainingJobsForHyperParameterTuningJob", job)
    assert not cloud.allowed(tune, "dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:123456789012:table/chartloop-ledger")
    assert not cloud.allowed(tune, "s3:PutObject", "arn:aws:s3:::chartloop-data-123456789012-us-east-1/models/ner/x")
    assert "chartloop-tune" not in [function["FunctionName"] for function in by_notebook.functions().values()]
