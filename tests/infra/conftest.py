"""The app, synthesized once a session without anything of AWS: `cloud` as for AWS, `local` as the local cloud asks for it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.infra.templates import Templates

# Before anything imports the CDK, whose libraries run on Node: the one beside this Python.
os.environ.setdefault("JSII_NODE", str(Path(sys.executable).parent / "node"))
os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(Path(sys.prefix) / "jsii"))

LOCAL = {"issuer": "http://localhost:8040/issuer", "bundle": "false", "base_model": "minilm-l6-v2", "deploy_wait": "1"}


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The defaults, but for the third-party code, which would be downloaded."""
    return synthesized(tmp_path_factory.mktemp("cloud"), {"bundle": "false"})


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized(tmp_path_factory.mktemp("local"), LOCAL)


def synthesized(folder: Path, context: Mapping[str, str]) -> Templates:
    from aws_cdk import App

    from infra.app import deployment
    from infra.context import read

    feature_flags = json.loads((Path(__file__).parents[2] / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context={**feature_flags, **context}, analytics_reporting=False)
    nothing: dict[str, str] = {}
    deployment(app, read(app.node.try_get_context, nothing))
    app.synth()
    stacks: dict[str, Any] = {
        name: json.loads((folder / f"chartloop-{name}.template.json").read_text()) for name in ("data", "pipeline", "serving")
    }
    return Templates(folder, stacks)
