"""Bodies of records: what format a post is in, its options, and its lines."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from adapters import files
from chartloop import strictjson
from chartloop.batches import UPLOADS, Post
from chartloop.errors import FileProblem, InvalidRequest, TooLarge
from chartloop.records import BatchOptions

LIMIT = 5_000_000
"""Bytes of a body: with the envelope of API Gateway it stays under the 6 MB that a function takes."""

FORMATS = {
    "application/json": "json",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
    "text/csv": "csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}
OPTIONS = ("replace", "span_policy", "offset_unit")

_MEMBER = re.compile(r'\s*"(?P<name>\w+)"\s*:')


def read_post(
    event: Mapping[str, Any], *, task: str, poster: str, headers: Mapping[str, str], options: Mapping[str, Any],
    defaults: Mapping[str, Any], idempotency_key: str | None,
) -> Post:  # fmt: skip
    """The post in an API Gateway event. `options` are the query's, which go before the body's; what is None was not given.

    Raises InvalidRequest (unsupported_format, nothing_parsed) and TooLarge.
    """
    body = _bytes(event)
    if len(body) > LIMIT:
        raise TooLarge(f"the body is over {LIMIT:,} bytes: {UPLOADS}")
    extension = _extension(headers.get("content-type", "application/json"))
    try:
        lines = files.parse(body, f"body.{extension}", task=task)
        in_body = _envelope(body) if extension == "json" else {}
    except FileProblem as problem:
        details = {"code": problem.code, "message": problem.message}
        raise InvalidRequest("not one record could be read", code="nothing_parsed", details=details) from None
    asked = {**in_body, **{name: value for name, value in options.items() if value is not None}}
    said = json.dumps([task, extension, asked], sort_keys=True).encode()
    return Post(
        task=task, lines=lines, options=BatchOptions(**{**defaults, **asked}), poster=poster,
        fingerprint=hashlib.sha256(said + b"\n" + body).hexdigest(), idempotency_key=idempotency_key,
    )  # fmt: skip


def _bytes(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise InvalidRequest("the body is not what its encoding says", code="unsupported_format") from None


def _extension(content_type: str) -> str:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in FORMATS:
        known = ", ".join(FORMATS)
        raise InvalidRequest(f"the content type must be one of {known}", code="unsupported_format", field="content-type")
    return FORMATS[media_type]


def _envelope(body: bytes) -> dict[str, Any]:
    """The options beside `records` in a JSON object; none for an array or for one record. The records are not looked into."""
    text = body.decode("utf-8").removeprefix("\ufeff").strip(strictjson.SPACE)
    if not text.startswith("{"):
        return {}
    members = {_name(text[start:end]): text[start:end] for start, end in strictjson.split(text, 0)[0]}
    if "records" not in members:
        return {}
    unknown = members.keys() - {"records", *OPTIONS}
    if unknown:
        raise InvalidRequest("beside records there may be replace, span_policy and offset_unit")
    options: dict[str, Any] = loads("{" + ",".join(members[name] for name in OPTIONS if name in members) + "}")
    return options


def loads(text: str) -> Any:
    """The JSON of a request, as strictly as that of a record. Raises InvalidRequest."""
    try:
        return strictjson.loads(text)
    except InvalidRequest as error:
        raise InvalidRequest(error.message, code="invalid_json") from None


def _name(member: str) -> str:
    match = _MEMBER.match(member)
    return match["name"] if match else ""
