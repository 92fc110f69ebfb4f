"""`kill -9` at every named boundary and a start again: nothing accepted is lost, and everything agrees on the champion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from chartloop import vectors
from chartloop.errors import ChartloopError
from client.api import Api
from local.kills import AFTER_S3_WRITE, BOUNDARIES, EXITED, STEPS, VARIABLE
from tests.e2e import easy
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_loop import QUICK, RUN_SECONDS

pytestmark = pytest.mark.slow

PROMOTION = [name for name in BOUNDARIES if name.partition("-")[2] in STEPS]
RUN = [name for name in EXITED if name not in PROMOTION]
POSTED = 40


class Loop:
    """A cloud that is killed again and again, and what its clients know of it."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.accepted = 0
        self.batches = 0

    def post(self) -> list[dict[str, Any]]:
        """The next batch, not yet sent."""
        self.batches += 1
        return easy.notes(POSTED if self.batches > 1 else 120, seed=1000 + self.batches)

    def send(self, api: Api, records: list[dict[str, Any]]) -> str:
        """Sends a batch and counts what was acknowledged; its id."""
        receipt = api.post_records("ner", records)
        self.accepted += receipt["counts"]["accepted"]
        return receipt["batch_id"]

    def settle(self, seconds: float = RUN_SECONDS) -> None:
        """Waits until every record is counted and no run is active."""
        with self.cloud.api() as api:
            until(lambda: api.task("ner")["records"] == self.accepted, 90)
            until(lambda: idle(api), seconds)

    def agree(self) -> str:
        """The champion; registry, folder, endpoint and pointer must name the same one, and it must answer."""
        with self.cloud.api() as api:
            champion = api.task("ner")["champion"]
            answer = api.predict("ner", ["the patient takes insulin before the meal"])
        folder = self.cloud.state / "efs" / "chartloop" / "models" / "ner"
        pointer = json.loads((folder / "champion.json").read_text())
        endpoint = self.cloud.client("sagemaker").describe_endpoint(EndpointName="chartloop-ner")
        version, sha256 = champion["version"], champion["sha256"]
        assert (pointer["version"], pointer["sha256"]) == (version, sha256)
        assert (folder / version / "chartloop.json").exists()
        assert endpoint["EndpointConfigName"] == f"chartloop-{version}-{sha256[:8]}"
        assert self.approved(version) and answer["model_version"] == version
        return str(version)

    def embedded(self) -> str:
        """The run whose embeddings are searched; they must lie there whole."""
        folder = self.cloud.state / "efs" / "chartloop" / "embeddings" / "ner"
        pointer = json.loads((folder / "current.json").read_text())
        assert len(vectors.read(folder / pointer["folder"])[0].codes) > 0
        return str(pointer["folder"])

    def approved(self, version: str) -> bool:
        packages = self.cloud.client("sagemaker").list_model_packages(ModelPackageGroupName="chartloop-ner")
        found = [package for package in packages["ModelPackageSummaryList"] if version in package["ModelPackageDescription"]]
        return [package["ModelApprovalStatus"] for package in found] == ["Approved"]


def idle(api: Api) -> bool:
    task = api.task("ner")
    return task["active_run"] is None and task["promotion"] is None


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """Two models have been promoted, the second by hand where the gate kept the first."""
    loop = Loop(Cloud(tmp_path_factory.mktemp("kills")))
    loop.cloud.start()
    with loop.cloud.api() as api:
        api.change_settings("ner", QUICK)
    for _ in range(2):
        with loop.cloud.api() as api:
            loop.send(api, loop.post())
        loop.settle()
    yield loop
    loop.cloud.stop()


def killed(loop: Loop, boundary: str, act: Any) -> None:
    """Starts anew with the fault, acts, waits for the kill, and starts again without it."""
    loop.cloud.stop()
    loop.cloud.start(**{VARIABLE: boundary})
    with loop.cloud.api() as api, suppress(ChartloopError, httpx.TransportError):
        act(api)
    loop.cloud.wait_for_the_kill(RUN_SECONDS)
    loop.cloud.start()


@pytest.mark.parametrize("boundary", RUN)
def test_a_killed_run_resumes_once_under_its_id(loop: Loop, boundary: str) -> None:
    killed(loop, boundary, lambda api: loop.send(api, loop.post()))
    loop.settle()
    with loop.cloud.api() as api:
        run = api.runs("ner")["runs"][0]
    assert (run["status"], run["attempt"]) == ("succeeded", 2), run["error"]
    assert loop.embedded() == run["run_id"]  # whatever the verdict
    loop.agree()


@pytest.mark.parametrize("boundary", PROMOTION)
def test_a_killed_promotion_is_brought_to_its_end_or_undone(loop: Loop, boundary: str) -> None:
    before = loop.agree()
    with loop.cloud.api() as api:
        other = next(model["version"] for model in api.models("ner") if model["version"] != before)
    killed(loop, boundary, lambda api: api.promote("ner", other, reason=f"killed {boundary}"))
    loop.settle()
    assert loop.agree() in (before, other)


def test_a_post_without_an_answer_is_not_lost(loop: Loop) -> None:
    records = loop.post()
    killed(loop, AFTER_S3_WRITE, lambda api: loop.send(api, records))
    with loop.cloud.api() as api:
        until(lambda: api.task("ner")["records"] == loop.accepted + len(records), 90)
        again = api.post_records("ner", records)
        loop.accepted += len(records)
        assert api.batch("ner", again["batch_id"])["counts"]["accepted"] == len(records)
    loop.settle()
    loop.agree()
