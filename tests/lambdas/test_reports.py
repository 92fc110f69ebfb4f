"""The route of a run's report: data or a page, with sentences for who may read text."""

from __future__ import annotations

import pytest

from chartloop import report_style
from lambdas import api
from lambdas.http import MODELS_READ, PREDICT, RECORDS_WRITE
from tests import contracts
from tests.lambdas.gateway import Caller
from tests.report_world import world

MADE = world(6, 8)
PATH = f"/v1/tasks/ner/runs/{MADE.runs()[-1]['run_id']}/report"


@pytest.fixture
def call() -> Caller:
    return Caller(api.handle, MADE)


def test_a_report_is_the_contracts(call: Caller) -> None:
    answer = call("GET", PATH)
    contracts.validate("report", answer.json)
    assert answer.headers["content-type"] == "application/json" and len(answer.json["flips"]["shown"]) == 3


def test_who_asks_for_html_gets_the_page_under_a_policy_that_allows_nothing_else(call: Caller) -> None:
    answer = call("GET", PATH, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8" and answer.text.startswith("<!doctype html>")
    assert answer.headers["content-security-policy"] == f"{report_style.policy()}; frame-ancestors 'none'"
    assert "<mark>metoprolol</mark>" in answer.text


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_without_the_right_to_records_no_sentence_is_told(call: Caller, accept: str) -> None:
    answer = call("GET", PATH, scopes=(MODELS_READ,), headers={"Accept": accept})
    assert answer.status == 200 and "metoprolol" not in answer.text and "note-118" not in answer.text
    if accept == "application/json":
        assert answer.json["flips"] is None and answer.json["run"]["scores"]["candidate"]["extras"]["flips"]["fixed"] == 41


@pytest.mark.parametrize("scopes", [(RECORDS_WRITE,), (PREDICT,), ()])
def test_who_may_not_read_models_gets_nothing(call: Caller, scopes: tuple[str, ...]) -> None:
    assert call("GET", PATH, scopes=scopes).code == "forbidden"


def test_a_run_of_another_task_or_none_is_not_found(call: Caller) -> None:
    assert call("GET", "/v1/tasks/ner/runs/ner-1/report").code == "not_found"
    assert call("GET", "/v1/tasks/nonsense/runs/ner-1/report").code == "unknown_task"
