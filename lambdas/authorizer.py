"""The authorizer in front of the API: a bearer token becomes a policy for the whole API, and who calls with which scopes."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from adapters.jwt import Verifier, fetcher
from chartloop.errors import Unauthorized
from chartloop.settings import Settings, from_environment


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 (Lambda's signature)
    return handle(event, _verifier())


def handle(event: dict[str, Any], verifier: Verifier) -> dict[str, Any]:
    """The policy allows every route, because its answer is kept for the token; the routes check their scopes themselves."""
    try:
        claims = verifier.verify(_token(event))
    except Unauthorized:
        raise Exception("Unauthorized") from None  # the very words that API Gateway turns into 401
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": _whole_api(event["methodArn"])}
    return {
        "principalId": claims.subject,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"sub": claims.subject, "scope": " ".join(sorted(claims.scopes))},
    }


def _token(event: dict[str, Any]) -> str:
    """The token of a TOKEN or a REQUEST authorizer's event. Raises Unauthorized where there is none."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    kind, _, token = (event.get("authorizationToken") or headers.get("authorization") or "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise Unauthorized("a bearer token is needed")
    return token.strip()


def _whole_api(method_arn: str) -> str:
    """`arn:aws:execute-api:region:account:api/stage/*` of a method's ARN."""
    return "/".join([*method_arn.split("/")[:2], "*"])


@lru_cache(maxsize=1)
def _verifier() -> Verifier:
    return verifier_of(from_environment(os.environ, "issuer", "jwks_url"))


def verifier_of(settings: Settings) -> Verifier:
    """`settings.audience` may name several, separated by spaces."""
    return Verifier(settings.issuer, frozenset(settings.audience.split()), fetcher(settings.jwks_url))
