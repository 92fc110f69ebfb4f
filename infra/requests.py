"""The SageMaker requests of the state machine as plain dictionaries: what each job runs on, reads and writes.

Paths (`$.uris...`) point into the execution's input (docs/contracts/run-handover.md). Everything is encrypted with the
data key, and no job has a network: what it needs, code included, comes in as an input.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

INPUT = "/opt/ml/processing/input"
OUTPUT = "/opt/ml/processing/output"
CODE = "/opt/ml/code"
UNPACK = f"mkdir -p {CODE} && cd {CODE} && tar -xzf {INPUT}/code/*.gz"
"""The CDK names an asset by its hash and the last extension alone, which is `.gz`."""
ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "PYTHONPATH": f"{CODE}:{CODE}/vendor",
    "PYTHONUNBUFFERED": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
METRICS = ("epoch", "progress", "train_loss", "eval_loss", "eval_f1", "eval_token_accuracy")
LOCAL_STORAGE = re.compile(r"ml\.(g\d|p[4-9]|p3dn|trn|[a-z]+\d+[a-z]*d[a-z]*\.)")
"""Families whose disks are part of the machine: encrypted by it, and SageMaker refuses a key for them."""

HOUR = 3600
PROCESSING_HOURS = 6
PENDING_SECONDS = 2 * HOUR
VOLUME_GB = 50


@dataclass(frozen=True)
class Jobs:
    """What the jobs share in one deployment; ARNs and URIs may be references that CloudFormation resolves."""

    job_role: str
    score_role: str
    processing_image: str
    training_image: str
    processing_instance: str
    training_instance: str
    training_hours: int
    code_uri: str
    """Of the source archive, whose name ends the URI."""
    key: str

    def prepare(self) -> dict[str, Any]:
        return self._processing(
            "prepare",
            inputs={"request": "$.uris.request", "records": "$.uris.records"},
            outputs={"snapshot": "$.uris.snapshot"},
            arguments=["--request", f"{INPUT}/request", "--records", f"{INPUT}/records", "--output", f"{OUTPUT}/snapshot"],
        )

    def embed(self, *, previous: bool) -> dict[str, Any]:
        earlier = {"previous": "$.uris.previous_embeddings"} if previous else {}
        return self._processing(
            "embed",
            inputs={"snapshot": "$.uris.snapshot", "model": "$.uris.base_model", **earlier},
            outputs={"embeddings": "$.uris.embeddings"},
            arguments=[
                *("--snapshot", f"{INPUT}/snapshot", "--model", f"{INPUT}/model"),
                *(("--previous", f"{INPUT}/previous") if previous else ()),
                *("--output", f"{OUTPUT}/embeddings"),
            ],
        )

    def score(self, *, champion: bool) -> dict[str, Any]:
        """The only job under the role that may read the holdout. A look after the first has its number in the job's name."""
        serving = {"champion": "$.standing.champion.model_uri"} if champion else {}
        request = self._processing(
            "score",
            inputs={
                "request": "$.uris.request",
                "holdout": "$.uris.holdout",
                "candidate": "$.candidate.model_uri",
                **serving,
            },
            outputs={"score": "$.uris.score", "model": "$.uris.model"},
            arguments=[
                *("--request", f"{INPUT}/request", "--holdout", f"{INPUT}/holdout", "--candidate", f"{INPUT}/candidate"),
                *(("--champion", f"{INPUT}/champion") if champion else ()),
                *("--output", f"{OUTPUT}/score", "--model-output", f"{OUTPUT}/model", "--version"),
            ],
            last_argument="$.version",
        )
        number = "States.ArrayGetItem(States.Array('', '', '2', '3'), $.standing.look)"
        request["ProcessingJobName.$"] = f"States.Format('{{}}-score{{}}', $$.Execution.Name, {number})"
        return {**request, "RoleArn": self.score_role}

    def train(self) -> dict[str, Any]:
        """By the training toolkit's contract; `$.toolkit` is put in front of the run's hyper-parameters by the state before."""
        return {
            "TrainingJobName.$": _name("train"),
            "RoleArn": self.job_role,
            "AlgorithmSpecification": {
                "TrainingImage": self.training_image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": name, "Regex": f"metric {name}=([-+0-9.eE]+)"} for name in METRICS],
            },
            "HyperParameters.$": "States.JsonMerge($.toolkit, $.hyperparameters, false)",
            "Environment": ENVIRONMENT,
            "InputDataConfig": [
                _channel("code", {"S3Uri": self.code_uri}),
                _channel("train", {"S3Uri.$": "$.uris.snapshot"}),
                _channel("model", {"S3Uri.$": "$.uris.base_model"}),
            ],
            "OutputDataConfig": {"S3OutputPath.$": "$.uris.train", "KmsKeyId": self.key},
            "ResourceConfig": self._cluster(self.training_instance),
            "StoppingCondition": {
                "MaxRuntimeInSeconds": self.training_hours * HOUR,
                "MaxPendingTimeInSeconds": PENDING_SECONDS,
            },
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
        }

    def toolkit(self) -> dict[str, str]:
        """What the training toolkit itself reads: which script, and from where its code is unpacked."""
        return {
            "sagemaker_program": "training/train.py",
            "sagemaker_submit_directory": f"/opt/ml/input/data/code/{self.code_uri.rsplit('/', 1)[-1]}",
        }

    def _processing(
        self, job: str, *, inputs: dict[str, str], outputs: dict[str, str], arguments: list[str], last_argument: str = ""
    ) -> dict[str, Any]:
        sources = [_input("code", {"S3Uri": self.code_uri})]
        sources += [_input(name, {"S3Uri.$": path}) for name, path in inputs.items()]
        return {
            "ProcessingJobName.$": _name(job),
            "RoleArn": self.job_role,
            "AppSpecification": {
                "ImageUri": self.processing_image,
                "ContainerEntrypoint": ["bash", "-c", f'{UNPACK} && exec python3 -m training.{job} "$@"', job],
                **_arguments(arguments, last_argument),
            },
            "Environment": ENVIRONMENT,
            "ProcessingInputs": sources,
            "ProcessingOutputConfig": {
                "Outputs": [_output(name, path) for name, path in outputs.items()],
                "KmsKeyId": self.key,
            },
            "ProcessingResources": {"ClusterConfig": self._cluster(self.processing_instance)},
            "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
            "StoppingCondition": {"MaxRuntimeInSeconds": PROCESSING_HOURS * HOUR},
        }

    def _cluster(self, instance: str) -> dict[str, Any]:
        encrypted = {} if LOCAL_STORAGE.match(instance) else {"VolumeKmsKeyId": self.key}
        return {"InstanceCount": 1, "InstanceType": instance, "VolumeSizeInGB": VOLUME_GB, **encrypted}


def _name(job: str) -> str:
    return f"States.Format('{{}}-{job}', $$.Execution.Name)"


def _arguments(fixed: list[str], last: str) -> dict[str, Any]:
    """A path inside a plain list is not resolved: with one, the whole list is built by an intrinsic function."""
    if not last:
        return {"ContainerArguments": fixed}
    quoted = ", ".join(f"'{argument}'" for argument in fixed)
    return {"ContainerArguments.$": f"States.Array({quoted}, {last})"}


def _input(name: str, uri: dict[str, str]) -> dict[str, Any]:
    where = {**uri, "LocalPath": f"{INPUT}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": name, "S3Input": where}


def _output(name: str, path: str) -> dict[str, Any]:
    where = {"S3Uri.$": path, "LocalPath": f"{OUTPUT}/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": where}


def _channel(name: str, uri: dict[str, str]) -> dict[str, Any]:
    source = {**uri, "S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
