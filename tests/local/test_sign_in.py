"""The local sign-in: a code for a verifier, once, for the registered client and address alone."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.local.conftest import BareCloud

VERIFIER = "a-verifier-of-at-least-forty-three-characters-1234"


def asked(bare: BareCloud, **changed: str) -> dict[str, str]:
    digest = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    return {
        "client_id": "chartloop-local", "redirect_uri": f"{bare.url}/", "response_type": "code", "state": "s<t>",
        "code_challenge": digest, "code_challenge_method": "S256", **changed,
    }  # fmt: skip


def code_of(bare: BareCloud, **form: str) -> str:
    answer = httpx.post(f"{bare.url}/issuer/authorize", data={**asked(bare), "role": "labeller", "name": "Dana", **form})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert answer.status_code == 303 and query["state"] == ["s<t>"]
    return query["code"][0]


def token(bare: BareCloud, of: str, **changed: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": of, "redirect_uri": f"{bare.url}/", "code_verifier": VERIFIER}
    return httpx.post(f"{bare.url}/issuer/token", data={**form, **changed})


def test_a_code_gives_a_token_with_the_rights_of_the_chosen_role(bare: BareCloud) -> None:
    answer = token(bare, code_of(bare)).json()
    keys = KeySet.import_key_set(httpx.get(f"{bare.url}/issuer/.well-known/jwks.json").json())
    claims: dict[str, Any] = jwt.decode(answer["access_token"], keys).claims
    assert (claims["sub"], claims["token_use"], answer["token_type"]) == ("Dana", "access", "Bearer")
    assert claims["scope"] == answer["scope"] == "chartloop/records:write chartloop/models:read chartloop/predict"


def test_a_code_is_good_once(bare: BareCloud) -> None:
    code = code_of(bare)
    assert [token(bare, code).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize("wrong", [{"code_verifier": "another"}, {"redirect_uri": "http://localhost/other"}, {"code": "guessed"}])
def test_who_did_not_ask_for_the_code_gets_nothing(bare: BareCloud, wrong: dict[str, str]) -> None:
    answer = token(bare, code_of(bare), **wrong)
    assert (answer.status_code, answer.json()) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "https://elsewhere.example/"},
        {"client_id": "x"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
    ],
)
def test_no_other_address_or_client_is_answered_with_a_redirect(bare: BareCloud, wrong: dict[str, str]) -> None:
    shown = httpx.get(f"{bare.url}/issuer/authorize", params=asked(bare, **wrong))
    chosen = httpx.post(f"{bare.url}/issuer/authorize", data={**asked(bare, **wrong), "role": "lead"})
    assert (shown.status_code, chosen.status_code) == (400, 400)


def test_the_form_shows_what_it_was_given_as_text(bare: BareCloud) -> None:
    answer = httpx.get(f"{bare.url}/issuer/authorize", params=asked(bare, state='"><script>alert(1)</script>'))
    assert "<script" not in answer.text and "&lt;script&gt;" in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]


def test_the_discovery_document_names_the_sign_in(bare: BareCloud) -> None:
    document = httpx.get(f"{bare.url}/issuer/.well-known/openid-configuration").json()
    assert document["authorization_endpoint"] == f"{bare.url}/issuer/authorize"
    assert httpx.get(document["end_session_endpoint"]).headers["location"] == f"{bare.url}/"
