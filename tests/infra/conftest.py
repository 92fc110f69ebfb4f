"""The app, synthesized once a session without anything of AWS: `cloud` as for AWS, `local` as the local cloud asks for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.infra.templates import Templates

ROOT = Path(__file__).parents[2]

LOCAL = {
    "issuer": "http://localhost:8040/issuer",
    "bundle": "false",
    "base_model": "minilm-l6-v2",
    "deploy_wait": "1",
    "bake_minutes": "0",
    "billed": "false",
}

SITE = {
    "site_domain": "chartloop.hospital.example",
    "site_certificate": "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
    "site_countries": "US,DE",
    "site_firewall": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/page/00000000-0000-0000-0000-000000000000",
}
"""What a site for clinical data should be told (docs/security.md)."""


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The defaults."""
    return composed(tmp_path_factory.mktemp("cloud"))


@pytest.fixture(scope="session")
def by_notebook(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return composed(tmp_path_factory.mktemp("by_notebook"), compute="notebook")


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """With a vector index, which with serving=lambda two functions ask."""
    return composed(tmp_path_factory.mktemp("indexed"), library="s3vectors", serving="lambda")


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """As a hospital would deploy it."""
    told = {
        "alarm_email": "on-call@hospital.example",
        "monthly_budget_usd": "500",
        "run_cost_cap_usd": "20",
        "lambda_concurrency": "10",
    }
    return composed(tmp_path_factory.mktemp("prod"), environment="prod", **told, **SITE)


def composed(folder: Path, **context: str) -> Templates:
    """In this process, without the third-party code, which would be downloaded."""
    from aws_cdk import App

    from infra.app import deployment
    from infra.context import read

    app = App(outdir=str(folder), context={**feature_flags(), "bundle": "false", **context}, analytics_reporting=False)
    nothing: dict[str, str] = {}
    deployment(app, read(app.node.get_all_context(), nothing))
    app.synth()
    return templates(folder)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """By the app's entry as the CDK command line runs it, in an environment that holds nothing of AWS."""
    folder = tmp_path_factory.mktemp("local")
    node = {name: value for name, value in os.environ.items() if name.startswith("JSII_")}
    context = {"CDK_OUTDIR": str(folder / "out"), "CDK_CONTEXT_JSON": json.dumps({**feature_flags(), **LOCAL})}
    environment = {"PATH": "/nonexistent", "HOME": str(folder), **node, **context}
    done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return templates(folder / "out")


def feature_flags() -> dict[str, Any]:
    """The context that cdk.json gives to every synth."""
    flags: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return flags


def templates(folder: Path) -> Templates:
    names = ("data", "pipeline", "serving", "operations", "site")
    return Templates(folder, {name: json.loads((folder / f"chartloop-{name}.template.json").read_text()) for name in names})
