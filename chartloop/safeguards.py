"""Clauses 6 to 10 of the gate, by their numbers in docs/gate.md: what is asked besides quality, and what happens afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from chartloop.bootstrap import LEVEL
from chartloop.case import Case
from chartloop.verdicts import Clause


def besides_quality(case: Case) -> tuple[Clause, ...]:
    return (_answers(case), _affordable(case), _looks(case), *_afterwards(case))


def _answers(case: Case) -> Clause:
    """The artifact loads and answers its golden requests as recorded; its hash is held against the manifest's by the judge."""
    service = case.candidate.service if case.candidate else None
    passed = service is not None and service.golden > 0 and service.wrong == 0
    told = f"{service.golden - service.wrong} of {service.golden}" if service else "none, for it was not measured"
    return Clause(
        clause=6,
        name="answers as recorded",
        passed=passed,
        measured=service.wrong if service else None,
        required=0,
        message=f"Loaded anew the artifact answers golden requests as recorded: {told}.",
    )


def _affordable(case: Case) -> Clause:
    """Its time and size stay within the budget; a time that was not measured does not."""
    report, budget = case.candidate, case.terms.budget or case.task.measures.budget
    service = report.service if report else None
    p95, size = service.p95_ms if service else None, report.bytes if report else None
    passed = p95 is not None and size is not None and p95 <= budget.p95_ms and size <= budget.bytes
    took = "an unknown time" if p95 is None else f"{p95:,.0f} ms"
    weighs = "an unknown size" if size is None else f"{size / 1e6:,.1f} MB"
    return Clause(
        clause=6,
        name="time and size",
        passed=passed,
        measured=f"{took}, {weighs}",
        required=f"{budget.p95_ms:,.0f} ms, {budget.bytes / 1e6:,.1f} MB",
        message=f"Of 100 requests 95 take {took} or less on the score job's machine, and the artifact has {weighs}.",
    )


def _looks(case: Case) -> Clause:
    looks, runs = case.looks.looks, case.looks.runs
    chance = 1 - (1 - (1 - LEVEL) / 2) ** looks
    return Clause(
        clause=7,
        name="looks at the holdout",
        passed=None,
        measured=looks,
        required=None,
        message=f"This holdout was looked at {_times(looks)}, by {runs} run{'' if runs == 1 else 's'}. Of so many models that "
        f"are no better, one would pass by chance with a probability of up to {100 * chance:.1f} %.",
    )


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _afterwards(case: Case) -> Iterator[Clause]:
    """What the promotion sees to after the verdict, said with it."""
    against, days = case.champion_version or "no model", case.terms.review_days
    for number, name, required, message in (
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
            f"{'a day' if days == 1 else f'{days} days'} for one, and then the model in service stays.",
        ),
    ):
        yield Clause(clause=number, name=name, passed=None, required=required, message=message)
