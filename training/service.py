"""What an artifact is as a service: whether it answers its golden requests as recorded, and how long one request takes it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from chartloop.errors import JobFailed
from chartloop.scores import Service
from chartloop.task import Task
from training.serving import environment_of_its_own

REQUESTS = 40
SECONDS = 30.0
"""Requests are asked one after the other until there were so many, or it took so long."""

Ask = Callable[[Any], dict[str, Any]]


def measure(folder: Path, task: Task, golden: Sequence[Mapping[str, Any]], inputs: Sequence[Any]) -> Service:
    """Of the artifact in `folder`, loaded anew, one input a request. `golden` are its manifest's; they warm it up for `inputs`.

    Times are this machine's, in milliseconds. Raises JobFailed `artifact_failed` where it does not load or answer.
    """
    command = [sys.executable, str(folder / "code" / "inference.py"), str(folder)]
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8",
        env=environment_of_its_own(),
    ) as process:  # fmt: skip
        ask = _asking(process)
        wrong = sum(not task.same(ask(each["input"]), each["answer"]) for each in golden)
        times = _times(ask, [*inputs[:REQUESTS]] or [each["input"] for each in golden])
        if process.stdin:
            process.stdin.close()
    p50, p95 = (float(np.quantile(times, share)) if times else None for share in (0.5, 0.95))
    return Service(golden=len(golden), wrong=wrong, requests=len(times), p50_ms=p50, p95_ms=p95)


def _asking(process: subprocess.Popen[str]) -> Ask:
    def ask(value: Any) -> dict[str, Any]:
        if process.stdin is None or process.stdout is None:
            raise JobFailed("the artifact's process has no pipes", code="artifact_failed")
        try:
            process.stdin.write(json.dumps({"inputs": [value]}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise JobFailed("the artifact's code ended before it answered", code="artifact_failed")
        answer: dict[str, Any] = json.loads(line)["predictions"][0]
        return answer

    return ask


def _times(ask: Ask, inputs: Sequence[Any]) -> list[float]:
    """Milliseconds of each request."""
    times: list[float] = []
    started = time.perf_counter()
    for value in inputs:
        before = time.perf_counter()
        if before - started > SECONDS:
            break
        ask(value)
        times.append(1000 * (time.perf_counter() - before))
    return times
