"""A bare local cloud for the tests of its parts: one process a session, driven by boto3 as any client would."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import textwrap
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).parent.parent.parent
ROLE = "arn:aws:iam::123456789012:role/anything"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def until(found: Callable[[], Any], seconds: float = 30) -> Any:
    """The first true value that `found` gives; fails the test where there is none in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := found():
            return value
        time.sleep(0.05)
    pytest.fail(f"nothing came within {seconds} seconds")


class BareCloud:
    """The process, its state folder, and clients of it."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.api = f"http://127.0.0.1:{self.port}"
        self.process = subprocess.Popen([sys.executable, "-m", "tests.local.bare", str(state), str(self.port)], cwd=ROOT)
        until(self._ready)
        trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
        self.client("iam").create_role(
            RoleName="anything", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **trust})
        )

    def _ready(self) -> bool:
        assert self.process.poll() is None, "the cloud ended"
        return (self.state / "ready").exists()

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
        )  # fmt: skip

    def function(self, name: str, source: str, **options: Any) -> str:
        """Makes a function of one module with a `handler`; its ARN."""
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("index.py", textwrap.dedent(source))
        made = self.client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Role=ROLE, Handler="index.handler", Code={"ZipFile": code.getvalue()},
            **{"Timeout": 20, **options},
        )  # fmt: skip
        return str(made["FunctionArn"])

    def invoke(self, name: str, event: Any = None, **options: Any) -> tuple[Any, str | None]:
        """(answer, error) of an invocation."""
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode(), **options)
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareCloud]:
    cloud = BareCloud(tmp_path_factory.mktemp("bare"))
    yield cloud
    cloud.stop()


@pytest.fixture(scope="session")
def recorder(bare: BareCloud, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[str, Callable[[], list[Any]]]]:
    """Makes a function that writes each event to a file; (its ARN, what reads the events)."""

    def make(name: str) -> tuple[str, Callable[[], list[Any]]]:
        file = tmp_path_factory.mktemp(name) / "events"
        source = f"""
            import json
            def handler(event, context):
                with open({str(file)!r}, "a") as out:
                    out.write(json.dumps(event) + "\\n")
        """
        return bare.function(name, source), lambda: [json.loads(line) for line in file.open()] if file.exists() else []

    return make
