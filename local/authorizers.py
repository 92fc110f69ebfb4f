"""Lambda authorizers: asks the authorizer function, keeps its answer for a while, and reads the policy in it."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any

from chartloop.errors import Forbidden
from local.functions import Functions
from local.runtime import Answer

DEFAULT_TTL_SECONDS = 300


class Denied(Forbidden):
    """The request must not reach the API; `code` names the gateway response that says so."""

    def __init__(self, response_type: str) -> None:
        super().__init__("refused by the authorizer", code=response_type)


class Authorizers:
    """Answers of authorizer functions by authorizer and identity, each for the time that the API declares."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions
        self._answers: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
        self._lock = threading.Lock()

    def allow(self, authorizer: Any, event: dict[str, Any], method_arn: str) -> dict[str, Any]:
        """The authorizer's context for the request. Raises Denied."""
        identity = identity_of(authorizer.identity_source or "method.request.header.Authorization", event)
        if not re.fullmatch(authorizer.identity_validation_expression or ".*", identity, re.DOTALL):
            raise Denied("UNAUTHORIZED")
        answer = self._remembered(authorizer, identity)
        if answer is None:
            answer = self._ask(authorizer, identity, event, method_arn)
        if not allows(answer["policyDocument"], method_arn):
            raise Denied("ACCESS_DENIED")
        return {**(answer.get("context") or {}), "principalId": answer["principalId"]}

    def _remembered(self, authorizer: Any, identity: str) -> dict[str, Any] | None:
        with self._lock:
            until, answer = self._answers.get((authorizer.id, identity), (0.0, {}))
        return answer if time.monotonic() < until else None

    def _ask(self, authorizer: Any, identity: str, event: dict[str, Any], method_arn: str) -> dict[str, Any]:
        request: dict[str, Any] = {"type": authorizer.type, "methodArn": method_arn}
        request |= {"authorizationToken": identity} if authorizer.type == "TOKEN" else event
        arn = authorizer.authorizer_uri.split("/functions/")[1].removesuffix("/invocations")
        answer = read(self._functions.invoke(arn, request))
        ttl = authorizer.authorizer_result_ttl
        seconds = DEFAULT_TTL_SECONDS if ttl is None else int(ttl)
        with self._lock:
            self._answers[authorizer.id, identity] = (time.monotonic() + seconds, answer)
        return answer


def identity_of(sources: str, event: dict[str, Any]) -> str:
    """What the answers are kept by: the values of the identity sources, all of which must be there."""
    headers = {name.lower(): value for name, value in event["headers"].items()}
    values = [headers.get(source.strip().rsplit(".", 1)[-1].lower(), "") for source in sources.split(",")]
    if not all(values):
        raise Denied("UNAUTHORIZED")
    return "\n".join(values)


def read(answer: Answer) -> dict[str, Any]:
    """The authorizer's answer, checked. The error message `Unauthorized` is the one that API Gateway turns into 401."""
    document = json.loads(answer.payload or b"null")
    if answer.error:
        refused = isinstance(document, dict) and document.get("errorMessage") == "Unauthorized"
        raise Denied("UNAUTHORIZED" if refused else "AUTHORIZER_FAILURE")
    if not isinstance(document, dict) or "principalId" not in document or "policyDocument" not in document:
        raise Denied("AUTHORIZER_CONFIGURATION_ERROR")
    return document


def allows(policy: dict[str, Any], method_arn: str) -> bool:
    """True where a statement allows the method and none denies it."""
    effects = {
        statement["Effect"]
        for statement in listed(policy["Statement"])
        if "execute-api:Invoke" in listed(statement["Action"]) or "*" in listed(statement["Action"])
        if any(fits(resource, method_arn) for resource in listed(statement["Resource"]))
    }
    return effects == {"Allow"}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def fits(pattern: str, arn: str) -> bool:
    """IAM's wildcards: `*` is any text, `?` one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, arn) is not None
