"""One variant of an endpoint: a model unpacked from S3 and the process that serves it (local/serving.py)."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from chartloop.errors import JobFailed, ModelError
from local import serving
from local.container import Container
from local.server import LOOPBACK, LocalCloud
from local.transfer import Transfer, unpack

HEALTH_SECONDS = 480
"""Until the container answers, unless the variant says otherwise; a server that ends early is not waited for."""

INVOKE_SECONDS = 60
"""SageMaker's own limit on an invocation of an endpoint; a transform job says its own."""

DRAIN_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes


class ModelServer:
    """A process that answers for one model. `start` raises JobFailed with the reason that an endpoint shows."""

    def __init__(self, cloud: LocalCloud, variant: str) -> None:
        self.variant = variant
        self.fault = ""
        """`errors` or `latency`, where it is to answer badly on purpose."""
        self.invoke_seconds: float = INVOKE_SECONDS
        self._cloud = cloud
        self._folder = cloud.state / "endpoints" / uuid4().hex
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._idle = threading.Condition()
        self._running = 0

    def start(
        self, transfer: Transfer, container: Mapping[str, Any], log: Path, *, role: str, seconds: float = HEALTH_SECONDS
    ) -> None:
        """Unpacks the model, starts its server under the model's role and returns once it is healthy."""
        archive = self._folder / "model.tar.gz"
        transfer.acting_as(role).fetch(container["ModelDataUrl"], archive)
        unpack(archive, self._folder / "ml" / "model")
        archive.unlink()
        log.parent.mkdir(parents=True, exist_ok=True)
        command = ["python3", "-I", serving.__file__, "/opt/ml/model", "/opt/ml/port"]
        environment = {**self._cloud.environment(role), **(container.get("Environment") or {})}
        with log.open("ab") as output:
            self._process = Container(self._folder, command, environment).start(self._cloud.processes, output)
        self._port = self._await_port(self._process, seconds)

    def _await_port(self, process: subprocess.Popen[bytes], seconds: float) -> int:
        port = self._folder / "ml" / "port"
        end = time.monotonic() + seconds
        while not port.exists():
            if process.poll() is not None or time.monotonic() > end:
                self.close()
                raise JobFailed(
                    f"The primary container for production variant {self.variant} did not pass the ping health check. "
                    "Please check CloudWatch logs for this endpoint."
                )
            time.sleep(0.05)
        return int(port.read_text())

    def reserve(self) -> None:
        """Announces one `invoke`, which `drain` then waits for."""
        with self._idle:
            self._running += 1

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The model's answer, whatever its status, to a reserved invocation. Raises ModelError where there is none in time."""
        connection = http.client.HTTPConnection(LOOPBACK, self._port, timeout=self.invoke_seconds)
        try:
            connection.request("POST", "/invocations", body, dict(headers))
            response = connection.getresponse()
            return Answer(response.status, response.headers.get("Content-Type", "application/octet-stream"), response.read())
        except (OSError, http.client.HTTPException) as error:
            raise ModelError(f"the container of variant {self.variant} did not answer: {type(error).__name__}") from None
        finally:
            connection.close()
            self.release()

    def release(self) -> None:
        """The end of a reserved invocation."""
        with self._idle:
            self._running -= 1
            self._idle.notify_all()

    def drain(self) -> None:
        """Waits for the invocations under way, then ends the process."""
        with self._idle:
            self._idle.wait_for(lambda: self._running == 0, DRAIN_SECONDS)
        self.close()

    def close(self) -> None:
        if self._process is not None:
            self._cloud.processes.end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)
