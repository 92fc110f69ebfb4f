"""LocalCloud: one loopback server that answers the AWS APIs (moto's), the REST API and the token issuer."""

from __future__ import annotations

import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from chartloop.errors import Conflict
from local.faults import Faults
from local.processes import Processes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ACCOUNT = "123456789012"
REGION = "us-east-1"
LOOPBACK = "127.0.0.1"
OURS = "local"
"""Whose name the local cloud's own requests bear; it is no role."""
REQUEST_IDS = ("x-amzn-requestid", "x-amz-request-id")


class Dispatcher:
    """The WSGI application: mounted applications by path prefix, everything else is an AWS API.

    `before_asking` hears each AWS request first, and may answer it in the service's place; `before_answer` runs in the request's
    thread when an AWS request is done and its answer not yet sent.
    """

    def __init__(self) -> None:
        self.aws = DomainDispatcherApplication(create_backend_app)
        self.mounts: dict[str, WSGIApplication] = {}
        self.before_asking: list[Callable[[WSGIEnvironment], WSGIApplication | None]] = []
        self.before_answer: list[Callable[[], None]] = []
        self._ledger = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        for prefix, application in self.mounts.items():
            if path.startswith(prefix):
                return application(environ, start_response)
        for hear in self.before_asking:
            if (instead := hear(environ)) is not None:
                return instead(environ, with_request_id(start_response))
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith("DynamoDB_"):
            # moto checks a transaction's conditions and writes in two steps; DynamoDB does both at once
            with self._ledger:
                return self._answer(environ, start_response)
        return self._answer(environ, start_response)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer: Iterable[bytes] = self.aws(environ, with_request_id(start_response))
        for done in self.before_answer:
            done()
        return answer


def listen(port: int) -> socket.socket:
    """A socket that listens on the loopback address alone."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError:
        listener.close()
        raise Conflict(f"port {port} is in use; choose another with --port", code="port_in_use") from None
    listener.listen(128)
    return listener


def with_request_id(start_response: StartResponse) -> StartResponse:
    """Every answer of AWS has a request id; many of moto's have none, and its state machines trip over that."""

    def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
        if not any(name.lower() in REQUEST_IDS for name, _ in headers):
            headers = [*headers, ("x-amzn-RequestId", str(uuid4()))]
        return start_response(status, headers, *rest)

    return start


class QuietHandler(MotoRequestHandler):  # type: ignore[misc]
    """moto's request handler without a line per request: S3 keys and queries do not belong into a log."""

    disable_nagle_algorithm = True  # or a body waits 40 ms for its headers to be acknowledged

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


class LocalCloud:
    """One account in one region on one loopback port.

    `state` is the folder that survives, `logs` one file per function and job below it, `endpoint_url` where the AWS APIs are.
    """

    account = ACCOUNT
    region = REGION

    def __init__(self, state: Path, port: int) -> None:
        self.state = state.resolve()
        self.logs = self.state / "logs"
        self.efs = self.state / "efs"
        self.port = port
        self.endpoint_url = f"http://localhost:{port}"
        self.api_url = f"http://{LOOPBACK}:{port}"
        self.processes = Processes()
        self.faults = Faults(self.state / "faults")
        self.dispatcher = Dispatcher()
        self.page_headers: dict[str, str] = {}
        self._server: BaseWSGIServer | None = None
        self._stops: list[Callable[[], None]] = []
        self._clients: dict[tuple[str, str], Any] = {}
        self._making = threading.Lock()

    def make_folders(self) -> None:
        for folder in (self.logs, self.efs, self.state / "tmp"):
            folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Listens on the loopback address; the requests are answered by daemon threads. Raises Conflict for a port in use."""
        self.make_folders()
        os.environ["MOTO_PORT"] = str(self.port)  # the state machine interpreter's own clients read it
        os.environ.update(self.credentials())
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        fd = listen(self.port).detach()
        self._server = make_server(LOOPBACK, self.port, self.dispatcher, threaded=True, request_handler=QuietHandler, fd=fd)
        os.close(fd)  # the server works on a copy
        threading.Thread(target=self._server.serve_forever, name="local-cloud", daemon=True).start()

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Registers what must end before the server does; the last registered is stopped first."""
        self._stops.append(stop)

    def stop(self) -> None:
        for stop in reversed(self._stops):
            stop()
        self.processes.end_all()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def client(self, service: str, role: str = OURS) -> Any:
        """The boto3 client of this cloud, one a service and role: made-up credentials, no retries that would hide an error."""
        with self._making:  # boto3's default session is not safe to make clients with at once
            if (service, role) not in self._clients:
                self._clients[service, role] = self._connect(service, role)
            return self._clients[service, role]

    def _connect(self, service: str, role: str) -> Any:
        config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}, max_pool_connections=50)
        return boto3.client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            config=config,  # type: ignore[call-overload]
            aws_access_key_id=role_name(role),
            aws_secret_access_key="local",  # noqa: S106 (made up, so that none is real)
        )

    def credentials(self, role: str = OURS) -> dict[str, str]:
        """What points an AWS SDK at this cloud and keeps it from finding another; the access key names the role, or its ARN's."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": role_name(role),
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def environment(self, role: str = OURS) -> dict[str, str]:
        """The whole environment of a process that works under `role`; nothing is inherited but where programs are found."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        return {
            "PATH": path,
            "HOME": str(self.state / "tmp"),
            "TMPDIR": str(self.state / "tmp"),
            "LANG": "C.UTF-8",
            "TZ": ":UTC",
            "PYTHONUNBUFFERED": "1",
            **self.credentials(role),
        }


def role_name(role: str) -> str:
    """The name of a role, of which the ARN may be given."""
    return role.rpartition("/")[2]
