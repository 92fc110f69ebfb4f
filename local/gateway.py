"""The REST API's data plane: what API Gateway does between a client and the API function, at http://127.0.0.1:PORT/v1/..."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from moto.apigateway.models import apigateway_backends
from werkzeug.wrappers import Request, Response

from local import metrics
from local.authorizers import Authorizers, Denied
from local.functions import Functions
from local.gateway_responses import gateway_response
from local.runtime import Answer
from local.server import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STAGE = "prod"
BODY_LIMIT = 10 * 1024 * 1024
PAYLOAD_LIMIT = 6 * 1024 * 1024
"""What Lambda takes as one event; API Gateway answers the same 413 for both limits."""
FUNCTION = re.compile(r"/functions/(?P<arn>[^/]+)/invocations")


@dataclass(frozen=True)
class Route:
    """A method of a resource of the API, with what the path gave for its parameters."""

    api: Any
    resource: str
    method: Any
    parameters: dict[str, str]


class Gateway:
    """A WSGI application in front of the API that has a stage `prod`; there is one."""

    def __init__(self, cloud: LocalCloud, functions: Functions) -> None:
        self._cloud = cloud
        self._functions = functions
        self._authorizers = Authorizers(functions)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self.answer(Request(environ))(environ, start_response)

    def answer(self, request: Request) -> Response:
        api = self._api()
        if api is None:
            return gateway_response(None, "INTEGRATION_FAILURE", "the API is not deployed yet")
        started = time.monotonic()
        response = self._answer(api, request)
        counted = {"Count": 1, "Latency": (time.monotonic() - started) * 1000}
        counted |= {f"{kind}XXError": response.status_code // 100 == kind for kind in (4, 5)}
        metrics.put("AWS/ApiGateway", {"ApiName": api.name, "Stage": STAGE}, **counted)
        return response

    def _answer(self, api: Any, request: Request) -> Response:
        if (request.content_length or 0) > BODY_LIMIT:
            return gateway_response(api, "REQUEST_TOO_LARGE")
        route = find_route(api, request.method, request.path)
        if route is None:
            return gateway_response(api, "MISSING_AUTHENTICATION_TOKEN")
        event = proxy_event(route, request, self._cloud)
        try:
            self._authorize(route, event)
        except Denied as denied:
            return gateway_response(api, denied.code)
        return self._invoke(route, event)

    def _api(self) -> Any:
        apis = apigateway_backends[self._cloud.account][self._cloud.region].apis.values()
        return next((api for api in apis if STAGE in api.stages), None)

    def _authorize(self, route: Route, event: dict[str, Any]) -> None:
        if route.method.authorization_type == "CUSTOM":
            authorizer = route.api.authorizers[route.method.authorizer_id]
            event["requestContext"]["authorizer"] = self._authorizers.allow(authorizer, event, method_arn(self._cloud, event))

    def _invoke(self, route: Route, event: dict[str, Any]) -> Response:
        if len(event["body"] or "") > PAYLOAD_LIMIT:
            return gateway_response(route.api, "REQUEST_TOO_LARGE")
        answer = self._functions.invoke(function_arn(route.method.method_integration.uri), event)
        response = to_response(answer)
        if response is None:
            return gateway_response(route.api, "INTEGRATION_FAILURE", "Internal server error")
        response.headers["x-amzn-RequestId"] = event["requestContext"]["requestId"]
        return response


def function_arn(uri: str) -> str:
    """The function that an integration or authorizer URI names."""
    match = FUNCTION.search(uri)
    if match is None:
        raise NotImplementedError("only Lambda proxy integrations run in the local cloud")
    return match["arn"]


def method_arn(cloud: LocalCloud, event: dict[str, Any]) -> str:
    """The ARN that an authorizer's policy must allow."""
    context = event["requestContext"]
    path = event["path"].lstrip("/")
    return f"arn:aws:execute-api:{cloud.region}:{cloud.account}:{context['apiId']}/{STAGE}/{event['httpMethod']}/{path}"


