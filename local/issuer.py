"""The local token issuer: signs JWTs with the claims that Cognito's access tokens have, and publishes its key."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Request, Response

from local.sign_in import SCOPES, SignIn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PREFIX = "/issuer/"
CLIENT = "chartloop-local"
LIFETIME_SECONDS = 30 * 24 * 3600
"""A month: the token is for the person at this machine, and each start signs another."""


class Issuer:
    """Tokens signed by one RSA key, which is kept in `folder`, so that a token lives through a restart."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._key = load_key(folder / "key.json")
        self._sign_in = SignIn(CLIENT, url.removesuffix(PREFIX.rstrip("/")), self.token)

    def token(self, *scopes: str, subject: str = "local-user", lifetime_seconds: int = LIFETIME_SECONDS) -> str:
        """A signed access token; without `scopes` it has all."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": subject,
            "client_id": CLIENT,
            "token_use": "access",
            "scope": " ".join(scopes or SCOPES),
            "iat": now,
            "exp": now + lifetime_seconds,
            "jti": str(uuid4()),
        }
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serves the key set, the discovery document and the sign-in."""
        request = Request(environ)
        path = request.path.removeprefix(PREFIX)
        documents = {
            ".well-known/jwks.json": {"keys": [self._key.as_dict(private=False)]},
            ".well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "end_session_endpoint": f"{self.url}/logout",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "jwks_uri": f"{self.url}/.well-known/jwks.json",
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": list(SCOPES),
            },
        }
        if path in documents:
            return Response(json.dumps(documents[path]), content_type="application/json")(environ, start_response)
        answer = self._sign_in.answer(request, path) or Response("{}", 404, content_type="application/json")
        return answer(environ, start_response)


def load_key(path: Path) -> RSAKey:
    """The signing key, made on first use; nobody but its owner can read the file."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        write_private(path, json.dumps(made.as_dict(private=True)))
    return RSAKey.import_key(json.loads(path.read_text()))


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner may read, whole or not at all."""
    aside = path.with_suffix(".new")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    aside.replace(path)
