"""SageMaker's processing jobs: inputs from S3, a command in a container, outputs to S3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed
from local import toolkit
from local.container import Container
from local.jobs import ENDED, Job, written
from local.transfer import inside


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
        machines = self.machines()
        containers = [self.container(machine) for machine in machines]
        self.record.processing_start_time = datetime.now(UTC)
        code = self.execute(*containers)
        message = next(filter(None, (written(machine.ml / "output" / "message") for machine in machines)), "")
        self.record.exit_message = message or None
        if self.stopped_as is not None:
            return
        if code:
            raise JobFailed(f"AlgorithmError: {message or 'See job logs for more information'}, exit code: {code}")
        for machine in machines:
            for output in self.outputs():
                self.transfer.upload(machine.here(output["LocalPath"]), output["S3Uri"])

    def machines(self) -> list[Machine]:
        """Each with its inputs: all of them, or by `ShardedByS3Key` its share of the objects."""
        count = self.request["ProcessingResources"]["ClusterConfig"].get("InstanceCount", 1)
        hosts = [f"algo-{number}" for number in range(1, count + 1)]
        machines = [Machine(self.folder / host if count > 1 else self.folder, host) for host in hosts]
        for source in (source["S3Input"] for source in self.request.get("ProcessingInputs") or []):
            dealt = source.get("S3DataDistributionType") == "ShardedByS3Key"
            for number, machine in enumerate(machines):
                share = (number, count) if dealt else (0, 1)
                self.transfer.download(source["S3Uri"], machine.here(source["LocalPath"]), share)
        for machine in machines:
            described = {"current_host": machine.host, "hosts": hosts, "network_interface_name": "lo"}
            (machine.ml / "config").mkdir(parents=True, exist_ok=True)
            (machine.ml / "config" / "resourceconfig.json").write_text(json.dumps(described))
        return machines

    def outputs(self) -> list[dict[str, Any]]:
        return [output["S3Output"] for output in (self.request.get("ProcessingOutputConfig") or {}).get("Outputs", [])]

    def container(self, machine: Machine) -> Container:
        for name in ("input", "output"):
            (machine.ml / name).mkdir(parents=True, exist_ok=True)
        for output in self.outputs():
            machine.here(output["LocalPath"]).mkdir(parents=True, exist_ok=True)
        described = json.dumps({"ProcessingJobArn": self.record.arn, **self.request})
        (machine.ml / "config" / "processingjobconfig.json").write_text(described)
        application = self.request["AppSpecification"]
        command = [*application["ContainerEntrypoint"], *(application.get("ContainerArguments") or [])]
        isolated = (self.request.get("NetworkConfig") or {}).get("EnableNetworkIsolation", False)
        environment = self.environment(SAGEMAKER_BASE_DIR=toolkit.ROOT)
        # beside a training job, which is what a run waits for, a processing job takes what is left
        nice = ["nice", "-n", "5", *command]
        return Container(machine.folder, nice, environment, network=not isolated, host=machine.host)


@dataclass(frozen=True)
class Machine:
    """One of a job's machines: `folder` holds `ml`, which is its /opt/ml."""

    folder: Path
    host: str

    @property
    def ml(self) -> Path:
        return self.folder / "ml"

    def here(self, path: str) -> Path:
        """Where a path below /opt/ml lies on this machine."""
        return inside(self.ml, str(Path(path).relative_to(toolkit.ROOT)))
