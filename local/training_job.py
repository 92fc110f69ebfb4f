"""SageMaker's training jobs: channels from S3, a script under the training toolkit's contract, the model to S3."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed
from local import toolkit
from local.container import Container
from local.jobs import ENDED, Job, Surroundings, known_as, written
from local.mirror import Mirrored
from local.transfer import inside, pack


class TrainingJob(Job):
    """Channels from S3, a script under the training toolkit's contract, the model and other output to S3."""

    kind = "Training"
    interrupted = False

    def __init__(self, around: Surroundings, request: Mapping[str, Any], record: Any) -> None:
        super().__init__(around, request, record)
        self.told: list[tuple[str, float]] = []
        """Every metric that was printed, in its order."""

    def begin(self) -> None:
        record = self.record
        record.algorithm_specification = self.request["AlgorithmSpecification"]
        record.environment = self.request.get("Environment")
        preferred = self.request["ResourceConfig"].get("InstancePreferences")
        if preferred:  # there is room for the first
            record.resource_config = {**self.request["ResourceConfig"], "SelectedInstanceType": preferred[0]["InstanceType"]}
        record.secondary_status_transitions, record.final_metric_data_list = [], []
        record.training_start_time = record.training_end_time = record.failure_reason = record.model_artifacts = None

    def show(self, status: str, stage: str, message: str) -> None:
        record, now = self.record, datetime.now(UTC)
        earlier = list(record.secondary_status_transitions)
        if earlier:
            earlier[-1] = {**earlier[-1], "EndTime": now}
        ended = {"EndTime": now} if status in ENDED else {}
        record.secondary_status_transitions = [*earlier, {"Status": stage, "StartTime": now, **ended, "StatusMessage": message}]
        record.training_job_status, record.secondary_status = status, stage

    def work(self) -> None:
        code = self.train()
        while code and self.interrupted:
            self.enter("Interrupted", "The Spot instance was interrupted")
            shutil.rmtree(self.folder)  # the next machine has nothing of this one but what lies in S3
            self.interrupted = False
            self.enter("Starting", "Launching requested ML instances")
            code = self.train()
        self.record.training_end_time = datetime.now(UTC)
        if code and self.stopped_as is None:
            raise JobFailed(f"AlgorithmError: {written(self.ml / 'output' / 'failure')}, exit code: {code}")
        self.enter("Uploading", "Uploading generated training model")
        self.deliver()

    def train(self) -> int:
        """On one machine: input and checkpoints from S3, the script, its checkpoints to S3 while it runs. The exit code."""
        self.enter("Downloading", "Downloading input data")
        for channel in self.request.get("InputDataConfig") or []:
            folder = self.ml / "input" / "data" / channel["ChannelName"]
            self.transfer.download(channel["DataSource"]["S3DataSource"]["S3Uri"], folder)
        container = self.container(toolkit.decode(self.request.get("HyperParameters") or {}))
        if self.record.training_start_time is None:
            self.record.training_start_time = datetime.now(UTC)
        kept = self.request.get("CheckpointConfig")
        if kept is None:
            self.enter("Training", "Training image download completed. Training in progress.")
            return self.execute(container)
        where = inside(self.ml, str(Path(kept.get("LocalPath", f"{toolkit.ROOT}/checkpoints")).relative_to(toolkit.ROOT)))
        if any(self.transfer.keys(kept["S3Uri"])):
            self.transfer.download(kept["S3Uri"], where)
        self.enter("Training", "Training image download completed. Training in progress.")
        with Mirrored(self.transfer, where, kept["S3Uri"]):
            return self.execute(container)

    def enter(self, stage: str, message: str) -> None:
        with self._changing:
            self.change("InProgress" if self.stopped_as is None else "Stopping", stage, message)

    def container(self, hyperparameters: Mapping[str, Any]) -> Container:
        toolkit.configure(self.ml, self.request)
        command = toolkit.command(hyperparameters, toolkit.processes(self.request, hyperparameters))
        toolkit.unpack_code(self.ml, hyperparameters)
        variables = toolkit.environment(self.request, hyperparameters)
        return Container(
            self.folder,
            command,
            self.environment(PYTHONPATH=f"{toolkit.ROOT}/code", TRAINING_JOB_ARN=self.record.arn, **variables),
            network=not self.request.get("EnableNetworkIsolation", False),
            directory=f"{toolkit.ROOT}/code",
        )

    def follow(self, line: str) -> None:
        """Keeps the last value of each metric that a line names; a spot machine may be taken away after one."""
        for metric in self.request["AlgorithmSpecification"].get("MetricDefinitions") or []:
            found = re.search(metric["Regex"], line)
            with suppress(ValueError):
                if found is not None:
                    value = float(found[1])
                    self.told.append((metric["Name"], value))
                    self.keep({"MetricName": metric["Name"], "Value": value, "Timestamp": datetime.now(UTC)})
                    self.interrupt_on_purpose()

    def interrupt_on_purpose(self) -> None:
        """The fault `spot`: SIGTERM, two minutes, SIGKILL, and the job goes on elsewhere."""
        if self.request.get("EnableManagedSpotTraining") and self.around.cloud.faults.take("spot", *known_as(self.name)):
            self.interrupted = True
            self.end_processes()

    def keep(self, metric: dict[str, Any]) -> None:
        others = [other for other in self.record.final_metric_data_list if other["MetricName"] != metric["MetricName"]]
        self.record.final_metric_data_list = [*others, metric]

    def deliver(self) -> None:
        """Uploads `model.tar.gz`, and `output.tar.gz` where the script wrote other output."""
        target = f"{self.request['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.name}/output"
        for folder, name in ((self.ml / "output" / "data", "output.tar.gz"), (self.ml / "model", "model.tar.gz")):
            if any(folder.iterdir()):
                pack(folder, self.folder / name)
                self.transfer.store(self.folder / name, f"{target}/{name}")
        self.record.model_artifacts = {"S3ModelArtifacts": f"{target}/model.tar.gz"}
