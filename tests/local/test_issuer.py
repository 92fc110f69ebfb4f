"""The local issuer: tokens that verify with the published key, kept over a restart, readable by nobody else."""

from __future__ import annotations

import stat
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from local.issuer import Issuer, write_private
from local.sign_in import SCOPES
from tests.local.conftest import BareCloud


def published(bare: BareCloud) -> KeySet:
    return KeySet.import_key_set(httpx.get(f"{bare.api}/issuer/.well-known/jwks.json").json())


def test_a_token_verifies_with_the_published_key_and_names_its_issuer(bare: BareCloud) -> None:
    url = f"{bare.url}/issuer"
    token = jwt.decode(Issuer(url, bare.state / "issuer").token(), published(bare))
    assert (token.claims["iss"], token.claims["scope"], token.claims["token_use"]) == (url, " ".join(SCOPES), "access")
    assert token.claims["exp"] > token.claims["iat"]


def test_another_key_does_not_verify(bare: BareCloud, tmp_path: Path) -> None:
    forged = Issuer(f"{bare.url}/issuer", tmp_path)
    with pytest.raises(JoseError):
        jwt.decode(forged.token(), published(bare))


def test_the_discovery_document_leads_to_the_keys_and_the_private_part_stays(bare: BareCloud) -> None:
    document = httpx.get(f"{bare.api}/issuer/.well-known/openid-configuration").json()
    keys = httpx.get(document["jwks_uri"]).json()["keys"]
    assert document["issuer"] == f"{bare.url}/issuer"
    assert [set(key) & {"d", "p", "q"} for key in keys] == [set()]
    assert httpx.get(f"{bare.api}/issuer/key.json").status_code == 404


def test_the_key_outlives_the_process_and_is_its_owners(tmp_path: Path) -> None:
    first = Issuer("http://localhost:1/issuer", tmp_path).token("chartloop/models:read")
    again = Issuer("http://localhost:1/issuer", tmp_path)
    assert jwt.decode(first, again._key).claims["scope"] == "chartloop/models:read"
    assert stat.S_IMODE((tmp_path / "key.json").stat().st_mode) == 0o600


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "token"
    for text in ("one\n", "two\n"):
        write_private(path, text)
        assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and list(tmp_path.iterdir()) == [path]
