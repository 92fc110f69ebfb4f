"""Executions of the state machine for its tests: an input, functions and jobs that answer or fail as told, and how it ends."""

from __future__ import annotations

from typing import Any

from infra.definition import definition
from infra.requests import Jobs
from tests.infra.asl import TaskError, machines, run

FUNCTIONS = ("begin", "champion", "judge", "promote", "publish", "finish", "tune")
JOBS = Jobs(
    job_role="arn:aws:iam::123456789012:role/jobs",
    score_role="arn:aws:iam::123456789012:role/score",
    processing_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/inference:1",
    training_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/training:1",
    processing_instance="ml.m5.xlarge",
    training_instance="ml.g4dn.xlarge",
    training_hours=12,
    code_uri="s3://assets/0123.tar.gz",
    key="arn:aws:kms:us-east-1:123456789012:key/0123",
    gpu_image="123456789012.dkr.ecr.us-east-1.amazonaws.com/inference:gpu",
    gpu_instance="ml.g5.xlarge",
)
MACHINE = definition(functions={name: f"arn:{name}" for name in FUNCTIONS}, jobs=JOBS, pause_seconds=1)
EVERY = [(name, state) for machine in machines(MACHINE) for name, state in machine["States"].items()]
PROMOTING = ["register", "copy", "deploy", "wait", "verify", "swap", "point", "confirm", "approve"]


def an_input(kind: str = "retrain", **changes: Any) -> dict[str, Any]:
    places = (
        "request records holdout snapshot base_model train checkpoints score flips model embeddings previous_embeddings codes"
    )
    return {
        "run_id": "ner-1",
        "task": "ner",
        "kind": kind,
        "version": "ner-1",
        "uris": {place: f"s3://data/{place}/" for place in places.split()},
        "hyperparameters": {"num_train_epochs": "8"},
        "embeds": True,
        "has_embeddings": True,
        "tries": {"made": 0},
        **changes,
    }


class Tasks:
    """Answers as the functions and jobs do. `failing`: error by step or job, raised once each; `calls`: what ran, in order."""

    def __init__(
        self,
        *,
        start_at: str = "prepare",
        present: bool = True,
        verdict: str = "promote",
        waits: int = 0,
        withdrawn: str = "withdrawn",
        failing: dict[str, str] | None = None,
    ) -> None:
        self.start_at, self.present, self.verdict, self.waits = start_at, present, verdict, waits
        self.withdrawn = withdrawn
        self.failing = dict(failing or {})
        self.calls: list[str] = []
        self.parameters: list[dict[str, Any]] = []

    def __call__(self, state: dict[str, Any], parameters: dict[str, Any]) -> Any:
        name = self._name(parameters)
        self.calls.append(name)
        self.parameters.append(parameters)
        if name in self.failing:
            raise TaskError(*self.failing.pop(name).split("|"))
        if "TrainingJobName" in parameters:
            trained = {"S3ModelArtifacts": "s3://data/train/job/output/model.tar.gz"}
            return {"TrainingJobName": parameters["TrainingJobName"], "ModelArtifacts": trained}
        return {"Payload": self._answer(name)} if "Payload" in parameters else {}

    def _name(self, parameters: dict[str, Any]) -> str:
        if "FunctionName" in parameters:
            return str(parameters["Payload"].get("step", parameters["FunctionName"].removeprefix("arn:")))
        return str(parameters.get("TrainingJobName", parameters.get("ProcessingJobName"))).removeprefix("ner-1-1-")

    def _answer(self, name: str) -> Any:
        if name == "wait":
            self.waits -= 1
            return {"status": "ready" if self.waits < 0 else "wait"}
        champion = {"present": self.present, "version": "ner-0", "model_uri": "s3://data/models/ner/ner-0/model.tar.gz"}
        answers: dict[str, Any] = {
            "begin": {"start_at": self.start_at},
            "champion": {"champion": champion, "look": self.calls.count("champion")},
            "judge": {"verdict": self.verdict},
            "withdraw": {"status": self.withdrawn},
        }
        return answers.get(name)


def ran(tasks: Tasks, document: dict[str, Any] | None = None) -> tuple[str, list[str]]:
    """The last state before the end, and all states."""
    trace: list[str] = []
    try:
        run(MACHINE, document or an_input(), tasks, {"Execution": {"Name": "ner-1-1"}}, trace)
    except TaskError as error:
        return error.name, trace
    return "succeeded", trace


def finished_as(tasks: Tasks) -> Any:
    payloads = [p["Payload"] for p in tasks.parameters if p.get("FunctionName") == "arn:finish"]
    assert len(payloads) == 1
    return payloads[0]["outcome"]
