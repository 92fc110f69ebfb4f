"""Machines that an endpoint of the local cloud may have."""

from __future__ import annotations

import pytest
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpointConfig

from infra.context import Context
from local import machine_types


def test_the_machines_that_a_deployment_names_are_taken_and_others_refused() -> None:
    machine_types.install()
    config = object.__new__(FakeEndpointConfig)
    for machine in (Context().serving_instance, Context().generation_instance):
        config.validate_instance_type(machine)
    with pytest.raises(ValidationError):
        config.validate_instance_type("ml.none.large")
