"""A notebook instance for tests of its script: a folder for a home, a folder for S3, and stand-ins for what needs root or AWS."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[2] / "training" / "lifecycle.sh"
PATIENCE = 60.0

HEAD = (
    f"#!{sys.executable} -SE\n"
    + """
import json, os, pathlib, shutil, sys, time
root, command = pathlib.Path(os.environ["ROOT"]), pathlib.Path(sys.argv[0]).name
def tell(**more):
    line = json.dumps({"command": command, "arguments": sys.argv[1:], **more}) + "\\n"
    with open(root / "calls", "a") as calls:
        calls.write(line)
def fail(message, status=254):
    sys.exit(print(message, file=sys.stderr) or status)
if (root / "failing" / command).exists():
    tell()
    fail("it fails")
"""
)
STAND_INS = {
    "getent": 'print(f"ec2-user:x:1000:1000::{root}/home:/bin/bash")',
    "sudo": "at = sys.argv.index('--') + 1; os.execvp(sys.argv[at], sys.argv[at:])",
    # Passes once its gate is open.
    "sleep": 'tell()\nwhile not (root / "gates" / sys.argv[1]).exists(): time.sleep(0.02)',
    "python3.12": """
tell()
place = pathlib.Path(sys.argv[-1]) / "bin"
place.mkdir(parents=True)
shutil.copy(root / "bin" / "python", place / "python")
""",
    "python": """
if "papermill" not in sys.argv:
    tell()
    sys.exit(3 if (root / "failing" / "pip").exists() else 0)
parents = [os.getppid()]
while parents[-1] > 1:
    parents.append(int(pathlib.Path(f"/proc/{parents[-1]}/stat").read_text().rpartition(")")[2].split()[1]))
tell(environment=dict(os.environ), parents=parents, mode=oct(pathlib.Path(".env").stat().st_mode & 0o777),
     order=pathlib.Path(os.environ["CHARTLOOP_ORDER"]).read_text(), code=sorted(os.listdir("code")))
exec((root / "notebook.py").read_text())
""",
    "aws": """
service, operation, *rest = sys.argv[1:]
if service == "s3":
    source, target = [part for part in rest if not part.startswith("--")]
    tell()
    source, target = [pathlib.Path(str(root / "s3" / p[5:]) if p.startswith("s3://") else p) for p in (source, target)]
    if not source.exists():
        fail("fatal error: An error occurred (404) when calling the HeadObject operation: Not Found", 1)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, target) if "--recursive" in rest else shutil.copy(source, target)
elif service == "stepfunctions":
    tell(input=json.loads(pathlib.Path(rest[1].removeprefix("file://")).read_text()))
    if (root / "gone").exists():
        fail(f"An error occurred (TaskTimedOut) when calling the {operation} operation: Task Timed Out")
else:
    tell()
    if "notebook" in operation and (root / "pending").exists():
        fail("An error occurred (ValidationException): Status (Pending) not in ([InService])")
