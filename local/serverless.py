"""A serverless variant: its container starts with the first call, which therefore is slow."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed, ModelError
from local.modelserver import HEALTH_SECONDS, Answer, ModelServer
from local.server import LocalCloud
from local.transfer import Transfer


class SleepingServer(ModelServer):
    """A model server that costs nothing until it is asked."""

    def __init__(self, cloud: LocalCloud, variant: str) -> None:
        super().__init__(cloud, variant)
        self._waking = threading.Lock()
        self._wake: Any = None

    def start(
        self, transfer: Transfer, container: Mapping[str, Any], log: Path, *, role: str, seconds: float = HEALTH_SECONDS
    ) -> None:
        self._wake = partial(super().start, transfer, container, log, role=role, seconds=seconds)

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        with self._waking:
            if self._wake is not None:
                try:
                    self._wake()
                except JobFailed as error:
                    self.release()
                    raise ModelError(error.message) from None
                self._wake = None
        return super().invoke(body, headers)
