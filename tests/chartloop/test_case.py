"""McNemar's test on what two reports say of each record."""

from __future__ import annotations

import pytest

from chartloop.scores import ScoreReport
from tests.reports import candidate, champion, even, part, report
from tests.verdicts import judged


def digits(ours: str, theirs: str) -> tuple[ScoreReport, ScoreReport]:
    sides = (("candidate", 8, ours), ("champion", 7, theirs))
    found = []
    for role, right, answers in sides:
        rows = [g.model_copy(update={"right": answers, "records": len(answers)}) for g in even(right)]
        found.append(report(role, rows, settled=part(rows, records=30)))
    return found[0], found[1]


def test_mcnemar_counts_what_was_fixed_and_broken() -> None:
    verdict = judged(*digits("110", "101"))
    assert verdict.mcnemar == {"fixed": 30, "broken": 30, "p": 1.0}
    verdict = judged(*digits("111", "101"))
    assert verdict.mcnemar == {"fixed": 30, "broken": 0, "p": pytest.approx(2 * 0.5**30)}
    assert judged(candidate(8), champion(7)).mcnemar is None
    assert judged(candidate(8), None).mcnemar is None


def test_mcnemar_needs_every_record_of_both() -> None:
    ours, theirs = digits("11", "01")
    some = [g.model_copy(update={"right": None}) if n == 3 else g for n, g in enumerate(theirs.settled.per_group)]
    assert judged(ours, theirs.model_copy(update={"settled": part(some, records=30)})).mcnemar is None
    short = [g.model_copy(update={"right": "0"}) if n == 3 else g for n, g in enumerate(theirs.settled.per_group)]
    assert judged(ours, theirs.model_copy(update={"settled": part(short, records=30)})).mcnemar is None
    less = theirs.settled.per_group[1:]
    assert judged(ours, theirs.model_copy(update={"settled": part(less, records=30)})).mcnemar is None
    assert judged(ours.model_copy(update={"settled": part(less, records=30)}), theirs).mcnemar is None
