"""Every combination of compute, serving and environment, synthesized without AWS; the local cloud knows all that is in it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from moto.cloudformation import parsing

from infra.context import Context
from local.resource_properties import LEFT_OUT, ONLY_KEPT, unknown
from local.resource_types import MADE, WITHOUT_EFFECT
from tests.infra.conftest import composed

CHOICES = ("compute", "serving", "environment")
OPTIONS = {name: get_args(Context.model_fields[name].annotation) for name in CHOICES if name in Context.model_fields}
EVERY = [dict(zip(OPTIONS, chosen, strict=True)) for chosen in itertools.product(*OPTIONS.values())]
ONE_OF_EACH = [
    {name: options[min(number, len(options) - 1)] for name, options in OPTIONS.items()}
    for number in range(max(map(len, OPTIONS.values())))
]
"""As many as the longest list of options, so that each option is in one."""


def called(context: dict[str, str]) -> str:
    return "-".join(context.values())


def resources(folder: Path) -> list[dict[str, Any]]:
    """Every resource of every stack."""
    stacks = [json.loads(file.read_text()) for file in sorted(folder.glob("chartloop-*.template.json"))]
    assert len(stacks) >= 4
    return [resource for stack in stacks for resource in stack["Resources"].values()]


def handling(kind: str) -> str:
    """What the local cloud does with a resource type."""
    if kind in WITHOUT_EFFECT:
        return "without effect"
    if kind in MADE:
        return "made by an API"
    if kind.startswith(ONLY_KEPT):
        return "kept"
    return "made by moto" if parsing.resource_class_from_type(kind) is not None else "unknown"


def held(found: list[dict[str, Any]]) -> None:
    """No type is unknown to the local cloud, and no property is dropped without a decision."""
    kinds = Counter(resource["Type"] for resource in found)
    assert {kind for kind in kinds if handling(kind) == "unknown"} == set()
    dropped = {
        (resource["Type"], name)
        for resource in found
        if handling(resource["Type"]) != "without effect"
        for name in unknown(resource["Type"], resource.get("Properties", {}))
    }
    assert dropped == set()


@pytest.mark.parametrize("context", ONE_OF_EACH, ids=called)
def test_one_of_each(tmp_path: Path, context: dict[str, str]) -> None:
    held(resources(composed(tmp_path, **context).folder))


@pytest.mark.slow
def test_every_combination_and_no_more_is_known_than_is_used(tmp_path: Path) -> None:
    found = []
    for context in EVERY:
        more = {"alarm_email": "a@b.example", "monthly_budget_usd": "1", "library": "s3vectors"}
        found += resources(composed(tmp_path / called(context), **context, **more).folder)
    held(found)
    kinds = {resource["Type"] for resource in found}
    assert set(WITHOUT_EFFECT) - kinds == {"AWS::CDK::Metadata"}
    assert set(LEFT_OUT) - kinds == set() and set(MADE) - kinds == set()


def test_each_type_without_effect_has_a_reason() -> None:
    assert all(len(reason.split()) > 3 for reason in WITHOUT_EFFECT.values())