""",
    **dict.fromkeys(("chown", "dnf", "mount", "mount.efs", "umount"), "tell()"),
}

EXECUTED = {
    "cells": [
        {"cell_type": "markdown", "source": "what was done"},
        {"cell_type": "code", "outputs": [{"output_type": "stream", "name": "stdout", "text": "240 records"}]},
        {
            "cell_type": "code",
            "outputs": [
                {
                    "output_type": "error",
                    "ename": "ValueError",
                    "evalue": "not a span: 'Mr Secret, 61'",
                    "traceback": ["Mr Secret"],
                }
            ],
        },
    ]
}
WELL = f"""
pathlib.Path("model_training.ipynb").write_text({json.dumps(EXECUTED)!r})
pathlib.Path(os.environ["CHARTLOOP_ANSWER"]).write_text('{{"candidate": {{"model_uri": "s3://data/c.tar.gz"}}}}')
"""
"""What a notebook does that ends well."""
HELD = 'while not (root / "gates" / "notebook").exists(): time.sleep(0.02)\n' + WELL


class Instance:
    """`start` boots it; `until_stopped` waits for the call that stops it."""

    def __init__(self, root: Path, notebook: str = WELL) -> None:
        self.root = root
        self._session = 0
        for folder in ("bin", "failing", "gates", "home/SageMaker", "s3/data/notebook", "s3/data/wheels/notebook", "s3/assets"):
            (root / folder).mkdir(parents=True)
        (root / "notebook.py").write_text(notebook)
        for name, body in STAND_INS.items():
            (root / "bin" / name).write_text(HEAD + body)
            (root / "bin" / name).chmod(0o755)
        self.put("data/notebook/order.json", json.dumps(an_order()))
        self.put("data/wheels/notebook/manifest.json", "{}")
        self.put("data/wheels/notebook/a-1.0-py3-none-any.whl", "")
        with tarfile.open(root / "s3" / "assets" / "0123.gz", "w:gz") as code:
            code.add(SCRIPT, "training/lifecycle.sh")

    def put(self, key: str, text: str) -> None:
        (self.root / "s3" / key).write_text(text)

    def take(self, key: str) -> None:
        (self.root / "s3" / key).unlink()

    def stored(self, key: str) -> str:
        return (self.root / "s3" / key).read_text()

    def start(self, hours: int = 14) -> None:
        """Returns when the script does, as SageMaker's agent waits for it."""
        settings = {
            **{"AWS_DEFAULT_REGION": "us-east-1", "CHARTLOOP_BUCKET": "data", "CHARTLOOP_KMS_KEY": "arn:key"},
            **{"CHARTLOOP_NOTEBOOK": "chartloop-training", "CHARTLOOP_HOURS": str(hours)},
            **{"CHARTLOOP_FILE_SYSTEM": "fs-1", "CHARTLOOP_ACCESS_POINT": "fsap-1"},
        }
        path = f"{self.root / 'bin'}:/usr/local/bin:/usr/bin:/bin"
        bash = shutil.which("bash") or "bash"
        process = subprocess.Popen(
            [bash, str(SCRIPT)], env={"ROOT": str(self.root), "PATH": path, **settings}, start_new_session=True
        )
        self._session = process.pid
        assert process.wait(PATIENCE) == 0

    def end(self) -> None:
        """Takes the power: looks again until nothing is left, as a process may start another one meanwhile."""
        while running := list(self._running()):
            for process in running:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def _running(self) -> Iterator[int]:
        """Processes of the session; those that are dead already do not count."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(FileNotFoundError, ProcessLookupError):
                state, _parent, _group, session, *_ = stat.read_text().rpartition(")")[2].split()
                if int(session) == self._session and state not in "ZX":
                    yield int(stat.parent.name)

    def calls(self, *start: str) -> list[dict[str, Any]]:
        """The calls of stand-ins, in order: those whose command and first arguments are these."""
        written = (self.root / "calls").read_text() if (self.root / "calls").exists() else ""
        every = [json.loads(line) for line in written.splitlines(keepends=True) if line.endswith("\n")]
        return [call for call in every if (call["command"], *call["arguments"])[: len(start)] == start]

    def until(self, holds: Callable[[], Any]) -> None:
        limit = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < limit, [call["command"] for call in self.calls()][-20:]
            time.sleep(0.01)

    def until_stopped(self) -> None:
        self.until(lambda: self.calls("aws", "sagemaker", "stop-notebook-instance"))

    def answers(self) -> list[tuple[str, Any]]:
        """(operation, input) of what was sent to the state machine, but for heartbeats."""
        sent = [(call["arguments"][1], call["input"]) for call in self.calls("aws", "stepfunctions")]
        return [(operation, content) for operation, content in sent if operation != "send-task-heartbeat"]

    def reason(self) -> str:
        """Why the one answer says that the run failed."""
        ((operation, content),) = self.answers()
        assert (operation, content["taskToken"], content["error"]) == ("send-task-failure", "the token", "NotebookFailed")
        return str(json.loads(content["cause"])["FailureReason"])

    def left(self) -> list[str]:
        """What lies on the encrypted volume."""
        return sorted(path.name for path in (self.root / "home" / "SageMaker").iterdir())

    def open(self, *gates: str) -> None:
        for gate in gates:
            (self.root / "gates" / gate).touch()

    def break_(self, command: str) -> None:
        (self.root / "failing" / command).touch()


def an_order() -> dict[str, Any]:
    return {"run_id": "ner-1", "execution": "ner-1-1", "token": "the token", "code_uri": "s3://assets/0123.gz", "look": 1}
