"""A process of its own that kills the process groups it was told of, once the local cloud that told it is gone."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress


def watch(lines: Iterable[str]) -> set[int]:
    """Follows `+group` and `-group` lines to the end of the pipe; returns the groups that are still to be ended."""
    groups: set[int] = set()
    for line in lines:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    return groups


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for group in watch(sys.stdin):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
