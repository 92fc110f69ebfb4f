"""A call of the REST API as a value, and how one description of a route becomes a method to call and a method to await."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload
from urllib.parse import quote
from uuid import uuid4

P = ParamSpec("P")
T = TypeVar("T")


def as_it_came(answer: Any) -> Any:
    return answer


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request; `T` is what `read` makes of the JSON that answers it. `json` or `content` is the body.

    Sent twice it has the effect of once: by what it says, or by its Idempotency-Key (`keyed`).
    """

    method: str
    path: str
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str | int] = field(default_factory=dict)
    read: Callable[[Any], T] = as_it_came


class Sends(Protocol):
    def send(self, call: Call[T]) -> T: ...


class Awaits(Protocol):
    async def send(self, call: Call[T]) -> T: ...


class route(Generic[P, T]):  # noqa: N801 (a decorator)
    """A method that describes a Call, as one that sends it: what it answers of an Api, an awaitable of that of an AsyncApi."""

    def __init__(self, describe: Callable[Concatenate[Any, P], Call[T]]) -> None:
        self.describe = describe
        self.__doc__ = describe.__doc__

    @overload
    def __get__(self, api: None, kind: type) -> route[P, T]: ...
    @overload
    def __get__(self, api: Sends, kind: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, api: Awaits, kind: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, api: Any, kind: type) -> Any:
        if api is None:
            return self

        @functools.wraps(self.describe)
        def method(*args: P.args, **named: P.kwargs) -> Any:
            return api.send(self.describe(api, *args, **named))

        return method


def path(*parts: str) -> str:
    """The address of a resource; an id cannot leave its place in it."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def keyed(idempotency_key: str | None) -> dict[str, str]:
    """The header by which the service knows a request that it has answered before; a new key where none is given."""
    return {"idempotency-key": idempotency_key or uuid4().hex}
