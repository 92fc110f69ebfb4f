"""Workers that run Lambda functions: awslambdaric processes, kept warm, with their EFS mounts and a log file per function."""

from __future__ import annotations

import json
import shlex
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from uuid import uuid4

from local.processes import mount_prefix
from local.runtime import Answer, Invocation, RuntimeApi
from local.server import LocalCloud

INIT_SECONDS = 60.0
"""Time to import the handler. AWS gives ten seconds; two shared cores may need longer for the same work."""
MOST_WORKERS = 4
"""Of one function at a time."""
TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Function:
    """What a worker must know of a function; two invocations with equal functions may share a worker."""

    name: str
    arn: str
    handler: str
    version: str
    runtime: str
    role: str
    memory_mb: int
    timeout_seconds: int
    code: Path
    variables: tuple[tuple[str, str], ...] = ()
    mounts: tuple[tuple[Path, str], ...] = ()
    """(local folder, absolute path inside the function) of each file system."""


class Worker:
    """One process of one function. `invoke` is for one caller at a time."""

    def __init__(self, cloud: LocalCloud, function: Function) -> None:
        self._cloud = cloud
        self._function = function
        self._api = RuntimeApi(function.arn, function.timeout_seconds)
        command = (sys.executable, "-m", "awslambdaric", function.handler)
        log = cloud.logs / "lambda" / f"{function.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process: Popen[bytes] = cloud.processes.start(
                mounted(command, function.mounts), env=self._environment(), cwd=function.code, output=output
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None and self._api.init_error is None

    def invoke(self, payload: bytes) -> Answer:
        """The function's answer; a worker that died or took too long answers as AWS does, and is of no more use."""
        invocation = Invocation(payload)
        born = time.monotonic()
        self._api.submit(invocation)
        while not invocation.changed.wait(TICK_SECONDS):
            if self._process.poll() is not None:
                invocation.changed.wait(TICK_SECONDS)  # an answer may have come just before the end
                break
            if late(invocation, born, self._function.timeout_seconds):
                break
        if invocation.answer is not None:
            return invocation.answer
        answer = self._why_not(invocation)
        self.close()
        return answer

    def close(self) -> None:
        self._cloud.processes.end(self._process)
        self._api.close()

    def _why_not(self, invocation: Invocation) -> Answer:
        if self._process.poll() is not None:
            kind, message = "Runtime.ExitError", "Runtime exited"
        else:
            kind, message = "Sandbox.Timedout", f"Task timed out after {self._function.timeout_seconds:.2f} seconds"
        body = {"errorType": kind, "errorMessage": f"RequestId: {invocation.request_id} Error: {message}"}
        return Answer(json.dumps(body).encode(), "Unhandled")

    def _environment(self) -> dict[str, str]:
        function = self._function
        return {
            **redirected(dict(function.variables), function.mounts),
            **self._cloud.environment(function.role),
            "_HANDLER": function.handler,
            "LAMBDA_TASK_ROOT": str(function.code),
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_FUNCTION_NAME": function.name,
            "AWS_LAMBDA_FUNCTION_VERSION": function.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mb),
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{function.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": uuid4().hex,
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
            "PYTHONPATH": str(function.code),
        }


def late(invocation: Invocation, born: float, timeout_seconds: float) -> bool:
    """True once the time to start, or the function's own time, is used up."""
    if invocation.taken_at is None:
        return time.monotonic() > born + INIT_SECONDS
    return time.monotonic() > invocation.taken_at + timeout_seconds


def mountable(path: str) -> bool:
    """Whether a folder can be bound at `path` for one process alone, and the host stays as it is."""
    parent = Path(path).parent
    return bool(mount_prefix()) and (Path(path).is_dir() or (parent.is_dir() and not any(parent.iterdir())))


def mounted(command: Sequence[str], mounts: Sequence[tuple[Path, str]]) -> list[str]:
    """`command` in a private mount namespace in which each folder that is mountable is bound at its path.

    A mount point that the host lacks is made in a temporary file system over its empty parent.
    """
    steps = []
    for folder, path in mounts:
        if mountable(path):
            if not Path(path).is_dir():
                steps.append(f"mount -t tmpfs none {shlex.quote(str(Path(path).parent))}")
            steps.append(f"mkdir -p {shlex.quote(path)} && mount --bind {shlex.quote(str(folder))} {shlex.quote(path)}")
    if not steps:
        return list(command)
    return [*mount_prefix(), "sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh", *command]


def redirected(variables: Mapping[str, str], mounts: Sequence[tuple[Path, str]]) -> dict[str, str]:
    """The environment with each path that is not mountable replaced by its local folder."""
    result = dict(variables)
    for folder, path in mounts:
        inside = path.rstrip("/") + "/"
        for name, value in variables.items():
            if not mountable(path) and f"{value}/".startswith(inside):
                result[name] = str(folder) + value[len(inside) - 1 :]
    return result


class Pool:
    """Warm workers by function: an invocation takes an idle one or starts another, as Lambda does; past `MOST_WORKERS` it waits.

    Lambda would start more, or throttle. On one machine a further process costs more than the wait, and answers nothing sooner.
    """

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._idle: dict[Function, list[Worker]] = defaultdict(list)
        self._workers: Counter[Function] = Counter()
        self._changed = threading.Condition()
        self._closed = False

    def invoke(self, function: Function, payload: bytes) -> Answer:
        worker = self._take(function)
        try:
            return worker.invoke(payload)
        finally:
            self._give_back(function, worker)

    def close(self) -> None:
        with self._changed:
            self._closed = True
            workers = [worker for idle in self._idle.values() for worker in idle]
            self._idle.clear()
        for worker in workers:
            worker.close()

    def _take(self, function: Function) -> Worker:
        with self._changed:
            while True:
                if self._idle[function]:
                    worker = self._idle[function].pop()
                    if worker.alive:
                        return worker
                    self._workers[function] -= 1
                elif self._workers[function] < MOST_WORKERS:
                    self._workers[function] += 1
                    break
                else:
                    self._changed.wait()
        try:
            return Worker(self._cloud, function)
        except BaseException:
            self._gone(function)
            raise

    def _give_back(self, function: Function, worker: Worker) -> None:
        with self._changed:
            if worker.alive and not self._closed:
                self._idle[function].append(worker)
                self._changed.notify_all()
                return
        worker.close()
        self._gone(function)

    def _gone(self, function: Function) -> None:
        with self._changed:
            self._workers[function] -= 1
            self._changed.notify_all()
