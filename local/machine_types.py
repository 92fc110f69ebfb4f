"""Which machines an endpoint may have: those of botocore's own list, since moto's ends before the newer ones with a GPU."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import botocore.session
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpointConfig

from local.patches import wrap


def install() -> None:
    wrap(FakeEndpointConfig, "validate_instance_type", lambda _: _validate)


def _validate(_config: Any, instance_type: str) -> None:
    if instance_type not in known():
        raise ValidationError(message=f"Value '{instance_type}' at 'instanceType' failed to satisfy constraint: no such machine")


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    model = botocore.session.get_session().get_service_model("sagemaker")
    return frozenset(model.shape_for("ProductionVariantInstanceType").enum)  # type: ignore[attr-defined]  # a string's shape has it
