"""SageMaker's processing and training jobs as processes: their course, their statuses and events, stopping and time limits."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from chartloop.errors import JobFailed
from local import toolkit
from local.container import Container
from local.server import LocalCloud
from local.transfer import Transfer, inside, pack

Emit = Callable[[str, str, dict[str, Any], list[str]], None]
"""(source, detail type, detail, resources)."""

STOP_SECONDS = 120.0
"""Between SIGTERM and SIGKILL, as on AWS."""

TIMES_TOLD = 2
"""Each change is told more than once, as EventBridge may: whoever listens has to be idempotent."""

ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True)
class Surroundings:
    """What a job needs of the local cloud. Once `closing` is set, jobs are let go as they stand: their end is no failure then."""

    cloud: LocalCloud
    transfer: Transfer
    emit: Emit
    closing: threading.Event = field(default_factory=threading.Event)


class Job:
    """One job from its request to its end. `record` is moto's object, whose attributes are what Describe answers."""

    kind: ClassVar[str]

    def __init__(self, around: Surroundings, request: Mapping[str, Any], record: Any) -> None:
        self.around = around
        self.request = request
        self.record = record
        self.name: str = request[f"{self.kind}JobName"]
        self.folder = around.cloud.state / "jobs" / self.name
        self.ml = self.folder / "ml"
        self.stopped_as: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.RLock()

    @property
    def status(self) -> str:
        status: str = getattr(self.record, f"{self.kind.lower()}_job_status")
        return status

    def start(self) -> None:
        """Returns at once; the job goes its way in a thread of its own."""
        self.begin()
        self.change("InProgress", "Starting", f"Starting the {self.kind.lower()} job")
        threading.Thread(target=self.run, name=self.name, daemon=True).start()

    def run(self) -> None:
        try:
            self.work()
            with self._changing:
                self.change("Stopped" if self.stopped_as else "Completed", self.stopped_as or "Completed")
        except JobFailed as error:
            self.fail(error.message)
        finally:
            if self.status not in ENDED:  # the exception itself goes on to the log
                self.fail("InternalServerError: We encountered an internal error. Please try again.")
            shutil.rmtree(self.folder, ignore_errors=True)

    def stop(self, reason: str = "Stopped") -> None:
        """Asks the process to end, and ends it after two minutes; does nothing for a job that is ending or has ended."""
        with self._changing:
            if self.status != "InProgress":
                return
            self.stopped_as = reason
            self.change("Stopping", "Stopping")
            process = self._process
        if process is not None:
            grace = {"grace_seconds": STOP_SECONDS}
            threading.Thread(target=self.around.cloud.processes.end, args=(process,), kwargs=grace, daemon=True).start()

    def execute(self, container: Container) -> int:
        """Runs the container to its end, in its time, each line into the log and to `follow`. Returns the exit code."""
        with self._changing:
            if self.stopped_as is not None:
                return 0
            self._process = process = container.start(self.around.cloud.processes, subprocess.PIPE)
        limit = (self.request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", 86400)
        watch = threading.Timer(limit, self.stop, args=("MaxRuntimeExceeded",))
        watch.daemon = True
        watch.start()
        self._read(process)
        code = process.wait()
        watch.cancel()
        self.around.cloud.processes.forget(process)
        return code if code >= 0 else 128 - code

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        log = self.around.cloud.logs / "jobs" / f"{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        assert process.stdout is not None  # noqa: S101 (PIPE was asked for)
        with log.open("ab", buffering=0) as file, process.stdout:
            for line in process.stdout:
                file.write(line)
                self.follow(line.decode("utf-8", "replace"))

    def environment(self, **own: str) -> dict[str, str]:
        """What the container's process sees: the local cloud's own, the job's, and what the request gives."""
        given = self.request.get("Environment") or {}
        return {**self.around.cloud.environment(), f"{self.kind.upper()}_JOB_NAME": self.name, **own, **given}

    def fail(self, reason: str) -> None:
        self.record.failure_reason = reason[:1024]
        self.change("Failed", "Failed", reason)

    def change(self, status: str, stage: str, message: str = "") -> None:
        """Shows a status, in Describe and as events."""
        with self._changing:
            if self.around.closing.is_set():
                return
            self.record.last_modified_time = datetime.now(UTC)
            self.show(status, stage, message)
            detail = {name: value for name, value in self.record.response_object.items() if name != "Tags"}
        for _ in range(TIMES_TOLD):
            self.around.emit("aws.sagemaker", f"SageMaker {self.kind} Job State Change", detail, [self.record.arn])

    def begin(self) -> None:
        """Clears what moto says of a job that never ran."""
        raise NotImplementedError

    def work(self) -> None:
        """Goes through the stages to a good end. Raises JobFailed with the reason that Describe will show."""
        raise NotImplementedError

    def show(self, status: str, stage: str, message: str) -> None:
        raise NotImplementedError

    def follow(self, line: str) -> None:
        """Sees each line that the process prints."""


class ProcessingJob(Job):
    """Inputs from S3, a command, outputs to S3 at its end."""

    kind = "Processing"

    def begin(self) -> None:
        self.record.processing_end_time = self.record.exit_message = self.record.failure_reason = None
        self.record.environment = self.request.get("Environment")

    def show(self, status: str, stage: str, message: str) -> None:
        """A processing job has no stages."""
        del stage, message
        self.record.processing_job_status = status
        if status in ENDED:
            self.record.processing_end_time = datetime.now(UTC)

    def work(self) -> None:
        for source in self.request.get("ProcessingInputs") or []:
            self.around.transfer.download(source["S3Input"]["S3Uri"], self.here(source["S3Input"]["LocalPath"]))
        outputs = [output["S3Output"] for output in (self.request.get("ProcessingOutputConfig") or {}).get("Outputs", [])]
        for output in outputs:
            self.here(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
        container = self.container()
        self.record.processing_start_time = datetime.now(UTC)
        code = self.execute(container)
        message = written(self.ml / "output" / "message")
        self.record.exit_message = message or None
        if self.stopped_as is not None:
            return
        if code:
            raise JobFailed(f"AlgorithmError: {message or 'See job logs for more information'}, exit code: {code}")
        for output in outputs:
            self.around.transfer.upload(self.here(output["LocalPath"]), output["S3Uri"])

    def container(self) -> Container:
        for name in ("input", "output", "config"):
            (self.ml / name).mkdir(parents=True, exist_ok=True)
        described = json.dumps({"ProcessingJobArn": self.record.arn, **self.request})
        (self.ml / "config" / "processingjobconfig.json").write_text(described)
        application = self.request["AppSpecification"]
        command = [*application["ContainerEntrypoint"], *(application.get("ContainerArguments") or [])]
        isolated = (self.request.get("NetworkConfig") or {}).get("EnableNetworkIsolation", False)
        # beside a training job, which is what a run waits for, a processing job takes what is left
        return Container(self.folder, ["nice", "-n", "5", *command], self.environment(), network=not isolated)

    def here(self, path: str) -> Path:
        """Where a path below /opt/ml lies on this machine."""
        return inside(self.ml, str(Path(path).relative_to(toolkit.ROOT)))


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
            self.around.transfer.download(channel["DataSource"]["S3DataSource"]["S3Uri"], folder)
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
                self.around.transfer.store(self.folder / name, f"{target}/{name}")
        self.record.model_artifacts = {"S3ModelArtifacts": f"{target}/model.tar.gz"}


def written(path: Path) -> str:
    """The one line that a job leaves to explain its end; empty where it left none."""
    return path.read_text("utf-8", "replace").strip()[:900] if path.exists() else ""
