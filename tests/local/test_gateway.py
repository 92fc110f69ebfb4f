"""The REST API's data plane: routes, events, the authorizer and its cache, gateway responses, limits."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.authorizers import allows
from local.gateway import is_binary, match_path, specificity
from tests.local.conftest import BareCloud

ECHO = """
    import base64, json
    def handler(event, context):
        if event["path"].endswith("/image"):
            body = base64.b64encode(bytes([0, 255])).decode()
            return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "body": body, "isBase64Encoded": True}
        if event["path"].endswith("/raise"): raise ValueError("a secret")
        if event["path"].endswith("/nonsense"): return {"hello": 1}
        return {"statusCode": 201, "multiValueHeaders": {"X-Two": ["a", "b"]}, "body": json.dumps(event)}
"""
AUTHORIZER = """
    def handler(event, context):
        with open({calls!r}, "a") as out: out.write("x")
        token = event["authorizationToken"].removeprefix("Bearer ")
        if token == "bad": raise Exception("Unauthorized")
        if token == "broken": raise ValueError("no")
        statement = {{"Effect": "Deny" if token == "denied" else "Allow", "Action": "execute-api:Invoke", "Resource": "*"}}
        return {{"principalId": "me", "policyDocument": {{"Version": "2012-10-17", "Statement": [statement]}}, "context": {{"scope": "all"}}}}