def find_route(api: Any, method: str, path: str) -> Route | None:
    """The best route: literal parts go before parameters, and those before a greedy one."""
    found = []
    for resource in api.resources.values():
        template = resource.get_path()
        parameters = match_path(template, path)
        chosen = resource.resource_methods.get(method) or resource.resource_methods.get("ANY")
        if parameters is not None and chosen is not None and chosen.method_integration is not None:
            found.append((specificity(template), Route(api, template, chosen, parameters)))
    return max(found, key=lambda pair: pair[0])[1] if found else None


def specificity(template: str) -> list[int]:
    """Sorts templates part by part: 2 for a literal, 1 for a parameter, 0 for a greedy one."""
    return [0 if part.endswith("+}") else 1 if part.startswith("{") else 2 for part in template.strip("/").split("/")]


def match_path(template: str, path: str) -> dict[str, str] | None:
    """The path parameters, or None where the path does not fit the template."""
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    parameters: dict[str, str] = {}
    for index, part in enumerate(wanted):
        if part.endswith("+}"):
            parameters[part[1:-2]] = "/".join(given[index:])
            return parameters if given[index:] not in ([], [""]) else None
        if index >= len(given) or (not part.startswith("{") and part != given[index]):
            return None
        if part.startswith("{"):
            parameters[part[1:-1]] = given[index]
    return parameters if len(wanted) == len(given) else None


def proxy_event(route: Route, request: Request, cloud: LocalCloud) -> dict[str, Any]:
    """The Lambda proxy event of a REST API (payload format 1.0)."""
    body = request.get_data()
    binary = is_binary(route.api.binaryMediaTypes, request.mimetype)
    text = base64.b64encode(body).decode() if binary else body.decode("utf-8", "replace")
    query = request.args.to_dict(flat=False)
    path = request.environ.get("REQUEST_URI", request.path).partition("?")[0]
    return {
        "resource": route.resource,
        "path": path,
        "httpMethod": request.method,
        "headers": dict(request.headers),
        "multiValueHeaders": {name: request.headers.getlist(name) for name, _ in request.headers},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": route.parameters or None,
        "stageVariables": None,
        "body": text if body else None,
        "isBase64Encoded": binary and bool(body),
        "requestContext": request_context(route, request, cloud),
    }


def request_context(route: Route, request: Request, cloud: LocalCloud) -> dict[str, Any]:
    return {
        "accountId": cloud.account,
        "apiId": route.api.id,
        "stage": STAGE,
        "resourcePath": route.resource,
        "httpMethod": request.method,
        "path": f"/{STAGE}{request.path}",
        "protocol": "HTTP/1.1",
        "requestId": str(uuid4()),
        "requestTimeEpoch": int(time.time() * 1000),
        "domainName": request.host,
        "identity": {"sourceIp": request.remote_addr, "userAgent": request.headers.get("User-Agent")},
    }


def is_binary(media_types: list[str], media_type: str) -> bool:
    """True where the API declares this content type, or a pattern for it, as binary."""
    return any(known in ("*/*", media_type) or known == media_type.partition("/")[0] + "/*" for known in media_types)


def to_response(answer: Answer) -> Response | None:
    """The function's answer as HTTP, or None where it is an error or not what a proxy integration must give."""
    document = json.loads(answer.payload or b"null")
    if answer.error or not isinstance(document, dict) or not isinstance(document.get("statusCode"), int):
        return None
    body = document.get("body") or ""
    response = Response(base64.b64decode(body) if document.get("isBase64Encoded") else body, document["statusCode"])
    response.headers["Content-Type"] = "application/json"
    for name, value in (document.get("headers") or {}).items():
        response.headers[name] = str(value)
    for name, values in (document.get("multiValueHeaders") or {}).items():
        response.headers.setlist(name, [str(value) for value in values])
    return response
