"""HTTP at the edge: which scope a route needs, and what every refusal, mistake and crash looks like. The one place that knows."""

from __future__ import annotations

import binascii
import inspect
import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestUnsupportedContentType, RequestValidationError
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from chartloop.errors import ChartloopError, Forbidden, InvalidRequest, NotFound, Unauthorized
from chartloop.items import hashed
from lambdas import logs
from lambdas.wiring import World

RECORDS_WRITE = "chartloop/records:write"
MODELS_READ = "chartloop/models:read"
PREDICT = "chartloop/predict"
MODELS_PROMOTE = "chartloop/models:promote"
GOLD_WRITE = "chartloop/gold:write"
PUBLIC = ""
"""The scope of a route that needs no token."""

MOST_SUBJECT = 200
TOKEN = "token"  # noqa: S105 (the security scheme's name in the OpenAPI document)
HEADERS = {"Content-Type": ["application/json"], "Cache-Control": ["no-store"], "X-Content-Type-Options": ["nosniff"]}

Route = TypeVar("Route", bound=Callable[..., Any])
Event = dict[str, Any]


class Routes(APIGatewayRouter):
    """Routes, each with the scope that it needs: one that does not say its scope cannot be reached."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.scopes: dict[tuple[str, str], str] = {}
        self.answers: dict[tuple[str, str], str] = {}

    def add(
        self, scope: str, method: str, rule: str, summary: str, answer: str, *, status: int = 200
    ) -> Callable[[Route], Route]:
        """Declares a route; `answer` is the name of its answer's schema in the OpenAPI document."""

        def register(route: Route) -> Route:
            self.scopes[method, rule], self.answers[method, rule] = scope, answer
            return self.route(
                rule, method=method, summary=summary, description=inspect.getdoc(route), operation_id=route.__name__,
                security=[{TOKEN: [scope]}] if scope else None, status_code=status,
            )(route)  # fmt: skip

        return register

    @property
    def world(self) -> World:
        world: World = self.context["world"]
        return world

    @property
    def granted(self) -> list[str]:
        """The scopes of the token."""
        return str(self.current_event.raw_event["requestContext"]["authorizer"].get("scope", "")).split()

    @property
    def caller(self) -> str:
        """The `sub` of the token; by its hash where it is nothing that an S3 object's metadata can hold."""
        subject = str(self.current_event.raw_event["requestContext"]["authorizer"]["sub"])
        return subject if subject.isascii() and subject.isprintable() and len(subject) <= MOST_SUBJECT else hashed(subject)

    def demand(self, scope: str) -> None:
        """For a part of an answer that needs more than its route does. Raises Forbidden."""
        _require(scope, self.current_event.raw_event["requestContext"].get("authorizer"))


WAKING_SECONDS = 5
"""What a caller is told to wait for a model that wakes."""


class Edge:
    """A function behind API Gateway: admits a request by its route's scope, answers it, and dresses the answer."""

    def __init__(self, *routes: Routes, loads: Callable[[str], Any]) -> None:
        self.resolver = APIGatewayRestResolver(enable_validation=True, json_body_deserializer=loads)
        self.resolver.exception_handler(Exception)(_refusal)
        self.scopes = {key: scope for some in routes for key, scope in some.scopes.items()}
        self.answers = {key: answer for some in routes for key, answer in some.answers.items()}
        self._patterns = [(method, re.compile(re.sub(r"<\w+>", "[^/]+", rule)), rule) for method, rule in self.scopes]
        for some in routes:
            self.resolver.include_router(some)

    def __call__(self, event: Event, context: Any, world: World) -> dict[str, Any]:
        started = time.monotonic()
        request_id = str(event["requestContext"].get("requestId", ""))
        rule = ""
        try:
            rule = self._admitted(event)
        except ChartloopError as error:
            answer = _bare(error)
        else:
            self.resolver.append_context(world=world)  # type: ignore[no-untyped-call]
            answer = self.resolver.resolve(event, context)
        logs.info(
            "request", request_id=request_id, method=event["httpMethod"], route=rule, status=answer["statusCode"],
            milliseconds=round(1000 * (time.monotonic() - started)),
        )  # fmt: skip
        answer["multiValueHeaders"] = {**HEADERS, **answer["multiValueHeaders"], "x-request-id": [request_id]}
        return answer

    def _admitted(self, event: Event) -> str:
        """The rule of the route that the caller may use. Raises NotFound, Unauthorized or Forbidden."""
        for method, pattern, rule in self._patterns:
            if method == event["httpMethod"] and pattern.fullmatch(event["path"]):
                _require(self.scopes[method, rule], event["requestContext"].get("authorizer"))
                return rule
        raise NotFound("no such route", code="unknown_route")


def _require(scope: str, authorizer: Mapping[str, str] | None) -> None:
    if scope == PUBLIC:
        return
    if not authorizer or "sub" not in authorizer:
        raise Unauthorized("a bearer token is needed")
    if scope not in authorizer.get("scope", "").split():
        raise Forbidden("the token lacks the scope that this route needs", details={"scope": scope})


def _bare(error: ChartloopError) -> dict[str, Any]:
    return {
        "statusCode": error.status,
        "multiValueHeaders": _again(error),
        "body": json.dumps(error.to_json()),
        "isBase64Encoded": False,
    }


def _refusal(error: Exception) -> Response[Any]:
    said = translated(error)
    body = json.dumps(said.to_json())
    return Response(status_code=said.status, content_type="application/json", headers=dict(_again(said)), body=body)


def _again(error: ChartloopError) -> dict[str, list[str]]:
    """When to come again, where that helps."""
    return {"Retry-After": [str(WAKING_SECONDS)]} if error.code == "waking" else {}


def translated(error: Exception) -> ChartloopError:
    """What a caller is told of an error; what nobody raised on purpose is logged and told as `internal_error`."""
    if isinstance(error, ChartloopError):
        if error.status >= 500:
            logs.crash("refused", error, code=error.code)
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error.errors()[0])
    if isinstance(error, RequestUnsupportedContentType):
        return InvalidRequest("the content type must be application/json", code="unsupported_format", field="content-type")
    if isinstance(error, UnicodeDecodeError | binascii.Error):  # of a body that was sent as binary
        return InvalidRequest("the body is no UTF-8 text", code="invalid_json")
    if isinstance(error, NotFoundError):
        return NotFound("no such route", code="unknown_route")
    logs.crash("crashed", error)
    return ChartloopError("the request could not be handled")


def _invalid(first: Mapping[str, Any]) -> InvalidRequest:
    """The rule and, unless it is the caller's own invention, the field; never the value."""
    if first["type"] == "extra_forbidden":
        return InvalidRequest("a field is not known")
    field = ".".join(str(part) for part in first["loc"][1:]) or None
    return InvalidRequest(str(first["msg"]), code="invalid_json" if first["type"] == "json_invalid" else None, field=field)
