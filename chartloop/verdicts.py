"""The verdict: what the gate decided, clause by clause (docs/contracts/verdict.schema.json)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

PolicyName = Literal["spec", "strict"]
Decision = Literal["promote", "keep", "needs-review"]
Policies = dict[PolicyName, Literal["promote", "keep"]]
BOTH: tuple[PolicyName, ...] = ("spec", "strict")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Clause(_Model):
    """`passed` is None for a clause that does not apply, which holds nothing back."""

    clause: int
    name: str
    passed: bool | None
    measured: float | str | None = None
    required: float | str | None
    message: str
    policies: tuple[PolicyName, ...] = BOTH


class LabelRow(_Model):
    """F1 of one label, candidate beside champion; the clause on labels is made of these."""

    label: str
    support: int
    candidate: float | None
    champion: float | None
    difference: float | None
    evidence: Literal["held", "fell", "insufficient evidence"] | None
    """None where there is no model in service to fall from."""


class Verdict(_Model):
    """What docs/contracts/verdict.schema.json describes. `champion` is the version that the candidate was judged against."""

    run_id: str
    task: str
    verdict: Decision
    policy: PolicyName
    policies: Policies
    candidate: str
    champion: str | None
    holdout: str | None
    clauses: tuple[Clause, ...]
    metrics: dict[Literal["candidate", "champion"], dict[str, float | None] | None]
    interval: dict[str, Any] | None
    """Of the first primary metric."""
    further_intervals: tuple[dict[str, Any], ...] = ()
    """Of the other primary metrics, and of the cost of errors where there is a price."""
    mcnemar: dict[str, Any] | None = None
    """Records that the candidate fixed and broke, with McNemar's exact p."""
    labels: tuple[LabelRow, ...]
    message: str
    created_at: str

    def to_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json")
