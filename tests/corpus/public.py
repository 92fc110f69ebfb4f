"""Public clinical data sets for tests: kept beside the project, never in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


def data(name: str) -> Path:
    """The set's folder, or a file in it, below CLINICAL_DATA_DIR or beside the project; skips the test where it is absent."""
    path = Path(os.environ.get("CLINICAL_DATA_DIR") or BESIDE) / name
    if not path.exists():
        pytest.skip(f"needs {name} in CLINICAL_DATA_DIR")
    return path
