"""SageMaker's training jobs: channels from S3, a script under the training toolkit's contract, the model to S3."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from chartloop.errors import JobFailed
from local import toolkit
from local.container import Container
from local.jobs import ENDED, Job, written
from local.transfer import pack


class TrainingJob(Job):
    """Channels from S3, a script under the training toolkit's contract, the model and other output to S3."""

    kind = "Training"

    def begin(self) -> None:
        record = self.record
        record.algorithm_specification = self.request["AlgorithmSpecification"]
        record.environment = self.request.get("Environment")
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
        self.enter("Downloading", "Downloading input data")
        for channel in self.request.get("InputDataConfig") or []:
            folder = self.ml / "input" / "data" / channel["ChannelName"]
            self.transfer.download(channel["DataSource"]["S3DataSource"]["S3Uri"], folder)
        container = self.container(toolkit.decode(self.request.get("HyperParameters") or {}))
        self.record.training_start_time = datetime.now(UTC)
        self.enter("Training", "Training image download completed. Training in progress.")
        code = self.execute(container)
        self.record.training_end_time = datetime.now(UTC)
        if code and self.stopped_as is None:
            raise JobFailed(f"AlgorithmError: {written(self.ml / 'output' / 'failure')}, exit code: {code}")
        self.enter("Uploading", "Uploading generated training model")
        self.deliver()

    def enter(self, stage: str, message: str) -> None:
        with self._changing:
            self.change("InProgress" if self.stopped_as is None else "Stopping", stage, message)

    def container(self, hyperparameters: Mapping[str, Any]) -> Container:
        toolkit.configure(self.ml, self.request)
        command = toolkit.command(hyperparameters)
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
        """Keeps the last value of each metric that a line names."""
        for metric in self.request["AlgorithmSpecification"].get("MetricDefinitions") or []:
            found = re.search(metric["Regex"], line)
            with suppress(ValueError):
                if found is not None:
                    self.keep({"MetricName": metric["Name"], "Value": float(found[1]), "Timestamp": datetime.now(UTC)})

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
