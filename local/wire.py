"""What an AWS request says: whose it is, which service and operation it asks, and with which fields."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CREDENTIAL = re.compile(r"Credential=(?P<who>[^/]+)/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request")
RESTFUL = re.compile(r"/(?:\d{4}-\d{2}-\d{2}/)?(?P<kind>functions|endpoints)/(?P<name>[^/]+)/invocations")
BINARY = re.compile(r"/service/[^/]+/operation/(?P<operation>\w+)")
"""Of the protocol whose bodies are CBOR: they are not read here."""
BODY_LIMIT = 10 * 1024 * 1024
"""Of bodies that are read here; objects of S3 are not."""


@dataclass(frozen=True)
class Call:
    """One request. `who` is its access key id: a role's name, as the local cloud gives credentials (LocalCloud.credentials).

    `operation` is the API's name of it (`GetItem`); for S3 it is the method, and `fields` hold `Bucket`, `Key` and the query.
    """

    who: str
    service: str
    operation: str
    fields: dict[str, Any] = field(default_factory=dict)


def heard(environ: WSGIEnvironment) -> Call | None:
    """The call that a request makes; None for one that is not signed. The request's body can be read again afterwards."""
    query = {name: values[-1] for name, values in parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True).items()}
    who, service = signer(environ, query)
    if not who:
        return None
    if service == "s3":
        return Call(who, service, environ["REQUEST_METHOD"], {**query, **bucket_and_key(environ), **copied(environ)})
    path = environ.get("PATH_INFO", "")
    if invoked := RESTFUL.fullmatch(path):
        operation, name = ("Invoke", "FunctionName") if invoked["kind"] == "functions" else ("InvokeEndpoint", "EndpointName")
        return Call(who, service, operation, {name: unquote(invoked["name"])})
    if binary := BINARY.fullmatch(path):
        return Call(who, service, binary["operation"])
    operation, fields = asked(environ)
    return Call(who, service, operation or f"{environ['REQUEST_METHOD']} {path}", fields)


def signer(environ: WSGIEnvironment, query: dict[str, str]) -> tuple[str, str]:
    """(access key id, service) by the request's signature, in its header or, of a presigned address, in its query."""
    signed = environ.get("HTTP_AUTHORIZATION") or f"Credential={query.get('X-Amz-Credential', '')}"
    if found := CREDENTIAL.search(signed):
        return found["who"], found["service"]
    return query.get("AWSAccessKeyId", ""), "s3"  # the signature that presigned addresses had before


def bucket_and_key(environ: WSGIEnvironment) -> dict[str, str]:
    """The names of an S3 request, whose bucket stands in the host or in the path."""
    host = environ.get("HTTP_HOST", "").partition(":")[0]
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace").lstrip("/")
    if host.endswith(".localhost"):
        return {"Bucket": host.removesuffix(".localhost"), "Key": path}
    bucket, _, key = path.partition("/")
    return {"Bucket": bucket, "Key": key}


def copied(environ: WSGIEnvironment) -> dict[str, str]:
    source = environ.get("HTTP_X_AMZ_COPY_SOURCE")
    return {"CopySource": unquote(source).lstrip("/").partition("?")[0]} if source else {}


def asked(environ: WSGIEnvironment) -> tuple[str, dict[str, Any]]:
    """(operation, fields) of the protocols that carry both in a body: JSON with a target, and the query protocol's form."""
    body = taken(environ)
    if target := environ.get("HTTP_X_AMZ_TARGET", ""):
        return target.rpartition(".")[2], json.loads(body or b"{}")
    form = {name: values[-1] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    return str(form.get("Action", "")), form


def taken(environ: WSGIEnvironment) -> bytes:
    """The body, which is put back."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body: bytes = environ["wsgi.input"].read(length) if 0 < length <= BODY_LIMIT else b""
    if body:
        environ["wsgi.input"] = BytesIO(body)
    return body
