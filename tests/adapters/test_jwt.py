"""Tokens: only those that the issuer signed, for us, and now."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, RSAKey

from adapters.jwt import REFRESH_SECONDS, Verifier, fetcher
from chartloop.errors import ChartloopError, Unauthorized

ISSUER = "https://issuer.example"
NOW = 1_800_000_000
RSA = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)
EC = ECKey.generate_key("P-256", {"kid": "ec"}, private=True)
OTHER = RSAKey.generate_key(2048, {"kid": "rsa"}, private=True)


def claims(**changes: Any) -> dict[str, Any]:
    good = {
        "iss": ISSUER,
        "sub": "alice",
        "client_id": "app",
        "exp": NOW + 600,
        "scope": "chartloop/models:read chartloop/predict",
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(body: dict[str, Any], key: Key = RSA, algorithm: str = "RS256", kid: str | None = None) -> str:
    return jwt.encode({"alg": algorithm, "kid": kid or key.kid}, body, key, algorithms=[algorithm])


def jwks(*keys: Key) -> dict[str, Any]:
    return {"keys": [key.as_dict(private=False) for key in keys]}


def verifier(*, audiences: frozenset[str] = frozenset(), fetch: Any = None, clock: Any = None) -> Verifier:
    return Verifier(ISSUER, audiences, fetch or (lambda: jwks(RSA, EC)), clock or (lambda: NOW))


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256")])
def test_a_good_token_tells_who_and_what(key: Key, algorithm: str) -> None:
    found = verifier().verify(signed(claims(), key, algorithm))
    assert found.subject == "alice" and found.scopes == {"chartloop/models:read", "chartloop/predict"}


@pytest.mark.parametrize(
    "token",
    [
        signed(claims(iss="https://other.example")),
        signed(claims(iss=None)),
        signed(claims(exp=NOW - 60)),
        signed(claims(exp=None)),
        signed(claims(exp="tomorrow")),
        signed(claims(nbf=NOW + 60)),
        signed(claims(sub=None)),
        signed(claims(), OTHER),
        signed(claims(), kid="unknown"),
        signed(claims(), OctKey.import_key("s" * 32, {"kid": "rsa"}), "HS256"),
        signed(claims())[:-4],
        "",
        "a.b.c",
        "é",
    ],
)
def test_every_other_token_is_refused(token: str) -> None:
    with pytest.raises(Unauthorized):
        verifier().verify(token)


def part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_an_unsigned_token_is_refused() -> None:
    with pytest.raises(Unauthorized):
        verifier().verify(f"{part({'alg': 'none', 'kid': 'rsa'})}.{part(claims())}.")


def test_a_public_key_is_no_shared_secret() -> None:
    said = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(claims())}"
    mac = hmac.digest(RSA.as_pem(private=False), said.encode(), "sha256")
    with pytest.raises(Unauthorized):
        verifier().verify(f"{said}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}")


@pytest.mark.parametrize(
    "named", [{"client_id": "app"}, {"client_id": None, "aud": "app"}, {"client_id": None, "aud": ["x", "app"]}]
)
def test_the_audience_may_be_a_client(named: dict[str, Any]) -> None:
    token = signed(claims(**named))
    assert verifier(audiences=frozenset({"app"})).verify(token).subject == "alice"
    with pytest.raises(Unauthorized):
        verifier(audiences=frozenset({"another"})).verify(token)


def test_a_token_without_scopes_may_do_nothing() -> None:
    assert verifier().verify(signed(claims(scope=None))).scopes == frozenset()


class Rotating:
    """An issuer that changes its keys."""

    def __init__(self) -> None:
        self.keys, self.fetches = jwks(OTHER), 0

    def __call__(self) -> dict[str, Any]:
        self.fetches += 1
        return self.keys


def test_keys_are_kept_and_read_again_when_the_issuer_has_new_ones() -> None:
    issuer, now = Rotating(), [float(NOW)]
    checked = verifier(fetch=issuer, clock=lambda: now[0])
    for _ in range(3):
        checked.verify(signed(claims(), OTHER))
    assert issuer.fetches == 1
    issuer.keys = jwks(RSA)
    with pytest.raises(Unauthorized):
        checked.verify(signed(claims()))  # too early to ask again
    now[0] += REFRESH_SECONDS
    assert checked.verify(signed(claims(exp=NOW + 9999))).subject == "alice"
    assert issuer.fetches == 2


def test_bad_tokens_do_not_make_the_issuer_busy() -> None:
    issuer = Rotating()
    checked = verifier(fetch=issuer)
    for _ in range(5):
        with pytest.raises(Unauthorized):
            checked.verify(signed(claims()))
    assert issuer.fetches == 1


@pytest.fixture
def served() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(jwks(RSA)).encode() if self.path == "/jwks" else b"<html>"
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_keys_are_fetched(served: str) -> None:
    assert verifier(fetch=fetcher(f"{served}/jwks")).verify(signed(claims())).subject == "alice"


def test_keys_that_cannot_be_read_are_no_fault_of_the_token(served: str) -> None:
    for url in (f"{served}/page", "http://127.0.0.1:9/jwks"):
        with pytest.raises(ChartloopError) as error:
            verifier(fetch=fetcher(url)).verify(signed(claims()))
        assert error.value.code == "issuer_unreachable"


@pytest.mark.parametrize(
    "url", ["http://issuer.example/jwks", "file:///etc/passwd", "ftp://x", "http://localhost:x@evil.example/"]
)
def test_keys_are_only_read_where_nobody_can_change_them(url: str) -> None:
    with pytest.raises(ChartloopError):
        fetcher(url)
