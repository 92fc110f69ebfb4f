"""Which service the client talks to: `CHARTLOOP_URL` and `CHARTLOOP_TOKEN`, else what `chartloop up` left in its state folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chartloop.errors import Unauthorized, Unavailable

STATE = Path(".chartloop")
"""The state folder of the local cloud, in the working directory."""


@dataclass(frozen=True)
class Target:
    url: str
    token: str = field(repr=False)


def find(environ: Mapping[str, str], state: Path = STATE) -> Target:
    """The service to talk to. A token from the state folder goes with the address from there alone, never to another host."""
    url = address(environ, state)
    if url is None:
        raise Unavailable(f"no service: set CHARTLOOP_URL, or run `chartloop up` ({state} holds no url)", code="unreachable")
    stored = None if environ.get("CHARTLOOP_URL") else _stored(state, "token")
    token = environ.get("CHARTLOOP_TOKEN") or stored
    if not token:
        raise Unauthorized("no token: set CHARTLOOP_TOKEN")
    return Target(url, token)


def address(environ: Mapping[str, str], state: Path = STATE) -> str | None:
    """The service's address without a slash at its end; None where nothing names one."""
    url = environ.get("CHARTLOOP_URL") or _stored(state, "url")
    return url.rstrip("/") if url else None


def on_this_machine(url: str) -> bool:
    """Whether the address is the loopback interface's: the local cloud, where no proxy and no AWS account has a part."""
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


def _stored(state: Path, name: str) -> str | None:
    path = state / name
    return path.read_text("utf-8").strip() or None if path.is_file() else None
