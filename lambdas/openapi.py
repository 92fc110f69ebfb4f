"""Makes the OpenAPI document from the routes and the contracts; `python -m lambdas.openapi` writes lambdas/openapi.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer
from pydantic import TypeAdapter

from chartloop.columns import Column
from chartloop.tasks import TASKS
from lambdas import api, asking, predict, routes_records, routes_trust
from lambdas.bodies import FORMATS
from lambdas.http import PUBLIC, TOKEN, Edge

Schema = dict[str, Any]

CONTRACTS = Path(__file__).parent.parent / "docs" / "contracts"
VERSION = "1"
DESCRIPTION = (
    "Labelled clinical records in, a better model in service. Every route but health needs a bearer token, a JWT with the scope "
    "that the route names in its claim `scope`. Every error is an Error."
)
TIME: Schema = {"type": "string", "format": "date-time"}
TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
OBJECT_OR_NULL: Schema = {"type": ["object", "null"]}
COUNT: Schema = {"type": "integer", "minimum": 0}


def document() -> Schema:
    """OpenAPI 3.1 of all routes, with the contracts as its schemas."""
    made = [_of(edge) for edge in (api.edge(), predict.edge())]
    paths = {path: route for one in made for path, route in one["paths"].items()}
    bodies = {name: schema for one in made for name, schema in one["components"]["schemas"].items()}
    return {
        **{name: made[0][name] for name in ("openapi", "info", "servers")},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted({**_own(bodies), **_contracts(), **_answers()}.items())),
            "securitySchemes": {TOKEN: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def _of(edge: Edge) -> Schema:
    text = edge.resolver.get_openapi_json_schema(
        title="Chartloop", version=VERSION, description=DESCRIPTION, openapi_version="3.1.0",
        security_schemes={TOKEN: HTTPBearer()},
    )  # fmt: skip
    made: Schema = json.loads(text)
    for (method, rule), answer in edge.answers.items():
        path = rule.replace("<", "{").replace(">", "}")
        statuses = _errors(method, rule, public=edge.scopes[method, rule] == PUBLIC)
        _describe(made["paths"][path][method.lower()], answer, statuses)
    return made


def _errors(method: str, rule: str, *, public: bool) -> Iterator[int]:
    """The statuses of the errors that a route may answer, API Gateway's own among them."""
    yield from () if public else (401, 403)
    yield from (429, 500, 504)
    if not public:
        yield from (400, 404)
    if method in ("POST", "PATCH"):
        yield 413
        if not rule.endswith("/predict"):
            yield 409
    if rule.endswith(("/predict", "/similar")):
        yield from (502, 503)
    if rule.endswith(("/start", "/schema")):
        yield 503


def _describe(route: Schema, answer: str, errors: Iterator[int]) -> None:
    """Says what the route really answers; validation errors are Errors here like all others."""
    status = next(status for status in route["responses"] if status.startswith("2"))
    refused = {"content": {"application/json": {"schema": _reference("Error")}}}
    route["responses"] = {
        status: {"description": answer, "content": _contents(answer)},
        **{str(error): {"description": HTTPStatus(error).phrase, **refused} for error in sorted(errors)},
    }
    if route["operationId"] == predict.post_predict.__name__:
        asked: Schema = {"anyOf": [_reference(asking.model_of(task).__name__) for task in TASKS.values()]}
        route["requestBody"] = {"required": True, "content": {"application/json": {"schema": asked}}}
    if route["operationId"] in (routes_records.post_records.__name__, routes_trust.post_gold.__name__):
        contents = {kind: {"schema": _reference("Records") if kind == "application/json" else {}} for kind in FORMATS}
        route["requestBody"] = {"required": True, "content": contents}


def _contents(answer: str) -> Schema:
    """A report comes as data or as a page, as it is asked for."""
    kinds = {"Page": {"text/html": "Page"}, "Report": {"application/json": "Report", "text/html": "Page"}}
    return {kind: {"schema": _reference(name)} for kind, name in kinds.get(answer, {"application/json": answer}).items()}


def _own(schemas: Schema) -> Schema:
    """The schemas of request bodies, without those of the framework's own errors."""
    return {name: schema for name, schema in schemas.items() if not name.endswith("ValidationError")}


def _contracts() -> Schema:
    return {_title(path.name): _contract(path) for path in sorted(CONTRACTS.glob("*.schema.json"))}


def _contract(path: Path) -> Schema:
    schema: Schema = json.loads(path.read_text(), object_hook=_rewritten)
    return {name: value for name, value in schema.items() if not name.startswith("$")}


def _rewritten(node: Schema) -> Schema:
    file = str(node.get("$ref", ""))
    return _reference(_title(file)) if file.endswith(".schema.json") else node


