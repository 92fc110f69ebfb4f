"""Clauses 6 to 10 of the gate, by their numbers in docs/gate.md: what is asked besides quality, and what happens afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from chartloop.bootstrap import LEVEL
from chartloop.case import Case
from chartloop.verdicts import Clause


def besides_quality(case: Case) -> tuple[Clause, ...]:
    return (_looks(case), *_afterwards(case))


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
            "A person may promote, reject or roll back; a candidate that needs review waits for that "
            f"{'a day' if days == 1 else f'{days} days'}, and then the model in service stays.",
        ),
    ):
        yield Clause(clause=number, name=name, passed=None, required=required, message=message)
