"""What predict answers, as types: docs/contracts/prediction.schema.json, which a test holds these against."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from client.contracts import OffsetUnit
from client.contracts_codes import SuggestedCode
from client.contracts_generation import Completed
from client.contracts_rows import AddedByColumn, ChangedInRow


class Entity(TypedDict):
    label: str
    start: int
    end: int
    surface: str
    confidence: float


class Sentence(TypedDict):
    """One that spoke for a label; `weight` is what the label's log-odds lose without it."""

    start: int
    end: int
    surface: str
    weight: float


class TextResult(Completed):
    """By task: entities, `codes` where asked for; a label; a value with reasons; a completion; or an error in its place."""

    id: NotRequired[str]
    prediction_id: NotRequired[str]
    entities: NotRequired[list[Entity]]
    label: NotRequired[str]
    probability: NotRequired[float]
    probabilities: NotRequired[dict[str, float]]
    sentences: NotRequired[list[Sentence]]
    characters: NotRequired[int]
    codes: NotRequired[list[SuggestedCode]]
    value: NotRequired[float]
    unit: NotRequired[str]
    base: NotRequired[float]
    reasons: NotRequired[list[AddedByColumn]]
    others: NotRequired[float]
    notes: NotRequired[list[ChangedInRow]]
    error: NotRequired[dict[str, Any]]


class Prediction(TypedDict):
    task: str
    model_version: str
    snapshot: str | None
    offset_unit: NotRequired[OffsetUnit]
    predictions: list[TextResult]
    warnings: NotRequired[list[dict[str, str]]]
