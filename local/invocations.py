"""Invocations of an endpoint as CloudWatch is told of them: counts, errors by kind, latency."""

from __future__ import annotations

import time
from collections.abc import Callable

from local.metrics import put
from local.modelserver import Answer, ModelServer

MICROSECONDS = 1_000_000
SLOW_SECONDS = 60
"""What a fault on purpose adds to the latency that is told; the caller does not wait for it."""


def observed(endpoint: str, server: ModelServer, invoke: Callable[[], Answer]) -> Answer:
    """The server's answer, counted. Raises ModelError where there is none. Source: SageMaker's CloudWatch metrics."""
    started, status = time.monotonic(), 500
    try:
        answer = invoke()
        if server.fault == "errors":
            answer = Answer(400, "application/json", b'{"message": "a fault on purpose"}')
        status = answer.status
        return answer
    finally:
        seconds = time.monotonic() - started + (SLOW_SECONDS if server.fault == "latency" else 0)
        put(
            "AWS/SageMaker",
            {"EndpointName": endpoint, "VariantName": server.variant},
            Invocations=1,
            InvocationsPerInstance=1,
            Invocation4XXErrors=int(400 <= status < 500),
            Invocation5XXErrors=int(status >= 500),
            InvocationModelErrors=int(status >= 400),
            ModelLatency=seconds * MICROSECONDS,
        )
