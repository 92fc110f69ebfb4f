"""The two transports of the client, one that blocks and one that is awaited: the token, and trying again (client/retries.py)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import httpx

from chartloop.errors import ChartloopError, Unavailable
from client import retries
from client.calls import Call
from client.config import Target, on_this_machine
from client.retries import Limits, Outcome

T = TypeVar("T")

LIMITS = Limits()
UPLOAD_TIMEOUT = httpx.Timeout(600, connect=5)


class Http:
    """Calls below one address; threads may share it. `transport` and `sleep` are for tests."""

    def __init__(
        self,
        target: Target,
        *,
        limits: Limits = LIMITS,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = httpx.Client(**_of(target), timeout=limits.timeout, transport=transport)
        self._foreign = httpx.Client(timeout=UPLOAD_TIMEOUT, transport=transport, trust_env=_proxies(target))
        self._limits = limits
        self._sleep = sleep

    def close(self) -> None:
        self._client.close()
        self._foreign.close()

    def call(self, call: Call[T]) -> T:
        """What the service answers. Raises what the error body says, or Unavailable(unreachable)."""
        request = _request(call)
        outcome = self._until_settled(lambda: self._client.request(**request))
        return call.read(retries.answer(outcome))

    def put_file(self, url: str, headers: dict[str, str], body: Callable[[], Iterable[bytes]]) -> None:
        """Sends a body to a presigned address, without the token. `body` opens it anew for each try."""
        retries.uploaded(self._until_settled(lambda: self._foreign.put(url, headers=headers, content=body())))

    def pieces(self, url: str) -> Iterator[bytes]:
        """What lies at a presigned address, asked for without the token. Raises Unavailable (unreachable) or ChartloopError."""
        try:
            with self._foreign.stream("GET", url) as response:
                if response.is_error:
                    raise ChartloopError(f"the download was answered with status {response.status_code}", code="download_failed")
                yield from response.iter_bytes()
        except httpx.TransportError as error:
            raise Unavailable(f"the download broke off ({type(error).__name__})", code="unreachable") from None

    def _until_settled(self, send: Callable[[], httpx.Response]) -> Outcome:
        attempt = 0
        while True:
            try:
                outcome: Outcome = send()
            except httpx.TransportError as error:
                outcome = error
            pause = self._limits.pause(attempt, outcome)
            if pause is None:
                return outcome
            self._sleep(pause)
            attempt += 1


class AsyncHttp:
    """Http to await: the same calls, the same patience, the same errors."""

    def __init__(
        self,
        target: Target,
        *,
        limits: Limits = LIMITS,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = httpx.AsyncClient(**_of(target), timeout=limits.timeout, transport=transport)
        self._foreign = httpx.AsyncClient(timeout=UPLOAD_TIMEOUT, transport=transport, trust_env=_proxies(target))
        self._limits = limits
        self._sleep = sleep

    async def close(self) -> None:
        await self._client.aclose()
        await self._foreign.aclose()

    async def call(self, call: Call[T]) -> T:
        request = _request(call)
        outcome = await self._until_settled(lambda: self._client.request(**request))
        return call.read(retries.answer(outcome))

    async def put_file(self, url: str, headers: dict[str, str], body: Callable[[], Iterable[bytes]]) -> None:
        send = lambda: self._foreign.put(url, headers=headers, content=_one_by_one(body()))  # noqa: E731
        retries.uploaded(await self._until_settled(send))

    async def _until_settled(self, send: Callable[[], Awaitable[httpx.Response]]) -> Outcome:
        attempt = 0
        while True:
            try:
                outcome: Outcome = await send()
            except httpx.TransportError as error:
                outcome = error
            pause = self._limits.pause(attempt, outcome)
            if pause is None:
                return outcome
            await self._sleep(pause)
            attempt += 1


def encoded(value: Any) -> bytes:
    """JSON in UTF-8; what UTF-8 cannot hold, a lone surrogate, makes it escaped: the service says where it is."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value, allow_nan=False).encode()


def _of(target: Target) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {target.token}", "accept": "application/json"}
    return {"base_url": target.url, "headers": headers, "trust_env": _proxies(target)}


def _proxies(target: Target) -> bool:
    return not on_this_machine(target.url)


def _request(call: Call[Any]) -> dict[str, Any]:
    """What both kinds of httpx client are asked with."""
    content, headers = call.content, dict(call.headers)
    if call.json is not None:
        content = encoded(call.json)
        headers["content-type"] = "application/json"
    return {"method": call.method, "url": call.path, "content": content, "headers": headers, "params": dict(call.params)}


async def _one_by_one(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
