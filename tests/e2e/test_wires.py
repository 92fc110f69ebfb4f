"""A broken wire in the synthesized template breaks the loop: what runs is the template, and nothing beside it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local.cloud import context
from local.deploy import Deployment
from local.server import LocalCloud
from local.services import issuer_of
from tests.e2e import easy
from tests.e2e.conftest import Cloud
from tests.e2e.test_loop import QUICK

pytestmark = pytest.mark.slow

SECONDS_TO_A_RUN = 45
Resources = dict[str, Any]


class Assembly:
    """The app, synthesized once; `start` deploys it, whole or with a wire broken, on a state of its own."""

    def __init__(self, folder: Path) -> None:
        self._whole = Cloud(folder)
        deployment = self._deployment(folder)
        deployment.synthesize()
        deployment.cloud.processes.end_all()

    def start(self, state: Path, cut: Callable[[Resources], None]) -> Cloud:
        shutil.copytree(self._whole.state / "cdk.out", state / "cdk.out")
        (state / "cdk.out.sha256").write_text(self._deployment(state).digest())  # says that it is the app's, as it is
        path = state / "cdk.out" / "chartloop-pipeline.template.json"
        template = json.loads(path.read_text())
        cut(template["Resources"])
        path.write_text(json.dumps(template))
        cloud = Cloud(state)
        cloud.port = self._whole.port
        cloud.start()
        assert json.loads(path.read_text()) == template
        return cloud

    def _deployment(self, state: Path) -> Deployment:
        local = LocalCloud(state, self._whole.port)
        local.make_folders()
        return Deployment(local, context(issuer_of(local), "minilm-l6-v2"))


def of_type(resources: Resources, resource_type: str) -> Iterator[Resources]:
    return (resource["Properties"] for resource in resources.values() if resource["Type"] == resource_type)


def of_uploads(resources: Resources) -> Resources:
    """The rule that hears of new objects."""
    (rule,) = (
        rule for rule in of_type(resources, "AWS::Events::Rule") if "aws.s3" in rule.get("EventPattern", {}).get("source", [])
    )
    return rule


def nothing(_: Resources) -> None:
    """The template as it is."""


def pattern(resources: Resources) -> None:
    rule = of_uploads(resources)
    rule["EventPattern"]["detail"]["object"]["key"] = [{"prefix": "elsewhere/"}]


def target(resources: Resources) -> None:
    rule = of_uploads(resources)
    queues = {name: found["Properties"] for name, found in resources.items() if found["Type"] == "AWS::SQS::Queue"}
    dead = next(name for name, queue in queues.items() if "RedrivePolicy" not in queue)
    rule["Targets"][0]["Arn"] = {"Fn::GetAtt": [dead, "Arn"]}


def setting(resources: Resources) -> None:
    for function in of_type(resources, "AWS::Lambda::Function"):
        variables = function["Environment"]["Variables"]
        variables["CHARTLOOP_LEGER"] = variables.pop("CHARTLOOP_LEDGER")


def mapping(resources: Resources) -> None:
    (queue,) = of_type(resources, "AWS::Lambda::EventSourceMapping")
    queue["Enabled"] = False


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return Assembly(tmp_path_factory.mktemp("assembly"))


def a_run_starts(cloud: Cloud) -> bool:
    """Whether a post of enough records leads to a run."""
    with cloud.api() as api:
        api.change_settings("ner", QUICK)
        api.post_records("ner", easy.notes(60, seed=1))
        end = time.monotonic() + SECONDS_TO_A_RUN
        while time.monotonic() < end:
            if api.runs("ner")["runs"]:
                return True
            time.sleep(0.5)
    return False


def test_the_whole_template_starts_a_run(assembly: Assembly, tmp_path: Path) -> None:
    cloud = assembly.start(tmp_path, nothing)
    assert a_run_starts(cloud)
    cloud.stop()


@pytest.mark.parametrize("cut", [pattern, target, mapping, setting])
def test_a_broken_wire_starts_none(assembly: Assembly, tmp_path: Path, cut: Callable[[Resources], None]) -> None:
    cloud = assembly.start(tmp_path, cut)
    assert not a_run_starts(cloud)
    cloud.stop()
