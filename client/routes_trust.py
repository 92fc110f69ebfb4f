"""The client's methods of what can be trusted: the quality of records."""

from __future__ import annotations

from client.calls import Call, path, route
from client.contracts_trust import Quality


class TrustRoutes:
    """A part of client/api.py's Routes."""

    @route
    def quality(self, task: str) -> Call[Quality]:
        """What the last run found in the task's records: set aside, contradicting, giving their label away."""
        return Call("GET", path("tasks", task, "quality"))
