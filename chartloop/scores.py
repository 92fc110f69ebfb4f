"""Score reports: one artifact, as it is or would be served, scored now on one holdout (score_report.schema.json)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from chartloop.errors import JobFailed
from chartloop.extras import Extras

Count = Annotated[int, Field(ge=0)]
Sum = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Figure = Annotated[float | None, BeforeValidator(_finite)]
"""A metric; None where it could not be computed, and NaN and infinity count as that."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelScore(_Model):
    """One label's matches; ner: strict ones (label, start, end)."""

    tp: Count
    fp: Count
    fn: Count
    support: Count
    precision: float = Field(ge=0, le=1)
    recall: float = Field(ge=0, le=1)
    f1: float = Field(ge=0, le=1)


class LabelCounts(_Model):
    """Right, wrong and missed of one label in one split group."""

    tp: Count
    fp: Count
    fn: Count


class GroupCounts(_Model):
    """Sufficient statistics of one split group, those that its task's metrics need (chartloop/statistics.py). No text."""

    group: str
    tp: Count | None = None
    fp: Count | None = None
    fn: Count | None = None
    correct: Count | None = None
    """ner: tokens with the right tag; classification: records with the right label."""
    tokens: Count | None = None
    records: Count | None = None
    exact: Count | None = None
    """Records that are answered exactly as annotated."""
    labels: dict[str, LabelCounts] | None = None
    """By label; one that the group has nothing of may be left out."""
    absolute_error: Sum | None = None
    loss: Sum | None = None
    """Natural logarithm, summed over `tokens`."""
    rouge_l: Sum | None = None
    """Summed over `records`."""
    right: str | None = Field(None, pattern="^[01]*$")
    """A digit for each record, in the order of the records' hashes: 1 where its answer is exactly right."""

    @property
    def missed(self) -> int | None:
        """Annotated and not found."""
        return self.fn if self.fn is not None else _summed(self.labels, "fn")

    @property
    def wrong(self) -> int | None:
        """Found and not annotated."""
        return self.fp if self.fp is not None else _summed(self.labels, "fp")


def _summed(labels: Mapping[str, LabelCounts] | None, count: str) -> int | None:
    return None if labels is None else sum(getattr(each, count) for each in labels.values())


class Part(_Model):
    """The figures of one part of the holdout."""

    records: Count
    groups: Count
    metrics: dict[str, Figure]
    baseline: dict[str, Figure]
    """The same metrics of the trivial model: all O, the most frequent label, the median, the base model."""
    labels: dict[str, LabelScore]
    per_group: tuple[GroupCounts, ...]


class Bin(_Model):
    """Entities whose confidence lies from `low` to `high`: how many, how sure they are, and what share of them is right."""

    low: float = Field(ge=0, le=1)
    high: float = Field(ge=0, le=1)
    count: Count
    confidence: float = Field(ge=0, le=1)
    accuracy: float = Field(ge=0, le=1)


class Calibration(_Model):
    """How far the confidences of found entities are from the share that is right: expected calibration error, by bins."""

    temperature: float = Field(gt=0)
    entities: Count
    ece: float = Field(ge=0, le=1)
    ece_uncalibrated: float = Field(ge=0, le=1)
    """Of the same entities at a temperature of 1."""
    bins: tuple[Bin, ...]
    """Of the calibrated confidences; a bin without entities is left out."""


class Engine(_Model):
    """What computes the artifact's answers, and what its precision cost on notes of the training side."""

    name: str
    precision: str
    quality: dict[str, float] = {}
    """`notes`, how many; `f1_fp32` and the strict F1 of each lower precision that was tried. Empty where nothing was."""


class Service(_Model):
    """The artifact asked as it is served, loaded anew, one input a request, on the score job's machine."""

    golden: Count
    """Golden requests, of which so many were answered otherwise than recorded:"""
    wrong: Count
    requests: Count
    """Of the holdout, that these times are of; None where there was none."""
    p50_ms: Figure
    p95_ms: Figure


class ScoreReport(_Model):
    """`settled` is judged; `fresh`, the holdout part of records that are not settled yet, is only shown."""

    run_id: str
    task: str
    role: Literal["candidate", "champion"]
    version: str
    sha256: Hash
    bytes: Count
    holdout: Hash
    """Hash of the settled holdout: both reports of a verdict must carry the same."""
    labels: tuple[str, ...] = ()
    """What the artifact knows. Where candidate and champion know different ones, `settled` counts the common ones alone."""
    settled: Part
    fresh: Part | None
    gold: Part | None = None
    """Of the gold set, where there is one: it is always judged besides the settled holdout."""
    calibration: Calibration | None = None
    """On the settled part; None where nothing was found there."""
    engine: Engine | None = None
    """None of an artifact that is older than engines."""
    extras: Extras = Extras()
    service: Service | None = None
    """Of the candidate."""
    created_at: str

    def to_json(self) -> dict[str, Any]:
        """As the contract describes it; counts that were never given stay out."""
        return self.model_dump(mode="json", exclude_unset=True)


def parse(body: bytes) -> ScoreReport:
    """Raises JobFailed, naming the first field that breaks the contract."""
    try:
        return ScoreReport.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "report"
        raise JobFailed(f"the score report breaks its contract at {place}", code="bad_score_report", field=place) from None
