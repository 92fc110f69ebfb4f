"""The REST API but for predict: every route of docs/openapi.json, behind one function."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response

from lambdas import (
    bodies,
    docs_page,
    routes_feedback,
    routes_models,
    routes_records,
    routes_reports,
    routes_search,
    routes_tasks,
    routes_transforms,
    routes_trust,
    wiring,
)
from lambdas.http import MODELS_READ, PUBLIC, Edge, Event, Routes
from lambdas.wiring import World

OPENAPI = Path(__file__).parent / "openapi.json"

routes = Routes()


@routes.add(PUBLIC, "GET", "/v1/health", "Whether the API answers", "Health")
def get_health() -> dict[str, Any]:
    """Needs no token."""
    return {"status": "ok", "code_version": routes.world.settings.code_version}


@routes.add(MODELS_READ, "GET", "/v1/openapi.json", "This document", "OpenApi")
def get_openapi() -> Response[Any]:
    """OpenAPI 3.1."""
    return Response(status_code=200, content_type="application/json", body=OPENAPI.read_text())


@routes.add(MODELS_READ, "GET", "/v1/docs", "The API as a page", "Page")
def get_docs() -> Response[Any]:
    """Made from the OpenAPI document; it loads nothing from elsewhere."""
    return Response(status_code=200, content_type="text/html; charset=utf-8", body=docs_page.render(OPENAPI.read_text()))


@lru_cache(maxsize=1)
def edge() -> Edge:
    parts = (
        routes_records,
        routes_tasks,
        routes_models,
        routes_feedback,
        routes_search,
        routes_transforms,
        routes_trust,
        routes_reports,
    )
    return Edge(routes, *(part.routes for part in parts), loads=bodies.loads)


def handle(event: Event, context: Any, world: World) -> dict[str, Any]:
    return edge()(event, context, world)


def handler(event: Event, context: Any) -> dict[str, Any]:
    return handle(event, context, wiring.world())
