"""What becomes of predictions, as types: the review queue, drift, and what a correction says (docs/contracts/)."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from client.contracts import OffsetUnit
from client.contracts_predict import Entity


class Correction(TypedDict, total=False):
    """The fields of feedback beside the prediction's id; `text` is needed where the prediction was not kept."""

    entities: list[Any]
    codes: list[dict[str, str]]
    text: str
    patient_id: str
    offset_unit: OffsetUnit


class Waiting(TypedDict):
    """A kept prediction; `text` and `found` where they were asked for."""

    prediction_id: str
    model_version: str
    least_confidence: float | None
    entities: int
    characters: int
    kept_at: str
    text: NotRequired[str]
    found: NotRequired[list[Entity]]


class Review(TypedDict):
    task: str
    offset_unit: OffsetUnit
    predictions: list[Waiting]
    next: str | None


class LabelRate(TypedDict):
    label: str
    entities: int
    per_1000_tokens: float | None


class Figures(TypedDict):
    texts: int
    filtered: int
    without_entities: float | None
    tokens: int
    labels: list[LabelRate]
    confidence: dict[str, Any]
    characters: dict[str, Any]


class Day(Figures):
    day: str


class Corrections(TypedDict):
    texts: int
    unchanged: int
    removed: int
    added: int
    disagreement: float | None
    labels: list[dict[str, Any]]


class VersionDrift(Figures):
    model_version: str
    corrections: Corrections | None
    by_day: list[Day]


class Drift(TypedDict):
    task: str
    since: str
    versions: list[VersionDrift]
