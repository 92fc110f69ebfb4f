"""The app as a whole: one set of templates, for AWS and for one machine."""

from __future__ import annotations

import json
import re

from tests.infra.templates import Templates

IDENTITY = {
    "AWS::Cognito::UserPool",
    "AWS::Cognito::UserPoolClient",
    "AWS::Cognito::UserPoolDomain",
    "AWS::Cognito::UserPoolResourceServer",
}


def test_on_one_machine_only_issuer_base_model_and_pauses_differ(cloud: Templates, local: Templates) -> None:
    for name, stack in cloud.stacks.items():
        ours, theirs = stack["Resources"], local.stacks[name]["Resources"]
        assert {n: r for n, r in ours.items() if r["Type"] in IDENTITY}.keys() == ours.keys() - theirs.keys()
        assert not theirs.keys() - ours.keys()
        for logical, resource in theirs.items():
            assert _without_differences(resource) == _without_differences(ours[logical]), logical


def _without_differences(resource: dict[str, object]) -> str:
    """The resource without the settings that may differ, and with one pause."""
    copied = json.loads(json.dumps(resource))
    variables = copied.get("Properties", {}).get("Environment", {}).get("Variables", {})
    for name in (
        "CHARTLOOP_ISSUER",
        "CHARTLOOP_JWKS_URL",
        "CHARTLOOP_AUDIENCE",
        "CHARTLOOP_BASE_MODEL",
        "CHARTLOOP_BAKE_MINUTES",
        "CHARTLOOP_REGION",
    ):
        variables.pop(name, None)
    if copied["Type"] == "AWS::CloudFront::ResponseHeadersPolicy":  # which names the issuer; test_site.py looks at both
        del copied["Properties"]["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    text = json.dumps(copied, sort_keys=True)
    if copied["Type"] == "AWS::StepFunctions::StateMachine":
        for seconds in (1, 30):
            text = text.replace(f'\\"Seconds\\": {seconds},', '\\"Seconds\\": N,')
            text = text.replace(f'\\"IntervalSeconds\\": {seconds},', '\\"IntervalSeconds\\": N,')
        text = re.sub(r"States\.MathRandom\([^\"\\]*", "pauses", text)
    return text


def test_names_are_the_deployments_own(cloud: Templates) -> None:
    """A logical id may change between versions, a physical name may not: state is found again by it."""
    text = json.dumps(cloud.stacks["pipeline"]["Resources"])
    for name in ("chartloop-uploads", "chartloop-retrain", "chartloop-on-upload", "chartloop-publish"):
        assert f'"{name}"' in text


def test_the_cdk_asks_aws_for_nothing(local: Templates) -> None:
    assert not json.loads((local.folder / "manifest.json").read_text()).get("missing")
