"""What the API answers of the task generation."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Completed(TypedDict):
    """A prompt's answer; `finish` is `stop` where the model or a stop string ended it."""

    completion: NotRequired[str]
    tokens: NotRequired[int]
    finish: NotRequired[Literal["stop", "length"]]
