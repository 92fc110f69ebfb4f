"""The SageMaker requests of the state machine as plain dictionaries: what each job runs on, reads and writes.

Paths (`$.uris...`) point into the execution's input (docs/contracts/run-handover.md). Everything is encrypted with the
data key, and no job has a network: what it needs, code included, comes in as an input.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chartloop import steps
from chartloop.instances import has_own_disks, has_several_gpus
from chartloop.settings import TAG
from chartloop.tasks import TASKS

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
SHOWN = ("epoch", "progress", "train_loss", "eval_loss", "eval_f1", "eval_token_accuracy", "eval_accuracy", "eval_mae")
METRICS = tuple(dict.fromkeys((*SHOWN, *(task.tuning.objective for task in TASKS.values() if task.tuning))))
"""What of a training job's output is a metric: what people see while it runs, and what a tuning searches by."""
CHECKPOINTS = "/opt/ml/checkpoints"
CHECKPOINTED = {"CHARTLOOP_CHECKPOINTS": CHECKPOINTS}
TRIES = 9
"""How often a job is started where SageMaker has no room for it: about two hours of waiting, besides the job's own."""
TRY = f"States.ArrayGetItem(States.Array({', '.join(repr(steps.try_name('', n)) for n in range(1, TRIES + 1))}), $.tries.made)"
"""What the name of a further try ends in; `$.tries.made` counts those before it."""

HOUR = 3600
SPOT_WAIT_HOURS = 4
"""What a spot job may wait in all for its machine, the first time and after interruptions, beyond its time to run."""
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
    processing_instances: int = 1
    """Machines that prepare and embed share their work among; score is one process."""
    training_instances: int = 1
    training_fallbacks: tuple[str, ...] = ()
    """Machines to train on where the first one's kind is not to be had, in that order."""
    gpu_image: str = ""
    gpu_instance: str = ""
    """Where score runs for the tasks that answer on a GPU; empty: where it runs for all others."""
    engine: str = "openvino"
    """What score exports the candidate for (training/forms.py)."""
    spot: bool = False
    warm_pool_seconds: int = 0
    application: str = "chartloop"
    """The tag that CloudFormation's resources have too."""

    def prepare(self) -> dict[str, Any]:
        return self._processing(
            "prepare",
            inputs={"request": "$.uris.request", "records": "$.uris.records"},
            outputs={"snapshot": "$.uris.snapshot"},
            arguments=["--request", f"{INPUT}/request", "--records", f"{INPUT}/records", "--output", f"{OUTPUT}/snapshot"],
            instances=self.processing_instances,
            divided="records",
        )

    def embed(self, *, previous: bool) -> dict[str, Any]:
        earlier = {"previous": "$.uris.previous_embeddings"} if previous else {}
        return self._processing(
            "embed",
            inputs={"snapshot": "$.uris.snapshot", "model": "$.uris.base_model", "codes": "$.uris.codes", **earlier},
            outputs={"embeddings": "$.uris.embeddings"},
            arguments=[
                *("--snapshot", f"{INPUT}/snapshot", "--model", f"{INPUT}/model", "--codes", f"{INPUT}/codes"),
                *("--engine", self.engine),
                *(("--previous", f"{INPUT}/previous") if previous else ()),
                *("--output", f"{OUTPUT}/embeddings"),
            ],
            instances=self.processing_instances,
        )

    def score(self, *, champion: bool, gpu: bool = False) -> dict[str, Any]:
        """The only job under the role that may read the holdout. A look after the first has its number in the job's name."""
        serving = {"champion": "$.standing.champion.model_uri"} if champion else {}
        request = self._processing(
            "score",
            inputs={
                "request": "$.uris.request",
                "holdout": "$.uris.holdout",
                "candidate": "$.candidate.model_uri",
                "snapshot": "$.uris.snapshot",
                "base_model": "$.uris.base_model",
                **serving,
            },
            outputs={"score": "$.uris.score", "model": "$.uris.model", "flips": "$.uris.flips"},
            arguments=[
                *("--request", f"{INPUT}/request", "--holdout", f"{INPUT}/holdout", "--candidate", f"{INPUT}/candidate"),
                *("--model", f"{INPUT}/base_model"),
                *(("--champion", f"{INPUT}/champion") if champion else ()),
                *("--engine", self.engine, "--snapshot", f"{INPUT}/snapshot"),
                *("--output", f"{OUTPUT}/score", "--model-output", f"{OUTPUT}/model", "--flips", f"{OUTPUT}/flips", "--version"),
            ],
            last_argument="$.version",
        )
        number = "States.ArrayGetItem(States.Array('', '', '2', '3'), $.standing.look)"
        request["ProcessingJobName.$"] = f"States.Format('{{}}-score{{}}{{}}', $$.Execution.Name, {number}, {TRY})"
        if gpu:
            request["AppSpecification"]["ImageUri"] = self.gpu_image
            request["ProcessingResources"] = {"ClusterConfig": _cluster(self.gpu_instance, 1, self.key)}
        return {**request, "RoleArn": self.score_role}

    def train(self, *, on_demand: bool = False) -> dict[str, Any]:
        """By the training toolkit's contract; `$.toolkit` is put in front of the run's hyper-parameters by the state before.

        A spot job (unless `on_demand`) names one kind of machine, because SageMaker takes a list for on-demand capacity alone.
        """
        spot = self.spot and not on_demand
        return {
            "TrainingJobName.$": _name("train"),
            "RoleArn": self.job_role,
            "AlgorithmSpecification": {
                "TrainingImage": self.training_image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": name, "Regex": f"metric {name}=([-+0-9.eE]+)"} for name in METRICS],
            },
            "HyperParameters.$": "States.JsonMerge($.toolkit, $.hyperparameters, false)",
            "Environment": {**ENVIRONMENT, **(CHECKPOINTED if self.spot else {})},
            "InputDataConfig": [
                _channel("code", {"S3Uri": self.code_uri}),
                # Read once from front to end; a model's weights are read here and there, so they come as files.
                {**_channel("train", {"S3Uri.$": "$.uris.snapshot"}), "InputMode": "FastFile"},
                _channel("model", {"S3Uri.$": "$.uris.base_model"}),
            ],
            "OutputDataConfig": {"S3OutputPath.$": "$.uris.train", "KmsKeyId": self.key},
            "ResourceConfig": self._training_cluster(spot=spot),
            "StoppingCondition": self._training_time(spot=spot),
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            "Tags": self._tags(),
            **({"EnableManagedSpotTraining": True} if spot else {}),
            **({"CheckpointConfig": {"S3Uri.$": "$.uris.checkpoints", "LocalPath": CHECKPOINTS}} if self.spot else {}),
        }

    def _training_cluster(self, *, spot: bool) -> dict[str, Any]:
        cluster = _cluster(self.training_instance, self.training_instances, self.key)
        if self.training_fallbacks and not spot:
            del cluster["InstanceType"]
            kinds = (self.training_instance, *self.training_fallbacks)
            cluster["InstancePreferences"] = [{"InstanceType": kind} for kind in kinds]
        if self.warm_pool_seconds:
            cluster["KeepAlivePeriodInSeconds"] = self.warm_pool_seconds
        return cluster

    def _training_time(self, *, spot: bool) -> dict[str, int]:
        longest = self.training_hours * HOUR
        if spot:
            return {"MaxRuntimeInSeconds": longest, "MaxWaitTimeInSeconds": longest + SPOT_WAIT_HOURS * HOUR}
        return {"MaxRuntimeInSeconds": longest, "MaxPendingTimeInSeconds": PENDING_SECONDS}

    @property
    def falls_back(self) -> bool:
        """Whether a try after a spot job that found no machine is made on demand."""
        return self.spot and bool(self.training_fallbacks)

    def toolkit(self) -> dict[str, str]:
        """What the training toolkit itself reads: which script, and from where its code is unpacked."""
        return {
            "sagemaker_program": "training/train.py",
            "sagemaker_submit_directory": f"/opt/ml/input/data/code/{self.code_uri.rsplit('/', 1)[-1]}",
            **({"sagemaker_torch_distributed_enabled": "true"} if self._distributed else {}),
        }

    @property
    def _distributed(self) -> bool:
        """Whether torchrun starts the script, a process for each device; where there is one device it would only cost time."""
        kinds = (self.training_instance, *self.training_fallbacks)
        return self.training_instances > 1 or any(map(has_several_gpus, kinds))

    def _processing(
        self,
        job: str,
        *,
        inputs: dict[str, str],
        outputs: dict[str, str],
        arguments: list[str],
        last_argument: str = "",
        instances: int = 1,
        divided: str = "",
    ) -> dict[str, Any]:
        """`divided` names the input whose objects the machines share; all others are whole on each."""
        sources = [_input("code", {"S3Uri": self.code_uri})]
        sources += [_input(name, {"S3Uri.$": path}, divided=name == divided) for name, path in inputs.items()]
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
            "ProcessingResources": {"ClusterConfig": _cluster(self.processing_instance, instances, self.key)},
            "NetworkConfig": {"EnableNetworkIsolation": True, "EnableInterContainerTrafficEncryption": True},
            "StoppingCondition": {"MaxRuntimeInSeconds": PROCESSING_HOURS * HOUR},
            "Tags": self._tags(),
        }

    def _tags(self) -> list[dict[str, str]]:
        return [{"Key": TAG, "Value": self.application}]


