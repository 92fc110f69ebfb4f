"""SageMaker's batch transform jobs: objects from S3 through a model server, in mini-batches of lines, answers back to S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.sagemaker.exceptions import ValidationError

from chartloop.errors import JobFailed, ModelError
from local.endpoints import backend
from local.jobs import ENDED, Job, Surroundings
from local.modelserver import Answer, ModelServer

MEGABYTE = 1 << 20
PAYLOAD_MB, CALL_SECONDS = 6, 600
"""SageMaker's defaults, where a request says nothing."""
FAILED = "ClientError: See job logs for more information"


class TransformJob(Job):
    """One model server on one machine; a request that fails fails the job, and its object has no output then, as on AWS.

    The answers of an object are in the order of its lines. Neither compressed nor filtered nor joined input is known here.
    """

    kind = "Transform"

    def __init__(self, around: Surroundings, request: Mapping[str, Any], record: Any) -> None:
        self.model = backend().describe_model(request["ModelName"])
        super().__init__(around, {**request, "RoleArn": self.model.execution_role_arn}, record)

    @classmethod
    def check(cls, request: Mapping[str, Any]) -> None:
        backend().describe_model(request["ModelName"])  # raises where there is none
        source = request["TransformInput"]
        if source.get("CompressionType", "None") != "None" or request.get("DataProcessing"):
            raise ValidationError(message="The local cloud knows neither CompressionType nor DataProcessing")
        if source.get("SplitType", "None") not in ("None", "Line"):
            raise ValidationError(message="The local cloud splits by Line or not at all")
        if request.get("MaxConcurrentTransforms", 1) * request.get("MaxPayloadInMB", PAYLOAD_MB) > 100:
            raise ValidationError(message="MaxConcurrentTransforms * MaxPayloadInMB must not exceed 100 MB")

    def begin(self) -> None:
        self.record.transform_start_time = self.record.transform_end_time = self.record.failure_reason = None

    def show(self, status: str, stage: str, message: str) -> None:
        """A transform job has no stages."""
        del stage, message
        self.record.transform_job_status = status
        if status in ENDED:
            self.record.transform_end_time = datetime.now(UTC)

    def work(self) -> None:
        folder = self.folder / "input"
        self.transfer.download(self.request["TransformInput"]["DataSource"]["S3DataSource"]["S3Uri"], folder)
        server = ModelServer(self.around.cloud, self.name)
        server.invoke_seconds = (self.request.get("ModelClientConfig") or {}).get("InvocationsTimeoutInSeconds", CALL_SECONDS)
        try:
            server.start(self.around.transfer, self._container(), self._log(), role=self.request["RoleArn"])
            self.record.transform_start_time = datetime.now(UTC)
            for path in sorted(path for path in folder.rglob("*") if path.is_file()):
                self._transform(server, path, path.relative_to(folder).as_posix())
        finally:
            server.close()

    def _container(self) -> dict[str, Any]:
        container = self.model.primary_container or self.model.containers[0]
        return {**container, "Environment": {**(container.get("Environment") or {}), **(self.request.get("Environment") or {})}}

    def _log(self) -> Path:
        return self.around.cloud.logs / "jobs" / f"{self.name}.log"

    def _transform(self, server: ModelServer, source: Path, name: str) -> None:
        """One object: its mini-batches in turn, and its output once all of them were answered."""
        given, output = self.request["TransformOutput"], self.folder / "output"
        between = b"\n" if given.get("AssembleWith") == "Line" else b""
        with output.open("wb") as file:
            for part in self._mini_batches(source):
                if self.stopped_as is not None:
                    return
                file.write(self._answered(server, part).removesuffix(between) + between)
        self.transfer.store(output, f"{given['S3OutputPath'].rstrip('/')}/{name}.out")

    def _mini_batches(self, source: Path) -> Iterator[bytes]:
        most = self.request.get("MaxPayloadInMB", PAYLOAD_MB) * MEGABYTE
        if self.request["TransformInput"].get("SplitType") != "Line":
            yield from mini_batches([source.read_bytes()], most, single=True)
            return
        with source.open("rb") as lines:
            yield from mini_batches(lines, most, single=self.request.get("BatchStrategy") == "SingleRecord")

    def _answered(self, server: ModelServer, part: bytes) -> bytes:
        headers = {
            "Content-Type": self.request["TransformInput"].get("ContentType", "application/octet-stream"),
            "Accept": self.request["TransformOutput"].get("Accept", "*/*"),
        }
        server.reserve()
        try:
            answer = server.invoke(part, headers)
        except ModelError as error:
            answer = Answer(500, "", error.message.encode())
        if answer.status != 200:
            with self._log().open("ab") as log:
                log.write(b"Bad HTTP status received from algorithm: %d\n" % answer.status)
            raise JobFailed(FAILED)
        return answer.body


def mini_batches(lines: Iterable[bytes], most: int, *, single: bool) -> Iterator[bytes]:
    """The lines, each alone or as many as have at most `most` bytes together. Raises JobFailed for one that has more."""
    waiting, size = list[bytes](), 0
    for line in lines:
        if len(line) > most:
            raise JobFailed("ClientError: Too large data for mini-batch")
        if waiting and (single or size + len(line) > most):
            yield b"".join(waiting)
            waiting, size = [], 0
        waiting.append(line)
        size += len(line)
    if waiting:
        yield b"".join(waiting)
