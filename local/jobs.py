"""The course of a SageMaker job that runs as a process: statuses and events, log, stopping, time limit, failure."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from chartloop.errors import JobFailed
from local.container import Container
from local.server import LocalCloud
from local.transfer import Transfer

Emit = Callable[[str, str, dict[str, Any], list[str]], None]
"""(source, detail type, detail, resources)."""

STOP_SECONDS = 120.0
"""Between SIGTERM and SIGKILL, as on AWS."""

TIMES_TOLD = 2
"""Each change is told more than once, as EventBridge may: whoever listens has to be idempotent."""

SPOILED = {
    "capacity": "CapacityError: Unable to provision requested ML compute capacity."
    " Please retry using a different ML instance type.",
    "fail": "AlgorithmError: a fault on purpose, exit code: 1",
}
"""By fault, the failure that the job shows."""

ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True)
class Surroundings:
    """What a job needs of the local cloud. Once `closing` is set, jobs are let go as they stand: their end is no failure then."""

    cloud: LocalCloud
    transfer: Transfer
    emit: Emit
    closing: threading.Event = field(default_factory=threading.Event)
    jobs: dict[str, Job] = field(default_factory=dict)
    """Every job since the start, by name."""


class Job:
    """One job from its request to its end. `record` is moto's object, whose attributes are what Describe answers."""

    kind: ClassVar[str]
    """What the fields of its request and of its description begin with."""

    def __init__(self, around: Surroundings, request: Mapping[str, Any], record: Any) -> None:
        self.around = around
        self.request = request
        self.record = record
        self.name: str = request[f"{self.kind}JobName"]
        self.transfer = around.transfer.acting_as(request["RoleArn"])
        self.folder = around.cloud.state / "jobs" / self.name
        self.ml = self.folder / "ml"
        self.stopped_as: str | None = None
        self.over = threading.Event()
        """Set once the job has ended."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._changing = threading.RLock()

    @property
    def status(self) -> str:
        status: str = getattr(self.record, f"{self.words()}_job_status")
        return status

    @classmethod
    def words(cls) -> str:
        """The kind in lower case, as moto names it."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.kind).lower()

    @property
    def told_as(self) -> str:
        """What events call it."""
        return self.kind

    def described(self) -> dict[str, Any]:
        """What Describe answers."""
        found: dict[str, Any] = self.record.response_object
        return found

    def start(self) -> None:
        """Returns at once; the job goes its way in a thread of its own."""
        self.begin()
        self.change("InProgress", "Starting", f"Starting the {self.words().replace('_', ' ')} job")
        threading.Thread(target=self.run, name=self.name, daemon=True).start()

    def run(self) -> None:
        try:
            self._spoil()
            self.work()
            with self._changing:
                self.change("Stopped" if self.stopped_as else "Completed", self.stopped_as or "Completed")
        except JobFailed as error:
            self.fail(error.message)
        finally:
            if self.status not in ENDED:  # the exception itself goes on to the log
                self.fail("InternalServerError: We encountered an internal error. Please try again.")
            shutil.rmtree(self.folder, ignore_errors=True)
            self.over.set()

    def _spoil(self) -> None:
        """A fault on purpose, for a job whose name ends with what the fault names."""
        for kind, reason in SPOILED.items():
            if self.around.cloud.faults.take(kind, *known_as(self.name)):
                raise JobFailed(reason)

    def stop(self, reason: str = "Stopped") -> None:
        """Asks the process to end, and ends it after two minutes; does nothing for a job that is ending or has ended."""
        with self._changing:
            if self.status != "InProgress":
                return
            self.stopped_as = reason
            self.change("Stopping", "Stopping")
            self.end_processes()

    def end_processes(self) -> None:
        """Asks every machine's process to end, and ends it after two minutes; returns at once."""
        for process in self._processes:
            grace = {"grace_seconds": STOP_SECONDS}
            threading.Thread(target=self.around.cloud.processes.end, args=(process,), kwargs=grace, daemon=True).start()

    def execute(self, *containers: Container) -> int:
        """Runs the containers, one a machine, to their end, in their time, each line into the log and to `follow`.

        Returns the exit code of the first that failed, with which the others end, or 0.
        """
        with self._changing:
            if self.stopped_as is not None:
                return 0
            self._processes = [one.start(self.around.cloud.processes, subprocess.PIPE) for one in containers]
        limit = (self.request.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds", 86400)
        watch = threading.Timer(limit, self.stop, args=("MaxRuntimeExceeded",))
        watch.daemon = True
        watch.start()
        failures: list[int] = []
        with ThreadPoolExecutor(len(containers)) as machines:
            list(machines.map(lambda process: self._finish(process, failures), self._processes))
        watch.cancel()
        self._processes = []
        return failures[0] if failures else 0

    def _finish(self, process: subprocess.Popen[bytes], failures: list[int]) -> None:
        self._read(process)
        code = process.wait()
        self.around.cloud.processes.forget(process)
        if code:
            failures.append(code if code >= 0 else 128 - code)
            for other in self._processes:
                if other.poll() is None:
                    self.around.cloud.processes.end(other)

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
        return {
            **self.around.cloud.environment(self.request["RoleArn"]),
            f"{self.kind.upper()}_JOB_NAME": self.name,
            **own,
            **given,
        }

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
            detail = {name: value for name, value in self.described().items() if name != "Tags"}
        for _ in range(TIMES_TOLD):
            self.around.emit("aws.sagemaker", f"SageMaker {self.told_as} Job State Change", detail, [self.record.arn])

    @classmethod
    def check(cls, request: Mapping[str, Any]) -> None:
        """Raises ValidationError for a request that SageMaker refuses at once."""

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


def known_as(name: str) -> tuple[str, str]:
    """What a fault may call a job: its step, without the number of its try; with and without that of its look."""
    step = re.sub(r"-try\d+$", "", name).rpartition("-")[2]
    return step, step.rstrip("0123456789")


def written(path: Path) -> str:
    """The one line that a job leaves to explain its end; empty where it left none."""
    return path.read_text("utf-8", "replace").strip()[:900] if path.exists() else ""
