"""A run while it goes on: a live panel on a terminal, a line for each change elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from client import display
from client.contracts import Run, Step


class Watch:
    """Shows a run each time it is called with it. A context, because the live panel must be closed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False) if console.is_terminal else None
        self._told: set[tuple[str, str, str]] = set()

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def __call__(self, run: Run) -> None:
        if self._live:
            self._live.update(panel(run), refresh=True)
        else:
            self._tell_changes(run)

    def _tell_changes(self, run: Run) -> None:
        for step in run["steps"]:
            change = (run["run_id"], step["name"], step["status"])
            if step["status"] not in ("waiting", "skipped") and change not in self._told:
                self._told.add(change)
                took = f" in {display.seconds(step['seconds'])}" if step.get("seconds") and step["status"] != "running" else ""
                told = f" ({progress})" if (progress := display.progress(step)) else ""
                self._console.print(f"{run['run_id']}  {step['name']} {step['status']}{took}{told}", soft_wrap=True)


def panel(run: Run) -> RenderableType:
    """The steps of a run with their times, and a bar for the one that tells its progress."""
    grid = Table.grid(padding=(0, 2))
    for step in run["steps"]:
        grid.add_row(f"  {step['name']}", display.word(step["status"]), display.seconds(step.get("seconds")), _bar(step))
    return Group(Text.assemble((run["run_id"], "bold"), "  attempt ", str(run["attempt"])), grid)


def _bar(step: Step) -> RenderableType:
    told = step.get("progress") or {}
    if "progress" not in told:
        return Text(step.get("message", ""))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=100, completed=told["progress"], width=32), display.progress(step))
    return bar
