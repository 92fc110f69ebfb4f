"""The API's documentation as one page of HTML, made from the OpenAPI document: no script, and nothing loaded from elsewhere."""

from __future__ import annotations

import json
import re
from html import escape
from typing import Any

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#16191f}"
    "code{background:#f2f3f3;padding:.1rem .3rem}section{border-top:1px solid #d5dbdb;padding:.5rem 0}"
    "pre{background:#f2f3f3;padding:.5rem;overflow:auto}"
)


def render(openapi: str) -> str:
    """The page of an OpenAPI document in JSON; all that the document says is shown as text."""
    document = json.loads(openapi)
    routes = [_route(method, path, route) for path, methods in document["paths"].items() for method, route in methods.items()]
    schemas = [_schema(name, schema) for name, schema in document["components"]["schemas"].items()]
    title = escape(document["info"]["title"])
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title><style>{STYLE}</style></head>"
        f"<body><h1>{title}</h1><p>{_prose(document['info']['description'])}</p>{''.join(routes)}"
        f"<h2>Schemas</h2>{''.join(schemas)}</body></html>"
    )


def _prose(text: str) -> str:
    """Text as text, with what stands between backticks as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _route(method: str, path: str, route: dict[str, Any]) -> str:
    scopes = [scope for need in route.get("security", []) for names in need.values() for scope in names]
    needs = f"needs <code>{escape(' '.join(scopes))}</code>" if scopes else "needs no token"
    parameters = "".join(_parameter(parameter) for parameter in route.get("parameters", []))
    body = _contents("Body", route.get("requestBody", {}).get("content", {}))
    answers = "".join(_contents(status, answer.get("content", {})) for status, answer in route["responses"].items())
    return (
        f"<section><h3><code>{method.upper()} {escape(path)}</code></h3><p><b>{escape(route['summary'])}.</b> "
        f"{_prose(route.get('description', ''))} ({needs})</p><ul>{parameters}{body}{answers}</ul></section>"
    )


def _parameter(parameter: dict[str, Any]) -> str:
    need = "" if parameter.get("required") else ", optional"
    said = _prose(parameter.get("description", ""))
    return f"<li><code>{escape(parameter['name'])}</code> ({escape(parameter['in'])}{need}) {said}"


def _contents(title: str, contents: dict[str, Any]) -> str:
    kinds = (f"<code>{escape(kind)}</code> {_named(content.get('schema', {}))}" for kind, content in contents.items())
    shown = ", ".join(kinds)
    return f"<li>{escape(title)}: {shown}" if shown else ""


def _named(schema: dict[str, Any]) -> str:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if name else ""


def _schema(name: str, schema: dict[str, Any]) -> str:
    return f"<section><h3 id='{escape(name)}'>{escape(name)}</h3><pre>{escape(json.dumps(schema, indent=1))}</pre></section>"
