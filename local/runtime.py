"""The Lambda Runtime API of one worker: hands it one invocation at a time and takes its answer (AWS Lambda, runtimes-api)."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from uuid import uuid4

PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Answer:
    """What a function gave back: a JSON document, and `Unhandled` as `error` where the document describes an error."""

    payload: bytes
    error: str | None = None


@dataclass
class Invocation:
    """One event on its way through a worker. `taken_at` is the monotonic second at which the worker took it."""

    payload: bytes
    request_id: str = field(default_factory=lambda: str(uuid4()))
    taken_at: float | None = None
    answer: Answer | None = None
    changed: threading.Event = field(default_factory=threading.Event)

    def finish(self, answer: Answer) -> None:
        self.answer = answer
        self.changed.set()


class RuntimeApi(ThreadingHTTPServer):
    """Serves one worker on a loopback port of its own; `address` is what `AWS_LAMBDA_RUNTIME_API` must say."""

    daemon_threads = True

    def __init__(self, function_arn: str, timeout_seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), RuntimeHandler)
        self.function_arn = function_arn
        self.timeout_seconds = timeout_seconds
        self.address = f"127.0.0.1:{self.server_port}"
        self.init_error: Answer | None = None
        self.current: Invocation | None = None
        self._waiting: SimpleQueue[Invocation | None] = SimpleQueue()
        threading.Thread(target=self.serve_forever, name="runtime-api", daemon=True).start()

    def submit(self, invocation: Invocation) -> None:
        self.current = invocation
        self._waiting.put(invocation)

    def take(self) -> Invocation | None:
        """Blocks until there is something to do; None when the worker is to end."""
        invocation = self._waiting.get()
        if invocation is not None:
            invocation.taken_at = time.monotonic()
        return invocation

    def fail_init(self, answer: Answer) -> None:
        self.init_error = answer
        if self.current is not None:
            self.current.finish(answer)

    def close(self) -> None:
        self._waiting.put(None)
        self.shutdown()
        self.server_close()


class RuntimeHandler(BaseHTTPRequestHandler):
    """The five routes that a runtime interface client calls."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a body waits 40 ms for its headers to be acknowledged
    server: RuntimeApi

    def do_GET(self) -> None:
        invocation = self.server.take() if self.path == PREFIX + "invocation/next" else None
        if invocation is None:  # the worker is gone, or is to go
            self.close_connection = True
            return
        deadline = int((time.time() + self.server.timeout_seconds) * 1000)
        self._reply(
            HTTPStatus.OK,
            invocation.payload,
            {
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(deadline),
                "Lambda-Runtime-Invoked-Function-Arn": self.server.function_arn,
                "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{uuid4().hex[:24]};Sampled=0",
            },
        )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._reply(HTTPStatus.ACCEPTED, b'{"status":"OK"}')
        answer = Answer(body, "Unhandled" if self.path.endswith("/error") else None)
        if self.path == PREFIX + "init/error":
            self.server.fail_init(answer)
        elif self.server.current is not None and f"/{self.server.current.request_id}/" in self.path:
            self.server.current.finish(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name http.server wants)
        """A line per invocation would drown the function's own log."""

    def _reply(self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
