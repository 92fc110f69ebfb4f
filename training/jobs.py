"""What every job does at its edges: metric lines, and one line that says why it failed."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from chartloop.errors import ChartloopError


def metric(**values: float) -> None:
    """Prints `metric name=value` lines, which the job's metric definitions read."""
    for name, value in values.items():
        print(f"metric {name}={value:.6g}", flush=True)  # noqa: T201


class Progress:
    """Tells `metric progress` (0 to 100) each time at least two more percent of `total` are done, where `aloud`."""

    def __init__(self, total: int, *, aloud: bool = True) -> None:
        self.total = max(total, 1)
        self.aloud = aloud
        self.told = 0.0

    def at(self, done: int) -> bool:
        """Whether this step was told."""
        percent = 100 * done / self.total
        due = percent - self.told >= 2 or (done >= self.total and self.told < percent)
        if due:
            self.told = percent
            if self.aloud:
                metric(progress=percent)
        return due


class Reporting:
    """A job's outermost frame: an error becomes one line in `path` and on stderr, and exit code 1."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if isinstance(error, Exception):
            line = reason(error)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(line + "\n", encoding="utf-8")
            print(line, file=sys.stderr, flush=True)  # noqa: T201
            raise SystemExit(1) from None


def reason(error: Exception) -> str:
    """`{code}: {message}`; of an error that was not raised on purpose only type and place, since its text may quote a record."""
    if isinstance(error, ChartloopError):
        return f"{error.code}: {error.message}"
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).parent.name in ("training", "chartloop", "code")]
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return f"internal_error: {type(error).__name__}{place}"


def processing_message(environ: Mapping[str, str]) -> Path:
    """Where a processing job leaves its reason."""
    return Path(environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "output" / "message"


def part_of(environ: Mapping[str, str]) -> tuple[int, int]:
    """(which, of how many) machines of a processing job this is, counted from 1."""
    path = Path(environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "config" / "resourceconfig.json"
    if not path.exists():
        return 1, 1
    described = json.loads(path.read_bytes())
    hosts = sorted(described["hosts"])
    return hosts.index(described["current_host"]) + 1, len(hosts)


def training_failure(environ: Mapping[str, str]) -> Path:
    """Where a training job leaves its reason."""
    base = Path(environ.get("SAGEMAKER_BASE_DIR", "/opt/ml"))
    return Path(environ.get("SM_OUTPUT_DIR", str(base / "output"))) / "failure"
