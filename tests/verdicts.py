"""The gate's verdict on two reports, for tests: held against its contract."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chartloop import tasks
from chartloop.gate import decide
from chartloop.scores import ScoreReport
from chartloop.verdicts import Clause, PolicyName, Verdict
from tests.contracts import validate
from tests.reports import RUN

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def judged(ours: ScoreReport | None, theirs: ScoreReport | None, policy: PolicyName = "strict", **changes: Any) -> Verdict:
    verdict = decide(ours, theirs, policy, task=tasks.find("ner"), run_id=RUN, now=NOW, **changes)
    validate("verdict", verdict.to_json())
    return verdict


def clause_of(verdict: Verdict, name: str) -> Clause:
    (found,) = (clause for clause in verdict.clauses if clause.name == name)
    return found
