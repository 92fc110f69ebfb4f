"""Validates answers against docs/contracts/: what the API answers and `--json` prints is exactly that."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

FOLDER = Path(__file__).parent.parent / "docs" / "contracts"


@lru_cache(maxsize=1)
def _schemas() -> Registry[Any]:
    files = sorted(FOLDER.glob("*.schema.json"))
    return Registry().with_resources((path.name, Resource.from_contents(json.loads(path.read_text()))) for path in files)


def validate(name: str, value: Any) -> None:
    """Raises jsonschema.ValidationError unless `value` is what `{name}.schema.json` describes."""
    schema = _schemas().contents(f"{name}.schema.json")
    Draft202012Validator(schema, registry=_schemas(), format_checker=FormatChecker()).validate(value)
