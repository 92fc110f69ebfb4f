"""The page at `/`, as CloudFront serves it: the built files, the fallback to index.html, the headers of the deployed policy."""

from __future__ import annotations

import json
import mimetypes
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from local.issuer import CLIENT, Issuer
from local.server import LocalCloud
from local.sign_in import SCOPES
from local.wire import heard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

BUILT = Path(__file__).parent.parent / "dashboard" / "dist"
"""What `make dashboard` makes."""
NOT_BUILT = "The page is not built yet: make dashboard builds it. The API answers below /v1/.\n"
NOT_OURS = (("moto-api",), ("latest",), ("_aws",))
"""First parts of addresses that unsigned requests of others go to."""


class Page:
    """Stands before the AWS APIs, whose requests are signed; what a browser asks for is not."""

    def __init__(self, cloud: LocalCloud, issuer: Issuer, built: Path = BUILT) -> None:
        self._cloud = cloud
        self._issuer = issuer
        self._built = built

    def hear(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        request = Request(environ)
        path = PurePosixPath(request.path.lstrip("/"))
        if request.method not in ("GET", "HEAD") or heard(environ) is not None or path.parts[:1] in NOT_OURS:
            return None
        return self._answer(request, path)

    def _answer(self, request: Request, path: PurePosixPath) -> Response | None:
        own = urlsplit(self._cloud.endpoint_url).netloc
        if request.host != own:  # the issuer knows the page by one origin
            return redirect(f"{self._cloud.endpoint_url}{request.full_path.removesuffix('?')}") if not path.suffix else None
        if str(path) == "config.json":
            return self._dressed(json.dumps(self._settings()).encode(), "application/json", "no-store")
        file = self._file(path)
        if file is None:
            return None
        if not file.is_file():
            return Response(NOT_BUILT, 404, content_type="text/plain")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        named_by_content = path.parts[:1] == ("assets",)
        return self._dressed(file.read_bytes(), kind, "public, max-age=31536000, immutable" if named_by_content else "no-cache")

    def _file(self, path: PurePosixPath) -> Path | None:
        """An address without a dot in its last part is the page's own; a file that is not there is somebody else's."""
        if "." not in path.name:
            return self._built / "index.html"
        file = self._built.joinpath(path).resolve()
        return file if file.is_relative_to(self._built.resolve()) and file.is_file() else None

    def _dressed(self, body: bytes, kind: str, kept: str) -> Response:
        return Response(body, headers={**self._cloud.page_headers, "Cache-Control": kept}, content_type=kind)

    def _settings(self) -> dict[str, object]:
        """What `infra.publish_site` writes on AWS."""
        return {
            "issuer": self._issuer.url,
            "client_id": CLIENT,
            "scopes": list(SCOPES),
            "sign_out": f"{self._issuer.url}/logout",
            "logs": str(self._cloud.logs / "jobs" / "{job}.log"),
        }
