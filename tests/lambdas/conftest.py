"""What tests of routes begin with; a module that needs another world or handler has its own."""

from __future__ import annotations

import pytest

from lambdas import api
from tests.lambdas.gateway import Caller
from tests.worlds import FakeWorld


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def call(world: FakeWorld) -> Caller:
    return Caller(api.handle, world)
