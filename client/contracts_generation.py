"""What the API answers of the task generation."""

from __future__ import annotations

from typing import Literal, TypedDict


class Completed(TypedDict, total=False):
    """A prompt's answer; `finish` is `stop` where the model or a stop string ended it."""

    completion: str
    tokens: int
    finish: Literal["stop", "length"]
