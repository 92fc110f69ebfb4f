"""What a deployment may be told, and how a wrong value is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from chartloop.errors import InvalidRequest
from chartloop.hyperparameters import BIO_CLINICAL_BERT
from infra.context import Context, read
from tests.infra.conftest import ROOT, SITE


def test_nothing_told_gives_aws_defaults() -> None:
    context = read({}, {})
    assert context == Context()
    assert (context.name, context.region, context.base_model, context.bundle) == (
        "chartloop",
        "us-east-1",
        BIO_CLINICAL_BERT,
        True,
    )


def test_account_and_region_come_from_the_command_line_unless_the_context_names_them() -> None:
    environ = {"CDK_DEFAULT_ACCOUNT": "111122223333", "CDK_DEFAULT_REGION": "eu-central-1"}
    assert read({}, environ).account == "111122223333"
    assert read({"region": "eu-west-1"}, environ).region == "eu-west-1"


def test_values_of_the_command_line_are_strings() -> None:
    context = read({"bundle": "false", "deploy_wait": "1"}, {})
    assert (context.bundle, context.deploy_wait) == (False, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Chart_loop"),
        ("name", "a-name-that-no-bucket-can-carry"),
        ("account", "1234"),
        ("region", "Frankfurt"),
        ("environment", "staging"),
        ("waf", "maybe"),
        ("issuer", "localhost"),
        ("issuer", "https://issuer.example/"),
        ("bundle", "perhaps"),
        ("deploy_wait", "0"),
        ("training_instance", "ml.m5.xlarge"),
        ("processing_instance", "m5.xlarge"),
        ("upload_concurrency", "1"),
        ("training_instances", "0"),
        ("processing_instances", "many"),
        ("spot", "sometimes"),
        ("warm_pool_minutes", "361"),
        ("training_fallbacks", "ml.m5.xlarge"),
        ("compute", "laptop"),
        ("notebook_instance", "m5.xlarge"),
        ("notebook_hours", "97"),
        ("training_fallbacks", "ml.g5.xlarge,ml.g5.xlarge"),
        ("training_fallbacks", "ml.g4dn.xlarge"),
        ("training_fallbacks", "ml.p3.2xlarge"),
        ("training_fallbacks", "ml.g5.xlarge,ml.g5.2xlarge,ml.g5.4xlarge,ml.g5.8xlarge,ml.g5.16xlarge"),
        ("serving", "batch"),
        ("serving_instances", "0"),
        ("bake_minutes", "61"),
        ("canary_percent", "51"),
        ("serverless_memory_mb", "4000"),
        ("serverless_concurrency", "201"),
        ("site_domain", "chartloop"),
        ("site_certificate", "arn:aws:acm:eu-central-1:123456789012:certificate/0"),
        ("site_countries", "DE,Narnia"),
        ("site_firewall", "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/page/0"),
    ],
)
def test_a_wrong_value_is_refused_by_the_fields_name(field: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=field) as refused:
        read({field: value}, {})
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["site_domain", "site_certificate"])
def test_a_domain_and_its_certificate_go_together(name: str) -> None:
    assert read(SITE, {}).site_countries == ("US", "DE")
    with pytest.raises(InvalidRequest, match=r"site_certificate.*site_domain and site_certificate go together"):
        read({name: SITE[name]}, {})


def test_machines_to_fall_back_on_are_a_list() -> None:
    assert read({"training_fallbacks": "ml.g5.xlarge, ml.g6.xlarge"}, {}).training_fallbacks == ("ml.g5.xlarge", "ml.g6.xlarge")


def test_a_spot_machine_cannot_be_kept_warm() -> None:
    assert read({"warm_pool_minutes": "30"}, {}).warm_pool_minutes == 30
    with pytest.raises(InvalidRequest, match="spot") as refused:
        read({"spot": "true", "warm_pool_minutes": "30"}, {})
    assert refused.value.field == "warm_pool_minutes"


def test_an_unknown_name_is_refused_and_the_one_that_was_meant_is_shown() -> None:
    with pytest.raises(InvalidRequest, match=r"traning_hours.*training_hours") as refused:
        read({"traning_hours": "2"}, {})
    assert refused.value.field == "traning_hours"


def test_what_belongs_to_the_cdk_is_not_ours() -> None:
    flags = {"@aws-cdk/core:checkSecretUsage": True, "aws:cdk:bundling-stacks": ["**"], "availability-zones:account=1": ["a"]}
    assert read(flags, {}) == Context()


def test_the_firewall_stands_in_prod_unless_told_otherwise() -> None:
    assert not read({}, {}).firewall
    assert read({"environment": "prod"}, {}).firewall
    assert not read({"environment": "prod", "waf": "false"}, {}).firewall
    assert read({"waf": "true"}, {}).firewall


def test_a_synth_with_a_wrong_name_ends_with_one_line_that_says_it() -> None:
    context = json.dumps({"enviroment": "prod"})
    node = {name: value for name, value in os.environ.items() if name.startswith("JSII_")}
    environ = {"PATH": "/nonexistent", "CDK_CONTEXT_JSON": context, **node}
    done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == ["context enviroment: there is no such setting; did you mean environment?"]


def test_an_endpoint_cannot_scale_to_fewer_instances_than_it_begins_with() -> None:
    with pytest.raises(InvalidRequest, match="serving_instances_max"):
        read({"serving_instances": "3", "serving_instances_max": "2"}, {})
    assert read({"serving_instances": "2", "serving_instances_max": "4"}, {}).serving_instances_max == 4


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({"compute": "notebook"}, False),
        ({"compute": "notebook", "spot": "true"}, False),
        ({"compute": "notebook", "training_hours": "18"}, True),
        ({"compute": "notebook", "training_hours": "14", "spot": "true"}, True),
        ({"compute": "notebook", "training_hours": "24", "notebook_hours": "30"}, False),
        ({"training_hours": "24"}, False),
    ],
)
def test_a_notebook_may_not_end_before_the_training_that_it_waits_for(given: dict[str, str], refused: bool) -> None:
    if not refused:
        assert read(given, {}).notebook_hours >= 18
        return
    with pytest.raises(InvalidRequest) as wrong:
        read(given, {})
    assert wrong.value.field == "notebook_hours"
