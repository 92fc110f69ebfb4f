"""Processes that the local cloud starts: each in a group of its own, and none outlives the local cloud, not even a kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import IO

from local.warden import family, kill


class Processes:
    """Starts process groups and tells the warden (local/warden.py), which kills them when this process is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._warden: subprocess.Popen[str] | None = None
        self._alive: dict[int, subprocess.Popen[bytes]] = {}

    def start(
        self, command: Sequence[str], *, env: Mapping[str, str], cwd: Path, output: IO[bytes] | int
    ) -> subprocess.Popen[bytes]:
        """A process group that runs `command`; `output` takes its stdout and stderr. End it with `end`."""
        with self._lock:
            process = subprocess.Popen(  # noqa: S603 (the command is ours)
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._alive[process.pid] = process
            self._tell(f"+{process.pid}")
        return process

    def end(self, process: subprocess.Popen[bytes], *, grace_seconds: float = 0.0) -> None:
        """Ends the whole group and all that it started: asks first where there is a grace, then kills.

        Does nothing for one that has ended.
        """
        running = family(process.pid)
        if grace_seconds and process.poll() is None:
            signal_group(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(grace_seconds)
            running |= family(process.pid)
        kill(process.pid, running)
        process.wait()
        self.forget(process)

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Says that the process has ended, so that nobody kills a stranger that got its number later."""
        with self._lock:
            if self._alive.pop(process.pid, None):
                self._tell(f"-{process.pid}")

    def end_all(self) -> None:
        for process in list(self._alive.values()):
            self.end(process)
        with self._lock:
            if self._warden is not None and self._warden.stdin is not None:
                self._warden.stdin.close()
                self._warden.wait()
                self._warden = None

    def _tell(self, line: str) -> None:
        if self._warden is None:
            warden = Path(__file__).with_name("warden.py")
            self._warden = subprocess.Popen(  # noqa: S603
                [sys.executable, "-I", str(warden)], stdin=subprocess.PIPE, text=True, start_new_session=True
            )
        assert self._warden.stdin is not None  # noqa: S101 (PIPE was asked for)
        self._warden.stdin.write(line + "\n")
        self._warden.stdin.flush()


def signal_group(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


@lru_cache(maxsize=1)
def mount_prefix() -> tuple[str, ...]:
    """The command that opens a private mount namespace, as root or as an ordinary user; empty where the kernel refuses both."""
    for prefix in (("unshare", "-m"), ("unshare", "-m", "--user", "--map-root-user")):
        with suppress(FileNotFoundError):
            if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0:  # noqa: S603
                return prefix
    return ()
