"""Asking an unpacked artifact as it is served: its own code, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed

INPUTS_A_REQUEST = 16


def answers(folder: Path, inputs: Sequence[Any], **options: object) -> list[dict[str, Any]]:
    """What the artifact in `folder` answers to each input, `options` asked for. Raises JobFailed `artifact_failed`."""
    starts = range(0, len(inputs), INPUTS_A_REQUEST)
    requests = [json.dumps({"inputs": list(inputs[start : start + INPUTS_A_REQUEST]), **options}) for start in starts]
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(folder / "code" / "inference.py"), str(folder)],
        input="".join(request + "\n" for request in requests),
        capture_output=True,
        encoding="utf-8",
        env=environment_of_its_own(),
        check=False,
    )
    if done.returncode:
        raise JobFailed(f"the artifact's code ended with {done.returncode}{_kind(done.stderr)}", code="artifact_failed")
    return list(_predictions(done.stdout.split("\n")[:-1]))


def environment_of_its_own() -> dict[str, str]:
    """What is vendored stays in reach; the job's own code does not, so the artifact imports its own. UTF-8 in any locale."""
    folders = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    vendored = os.pathsep.join(folder for folder in folders if not (Path(folder) / "training").exists())
    return {**os.environ, "PYTHONPATH": vendored, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def _kind(stderr: str) -> str:
    """The error's type from a traceback's last line; what follows it may quote a record."""
    lines = stderr.strip().splitlines()
    return f" ({lines[-1].split(':')[0][:60]})" if lines else ""


def _predictions(lines: Sequence[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        for prediction in json.loads(line)["predictions"]:
            if "error" in prediction:
                raise JobFailed(f"the artifact refused an input: {prediction['error']['code']}", code="artifact_failed")
            yield prediction