def _cluster(instance: str, count: int, key: str) -> dict[str, Any]:
    encrypted = {} if has_own_disks(instance) else {"VolumeKmsKeyId": key}
    return {"InstanceCount": count, "InstanceType": instance, "VolumeSizeInGB": VOLUME_GB, **encrypted}


def _name(job: str) -> str:
    return f"States.Format('{{}}-{job}{{}}', $$.Execution.Name, {TRY})"


def _arguments(fixed: list[str], last: str) -> dict[str, Any]:
    """A path inside a plain list is not resolved: with one, the whole list is built by an intrinsic function."""
    if not last:
        return {"ContainerArguments": fixed}
    quoted = ", ".join(f"'{argument}'" for argument in fixed)
    return {"ContainerArguments.$": f"States.Array({quoted}, {last})"}


def _input(name: str, uri: dict[str, str], *, divided: bool = False) -> dict[str, Any]:
    where = {**uri, "LocalPath": f"{INPUT}/{name}", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    spread = "ShardedByS3Key" if divided else "FullyReplicated"
    return {"InputName": name, "S3Input": {**where, "S3DataDistributionType": spread}}


def _output(name: str, path: str) -> dict[str, Any]:
    where = {"S3Uri.$": path, "LocalPath": f"{OUTPUT}/{name}", "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": where}


def _channel(name: str, uri: dict[str, str]) -> dict[str, Any]:
    source = {**uri, "S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}
