"""What holds for every test: properties are never timed, because machines that run tests are shared."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile("chartloop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chartloop")