def _title(file: str) -> str:
    """`batch_receipt.schema.json` is BatchReceipt."""
    return "".join(part.title() for part in file.removesuffix(".schema.json").split("_"))


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _answers() -> Schema:
    """Schemas of what is no contract of its own."""
    receipt = json.loads((CONTRACTS / "batch_receipt.schema.json").read_text())
    listed = {**receipt["properties"]}
    del listed["records"], listed["new_labels"]
    column = _inlined(TypeAdapter(Column).json_schema())
    return {
        "Records": _records(),
        **{asking.model_of(task).__name__: asking.schema(task) for task in TASKS.values()},
        "UploadAddress": _object(
            batch_id={"type": "string"}, url={"type": "string"}, key={"type": "string"}, expires_in=COUNT,
            headers={"type": "object", "additionalProperties": {"type": "string"}},
        ),
        "BatchPage": _page("batches", {"type": "object", "properties": listed}),
        "RecordPage": _arrivals(receipt["properties"]),
        "Quarantine": _quarantine(),
        "RunPage": _page("runs", _reference("Run")),
        "AuditPage": _audit(),
        "TransformList": _object(transforms={"type": "array", "items": _reference("Transform")}),
        "ModelList": _object(models={"type": "array", "items": _reference("Model")}),
        "TaskList": _tasks(),
        "TaskStatus": _object(
            task={"type": "string"}, records=COUNT, minimum_records=COUNT, progress={"type": "string"}, new_records=COUNT,
            minimum_new_records=COUNT, waiting=COUNT, labels={"type": "array", "items": {"type": "string"}},
            pending={"type": "boolean"}, active_run=TEXT_OR_NULL, promotion=TEXT_OR_NULL,
            champion=OBJECT_OR_NULL, previous_champion=OBJECT_OR_NULL, blocked=OBJECT_OR_NULL,
            reviews={"type": "object", "additionalProperties": TIME},
        ),
        "TaskSettings": {"anyOf": [_inlined(task.settings.model_json_schema()) for task in TASKS.values()]},
        "RowSchema": _object(
            task={"type": "string"}, model_version={"type": "string"}, unit={"type": "string"},
            columns={"type": "array", "items": {**column, "required": list(column["properties"])}},
        ),
        "Health": _object(status={"const": "ok"}, code_version={"type": "string"}),
        "OpenApi": {"type": "object"},
        "Page": {"type": "string"},
    }  # fmt: skip


def _tasks() -> Schema:
    name, yes, names = {"type": "string"}, {"type": "boolean"}, {"type": "array", "items": {"type": "string"}}
    asked = _object(one=name, many=name, most=COUNT, options={"type": "object", "additionalProperties": {"type": "object"}})
    metrics = {"type": "array", "items": _object(name=name, higher_is_better=yes)}
    task = _object(task=name, asked=asked, required=names, optional=names, entities=yes, similar=yes, metrics=metrics)
    return _object(tasks={"type": "array", "items": task})


def _arrivals(receipt: Schema) -> Schema:
    entry = receipt["records"]["items"]["properties"]
    stored = [status for status in receipt["status"]["enum"] if status != "checked"]
    whole = {**{name: receipt[name] for name in ("batch_id", "received_at")}, "status": {**receipt["status"], "enum": stored}}
    names = ("record_id", "line", "verdict", "labels")
    return _page("records", _object(**whole, poster=TEXT_OR_NULL, **{name: entry[name] for name in names}))


def _quarantine() -> Schema:
    name: Schema = {"type": "string"}
    record = {**_object(batch_id=name, poster=name), "additionalProperties": False}
    record["properties"] |= {"line": COUNT, "record_id": name, "field": name, "message": name}
    names: Schema = {"type": "array", "items": name}
    verdict: Schema = {"enum": ["rejected", "conflict", "set_aside", "quarantined"]}
    group = _object(verdict=verdict, code=name, found=COUNT, batches=names, records={"type": "array", "items": record})
    return _object(task=name, groups={"type": "array", "items": group}, next=TEXT_OR_NULL)


def _records() -> Schema:
    array = {"type": "array", "items": _reference("Record")}
    options = {
        "replace": {"type": "boolean", "default": False},
        "span_policy": {"enum": ["longest", "reject"]},
        "offset_unit": {"enum": ["codepoint", "utf16"], "default": "codepoint"},
    }
    envelope = {**_object(records=array), "additionalProperties": False}
    envelope["properties"] |= options
    return {"title": "Records", "anyOf": [array, envelope, _reference("Record")]}


def _page(name: str, item: Schema) -> Schema:
    return _object(**{name: {"type": "array", "items": item}, "next": TEXT_OR_NULL})


def _audit() -> Schema:
    entry = _object(action={"type": "string"}, by={"type": "string"}, at=TIME)
    entry["properties"] |= {"number": COUNT, "previous": {"type": "string"}, "sha256": {"type": "string"}}
    page = _page("audit", entry)
    page["properties"]["head"] = _object(number=COUNT, sha256={"type": "string"})
    return {**page, "required": [*page["required"], "head"]}


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": list(properties), "properties": properties}


def _inlined(schema: Schema) -> Schema:
    """Pydantic's schema with its nested models in place."""
    definitions = schema.pop("$defs", {})

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(each) for each in value]
        if not isinstance(value, dict):
            return value
        nested = definitions[value["$ref"].rpartition("/")[2]] if "$ref" in value else {}
        return {name: placed(each) for name, each in {**value, **nested}.items() if name != "$ref"}

    found: Schema = placed(schema)
    return found


if __name__ == "__main__":
    api.OPENAPI.write_text(json.dumps(document(), indent=1, ensure_ascii=False) + "\n")
