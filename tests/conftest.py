"""What holds for every test: which Node the CDK runs on, and that properties are never timed, for machines are shared."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

settings.register_profile("chartloop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("chartloop")

# Before anything imports the CDK: the Node beside this Python, for a machine may have none, or an old one.
os.environ.setdefault("JSII_NODE", str(Path(sys.executable).parent / "node"))
os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(Path(sys.prefix) / "jsii"))
