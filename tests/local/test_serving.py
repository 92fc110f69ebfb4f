"""The model server answers as a SageMaker container does, with the model's own code and nothing of this repository."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import serving
from tests.local.conftest import until

ECHO = """
import json, sys
def model_fn(model_dir):
    return {"dir": model_dir, "path": [p for p in sys.path if p.endswith(("/local", "/main"))]}
def input_fn(body, content_type):
    return {"body": body.decode(), "type": content_type}
def predict_fn(data, model):
    if data["body"].startswith("bad"):
        raise ValueError(data["body"])
    return {**data, **model}
def output_fn(prediction, accept):
    text = json.dumps(prediction)
    return (text, "application/x-pair") if prediction["body"] == "pair" else text
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Starts a server on an inference script; its URL."""
    started: list[subprocess.Popen[bytes]] = []

    def serve(script: str) -> str:
        code = tmp_path / "model" / "code"
        code.mkdir(parents=True)
        (code / "inference.py").write_text(script)
        command = [sys.executable, "-I", serving.__file__, str(tmp_path / "model"), str(tmp_path / "port")]
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        started.append(process)
        until(lambda: (tmp_path / "port").exists() or process.poll() is not None)
        return f"http://127.0.0.1:{(tmp_path / 'port').read_text()}" if (tmp_path / "port").exists() else ""

    yield serve
    for process in started:
        process.kill()
        process.wait()


def post(url: str, body: str, **headers: str) -> Any:
    return httpx.post(f"{url}/invocations", content=body, headers={"Content-Type": "application/json", **headers})


def test_it_pings_and_answers(served: Callable[[str], str], tmp_path: Path) -> None:
    url = served(ECHO)
    assert httpx.get(f"{url}/ping").status_code == 200
    assert httpx.get(f"{url}/else").status_code == 404
    answer = post(url, "hello")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {"body": "hello", "type": "application/json", "dir": str(tmp_path / "model"), "path": []}
    assert post(url, "pair").headers["content-type"] == "application/x-pair"


def test_an_error_of_the_model_is_a_400_that_repeats_nothing(served: Callable[[str], str], tmp_path: Path) -> None:
    url = served(ECHO)
    answer = post(url, "bad: what the note says")
    assert answer.status_code == 400
    assert json.loads(answer.text) == {"code": 400, "type": "InternalServerException", "message": "ValueError"}
    assert post(url, "fine").status_code == 200
    assert "predict_fn" in (tmp_path / "log").read_text()
    assert "what the note says" not in (tmp_path / "log").read_text()


def test_a_model_that_does_not_load_ends_the_process(served: Callable[[str], str], tmp_path: Path) -> None:
    assert served("def model_fn(model_dir):\n    raise RuntimeError('weights')\n") == ""
    assert "RuntimeError" in (tmp_path / "log").read_text()
