"""The local cloud as a process beside the client: `python -m local`, started and stopped whole."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from chartloop.errors import Unavailable
from client import config

MINUTES_TO_START = 5
SECONDS_TO_STOP = 30


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(state: Path, port: int | None, base_model: str | None, context: Sequence[str] = ()) -> list[str]:
    options = ["--state", str(state)]
    if port is not None:
        options += ["--port", str(port)]
    if base_model is not None:
        options += ["--base-model", base_model]
    for setting in context:
        options += ["--context", setting]
    return [sys.executable, "-m", "local", *options]


@contextmanager
def running(start: Sequence[str], state: Path, log: Path, sleep: Callable[[float], None]) -> Iterator[config.Target]:
    """The local cloud while the block runs; what it prints goes to `log`. Raises Unavailable where it does not come up.

    Its standard input ends when this process does, however that ends (`--until-eof`).
    """
    (state / "url").unlink(missing_ok=True)  # of a cloud before: this one writes its own when it is ready
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            start, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield _ready(process, state, log, sleep)
    finally:
        stop(process)


def _ready(process: subprocess.Popen[bytes], state: Path, log: Path, sleep: Callable[[float], None]) -> config.Target:
    for _ in range(MINUTES_TO_START * 120):
        if process.poll() is not None:
            raise Unavailable(f"the local cloud ended with status {process.returncode}; see {log}", code="unreachable")
        if (state / "url").is_file() and (state / "token").is_file():
            target = config.find({}, state)
            if _answers(target.url):
                return target
        sleep(0.5)
    raise Unavailable(f"the local cloud is not ready after {MINUTES_TO_START} minutes; see {log}", code="unreachable")


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/v1/health", timeout=10, trust_env=False).is_success
    except httpx.TransportError:
        return False


def stop(process: subprocess.Popen[bytes]) -> None:
    """Asks it to end, which ends its workers and jobs; after a while it is killed."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin is not None:
        process.stdin.close()
