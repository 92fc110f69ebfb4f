"""`python -m local`: runs the local cloud in the foreground."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from chartloop.errors import ChartloopError
from local.cloud import up

PORT = 8040


def main() -> int:
    """0 after a stop, 1 where it could not start; the reason is one line on stderr."""
    parser = argparse.ArgumentParser(prog="python -m local", description="Chartloop's cloud on one machine")
    parser.add_argument("--state", type=Path, default=Path(".chartloop"), help="the folder that survives (%(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="of the API and of the AWS APIs (%(default)s)")
    parser.add_argument("--base-model", default="", metavar="NAME_OR_FOLDER", help="the encoder to start from (the embedded one)")
    parser.add_argument(
        *("-c", "--context"),
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="a setting of the deployment; again for more",
    )
    parser.add_argument("--until-eof", action="store_true", help="stop when standard input ends, as its other end does")
    given = parser.parse_args()
    if given.until_eof:
        threading.Thread(target=stop_after, args=(sys.stdin.buffer,), daemon=True).start()
    logs = given.state / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=logs / "cloud.log", level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        up(given.state, given.port, given.base_model, say, dict(given.context))
    except ChartloopError as error:
        sys.stderr.write(f"{error.code}: {error.message}\n")
        return 1
    return 0


def stop_after(stream: BinaryIO) -> None:
    """Stops this process when nobody holds the other end any more: a kill -9 closes it too."""
    stream.read()
    os.kill(os.getpid(), signal.SIGTERM)


def setting(text: str) -> tuple[str, str]:
    """(name, value) of `name=value`; the synth says which names there are."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
