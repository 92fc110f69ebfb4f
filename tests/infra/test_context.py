"""What a deployment may be told, and how a wrong value is refused."""

from __future__ import annotations

import pytest

from chartloop.errors import InvalidRequest
from chartloop.tasks import BIO_CLINICAL_BERT
from infra.context import Context, read


def test_nothing_told_gives_aws_defaults() -> None:
    context = read({}.get, {})
    assert context == Context()
    assert (context.name, context.region, context.base_model, context.bundle) == (
        "chartloop",
        "us-east-1",
        BIO_CLINICAL_BERT,
        True,
    )


def test_account_and_region_come_from_the_command_line_unless_the_context_names_them() -> None:
    environ = {"CDK_DEFAULT_ACCOUNT": "111122223333", "CDK_DEFAULT_REGION": "eu-central-1"}
    assert read({}.get, environ).account == "111122223333"
    assert read({"region": "eu-west-1"}.get, environ).region == "eu-west-1"


def test_values_of_the_command_line_are_strings() -> None:
    context = read({"bundle": "false", "deploy_wait": "1"}.get, {})
    assert (context.bundle, context.deploy_wait) == (False, 1)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "Chart_loop"),
        ("name", "a-name-that-no-bucket-can-carry"),
        ("account", "1234"),
        ("region", "Frankfurt"),
        ("issuer", "localhost"),
        ("issuer", "https://issuer.example/"),
        ("bundle", "perhaps"),
        ("deploy_wait", "0"),
        ("training_instance", "ml.m5.xlarge"),
        ("processing_instance", "m5.xlarge"),
        ("upload_concurrency", "1"),
    ],
)
def test_a_wrong_value_is_refused_by_the_fields_name(field: str, value: str) -> None:
    with pytest.raises(InvalidRequest, match=field) as refused:
        read({field: value}.get, {})
    assert refused.value.field == field
