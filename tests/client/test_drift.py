"""The client held against the committed OpenAPI document: every route a method, every field a parameter, every answer a type."""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from types import UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from client import contracts, contracts_transform
from client.api import Routes
from client.calls import Call, route
from lambdas.api import OPENAPI

DOCUMENT = json.loads(OPENAPI.read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
OPERATIONS = {
    f"{method.upper()} {path}": operation for path, its in DOCUMENT["paths"].items() for method, operation in its.items()
}
FOR_PEOPLE = {"GET /v1/docs", "GET /v1/openapi.json"}
"""Documents, which no method fetches."""

METHODS = {name: method for kind in Routes.__mro__ for name, method in vars(kind).items() if isinstance(method, route)}
SAME_ROUTE = {"post_body": "post_records", "ask": "predict"}
"""Another form of the same post, by the method that it is a form of."""

FILES = sorted(path.stem for path in Path(contracts.__file__).parent.glob("contracts*.py"))
TYPES = {name: kind for file in FILES for name, kind in vars(importlib.import_module(f"client.{file}")).items()}
UNWRAPPED = {
    "ModelList": list[contracts.Model],
    "TaskList": list[contracts.KnownTask],
    "TransformList": list[contracts_transform.Transform],
}
NAMED_BY_THE_INSTALLATION = {"TaskSettings"}
NOT_FIELDS = {"self", "records", "body", "content_type", "changes"}
"""Bodies as a whole."""

OTHERWISE = {("predict", "text"): "texts", ("review", "include"): "text"}
"""Fields that a method says otherwise: by which parameter."""


def described(name: str) -> Call[Any]:
    """The method's call, each part of its address a name in braces."""
    given: dict[str, Any] = {"records": [], "texts": [], "body": b"", "changes": {}}
    parameters = list(inspect.signature(METHODS[name].describe).parameters.values())[1:]
    needed = [found.name for found in parameters if found.default is found.empty and found.kind is not found.VAR_KEYWORD]
    return METHODS[name].describe(None, **{each: given.get(each, f"~{each}~") for each in needed})  # type: ignore[arg-type]


def operation_of(name: str) -> str:
    call = described(name)
    parts = ["{" + part.strip("~") + "}" if part.startswith("~") else part for part in call.path.split("/")]
    return f"{call.method} {'/'.join(parts)}"


def accepted(name: str) -> set[str]:
    """What a caller may say, by the API's names."""
    hints = get_type_hints(METHODS[name].describe)
    names = set[str]()
    for parameter in inspect.signature(METHODS[name].describe).parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            names |= set(get_type_hints(get_args(hints[parameter.name])[0]))
        else:
            names.add(parameter.name)
    return {"idempotency-key" if each == "idempotency_key" else each for each in names - NOT_FIELDS}


def fields_of(operation: dict[str, Any]) -> set[str]:
    parameters = {parameter["name"] for parameter in operation.get("parameters", [])}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    forms = [resolved(each) for each in body.get("anyOf", [body])]
    texts = [each for each in forms if "texts" in each.get("properties", {})]  # one method asks about texts, whatever the task
    return parameters | {name for each in texts or forms[:1] for name in each.get("properties", {})}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    return SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def answer_of(operation: dict[str, Any]) -> str:
    status = next(status for status in operation["responses"] if status.startswith("2"))
    contents = operation["responses"][status]["content"]
    content = contents.get("application/json") or next(iter(contents.values()))
    return str(content["schema"]["$ref"].rpartition("/")[2])


def test_every_route_has_one_method() -> None:
    found = sorted(operation_of(name) for name in METHODS if name not in SAME_ROUTE)
    assert found == sorted(OPERATIONS.keys() - FOR_PEOPLE)
    for name, other in SAME_ROUTE.items():
        assert operation_of(name) == operation_of(other)


@pytest.mark.parametrize("name", METHODS)
def test_a_method_takes_what_its_route_takes(name: str) -> None:
    fields = fields_of(OPERATIONS[operation_of(name)]) if name != "ask" else {"task"}  # and a body as a whole
    assert accepted(name) == {OTHERWISE.get((name, field), field) for field in fields}


@pytest.mark.parametrize("name", METHODS)
def test_a_method_answers_what_its_route_answers(name: str) -> None:
    answered = get_args(get_type_hints(METHODS[name].describe)["return"])[0]
    schema = answer_of(OPERATIONS[operation_of(name)])
    assert answered == UNWRAPPED.get(schema, TYPES[schema])


@pytest.mark.parametrize("schema", sorted({answer_of(OPERATIONS[operation_of(name)]) for name in METHODS}))
def test_a_type_is_its_schema_all_the_way_down(schema: str) -> None:
    if schema not in NAMED_BY_THE_INSTALLATION:
        agree(TYPES[schema], SCHEMAS[schema], schema)


def agree(hint: Any, schema: dict[str, Any], where: str) -> None:
    """Fields, which of them are needed, and the values of enumerations, as deep as the type tells of them."""
    hint, schema = _certain(hint), _certain_schema(schema)
    if get_origin(hint) is list and "items" in schema:
        agree(get_args(hint)[0], schema["items"], f"{where}[]")
    elif get_origin(hint) is Literal and "enum" in schema:
        assert set(get_args(hint)) == set(schema["enum"]) - {None}, where
    elif is_typeddict(hint):
        _fields_agree(hint, schema, where)


def _certain(hint: Any) -> Any:
    """Of what may be missing or None, what it is else."""
    if get_origin(hint) is NotRequired:
        return _certain(get_args(hint)[0])
    arms = [arm for arm in get_args(hint) if arm is not type(None)] if get_origin(hint) in (Union, UnionType) else []
    return arms[0] if len(arms) == 1 else hint


def _certain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    forms = [form for form in schema.get("anyOf", schema.get("oneOf", [])) if form.get("type") != "null"]
    return resolved(forms[0] if len(forms) == 1 else schema)


def _fields_agree(kind: Any, schema: dict[str, Any], where: str) -> None:
    forms = [resolved(form) for form in schema.get("oneOf", [schema])]
    properties = {name: its for form in forms for name, its in form.get("properties", {}).items()}
    hints = get_type_hints(kind, include_extras=True)
    assert set(hints) == set(properties), where
    needed = set.intersection(*(set(form.get("required", [])) for form in forms))
    assert {name for name, hint in hints.items() if kind.__total__ and get_origin(hint) is not NotRequired} == needed, where
    for name, hint in hints.items():
        agree(hint, properties[name], f"{where}.{name}")


def test_a_field_that_is_missing_or_not_needed_would_be_found() -> None:
    run = json.loads(json.dumps(SCHEMAS["Run"]))
    run["properties"]["steps"]["items"]["properties"]["machine"] = {"type": "string"}
    with pytest.raises(AssertionError, match=r"Run\.steps\[\]"):
        agree(contracts.Run, run, "Run")
    model = {**SCHEMAS["Model"], "required": []}
    with pytest.raises(AssertionError, match="Model"):
        agree(contracts.Model, model, "Model")
