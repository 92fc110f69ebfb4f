"""One HTTP call to the service: the token, retries with back-off and jitter, and error bodies back into the error tree."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from chartloop import errors
from client.config import Target, on_this_machine

TRIES = 6
TRANSIENT = frozenset({429, 502, 503, 504})
NOT_TRANSIENT = frozenset({"no_model"})
"""Error codes that stay until somebody does something, whatever their status."""

LONGEST_PAUSE = 20.0

_BY_STATUS: dict[int, type[errors.ChartloopError]] = {
    kind.status: kind
    for kind in (
        errors.InvalidRequest,
        errors.Unauthorized,
        errors.Forbidden,
        errors.NotFound,
        errors.Conflict,
        errors.TooLarge,
        errors.ModelError,
        errors.Unavailable,
    )
}


class Http:
    """Calls below one address. `transport`, `sleep` and `jitter` (0 to 1) are for tests."""

    def __init__(
        self,
        target: Target,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        proxies = not on_this_machine(target.url)
        self._client = httpx.Client(
            base_url=target.url,
            headers={"authorization": f"Bearer {target.token}", "accept": "application/json"},
            timeout=httpx.Timeout(60, connect=5),
            transport=transport,
            trust_env=proxies,
        )
        self._foreign = httpx.Client(timeout=httpx.Timeout(600, connect=5), transport=transport, trust_env=proxies)
        self._sleep = sleep
        self._jitter = jitter

    def close(self) -> None:
        self._client.close()
        self._foreign.close()

    def call(self, method: str, path: str, *, repeatable: bool = True, **request: Any) -> Any:
        """The JSON answer. Raises what the error body says, or Unavailable(unreachable).

        A call that is not repeatable is sent again only where it cannot have had an effect: no connection, or 429.
        """
        response = self._until_settled(lambda: self._client.request(method, path, **request), repeatable)
        return _answer(response)

    def put_file(self, url: str, headers: dict[str, str], body: Callable[[], Any]) -> None:
        """Sends a body to a presigned address, without the token. `body` opens it anew for each try."""
        response = self._until_settled(lambda: self._foreign.put(url, headers=headers, content=body()), True)
        if response.is_error:
            raise errors.ChartloopError(f"the upload was answered with status {response.status_code}", code="upload_failed")

    def _until_settled(self, send: Callable[[], httpx.Response], repeatable: bool) -> httpx.Response:
        for attempt in range(TRIES):
            last = attempt == TRIES - 1
            asked_for = None
            try:
                response = send()
            except httpx.TransportError as error:
                if last or not (repeatable or isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)):
                    raise errors.Unavailable(f"no answer from the service ({type(error).__name__})", code="unreachable") from None
            else:
                if last or not _worth_another_try(response, repeatable):
                    return response
                asked_for = response.headers.get("retry-after")
            self._sleep(self._pause(attempt, asked_for))
        raise AssertionError("the last try returns or raises")

    def _pause(self, attempt: int, asked_for: str | None) -> float:
        """Seconds before the next try: what the service asks for, else 0.25 doubled each time, half of it at random."""
        if asked_for is not None and asked_for.isdecimal():
            return min(float(asked_for), LONGEST_PAUSE)
        longest = min(0.25 * (1 << attempt), LONGEST_PAUSE)
        return longest * (1 + self._jitter()) / 2


def _worth_another_try(response: httpx.Response, repeatable: bool) -> bool:
    if response.status_code not in TRANSIENT or (response.status_code != 429 and not repeatable):
        return False
    return _error_body(response).get("code") not in NOT_TRANSIENT


def _answer(response: httpx.Response) -> Any:
    if response.is_success:
        try:
            return response.json()
        except ValueError:
            raise errors.ChartloopError("no JSON came back: not the address of Chartloop?", code="unexpected_answer") from None
    body = _error_body(response)
    kind = _BY_STATUS.get(response.status_code, errors.ChartloopError)
    raise kind(
        body.get("message") or f"status {response.status_code} without a message",
        code=body.get("code") or (kind.default_code if kind is not errors.ChartloopError else "unexpected_answer"),
        field=body.get("field"),
        details=body.get("details"),
    )


def _error_body(response: httpx.Response) -> dict[str, Any]:
    """The `error` of docs/contracts/error.schema.json; empty where something else answered, such as a proxy."""
    try:
        error = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}
