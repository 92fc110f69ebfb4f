"""Faults on purpose, off by default: `CHARTLOOP_FAULT=quota:CreateTrainingJob:2,fail:train`, or lines of the file `faults` later.

    quota:OPERATION    SageMaker refuses, ResourceLimitExceeded   throttle:OPERATION  any service refuses with a throttle
    capacity:JOB       a job fails for want of instances          fail:JOB            a job fails by an error of its own
    spot:JOB           a spot job is interrupted                  rollback:endpoint   an endpoint's update fails
    latency:endpoint   what is put into service answers slowly    errors:endpoint     ... or with errors
    drop:events        an event is lost; or it is duplicate:events, reorder:events, delay:events

JOB is what a job's name ends with (`train`). A number behind, `:2`, is how often; without one it is until the line is taken away.
"""

from __future__ import annotations

import threading
from pathlib import Path

from chartloop.errors import InvalidRequest

VARIABLE = "CHARTLOOP_FAULT"
KINDS = (
    "quota",
    "throttle",
    "capacity",
    "fail",
    "spot",
    "rollback",
    "latency",
    "errors",
    "drop",
    "duplicate",
    "reorder",
    "delay",
)


class Faults:
    """What is to go wrong, in the file `faults` of the state folder: one `kind:subject[:times]` a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taking = threading.Lock()

    def begin(self, wanted: str) -> None:
        """Starts with these faults and no others. Raises InvalidRequest for one that is not known."""
        lines = [checked(fault) for fault in wanted.split(",") if fault]
        if lines:
            self._write(lines)
        else:
            self._path.unlink(missing_ok=True)

    def take(self, kind: str, *subjects: str) -> bool:
        """Whether this fault is to happen to one of `subjects` now; then it is counted."""
        if not self._path.exists():
            return False
        with self._taking:
            lines = [checked(line) for line in self._path.read_text().split()]
            for number, line in enumerate(lines):
                wanted, subject, *times = line.split(":")
                if wanted == kind and subject in subjects:
                    left = int(times[0]) - 1 if times else None
                    kept = [line] if left is None else [f"{kind}:{subject}:{left}"] if left else []
                    self._write([*lines[:number], *kept, *lines[number + 1 :]])
                    return True
        return False

    def _write(self, lines: list[str]) -> None:
        aside = self._path.with_suffix(".new")
        aside.write_text("".join(f"{line}\n" for line in lines))
        aside.rename(self._path)


def checked(fault: str) -> str:
    """The fault, if it is one."""
    kind, *rest = fault.split(":")
    if kind not in KINDS or not rest or len(rest) > 2 or (len(rest) == 2 and not rest[1].isdigit()):
        raise InvalidRequest(f"{fault} is no fault: kind:subject[:times], with a kind of {', '.join(KINDS)}", field=VARIABLE)
    return fault
