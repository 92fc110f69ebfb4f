"""The page's types are those of the API's document: made anew, they are the same."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "dashboard"


def test_the_types_are_made_from_the_document_as_it_is(tmp_path: Path) -> None:
    maker = PAGE / "node_modules" / "@hey-api" / "openapi-ts" / "bin" / "run.js"
    if not maker.exists():
        pytest.skip("the page's packages are not installed: make dashboard")
    command = [str(ROOT / ".venv" / "bin" / "node"), str(maker), "--output", str(tmp_path / "api")]
    subprocess.run(command, cwd=PAGE, check=True, capture_output=True)
    kept, made = ((folder / "types.gen.ts").read_text() for folder in (PAGE / "src" / "api", tmp_path / "api"))
    assert kept == made, "run `npm run api` in dashboard/"
