"""Hearing the metric lines that a job prints: for the curves that a training job leaves, and for who watches a notebook."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TextIO

LINE = re.compile(r"metric (\w+)=(\S+)\n?")
CURVES = "metrics.jsonl"
"""In a training job's output data: `{"name", "value"}` a line, in the order in which they were printed."""

Heard = Callable[[str, float], None]


class Listening(io.TextIOBase):
    """Standard output that passes everything on, and hands each metric to `heard`."""

    def __init__(self, out: TextIO, heard: Heard) -> None:
        self._out = out
        self._heard = heard

    def write(self, text: str) -> int:
        self._out.write(text)
        if found := LINE.fullmatch(text):
            self._heard(found[1], float(found[2]))
        return len(text)

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def listening(heard: Heard) -> Iterator[None]:
    """Within it, `heard(name, value)` is called for each metric that is printed."""
    with redirect_stdout(Listening(sys.stdout, heard)):
        yield


def keep_in(folder: str | None) -> Heard:
    """Writes what is heard behind what is in the folder's curves; without a folder nothing is kept."""

    def keep(name: str, value: float) -> None:
        if folder:
            with (Path(folder) / CURVES).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"name": name, "value": value}) + "\n")

    return keep


def curves(path: Path) -> dict[str, list[float]]:
    """Each metric's values in their order; nothing where nothing was kept."""
    found: dict[str, list[float]] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        told = json.loads(line)
        found.setdefault(told["name"], []).append(told["value"])
    return found
