"""Image addresses against the table that the SageMaker SDK's wheel carries: each region's account, and that the tags exist."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from typing import Any

import pytest

from infra.images import INFERENCE, TRAINING, image
from tests.infra.conftest import ROOT

pytestmark = pytest.mark.slow
SDK = "sagemaker-core==2.27.0"
FOLDER = ROOT / "build" / "sagemaker-core"
TABLE = "sagemaker/core/image_uri_config/huggingface.json"


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    if not list(FOLDER.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(FOLDER), SDK]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            pytest.skip("the package index is not reachable from here")
    (wheel,) = FOLDER.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        found: dict[str, Any] = json.loads(archive.read(TABLE))
    return found


def versions(table: dict[str, Any], kind: str, processor: str) -> dict[str, dict[str, str]]:
    """The accounts by region of each image, by `repository:tag`."""
    images = {}
    for transformers, frameworks in table[kind]["versions"].items():
        for framework, about in frameworks.items():
            container = about.get("container_version", {}).get(processor) if framework != "version_aliases" else None
            for python in about["py_versions"] if container else ():
                number = framework.removeprefix("pytorch")
                tag = f"{number}-transformers{transformers}-{processor}-{python}-{container}"
                images[f"{about['repository']}:{tag}"] = about["registries"]
    return images


@pytest.mark.parametrize(("ours", "kind", "processor"), [(TRAINING, "training", "gpu"), (INFERENCE, "inference", "cpu")])
def test_the_pinned_image_exists_and_every_region_has_its_account(
    table: dict[str, Any], ours: str, kind: str, processor: str
) -> None:
    registries = versions(table, kind, processor)[ours]
    assert len(registries) > 25
    for region in sorted(registries):
        if "-iso" not in region:  # partitions of their own, which the project is not for
            assert image(ours, region).partition(".")[0] == registries[region], region
