"""The app synthesized with four packs of cdk-nag looking on: `python -m tests.infra.nag FOLDER [name=value ...]`.

A process of its own: its findings fail the synth, and the report lies in FOLDER/validation-report.json.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKS = ("AwsSolutions", "HIPAA.Security", "NIST.800.53.R5", "Serverless")


@dataclass(frozen=True, order=True)
class Finding:
    """What a pack found at a construct. A rule that several packs share has one name; `detail` is what stands in brackets."""

    rule: str
    construct: str
    detail: str = ""

    @classmethod
    def of(cls, name: str, construct: str) -> Finding:
        rule, _, detail = name.partition("[")
        for pack in PACKS:
            rule = rule.removeprefix(f"{pack}-")
        return cls(rule, construct.removesuffix("/Resource"), detail.removesuffix("]"))


def look(folder: Path, **context: str) -> set[Finding]:
    """Runs the process. Raises AssertionError where it left no report of all four packs."""
    told = [f"{name}={value}" for name, value in context.items()]
    command = [sys.executable, "-m", "tests.infra.nag", str(folder), *told]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    report = folder / "validation-report.json"
    assert report.exists(), done.stderr[-2000:]
    return set(findings(json.loads(report.read_text())))


def findings(report: dict[str, Any]) -> Iterator[Finding]:
    assert {part["pluginName"] for part in report["pluginReports"]} >= set(PACKS)
    for part in report["pluginReports"]:
        for violation in part["violations"]:
            for construct in violation["violatingConstructs"]:
                yield Finding.of(violation["ruleName"], construct["constructPath"])


def main(folder: str, *told: str) -> None:
    from aws_cdk import App, Validations
    from cdk_nag import AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, ServerlessChecks

    from infra.app import deployment
    from infra.context import read
    from tests.infra.conftest import feature_flags

    context = {**feature_flags(), "bundle": "false", **dict(item.split("=", 1) for item in told)}
    app = App(outdir=folder, context=context, analytics_reporting=False)
    deployment(app, read(app.node.get_all_context(), {}))
    for pack in (AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks, ServerlessChecks):
        Validations.of(app).add_plugins(pack(app))
    app.synth()


if __name__ == "__main__":
    main(*sys.argv[1:])
