"""The local sign-in: an authorization code with PKCE, as Cognito gives one, for whoever sits here, in a role of choice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

CODE_SECONDS = 60
TOKEN_SECONDS = 12 * 3600
RULES = "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
KEPT = ("client_id", "redirect_uri", "response_type", "state", "code_challenge", "code_challenge_method")
"""Parameters that the form hands on."""

PAGES = ("/", "/stay.html")
"""Those that sign people in, as infra/identity.py lets them."""

Sign = Callable[..., str]

SCOPES = tuple(f"chartloop/{name}" for name in ("records:write", "models:read", "predict", "models:promote", "gold:write"))


@dataclass(frozen=True)
class Role:
    title: str
    may: str
    scopes: tuple[str, ...]


ROLES = {
    "lead": Role(
        "Lead", "everything: send data, start and judge runs, promote and roll back, keep the gold set", SCOPES,
    ),
    "labeller": Role(
        "Labeller", "send data, watch runs, try the model; decides on no model",
        ("chartloop/records:write", "chartloop/models:read", "chartloop/predict"),
    ),
    "reader": Role("Reader", "look, and change nothing", ("chartloop/models:read",)),
}  # fmt: skip


@dataclass(frozen=True)
class Grant:
    """What a code is good for, once and until `until` (monotonic seconds)."""

    challenge: str
    redirect_uri: str
    scopes: tuple[str, ...]
    subject: str
    until: float


class SignIn:
    """`/authorize`, `/token` and `/logout` for one client, which comes back to the page that asked."""

    def __init__(self, client: str, site: str, sign: Sign) -> None:
        """`site` is the page's origin, `sign` is Issuer.token."""
        self._client = client
        self._site = site
        self._sign = sign
        self._grants: dict[str, Grant] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request, path: str) -> Response | None:
        routes = {
            ("GET", "authorize"): self._form,
            ("POST", "authorize"): self._choose,
            ("POST", "token"): self._token,
            ("GET", "logout"): self._out,
        }
        route = routes.get((request.method, path))
        return route(request) if route else None

    def _refused(self, given: Mapping[str, str]) -> str:
        """Why an authorization request is not answered with a redirect; empty where it is."""
        wanted = {"client_id": self._client, "response_type": "code", "code_challenge_method": "S256"}
        wrong = [name for name, value in wanted.items() if given.get(name) != value]
        if given.get("redirect_uri") not in [f"{self._site}{page}" for page in PAGES]:
            wrong.append("redirect_uri")
        return f"{wrong[0]} is not what this client was registered with" if wrong else ""

    def _form(self, request: Request) -> Response:
        given = request.args.to_dict()
        if wrong := self._refused(given) or ("" if given.get("code_challenge") else "a code_challenge is needed"):
            return Response(f"{wrong}\n", 400, content_type="text/plain")
        nonce = secrets.token_urlsafe(12)
        headers = {"Content-Security-Policy": RULES.format(nonce=nonce), "Cache-Control": "no-store"}
        return Response(form(given, nonce), headers=headers, content_type="text/html; charset=utf-8")

    def _choose(self, request: Request) -> Response:
        given = request.form.to_dict()
        role = ROLES.get(given.get("role", ""))
        if role is None or self._refused(given) or not given.get("code_challenge"):
            return Response("the form is not the one that was shown\n", 400, content_type="text/plain")
        code = secrets.token_urlsafe(32)
        subject = "".join(letter for letter in given.get("name", "") if letter.isprintable())[:60].strip() or "local-user"
        grant = Grant(given["code_challenge"], given["redirect_uri"], role.scopes, subject, time.monotonic() + CODE_SECONDS)
        with self._lock:
            self._grants[code] = grant
        return redirect(f"{grant.redirect_uri}?{urlencode({'code': code, 'state': given.get('state', '')})}", 303)

    def _token(self, request: Request) -> Response:
        given = request.form.to_dict()
        with self._lock:
            grant = self._grants.pop(given.get("code", ""), None)
        if grant is None or grant.until < time.monotonic() or not fits(grant, given):
            return told({"error": "invalid_grant"}, 400)
        token = self._sign(*grant.scopes, subject=grant.subject, lifetime_seconds=TOKEN_SECONDS)
        kind = {"token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": " ".join(grant.scopes)}
        return told({"access_token": token, **kind})

    def _out(self, request: Request) -> Response:
        del request  # whoever asks ends at the page, as nobody is remembered here
        return redirect(f"{self._site}/", 303)


def fits(grant: Grant, given: Mapping[str, str]) -> bool:
    """Whether who brings the code is who asked for it (RFC 7636, S256)."""
    digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
    shown = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return hmac.compare_digest(shown, grant.challenge) and given.get("redirect_uri") == grant.redirect_uri


def told(document: Mapping[str, object], status: int = 200) -> Response:
    return Response(json.dumps(document), status, headers={"Cache-Control": "no-store"}, content_type="application/json")


def form(given: Mapping[str, str], nonce: str) -> str:
    """The page that asks who one is; all that it was given is escaped."""
    kept = "".join(f'<input type="hidden" name="{name}" value="{escape(given.get(name, ""))}">' for name in KEPT)
    roles = "".join(
        f'<label><input type="radio" name="role" value="{key}"{" checked" if key == "lead" else ""}>'
        f" <strong>{role.title}</strong><span>{role.may}</span></label>"
        for key, role in ROLES.items()
    )
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Local sign-in - Chartloop</title>
<meta name="viewport" content="width=device-width"><style nonce="{nonce}">{STYLE}</style></head><body><main><h1>Local sign-in</h1>
<p>This is the local cloud, on this machine alone: there is no password. Choose whom the page takes you for.</p>
<form method="post" action="authorize">{kept}<label for="name">Name, as the audit trail will show it</label>
<input id="name" name="name" value="local-user" maxlength="60" autocomplete="off">
<fieldset><legend>Role</legend>{roles}</fieldset>
<button>Sign in</button></form></main></body></html>"""


STYLE = """:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0;display:grid;place-items:center;
min-height:100vh;background:light-dark(#f2f3f5,#0f141a)}main{max-width:28rem;margin:1rem;padding:2rem;border-radius:1rem;
background:light-dark(#fff,#161d26);border:1px solid light-dark(#c6c6cd,#424650)}h1{margin:0;font-size:1.5rem}
form,fieldset{display:grid;gap:.5rem}fieldset{margin:.5rem 0;padding:.75rem;border:1px solid light-dark(#c6c6cd,#424650);
border-radius:.5rem}fieldset label{display:grid;grid-template-columns:auto 1fr;column-gap:.5rem}fieldset span{grid-column:2;
color:light-dark(#424650,#b4b4bb)}#name{font:inherit;padding:.4rem .6rem;border-radius:.5rem;
border:1px solid light-dark(#8c8c94,#656871)}button{font:inherit;font-weight:700;padding:.5rem 1rem;border:0;border-radius:2rem;
background:light-dark(#006ce0,#42b4ff);color:light-dark(#fff,#0f141a);cursor:pointer}"""
