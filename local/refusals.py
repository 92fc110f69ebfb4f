"""Refusals on purpose: an AWS request is answered with a quota's or a throttle's error instead of being served."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from local.faults import Faults
from local.permissions import object_action
from local.server import OURS
from local.wire import Call, heard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

QUOTA = "The account-level service limit for this resource is 0 instances. Please use AWS Service Quotas to request an increase."
THROTTLED = {"dynamodb": "ProvisionedThroughputExceededException", "lambda": "TooManyRequestsException"}
"""What a service calls a throttle, where it is not ThrottlingException."""


class Refusals:
    """Stands before the AWS APIs; what the local cloud itself asks is never refused."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def hear(self, environ: WSGIEnvironment) -> WSGIApplication | None:
        call = heard(environ)
        if call is None or call.who == OURS:
            return None
        if self._faults.take("quota", call.operation):
            return refusal("ResourceLimitExceeded", QUOTA)
        if self._faults.take("throttle", operation_of(call)):
            return slow_down() if call.service == "s3" else throttle(call)
        return None


def operation_of(call: Call) -> str:
    """The operation's name; of S3's, that of the permission (`PutObject`)."""
    if call.service != "s3" or not call.fields["Key"]:
        return call.operation
    return object_action(call.operation, call.fields).partition(":")[2]


def throttle(call: Call) -> Response:
    return refusal(THROTTLED.get(call.service, "ThrottlingException"), "Rate exceeded")


def refusal(code: str, message: str) -> Response:
    body = json.dumps({"__type": code, "message": message})
    return Response(body, 400, {"x-amzn-errortype": code}, content_type="application/x-amz-json-1.1")


def slow_down() -> Response:
    body = "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
    return Response(body, 503, content_type="application/xml")
