"""A process of its own that kills the process groups it was told of, and all they started, once their local cloud is gone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def watch(lines: Iterable[str]) -> set[int]:
    """Follows `+group` and `-group` lines to the end of the pipe; returns the groups that are still to be ended."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    return groups


def family(group: int) -> set[tuple[int, int]]:
    """A group's processes and all that they started, in whatever group: torchrun gives each rank a session of its own.

    Each as its id and its start, since an id is used again.
    """
    parents, found = {}, set()
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = status(folder.name)
            process = (int(folder.name), int(fields[19]))
            parents[process] = int(fields[1])
            if int(fields[2]) == group:
                found.add(process)
    while more := {process for process, parent in parents.items() if parent in {pid for pid, _ in found}} - found:
        found |= more
    return found


def status(pid: int | str) -> list[str]:
    """The fields of a process behind its name, as proc(5) numbers them from its state on. Raises OSError where it is gone."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def kill(group: int, family: Iterable[tuple[int, int]]) -> None:
    """The group at one blow, so that nothing in it can start another process meanwhile; then those of other groups."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for pid, start in family:
        with suppress(OSError):
            if status(pid)[19] == str(start):
                os.kill(pid, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for group in watch(sys.stdin):
        kill(group, family(group))


if __name__ == "__main__":
    main()
