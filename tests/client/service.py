"""A service for the client's tests: answers by route, and remembers what it was asked."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from client.config import Target
from client.http import AsyncHttp, Http
from client.retries import Limits
from client.session import Session, console

TARGET = Target("http://service.example", "a-token")
LIMITS = Limits(jitter=lambda: 1.0)

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


def error(status: int, code: str, message: str = "because", **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"error": {"code": code, "status": status, "message": message, **more}})


@dataclass
class Service:
    """`answers` by `METHOD /path`: one after the other, the last one for ever."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def on(self, route: str, *answers: Answer | dict[str, Any]) -> Service:
        self.answers[route] = [httpx.Response(200, json=answer) if isinstance(answer, dict) else answer for answer in answers]
        return self

    def __call__(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        waiting = self.answers.get(f"{request.method} {request.url.path}")
        if waiting is None:
            return error(404, "unknown_route", request.url.path)
        answer = waiting[0] if len(waiting) == 1 else waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, httpx.Response):
            return answer(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)  # a client keeps what it got

    @property
    def routes(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.asked]

    def sent(self, number: int = -1) -> Any:
        return json.loads(self.asked[number].content)

    def http(self) -> Http:
        return Http(TARGET, limits=LIMITS, transport=httpx.MockTransport(self), sleep=self.slept.append)

    def async_http(self) -> AsyncHttp:
        return AsyncHttp(TARGET, limits=LIMITS, transport=httpx.MockTransport(self), sleep=self._pause)

    async def _pause(self, seconds: float) -> None:
        self.slept.append(seconds)

    def session(self, tmp_path: Path, environ: dict[str, str] | None = None) -> Session:
        known = {"CHARTLOOP_URL": "http://service.example", "CHARTLOOP_TOKEN": "a-token"}
        out, notices = console(io.StringIO()), console(io.StringIO())
        transport = httpx.MockTransport(self)
        settings = known if environ is None else environ
        return Session(out, notices, settings, tmp_path / "state", transport, self.slept.append, transport, self._pause)


def printed(session: Session) -> str:
    assert isinstance(session.out.file, io.StringIO)
    return session.out.file.getvalue()


def noticed(session: Session) -> str:
    assert isinstance(session.notices.file, io.StringIO)
    return session.notices.file.getvalue()
