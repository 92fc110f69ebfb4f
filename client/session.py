"""What a command may touch: the two consoles, the service, the environment; made once by the command line, or by a test."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
from rich.console import Console, RenderableType

from client import config
from client.api import Api, AsyncApi
from client.http import AsyncHttp, Http

WIDTH_OF_A_FILE = 160


@dataclass
class Session:
    """`out` is for answers, `notices` for progress and errors. Tests replace the transports and what waits."""

    out: Console
    notices: Console
    environ: Mapping[str, str]
    state: Path = config.STATE
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    async_transport: httpx.AsyncBaseTransport | None = None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    def api(self) -> Api:
        """The service that the settings point at; the caller closes it."""
        return Api(Http(config.find(self.environ, self.state), transport=self.transport, sleep=self.sleep))

    def async_api(self) -> AsyncApi:
        """The same service to await; to be made and closed in one event loop."""
        return AsyncApi(AsyncHttp(config.find(self.environ, self.state), transport=self.async_transport, sleep=self.pause))

    def answer(self, value: Any, shown: RenderableType, *, as_json: bool) -> None:
        """An answer of the service: its JSON where a program asked for it, else as people read it."""
        if as_json:
            self.write_json(value)
        else:
            self.out.print(shown)

    def write_json(self, value: Any) -> None:
        """A contract's JSON, as it came."""
        self.out.file.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def open_session(environ: Mapping[str, str]) -> Session:
    return Session(console(sys.stdout), console(sys.stderr), environ)


def console(file: IO[str]) -> Console:
    """Colours on a terminal, plain lines in a file; text is never read as markup."""
    width = None if file.isatty() else WIDTH_OF_A_FILE
    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)
