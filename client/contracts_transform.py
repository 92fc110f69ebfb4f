"""A batch transform as a type: docs/contracts/transform.schema.json."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from client.contracts_verdict import Metrics


class LineError(TypedDict):
    line: int
    code: str
    message: str


class TransformScore(TypedDict):
    """Of the lines that carried the truth; by label tp, fp, fn, support, precision, recall and f1."""

    records: int
    metrics: Metrics
    labels: dict[str, dict[str, float]]


class Upload(TypedDict):
    url: str
    headers: dict[str, str]
    expires_in: int


class Output(TypedDict):
    url: str
    expires_in: int


class Transform(TypedDict):
    """A batch transform; `upload` is in the answer that creates it, `output` in those of one that is done."""

    transform_id: str
    task: str
    status: Literal["waiting", "queued", "running", "done", "failed", "stopped"]
    created_at: str
    created_by: str
    started_at: str | None
    ended_at: str | None
    model_version: str | None
    bytes: int | None
    estimate: dict[str, Any] | None
    counts: dict[str, int] | None
    errors: list[LineError]
    score: TransformScore | None
    error: dict[str, str] | None
    upload: NotRequired[Upload]
    output: NotRequired[Output]


class TransformList(TypedDict):
    transforms: list[Transform]
