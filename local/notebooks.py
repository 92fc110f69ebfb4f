"""SageMaker's notebook instances: the scripts of their lifecycle configuration run as a process group until they are stopped."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.efs.models import efs_backends
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from local import instance_tools
from local.endpoints import backend
from local.functions import folder_of
from local.jobs import TIMES_TOLD, Surroundings
from local.processes import signal_group
from local.server import LocalCloud

AT_REST = ("Stopped", "Failed")
SCRIPT_SECONDS = 300.0
"""What SageMaker allows a start script."""
STOP_SECONDS = 20.0
"""Between SIGTERM and SIGKILL for what the script left running."""


class Instance:
    """One instance from Create to Delete; its home folder stays between a stop and the next start."""

    def __init__(self, around: Surroundings, request: Mapping[str, Any]) -> None:
        self.request = dict(request)
        self.name: str = request["NotebookInstanceName"]
        self.arn = f"arn:aws:sagemaker:{around.cloud.region}:{around.cloud.account}:notebook-instance/{self.name}"
        self.tags: list[dict[str, str]] = list(request.get("Tags") or [])
        self.status = "Pending"
        self._around = around
        self._folder = around.cloud.state / "notebooks" / self.name
        self._made = self._changed = datetime.now(UTC)
        self._reason: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.RLock()

    def start(self, *hooks: str) -> None:
        """Runs the scripts of the lifecycle configuration, then is in service; the work goes on in the background."""
        self._go("Pending")
        threading.Thread(target=self._come_up, args=hooks, name=self.name, daemon=True).start()

    def stop(self) -> None:
        self._go("Stopping")
        threading.Thread(target=self._go_down, name=self.name, daemon=True).start()

    def move(self, allowed: tuple[str, ...], status: str) -> None:
        """Raises ValidationError, in SageMaker's words, where the status does not allow the transition."""
        with self._changing:
            if self.status not in allowed:
                raise ValidationError(
                    message=f"Status ({self.status}) not in ([{', '.join(allowed)}]). "
                    f"Unable to transition to ({status}) for Notebook Instance ({self.arn})"
                )
            self.status = status

    def describe(self) -> dict[str, Any]:
        given = {name: value for name, value in self.request.items() if name not in ("Tags", "LifecycleConfigName")}
        config = self.request.get("LifecycleConfigName")
        return {
            **given,
            "NotebookInstanceArn": self.arn,
            "NotebookInstanceStatus": self.status,
            "CreationTime": self._made,
            "LastModifiedTime": self._changed,
            **({"FailureReason": self._reason} if self._reason else {}),
            **({"NotebookInstanceLifecycleConfigName": config} if config else {}),
        }

    def _go(self, status: str, reason: str | None = None) -> None:
        """Shows a status, in Describe and as events."""
        with self._changing:
            if self._around.closing.is_set():
                return
            self.status, self._reason, self._changed = status, reason, datetime.now(UTC)
            detail = self.describe()
        for _ in range(TIMES_TOLD):
            self._around.emit("aws.sagemaker", "SageMaker Notebook Instance State Change", detail, [self.arn])

    def _come_up(self, *hooks: str) -> None:
        script = self._scripts(*hooks)
        if script and self._run(script) != 0:
            self._end_processes(0.0)
            config = self.request["LifecycleConfigName"]
            self._go("Failed", f"Notebook Instance Lifecycle Config '{config}' for Notebook Instance '{self.arn}' failed")
        else:
            self._go("InService")

    def _go_down(self) -> None:
        self._end_processes(STOP_SECONDS)
        self._go("Stopped")

    def _scripts(self, *hooks: str) -> str:
        name = self.request.get("LifecycleConfigName")
        config = backend().describe_notebook_instance_lifecycle_config(name) if name else {}
        return "\n".join(base64.b64decode(each["Content"]).decode() for hook in hooks for each in config.get(hook) or [])

    def _run(self, script: str) -> int:
        """The script's exit code; -1 where it did not come to an end in its time. What it started goes on."""
        home, bin_folder = self._folder / "home", self._folder / "bin"
        (home / "SageMaker").mkdir(parents=True, exist_ok=True)
        instance_tools.write(bin_folder, home, access_points(self._around.cloud))
        (self._folder / "start.sh").write_text(script)
        given = self._around.cloud.environment(self.request["RoleArn"])
        environment = {**given, "HOME": str(home), "PATH": f"{bin_folder}{os.pathsep}{given['PATH']}"}
        log = self._around.cloud.logs / "notebooks" / f"{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            command = ["bash", str(self._folder / "start.sh")]
            self._process = self._around.cloud.processes.start(command, env=environment, cwd=home, output=output)
        try:
            return self._process.wait(SCRIPT_SECONDS)
        except subprocess.TimeoutExpired:
            return -1

    def _end_processes(self, grace_seconds: float) -> None:
        """Ends the script's whole group, which lives on when the script itself has ended: asks first, then kills."""
        process, self._process = self._process, None
        if process is None:
            return
        if grace_seconds:
            signal_group(process.pid, signal.SIGTERM)
        end = time.monotonic() + grace_seconds
        while alive(process.pid) and time.monotonic() < end:
            time.sleep(0.1)
        self._around.cloud.processes.end(process)


class Notebooks:
    """The instances of one local cloud. `install` puts them in place of moto's."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    @property
    def _instances(self) -> dict[str, Instance]:
        """moto's own map, where its operations on tags look."""
        instances: dict[str, Instance] = backend().notebook_instances
        return instances

    def install(self) -> None:
        shutil.rmtree(self._around.cloud.state / "notebooks", ignore_errors=True)  # what a kill left
        for operation in ("create", "describe", "start", "stop", "delete"):
            setattr(SageMakerResponse, f"{operation}_notebook_instance", self._answering(operation))
        SageMakerResponse.list_notebook_instances = lambda _: ActionResult({"NotebookInstances": self._all()})

    def _answering(self, operation: str) -> Any:
        def answer(response: Any) -> Any:
            request = json.loads(response.body)
            made = getattr(self, operation)(request)
            return ActionResult(made) if made else EmptyResult()

        return answer

    def create(self, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["NotebookInstanceName"]
        if name in self._instances:
            raise ValidationError(message=f"Cannot create a duplicate Notebook Instance ({self._instances[name].arn})")
        self._instances[name] = instance = Instance(self._around, request)
        instance.start("OnCreate", "OnStart")
        return {"NotebookInstanceArn": instance.arn}

    def describe(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return self._find(request).describe()

    def start(self, request: Mapping[str, Any]) -> None:
        instance = self._find(request)
        instance.move(AT_REST, "Pending")
        instance.start("OnStart")

    def stop(self, request: Mapping[str, Any]) -> None:
        instance = self._find(request)
        instance.move(("InService",), "Stopping")
        instance.stop()

    def delete(self, request: Mapping[str, Any]) -> None:
        instance = self._find(request)
        instance.move(AT_REST, "Deleting")
        del self._instances[instance.name]

    def _find(self, request: Mapping[str, Any]) -> Instance:
        try:
            return self._instances[request["NotebookInstanceName"]]
        except KeyError:
            raise ValidationError(message="RecordNotFound") from None

    def _all(self) -> list[dict[str, Any]]:
        return [instance.describe() for instance in list(self._instances.values())]


def access_points(cloud: LocalCloud) -> dict[str, Path]:
    """The folder behind each access point, by its id."""
    points = efs_backends[cloud.account][cloud.region].access_points
    return {name: folder_of(cloud, name) for name in points}


def alive(group: int) -> bool:
    """Whether the process group still has members."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
