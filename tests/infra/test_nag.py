"""cdk-nag's AwsSolutions, HIPAA, NIST and Serverless packs on the production stacks, and cfn-lint on all templates."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint

from tests.infra.acknowledged import ACKNOWLEDGED, MOST
from tests.infra.conftest import SITE
from tests.infra.nag import ROOT, Finding, look
from tests.infra.templates import Templates


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    return look(tmp_path_factory.mktemp("nag"), environment="prod", **SITE)


def test_no_finding_that_nobody_acknowledged(found: set[Finding]) -> None:
    assert sorted(finding for finding in found if not any(known.covers(finding) for known in ACKNOWLEDGED)) == []


def test_every_acknowledgement_has_its_finding(found: set[Finding]) -> None:
    assert [known.rule for known in ACKNOWLEDGED if not any(known.covers(finding) for finding in found)] == []


def test_acknowledgements_are_few_and_each_has_its_reason() -> None:
    rules = [known.rule for known in ACKNOWLEDGED]
    assert len(set(rules)) == len(rules) <= MOST
    assert all(len(known.why) > 40 for known in ACKNOWLEDGED)


def test_the_documentation_shows_them_all() -> None:
    text = re.sub(r"\s+", " ", (ROOT / "docs" / "security.md").read_text())
    assert [known.rule for known in ACKNOWLEDGED if f"| `{known.rule}` | {known.why} |" not in text] == []


@pytest.mark.slow
@pytest.mark.parametrize("serving", ["realtime", "serverless", "lambda"])
@pytest.mark.parametrize("compute", ["jobs", "notebook"])
def test_the_same_for_every_way_to_train_and_to_serve(compute: str, serving: str, tmp_path: Path) -> None:
    left = look(tmp_path, environment="prod", compute=compute, serving=serving, **SITE)
    assert sorted(finding for finding in left if not any(known.covers(finding) for known in ACKNOWLEDGED)) == []


@pytest.mark.slow
def test_the_same_with_a_vector_index(tmp_path: Path) -> None:
    left = look(tmp_path, environment="prod", library="s3vectors", **SITE)
    assert sorted(finding for finding in left if not any(known.covers(finding) for known in ACKNOWLEDGED)) == []


@pytest.mark.parametrize("assembly", ["cloud", "prod", "by_notebook"])
def test_templates_are_clean_to_cfn_lint(assembly: str, request: pytest.FixtureRequest) -> None:
    templates: Templates = request.getfixturevalue(assembly)
    for path in sorted(templates.folder.glob("*.template.json")):
        matches = lint(path.read_text(), config=ManualArgs(ignore_checks=["W3005"], regions=["us-east-1"]))
        assert [f"{match.rule.id} {match.message}" for match in matches] == [], path.name
