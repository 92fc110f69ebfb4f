"""The whole local cloud as a process, with the app deployed: what the end-to-end tests talk to, as a user's programs would."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from client.api import Api
from client.config import Target
from client.http import Http
from local.issuer import Issuer

ROOT = Path(__file__).parent.parent.parent
BUCKET = "chartloop-data-123456789012-us-east-1"
SECONDS_TO_START = 240
LAST = ("test_feedback.py", "test_policies.py")
"""Files of the session's cloud that come after all others, in this order."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What asks for no model comes before what needs one; the policies are held against all that the others did."""
    items.sort(key=lambda item: LAST.index(item.path.name) + 1 if item.path.name in LAST else 0)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(found: Callable[[], Any], seconds: float) -> Any:
    """The first true value that `found` gives; fails the test where there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.2)
    pytest.fail(f"nothing came within {seconds} seconds")


class Cloud:
    """`python -m local` on a state folder; `start` may be called again after a stop or a kill.

    `context` is what the deployment differs in from the ordinary one (`compute="notebook"`, `serving=...`).
    """

    def __init__(self, state: Path, **context: str) -> None:
        self.state = state
        self.context = [word for name, value in context.items() for word in ("--context", f"{name}={value}")]
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **environment: str) -> None:
        (self.state / "url").unlink(missing_ok=True)
        command = [sys.executable, "-m", "local", "--state", str(self.state), "--port", str(self.port), *self.context]
        with (self.state / "up.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=log, stderr=log)
        until(self._ready, SECONDS_TO_START)

    def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.state / "up.log").read_text()
        return (self.state / "url").exists()

    def wait_for_the_kill(self, seconds: float) -> None:
        """Waits until the process has killed itself."""
        assert self.process is not None
        assert self.process.wait(seconds) == -signal.SIGKILL

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(60)

    @property
    def url(self) -> str:
        return (self.state / "url").read_text().strip()

    @property
    def token(self) -> str:
        return (self.state / "token").read_text().strip()

    def scoped(self, *scopes: str) -> str:
        """A token of the local issuer with these scopes alone."""
        return Issuer(f"http://localhost:{self.port}/issuer", self.state / "issuer").token(*scopes)

    def api(self, token: str | None = None) -> Api:
        return Api(Http(Target(self.url, self.token if token is None else token)))

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=f"http://localhost:{self.port}", region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A local cloud for the whole session, on a fresh state."""
    running = Cloud(tmp_path_factory.mktemp("cloud"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def api(cloud: Cloud) -> Iterator[Api]:
    """Of the session's cloud, or of the one that a file starts for itself."""
    with cloud.api() as api:
        yield api
