"""What is asked besides quality: golden requests, time, size, looks at the holdout."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop.case import Looks
from chartloop.measures import Budget, Terms
from chartloop.scores import ScoreReport
from chartloop.verdicts import Clause, PolicyName
from tests.reports import OLD, candidate, champion
from tests.verdicts import judged


def test_looks_are_shown_with_what_they_make_of_chance() -> None:
    (clause,) = (clause for clause in judged(candidate(8), champion(7), looks=Looks(12, 5)).clauses if clause.clause == 7)
    assert (clause.passed, clause.measured) == (None, 12)
    assert clause.message == (
        "This holdout was looked at 12 times, by 5 runs. Of so many models that are no better, one would pass by chance with a "
        "probability of up to 26.2 %."
    )
    (clause,) = (clause for clause in judged(candidate(8), champion(7)).clauses if clause.clause == 7)
    assert clause.message.startswith("This holdout was looked at once, by 1 run. ") and "up to 2.5 %" in clause.message


def with_service(**changes: Any) -> ScoreReport:
    asked = {"golden": 5, "wrong": 0, "requests": 40, "p50_ms": 8.0, "p95_ms": 12.0, **changes}
    return candidate(8, service=asked)


@pytest.mark.parametrize(
    ("ours", "name", "measured"),
    [
        (candidate(8, service=None), "answers as recorded", None),
        (with_service(wrong=1), "answers as recorded", 1),
        (with_service(golden=0), "answers as recorded", 0),
        (with_service(p95_ms=2000.5), "time and size", "2,000 ms, 0.0 MB"),
        (with_service(p95_ms=None), "time and size", "an unknown time, 0.0 MB"),
        (with_service(p95_ms=float("nan")), "time and size", "an unknown time, 0.0 MB"),
        (candidate(8, bytes=2 * 10**9 + 1), "time and size", "12 ms, 2,000.0 MB"),
    ],
)
@pytest.mark.parametrize("policy", ["spec", "strict"])
def test_an_artifact_that_cannot_be_served_is_kept_out(
    ours: ScoreReport, name: str, measured: object, policy: PolicyName
) -> None:
    verdict = judged(ours, champion(7), policy)
    (clause,) = (clause for clause in verdict.clauses if clause.name == name)
    assert (clause.clause, clause.passed, clause.measured, clause.policies) == (6, False, measured, ("spec", "strict"))
    assert (verdict.verdict, verdict.policies) == ("keep", {"spec": "keep", "strict": "keep"})
    assert judged(ours, None, policy).verdict == "keep"


def test_the_budget_may_be_used_up_and_can_be_set() -> None:
    spent = candidate(8, service=with_service(p95_ms=2000).service, bytes=2 * 10**9)
    assert judged(spent, champion(7)).verdict == "promote"
    assert judged(candidate(8), champion(7), terms=Terms(budget=Budget(11.9, 10**6))).verdict == "keep"
    assert judged(candidate(8), champion(7), terms=Terms(budget=Budget(12.0, 999))).verdict == "keep"
    assert judged(candidate(8), champion(7), terms=Terms(budget=Budget(12.0, 1000))).verdict == "promote"


def test_golden_requests_and_time_are_told() -> None:
    told = [clause.message for clause in judged(with_service(wrong=2), champion(7)).clauses if clause.clause == 6]
    assert told == [
        "Loaded anew the artifact answers golden requests as recorded: 3 of 5.",
        "Of 100 requests 95 take 12 ms or less on the score job's machine, and the artifact has 0.0 MB.",
    ]


def later(against: str, days: str) -> list[Clause]:
    """What the promotion sees to, as every verdict says it."""
    told = (
        (
            8,
            "judged again where another came first",
            "the model in service at the promotion",
            f"Judged against {against}: where another comes into service first, the candidate is scored and judged again.",
        ),
        (
            9,
            "proven in service",
            "the requested configuration live, golden requests answered as recorded",
            "Before it serves, the live configuration is compared and the golden requests are asked; alarms undo it.",
        ),
        (
            10,
            "by hand",
            "a person, with a reason",
            "A person may promote, reject or roll back; a candidate that needs review waits "
            f"{days} for one, and then the model in service stays.",
        ),
    )
    return [Clause(clause=number, name=name, passed=None, required=what, message=how) for number, name, what, how in told]


def besides(ours: ScoreReport | None, theirs: ScoreReport | None, **changes: Any) -> list[Clause]:
    return [clause for clause in judged(ours, theirs, **changes).clauses if clause.clause >= 6]


def test_an_artifact_that_can_be_served_word_for_word() -> None:
    terms = Terms(budget=Budget(1234.4, 2_050_001), review_days=1)
    ours = candidate(8, service=with_service(golden=1, p95_ms=1234.0).service, bytes=2_050_001)
    assert besides(ours, champion(7), terms=terms, looks=Looks(2, 2)) == [
        Clause(
            clause=6,
            name="answers as recorded",
            passed=True,
            measured=0,
            required=0,
            message="Loaded anew the artifact answers golden requests as recorded: 1 of 1.",
        ),
        Clause(
            clause=6,
            name="time and size",
            passed=True,
            measured="1,234 ms, 2.1 MB",
            required="1,234 ms, 2.1 MB",
            message="Of 100 requests 95 take 1,234 ms or less on the score job's machine, and the artifact has 2.1 MB.",
        ),
        Clause(
            clause=7,
            name="looks at the holdout",
            passed=None,
            measured=2,
            required=None,
            message="This holdout was looked at 2 times, by 2 runs. Of so many models that are no better, one would pass by "
            "chance with a probability of up to 4.9 %.",
        ),
        *later(OLD, "a day"),
    ]


def test_an_artifact_that_nobody_measured_word_for_word() -> None:
    assert besides(None, None, terms=Terms(review_days=2)) == [
        Clause(
            clause=6,
            name="answers as recorded",
            passed=False,
            measured=None,
            required=0,
            message="Loaded anew the artifact answers golden requests as recorded: none, for it was not measured.",
        ),
        Clause(
            clause=6,
            name="time and size",
            passed=False,
            measured="an unknown time, an unknown size",
            required="2,000 ms, 2,000.0 MB",
            message="Of 100 requests 95 take an unknown time or less on the score job's machine, and the artifact has an "
            "unknown size.",
        ),
        Clause(
            clause=7,
            name="looks at the holdout",
            passed=None,
            measured=1,
            required=None,
            message="This holdout was looked at once, by 1 run. Of so many models that are no better, one would pass by chance "
            "with a probability of up to 2.5 %.",
        ),
        *later("no model", "2 days"),
    ]
