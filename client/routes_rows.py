"""The client's methods for tasks that are asked about rows."""

from __future__ import annotations

from client.calls import Call, path, route
from client.contracts_rows import RowSchema


class RowRoutes:
    """A part of client/api.py's Routes."""

    @route
    def schema(self, task: str) -> Call[RowSchema]:
        """The columns of a row that the model in service is asked about, with the values that training found."""
        return Call("GET", path("tasks", task, "schema"))
