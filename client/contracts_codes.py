"""The answers about billing codes and similar records as types, beside those of client/contracts.py."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class Near(TypedDict):
    """A stored record, and how like its text is: the cosine of the two vectors."""

    record_id: str
    similarity: float


class NearWithText(Near):
    text: NotRequired[str | None]


class Evidence(TypedDict):
    """Earlier records that carry a code, and where the text holds words of its description."""

    records: list[Near]
    words: list[dict[str, int]]


class SuggestedCode(TypedDict):
    """`keyphrases` are indices of the entities that overlap the evidence's words; `score` is for ranking alone."""

    system: str
    code: str
    description: str
    score: float
    evidence: Evidence
    keyphrases: list[int]


class Similar(TypedDict):
    task: str
    model_version: str
    snapshot: str | None
    records: list[NearWithText]
