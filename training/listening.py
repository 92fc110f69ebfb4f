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

from chartloop.curves import FILE as CURVES
from chartloop.curves import read

LINE = re.compile(r"metric (\w+)=(\S+)\n?")

Heard = Callable[[str, float], None]


class Listening(io.TextIOBase):
    """Standard output that passes everything on, or all but the metrics, and hands each metric to `heard`."""

    def __init__(self, out: TextIO, heard: Heard, *, metrics: bool) -> None:
        self._out = out
        self._heard = heard
        self._metrics = metrics
        self._after_metric = False

    def write(self, text: str) -> int:
        found = LINE.fullmatch(text)
        if found:
            self._heard(found[1], float(found[2]))
        its_end = self._after_metric and text == "\n"  # print writes a line's end by itself
        if self._metrics or not (found or its_end):
            self._out.write(text)
        self._after_metric = found is not None
        return len(text)

    def flush(self) -> None:
        self._out.flush()


@contextmanager
def listening(heard: Heard, *, metrics: bool = True) -> Iterator[None]:
    """Within it, `heard(name, value)` is called for each metric that is printed; without `metrics` they are not passed on."""
    with redirect_stdout(Listening(sys.stdout, heard, metrics=metrics)):
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
    return read(path.read_text("utf-8").splitlines() if path.exists() else [])
