"""Access tokens: JWTs verified against an issuer's published keys."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from chartloop.errors import ChartloopError, Unauthorized

ALGORITHMS = ["RS256", "ES256"]
"""No symmetric one: who can verify a token must not be able to make one."""
LEEWAY_SECONDS = 30
REFRESH_SECONDS = 60
"""How often keys are fetched again at most, when a token names one that is not known."""
FETCH_SECONDS = 5
LOOPBACK = ("127.0.0.1", "localhost")

Fetch = Callable[[], dict[str, Any]]


@dataclass(frozen=True)
class Claims:
    """Who calls, and what the token allows."""

    subject: str
    scopes: frozenset[str]


class Verifier:
    """Verifies tokens of one issuer; keys are fetched on first use and kept.

    `audiences`: the token's `aud` or, as Cognito's access tokens have none, its `client_id` must be one of them; empty: any.
    """

    def __init__(self, issuer: str, audiences: frozenset[str], fetch: Fetch, clock: Callable[[], float] = time.time) -> None:
        self._issuer = issuer
        self.audiences = audiences
        self._fetch = fetch
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched = 0.0
        self._lock = threading.Lock()

    def verify(self, token: str) -> Claims:
        """Raises Unauthorized for a token that is not good, and ChartloopError where the keys cannot be read."""
        try:
            claims = self._decoded(token)
            self._rules().validate(claims)
        except (JoseError, ValueError):  # also what is no token at all
            raise Unauthorized("the token does not verify") from None
        if self.audiences and not self.audiences & _audience(claims):
            raise Unauthorized("the token is for another audience")
        scope = claims.get("scope")
        return Claims(str(claims["sub"]), frozenset(scope.split() if isinstance(scope, str) else ()))

    def _decoded(self, token: str) -> dict[str, Any]:
        """Tries once more with fresh keys, because an issuer may have changed its key since."""
        keys = self._known_keys()
        try:
            return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            fresh = self._fresh_keys()
            if fresh is keys:
                raise
            return jwt.decode(token, fresh, algorithms=ALGORITHMS).claims

    def _known_keys(self) -> KeySet:
        return self._keys or self._fresh_keys()

    def _fresh_keys(self) -> KeySet:
        with self._lock:
            if self._keys is None or self._clock() - self._fetched >= REFRESH_SECONDS:
                self._keys = KeySet.import_key_set(self._fetch())  # type: ignore[arg-type]
                self._fetched = self._clock()
            return self._keys

    def _rules(self) -> jwt.JWTClaimsRegistry:
        present: jwt.ClaimsOption = {"essential": True}
        issuer: jwt.ClaimsOption = {"essential": True, "value": self._issuer}
        return jwt.JWTClaimsRegistry(now=int(self._clock()), leeway=LEEWAY_SECONDS, iss=issuer, exp=present, sub=present)


def _audience(claims: dict[str, Any]) -> set[str]:
    named = claims.get("aud", [])
    return {str(claims.get("client_id", "")), *([named] if isinstance(named, str) else named)}


def fetcher(url: str) -> Fetch:
    """Reads a JWKS document. Raises ChartloopError where the issuer does not answer."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ChartloopError("the issuer's keys must be read over https, or from this machine", code="bad_setting")

    def fetch() -> dict[str, Any]:
        try:
            with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310 (checked above)
                found: dict[str, Any] = json.loads(answer.read())
        except (urllib.error.URLError, TimeoutError, ValueError):
            raise ChartloopError("the issuer's keys cannot be read", code="issuer_unreachable") from None
        return found

    return fetch
