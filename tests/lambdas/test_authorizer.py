"""The authorizer: good tokens become a policy, all others the one word that API Gateway understands."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop.settings import Settings
from lambdas.authorizer import handle, verifier_of
from tests.adapters.test_jwt import NOW, claims, signed, verifier

ARN = "arn:aws:execute-api:us-east-1:123456789012:api1/prod/GET/v1/runs"


def event(authorization: str, kind: str = "TOKEN") -> dict[str, Any]:
    if kind == "TOKEN":
        return {"type": "TOKEN", "authorizationToken": authorization, "methodArn": ARN}
    return {"type": "REQUEST", "headers": {"authorization": authorization}, "methodArn": ARN}


@pytest.mark.parametrize("kind", ["TOKEN", "REQUEST"])
def test_a_good_token_allows_the_whole_api_and_names_the_scopes(kind: str) -> None:
    answer = handle(event("Bearer " + signed(claims()), kind), verifier())
    assert answer["principalId"] == "alice"
    assert answer["context"] == {"sub": "alice", "scope": "chartloop/models:read chartloop/predict"}
    assert answer["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "arn:aws:execute-api:us-east-1:123456789012:api1/prod/*"}
    ]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Basic abc", "Bearer abc", "Bearer a.b.c", "Bearer " + "x" * 9000]
)
def test_what_is_no_token_is_unauthorized(authorization: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        handle(event(authorization), verifier())


def test_a_late_token_is_unauthorized() -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        handle(event("Bearer " + signed(claims(exp=NOW - 3600))), verifier())


def test_settings_make_the_verifier() -> None:
    settings = Settings(bucket="b", ledger="l", issuer="https://issuer", jwks_url="https://issuer/jwks", audience="one two")
    assert verifier_of(settings).audiences == {"one", "two"}
