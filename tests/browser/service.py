"""The page, its sign-in and the API's own functions on one loopback port, over a world of fakes: any state of it, in seconds."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from infra.headers import policy
from lambdas import api, on_upload, predict
from local.issuer import PREFIX, Issuer
from local.page import Page
from local.server import LOOPBACK, LocalCloud, QuietHandler
from tests.e2e.conftest import free_port
from tests.lambdas import gateway
from tests.worlds import FakeWorld

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Service:
    """Serves `world`; what is posted is taken in before the post is answered."""

    def __init__(self, world: FakeWorld, folder: Path) -> None:
        self.world = world
        self._cloud = LocalCloud(folder, free_port())  # it is never started: the page asks it where it is
        self.origin = self._cloud.endpoint_url
        self._cloud.page_headers["Content-Security-Policy"] = policy([self.origin])
        self._issuer = Issuer(f"{self.origin}{PREFIX.rstrip('/')}", folder / "issuer")
        self._page = Page(self._cloud, self._issuer)
        self._one = threading.Lock()
        self._taken: set[str] = set()
        self._server = make_server(LOOPBACK, self._cloud.port, self, threaded=True, request_handler=QuietHandler)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, name="service", daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = str(environ["PATH_INFO"])
        if path.startswith(PREFIX):
            return self._issuer(environ, start_response)
        if path.startswith("/v1/"):
            return self._answer(Request(environ))(environ, start_response)
        return (self._page.hear(environ) or Response(status=404))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        event = proxied(request)
        function = predict if request.path.endswith("/predict") else api
        with self._one:  # the fakes know one caller at a time
            said = function.handle(event, gateway.CONTEXT, self.world)
            self._take_in()
        answer = Response(said["body"], said["statusCode"])
        for name, values in said["multiValueHeaders"].items():
            answer.headers.setlist(name, values)
        return answer

    def _take_in(self) -> None:
        """What S3, EventBridge and the queue do after a post."""
        objects = self.world.stores["objects"]
        for stored in [each for each in objects.list("incoming/") if each.key not in self._taken]:
            self._taken.add(stored.key)
            detail = {"bucket": {"name": objects.bucket}, "object": {"key": stored.key, "size": stored.size, "etag": stored.etag}}
            body = json.dumps({"source": "aws.s3", "detail-type": "Object Created", "detail": detail})
            on_upload.handle({"Records": [{"messageId": "m", "eventSource": "aws:sqs", "body": body}]}, None, self.world)


def proxied(request: Request) -> dict[str, Any]:
    """As API Gateway hands it on, with what its authorizer says of the token."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    claims = json.loads(base64.urlsafe_b64decode(f"{token.split('.')[1]}==")) if token else {}
    body: Any = request.get_data()
    if request.mimetype in ("application/json", "application/x-ndjson"):
        body = body.decode()
    made = gateway.event(
        request.method, request.path, body or None, scopes=tuple(claims.get("scope", "").split()),
        query=request.args.to_dict() or None, headers={name.lower(): value for name, value in request.headers},
    )  # fmt: skip
    made["requestContext"]["authorizer"] |= {"sub": claims.get("sub", ""), "principalId": claims.get("sub", "")}
    return made
