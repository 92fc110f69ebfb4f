"""Score reports: the contract both ways, and what is not finite counts as missing."""

from __future__ import annotations

import json

import pytest

from chartloop import scores
from chartloop.errors import JobFailed
from tests.contracts import validate
from tests.reports import candidate


def test_a_report_is_what_the_contract_describes_and_reads_back() -> None:
    report = candidate()
    validate("score_report", report.to_json())
    assert scores.parse(json.dumps(report.to_json()).encode()) == report


def test_counts_that_were_never_given_stay_out() -> None:
    body = candidate().to_json()
    body["settled"]["per_group"] = [{"group": "g"}]
    again = scores.parse(json.dumps(body).encode())
    assert again.to_json()["settled"]["per_group"] == [{"group": "g"}]
    validate("score_report", again.to_json())


@pytest.mark.parametrize("figure", ["NaN", "Infinity", "-Infinity", "null"])
def test_a_figure_that_is_not_finite_is_missing(figure: str) -> None:
    text = json.dumps(candidate().to_json()).replace('"entity_f1": 0.8', f'"entity_f1": {figure}')
    report = scores.parse(text.encode())
    assert report.settled.metrics["entity_f1"] is None
    validate("score_report", report.to_json())


@pytest.mark.parametrize(
    ("change", "place"),
    [({"bytes": -1}, "bytes"), ({"holdout": "short"}, "holdout"), ({"role": "judge"}, "role"), ({"extra": 1}, "extra")],
)
def test_what_breaks_the_contract_is_named_by_field(change: dict[str, object], place: str) -> None:
    with pytest.raises(JobFailed) as caught:
        scores.parse(json.dumps({**candidate().to_json(), **change}).encode())
    assert (caught.value.code, caught.value.field) == ("bad_score_report", place)


def test_no_json_at_all_is_coded_too() -> None:
    with pytest.raises(JobFailed) as caught:
        scores.parse(b"\xff not json")
    assert caught.value.code == "bad_score_report"
