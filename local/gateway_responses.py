"""Gateway responses: what API Gateway answers by itself, in the form that the template gives them."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

from werkzeug.wrappers import Response

DEFAULTS: dict[str, tuple[int, str]] = {
    "ACCESS_DENIED": (403, "User is not authorized to access this resource"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal server error"),
    "AUTHORIZER_FAILURE": (500, "Internal server error"),
    "INTEGRATION_FAILURE": (502, "Internal server error"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "UNAUTHORIZED": (401, "Unauthorized"),
}
"""Status and message of each type that this gateway can give."""
VARIABLE = re.compile(r"\$context\.([A-Za-z.]+)")


def gateway_response(api: Any, response_type: str, message: str = "") -> Response:
    """The response that the API declares for a type, or for all of its 4XX or 5XX, or API Gateway's own."""
    status, text = DEFAULTS[response_type]
    declared = declaration(api, response_type, status)
    context = {
        "error.message": message or text,
        "error.messageString": json.dumps(message or text),
        "error.responseType": response_type,
        "requestId": str(uuid4()),
    }
    template = '{"message":$context.error.messageString}'
    if declared is not None:
        status = int(declared.status_code or status)
        template = (declared.response_templates or {}).get("application/json", template)
    response = Response(fill(template, context), status, content_type="application/json")
    response.headers["x-amzn-ErrorType"] = response_type
    for name, value in ((declared and declared.response_parameters) or {}).items():
        response.headers[name.removeprefix("gatewayresponse.header.")] = value.strip("'")
    return response


def declaration(api: Any, response_type: str, status: int) -> Any:
    declared = api.gateway_responses if api is not None else {}
    return declared.get(response_type) or declared.get("DEFAULT_4XX" if status < 500 else "DEFAULT_5XX")


def fill(template: str, context: dict[str, str]) -> str:
    """The template with its `$context` variables; an unknown one is empty, as in API Gateway."""
    return VARIABLE.sub(lambda match: context.get(match[1], ""), template)
