"""One variant's server: what it says of models that hang or die, and that it lets invocations end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chartloop.errors import JobFailed, ModelError
from local.journal import Journal
from local.modelserver import ModelServer
from local.server import OURS, LocalCloud
from local.transfer import Transfer, pack

SCRIPT = """
import os, time
def model_fn(model_dir):
    time.sleep(float(os.environ.get("LOADING", "0")))
def input_fn(body, content_type):
    return body.decode()
def predict_fn(data, model):
    if data == "die":
        os._exit(1)
    time.sleep(1 if data == "slow" else 0)
    return data
def output_fn(prediction, accept):
    return prediction
"""
CONTAINER = {"ModelDataUrl": "s3://data/model.tar.gz", "Environment": {}}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """Not started: what a server needs is in the journal."""
    made = LocalCloud(tmp_path / "state", 1)
    (made.state / "tmp").mkdir(parents=True)
    yield made
    made.processes.end_all()


@pytest.fixture
def transfer(cloud: LocalCloud, tmp_path: Path) -> Transfer:
    code = tmp_path / "model" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text(SCRIPT)
    pack(tmp_path / "model", tmp_path / "model.tar.gz")
    journal = Journal(cloud.state / "journal")
    journal.write({("object", "data/model.tar.gz"): {"blob": journal.keep((tmp_path / "model.tar.gz").read_bytes())}})
    return Transfer(cloud, journal)


def ask(server: ModelServer, body: bytes) -> bytes:
    server.reserve()
    return server.invoke(body, {}).body


def test_a_model_that_takes_too_long_to_load_is_given_up(cloud: LocalCloud, transfer: Transfer, tmp_path: Path) -> None:
    server = ModelServer(cloud, "champion")
    slow = {**CONTAINER, "Environment": {"LOADING": "600"}}
    with pytest.raises(JobFailed, match="variant champion did not pass the ping health check"):
        server.start(transfer, slow, tmp_path / "log", role=OURS, seconds=0.2)
    assert not list((cloud.state / "endpoints").iterdir())


def test_a_model_that_dies_while_it_answers_is_an_error(cloud: LocalCloud, transfer: Transfer, tmp_path: Path) -> None:
    server = ModelServer(cloud, "champion")
    server.start(transfer, CONTAINER, tmp_path / "log", role=OURS)
    assert ask(server, b"well") == b"well"
    for _ in range(2):
        with pytest.raises(ModelError, match="did not answer"):
            ask(server, b"die")
    server.close()


def test_draining_waits_for_the_invocations_under_way(cloud: LocalCloud, transfer: Transfer, tmp_path: Path) -> None:
    server = ModelServer(cloud, "champion")
    server.start(transfer, CONTAINER, tmp_path / "log", role=OURS)
    answers: list[bytes] = []
    server.reserve()
    asking = threading.Thread(target=lambda: answers.append(server.invoke(b"slow", {}).body))
    asking.start()
    server.drain()
    asking.join()
    assert answers == [b"slow"]
    with pytest.raises(ModelError):
        ask(server, b"late")