"""  # noqa: E501


class Door:
    """An API with an open and a guarded part; `asked` is how often the authorizer ran."""

    def __init__(self, bare: BareCloud, calls: Path) -> None:
        self._calls = calls
        self._gateway = bare.client("apigateway")
        self._echo = self._uri(bare.function("echo", ECHO))
        guard = self._uri(bare.function("guard", AUTHORIZER.format(calls=str(calls))))
        self._api = self._gateway.create_rest_api(name="api")["id"]
        binary = {"op": "add", "path": "/binaryMediaTypes", "value": "application/gzip"}
        self._gateway.update_rest_api(restApiId=self._api, patchOperations=[binary])
        self._guard = self._gateway.create_authorizer(
            restApiId=self._api, name="guard", type="TOKEN", authorizerUri=guard, authorizerResultTtlInSeconds=300,
            identitySource="method.request.header.Authorization",
        )["id"]  # fmt: skip
        root = self._resource(self._root(), "v1")
        self._method(self._resource(root, "open"), "GET")
        self._method(self._resource(root, "{rest+}"), "ANY", guarded=True)
        self._response("UNAUTHORIZED", "401", '{"error": {"code": "unauthorized", "message": $context.error.messageString}}')
        self._response("DEFAULT_4XX", None, '{"error": {"code": "refused", "type": "$context.error.responseType"}}')
        self._gateway.create_deployment(restApiId=self._api, stageName="prod")
        self.http = httpx.Client(base_url=bare.api, timeout=60)

    @property
    def asked(self) -> int:
        return len(self._calls.read_text())

    def call(self, method: str, path: str, token: str | None = "good", **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, path, headers={**headers, **options.pop("headers", {})}, **options)

    def _uri(self, arn: str) -> str:
        return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"

    def _root(self) -> str:
        return str(self._gateway.get_resources(restApiId=self._api)["items"][0]["id"])

    def _resource(self, parent: str, part: str) -> str:
        return str(self._gateway.create_resource(restApiId=self._api, parentId=parent, pathPart=part)["id"])

    def _method(self, resource: str, verb: str, *, guarded: bool = False) -> None:
        authorization = {"authorizationType": "CUSTOM", "authorizerId": self._guard} if guarded else {"authorizationType": "NONE"}
        where = {"restApiId": self._api, "resourceId": resource, "httpMethod": verb}
        self._gateway.put_method(**where, **authorization)
        self._gateway.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=self._echo)

    def _response(self, kind: str, status: str | None, template: str) -> None:
        self._gateway.put_gateway_response(
            restApiId=self._api, responseType=kind, responseTemplates={"application/json": template},
            responseParameters={"gatewayresponse.header.Cache-Control": "'no-store'"},
            **({"statusCode": status} if status else {}),
        )  # fmt: skip


@pytest.fixture(scope="module")
def door(bare: BareCloud, tmp_path_factory: pytest.TempPathFactory) -> Door:
    calls = tmp_path_factory.mktemp("guard") / "calls"
    calls.touch()
    return Door(bare, calls)


def test_a_request_reaches_the_function_as_a_proxy_event(door: Door) -> None:
    answer = door.call("POST", "/v1/tasks/ner?limit=2&limit=3", content="{ä}", headers={"X-Mine": "yes"})
    event = answer.json()
    assert (answer.status_code, answer.headers.get_list("x-two")) == (201, ["a", "b"])
    assert (event["httpMethod"], event["path"], event["resource"]) == ("POST", "/v1/tasks/ner", "/v1/{rest+}")
    assert event["pathParameters"] == {"rest": "tasks/ner"}
    assert event["queryStringParameters"] == {"limit": "3"} and event["multiValueQueryStringParameters"] == {"limit": ["2", "3"]}
    assert (event["body"], event["isBase64Encoded"], event["headers"]["X-Mine"]) == ("{ä}", False, "yes")
    assert event["requestContext"]["authorizer"] == {"principalId": "me", "scope": "all"}
    assert (event["requestContext"]["stage"], event["requestContext"]["path"]) == ("prod", "/prod/v1/tasks/ner")


def test_declared_binary_content_comes_and_goes_as_base64(door: Door) -> None:
    event = door.call("POST", "/v1/file", content=b"\x1f\x8b\xff", headers={"Content-Type": "application/gzip"}).json()
    assert event["isBase64Encoded"] and base64.b64decode(event["body"]) == b"\x1f\x8b\xff"
    image = door.call("GET", "/v1/image")
    assert (image.content, image.headers["content-type"]) == (b"\x00\xff", "image/png")


def test_the_open_route_needs_no_token(door: Door) -> None:
    assert door.call("GET", "/v1/open", token=None).status_code == 201


def test_the_authorizers_answer_is_kept_by_token(door: Door) -> None:
    door.call("GET", "/v1/first", token="kept")
    asked = door.asked
    assert door.call("GET", "/v1/second", token="kept").status_code == 201
    assert door.asked == asked
    door.call("GET", "/v1/second", token="another")
    assert door.asked == asked + 1


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        (None, 401, {"error": {"code": "unauthorized", "message": "Unauthorized"}}),
        ("bad", 401, {"error": {"code": "unauthorized", "message": "Unauthorized"}}),
        ("denied", 403, {"error": {"code": "refused", "type": "ACCESS_DENIED"}}),
        ("broken", 500, {"message": "Internal server error"}),
    ],
)
def test_who_is_refused_gets_the_response_that_the_api_declares(door: Door, token: str | None, status: int, body: Any) -> None:
    answer = door.call("GET", "/v1/anything", token=token)
    assert (answer.status_code, answer.json()) == (status, body)


def test_a_declared_response_has_its_headers(door: Door) -> None:
    assert door.call("GET", "/v1/x", token=None).headers["cache-control"] == "no-store"


def test_a_route_that_nobody_declared_is_refused(door: Door) -> None:
    assert door.call("POST", "/v1/open").status_code == 201  # the greedy route takes it
    assert door.call("GET", "/v1/").json() == {"error": {"code": "refused", "type": "MISSING_AUTHENTICATION_TOKEN"}}


@pytest.mark.parametrize("path", ["/v1/raise", "/v1/nonsense"])
def test_a_function_that_fails_is_a_502_that_tells_nothing(door: Door, path: str) -> None:
    answer = door.call("GET", path)
    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})


@pytest.mark.parametrize("size", [6 * 1024 * 1024 + 1, 10 * 1024 * 1024 + 1])
def test_a_body_over_the_limit_is_a_413(door: Door, size: int) -> None:
    answer = door.call("POST", "/v1/big", content=b"x" * size)
    assert (answer.status_code, answer.json()["error"]["type"]) == (413, "REQUEST_TOO_LARGE")


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("/v1/tasks/{task}", "/v1/tasks/ner", {"task": "ner"}),
        ("/v1/tasks/{task}", "/v1/tasks/ner/runs", None),
        ("/v1/tasks/{task}", "/v1/tasks", None),
        ("/v1/{rest+}", "/v1/a/b", {"rest": "a/b"}),
        ("/v1/{rest+}", "/v1", None),
        ("/v1/health", "/v1/health", {}),
        ("/v1/health", "/v1/wealth", None),
    ],
)
def test_a_path_fits_a_template(template: str, path: str, expected: dict[str, str] | None) -> None:
    assert match_path(template, path) == expected


def test_literal_parts_go_before_parameters_and_those_before_greedy_ones() -> None:
    assert specificity("/v1/runs") > specificity("/v1/{id}") > specificity("/v1/{rest+}")


@pytest.mark.parametrize(
    ("types", "given", "expected"),
    [(["*/*"], "text/csv", True), (["image/*"], "image/png", True), (["image/*"], "text/csv", False), ([], "text/csv", False)],
)
def test_which_content_is_binary(types: list[str], given: str, expected: bool) -> None:
    assert is_binary(types, given) is expected


ARN = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/v1/runs"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([("Allow", "arn:aws:execute-api:us-east-1:123456789012:api/prod/*")], True),
        ([("Allow", "arn:aws:execute-api:us-east-1:123456789012:api/prod/POST/*")], False),
        ([("Allow", "*"), ("Deny", "arn:aws:execute-api:*/GET/v1/run?")], False),
        ([], False),
    ],
)
def test_a_policy_allows_what_it_names_and_denies_first(statements: list[tuple[str, str]], expected: bool) -> None:
    policy = {
        "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource} for effect, resource in statements]
    }
    assert allows(json.loads(json.dumps(policy)), ARN) is expected
