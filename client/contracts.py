"""The answers of the REST API as types: docs/contracts/*.schema.json, which a test holds these against."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from client.contracts_verdict import Metrics, RunReview, Verdict

Record = dict[str, Any]
"""One labelled unit of clinical text, in the form of its task (record.schema.json)."""

OffsetUnit = Literal["codepoint", "utf16"]


class Note(TypedDict):
    code: str
    message: str
    field: NotRequired[str]


class RecordVerdict(TypedDict):
    line: int
    verdict: Literal["accepted", "duplicate", "replaced", "conflict", "set_aside", "rejected"]
    record_id: NotRequired[str | None]
    field: NotRequired[str]
    code: NotRequired[str]
    message: NotRequired[str]
    notes: NotRequired[list[Note]]
    labels: NotRequired[list[str]]


class BatchReceipt(TypedDict):
    batch_id: str
    task: str
    status: Literal["checked", "received", "processed", "quarantined", "withdrawn"]
    counts: dict[str, int]
    records: list[RecordVerdict]
    received_at: str
    new_labels: NotRequired[list[str]]
    poster: NotRequired[str]
    processed_at: NotRequired[str | None]
    code: NotRequired[str]
    message: NotRequired[str]
    reason: NotRequired[str]
    source: NotRequired[Literal["feedback", "gold"]]
    warnings: NotRequired[list[dict[str, Any]]]
    waiting: NotRequired[dict[str, str]]
    prediction_id: NotRequired[str]


class Step(TypedDict):
    name: str
    status: Literal["waiting", "running", "succeeded", "failed", "skipped"]
    started_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    seconds: NotRequired[float | None]
    progress: NotRequired[dict[str, float]]
    message: NotRequired[str]
    job: NotRequired[str]
    cost_usd: NotRequired[float | None]


class Run(TypedDict):
    run_id: str
    task: str
    kind: Literal["retrain", "promote", "rollback"]
    status: Literal["starting", "running", "succeeded", "failed"]
    outcome: Literal["promoted", "kept", "needs-review", "failed"] | None
    attempt: int
    version: str
    review: NotRequired[RunReview | None]
    snapshot: str | None
    records: dict[str, int]
    steps: list[Step]
    verdict: Verdict | None
    scores: dict[str, Any]
    error: dict[str, Any] | None
    reason: NotRequired[str | None]
    by: NotRequired[str | None]
    started_at: str
    ended_at: str | None
    seconds: float | None
    orchestration_seconds: float | None
    estimated_usd: NotRequired[float | None]
    cost_usd: NotRequired[float | None]


class RunPage(TypedDict):
    """Runs without their scores, newest first."""

    runs: list[Run]
    next: str | None


class CostStep(TypedDict):
    name: Literal["prepare", "embed", "train", "tune", "score"]
    instance: str
    instances: int
    seconds: int
    usd: float | None


class Cost(TypedDict):
    """What a run would cost if it started now."""

    task: str
    records: dict[str, int]
    tokens: int
    steps: list[CostStep]
    seconds: int
    usd: float | None
    spot: bool
    cap_usd: float | None
    allowed: bool
    endpoint_usd_per_month: float | None
    prices: dict[str, str]
    assumptions: list[str]


class Model(TypedDict):
    task: str
    version: str
    status: Literal["champion", "retired", "candidate", "needs-review", "rejected"]
    run_id: str
    snapshot: str | None
    sha256: str | None
    bytes: int | None
    base_model: str | None
    labels: list[str]
    metrics: Metrics
    created_at: str
    promoted_at: str | None
    promoted_by: str | None
    reason: str | None


class ModelList(TypedDict):
    models: list[Model]


class AuditEntry(TypedDict):
    """And what else the action has to tell."""

    action: str
    by: str
    at: str
    number: NotRequired[int]
    previous: NotRequired[str]
    sha256: NotRequired[str]


class AuditPage(TypedDict):
    """`head` holds number and hash of the trail's last entry."""

    audit: list[AuditEntry]
    next: str | None
    head: dict[str, Any]


class Health(TypedDict):
    status: Literal["ok"]
    code_version: str


TaskSettings = dict[str, Any]
"""A task's settings by name; hyper-parameters are a group in it."""


class Asked(TypedDict):
    """What a prediction is asked about: the names of one input and of many, and the JSON schemas of its options."""

    one: str
    many: str
    most: int
    options: dict[str, dict[str, Any]]


class Judging(TypedDict):
    name: str
    higher_is_better: bool


class KnownTask(TypedDict):
    """A task of an installation. `similar`: whether stored records like a text can be found."""

    task: str
    asked: Asked
    required: list[str]
    optional: list[str]
    entities: bool
    similar: bool
    metrics: list[Judging]


class TaskList(TypedDict):
    tasks: list[KnownTask]


class TaskStatus(TypedDict):
    """Where a task stands. `progress` is `640 of 1,000`, `labels` those that its records ever had.

    `blocked` says why no run can start, `reviews` deadlines by version.
    """

    task: str
    records: int
    minimum_records: int
    waiting: int
    progress: str
    labels: list[str]
    new_records: int
    minimum_new_records: int
    active_run: str | None
    pending: bool
    champion: dict[str, Any] | None
    previous_champion: dict[str, Any] | None
    promotion: str | None
    blocked: dict[str, str] | None
    reviews: dict[str, str]
