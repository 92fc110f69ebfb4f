"""SageMaker's processing jobs: inputs from S3, a command in a container, outputs to S3."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

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
        for source in self.request.get("ProcessingInputs") or []:
            self.transfer.download(source["S3Input"]["S3Uri"], self.here(source["S3Input"]["LocalPath"]))
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
            self.transfer.upload(self.here(output["LocalPath"]), output["S3Uri"])

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
