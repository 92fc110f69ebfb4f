"""The model server: loads code/inference.py of an unpacked model, and answers /ping and /invocations as a container does.

Run as a script (`serving.py MODEL_DIR PORT_FILE`) in a process of its own. It imports the standard library only; what the model
needs, the model's own code imports.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
import traceback
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

JSON = "application/json"


class Model:
    """The four functions of an inference script, with the model that the first of them loaded.

    `model_fn(model_dir)`, `input_fn(body, content_type)`, `predict_fn(input, model)`, `output_fn(prediction, accept)`.
    """

    def __init__(self, folder: Path) -> None:
        program = os.environ.get("SAGEMAKER_PROGRAM", "inference.py")
        sys.path.insert(0, str(folder / "code"))
        self._script = importlib.import_module(Path(program).stem)
        self._model = self._script.model_fn(str(folder))
        self._one_at_a_time = threading.Lock()

    def answer(self, body: bytes, content_type: str, accept: str) -> tuple[bytes, str]:
        """The answer's body and content type. Raises whatever the script raises."""
        with self._one_at_a_time:  # SageMaker's servers too run one prediction in a process
            prediction = self._script.predict_fn(self._script.input_fn(body, content_type), self._model)
            output = self._script.output_fn(prediction, accept)
        text, kind = output if isinstance(output, tuple) else (output, accept)
        return text.encode() if isinstance(text, str) else bytes(text), kind


class Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 on one model. An exception is a 400 that names its class: its text may hold what was posted."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    """Or an answer's body waits 40 ms for its headers to be acknowledged."""
    model: Model

    def do_GET(self) -> None:
        self.reply(HTTPStatus.OK if self.path == "/ping" else HTTPStatus.NOT_FOUND, b"", JSON)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/invocations":
            self.reply(HTTPStatus.NOT_FOUND, b"", JSON)
            return
        accept = self.headers.get("Accept") or JSON
        try:
            text, kind = self.model.answer(body, self.headers.get("Content-Type") or JSON, JSON if accept == "*/*" else accept)
        except Exception as error:  # the script's own errors are of any class, and each is an answer
            traceback.print_tb(error.__traceback__)
            problem = {"code": 400, "type": "InternalServerException", "message": type(error).__name__}
            self.reply(HTTPStatus.BAD_REQUEST, json.dumps(problem).encode(), JSON)
        else:
            self.reply(HTTPStatus.OK, text, kind)

    def reply(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Requests leave no line in the log."""


def serve(model: Model, port_file: Path) -> None:
    """Listens on a free loopback port and tells it by `port_file`, which is there once the model answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("ModelHandler", (Handler,), {"model": model}))
    aside = port_file.with_suffix(".new")
    aside.write_text(str(server.server_address[1]))
    aside.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    serve(Model(Path(sys.argv[1])), Path(sys.argv[2]))
