"""A fine-tuned model beside its base in a report: both perplexities, what is proven, and no text for who may not read it."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from chartloop import report_page, reporting
from tests.report_world import comparison, interval, world
from tests.worlds import TASK

TITLE = "<h2>Fine-tuned against its base</h2>"


@pytest.fixture
def report() -> Any:
    made = world(7)
    run_id = made.runs()[-1]["run_id"]
    found = reporting.find(TASK, run_id, text=True, now=made.clock(), **made.seams("ledger", "objects", "jobs"))
    found["run"]["scores"]["candidate"]["extras"] = {"comparison": comparison()}
    return found


def section(report: Any) -> str:
    return report_page.page(report).partition(TITLE)[2].partition("</section>")[0]


def test_both_perplexities_and_what_is_proven_stand_first(report: Any) -> None:
    said = "Better than its base by perplexity (36.010 before, 32.520 after) and ROUGE-L (0.061 before, 0.167 after)."
    assert said in section(report)
    assert "+0.090 to +0.120" in section(report) and "-6.000 to -1.500" in section(report)
    assert section(report).count("✓ better") == 4 and section(report).count("not proven") == 1
    assert "fine-tuned minus base" in section(report)


def test_what_is_not_proven_or_worse_is_said(report: Any) -> None:
    its = report["run"]["scores"]["candidate"]["extras"]["comparison"]
    its["figures"][1]["interval"] = interval(1.0, 2.0)
    its["figures"][2]["interval"] = interval(-0.01, 0.12)
    its["general"]["interval"] = interval(0.1, 0.3)
    said = section(report)
    assert "Worse than its base by perplexity" in said and "not proven better than its base by ROUGE-L" in said
    assert "forgotten some of what it could" in said


def test_without_enough_groups_nothing_is_proven_and_figures_stand(report: Any) -> None:
    its = report["run"]["scores"]["candidate"]["extras"]["comparison"]
    for each in (*its["figures"], its["general"]):
        each["interval"] = None
    its["figures"][0]["base"] = None
    assert "Not proven better than its base by perplexity (36.010 before" in section(report)
    assert "<svg" not in section(report)


def test_a_base_that_was_made_here_says_so_and_a_published_one_does_not(report: Any) -> None:
    assert "texts 2,148" in section(report) and "no published model" in section(report) and "ab" * 9 not in section(report)
    report["run"]["scores"]["candidate"]["extras"]["comparison"]["made_here"] = None
    assert "small-llama" in section(report) and "no published model" not in section(report)


def test_who_may_not_read_text_is_told_that_there_are_answers(report: Any) -> None:
    answers = {"truth": {"value": "A kind of arthritis."}, "candidate": {"value": "Arthritis."}, "base": {"value": "A"}}
    beside = {"way": "beside", "label": "", "record_id": "q1", "text": "What is gout?", "answers": answers}
    told = copy.deepcopy(report) | {"flips": {"shown": [beside], "expires_at": "2026-12-21T08:00:00.000Z"}}
    assert "A kind of arthritis." in report_page.page(told)
    page = report_page.page({**report, "flips": None})
    assert "Answers side by side" in page and "those who may also write records" in page and "arthritis" not in page


def test_other_tasks_have_no_such_section(report: Any) -> None:
    report["run"]["scores"]["candidate"]["extras"] = {}
    assert TITLE not in report_page.page(report) and "Answers side by side" not in report_page.page(report)
