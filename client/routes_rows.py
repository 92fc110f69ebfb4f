"""The client's methods for tasks that are asked about something else than texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from client.calls import Call, path, route
from client.contracts_predict import Prediction
from client.contracts_rows import RowSchema


class RowRoutes:
    """A part of client/api.py's Routes."""

    @route
    def schema(self, task: str) -> Call[RowSchema]:
        """The columns of a row that the model in service is asked about, with the values that training found."""
        return Call("GET", path("tasks", task, "schema"))

    @route
    def ask(self, task: str, body: Mapping[str, Any]) -> Call[Prediction]:
        """Predict for any task, as the API has it: `{"features": {...}}`, `{"prompts": [...], "max_new_tokens": 64}`, ..."""
        return Call("POST", path("tasks", task, "predict"), json=dict(body))
