"""The page of a report: the decision first, each section where there is something to show, and no text that does anything."""

from __future__ import annotations

import base64
import copy
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from chartloop import report_page, report_style, reporting
from tests.browser import stories
from tests.report_world import HOSTILE, RichWorld, world
from tests.worlds import TASK

ROLES = ("candidate", "champion")
TITLES = [
    "Candidate against the model in service", "What had to hold", "Label by label", "What it fixed and what it broke",
    "What is taken for what", "More records, better models?", "Can its confidence be believed?", "Loss while it trained",
    "What it learned from and was judged on", "Whose records these are", "The models", "Steps",
]  # fmt: skip


class Reader(HTMLParser):
    """Elements with their attributes, and the text outside of the style."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if not self.elements or self.elements[-1][0] != "style":
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(self.said)


def reported(world: RichWorld, *, text: bool = True) -> Any:
    run_id = world.runs()[-1]["run_id"]
    return reporting.find(TASK, run_id, text=text, now=world.clock(), **world.seams("ledger", "objects", "jobs"))


@pytest.fixture(scope="module")
def better() -> Any:
    return reported(world(5, 6, 8))


def titles(page: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", page)


def test_the_decision_comes_first_then_why_then_pictures(better: Any) -> None:
    page = report_page.page(better)
    assert titles(page) == TITLES
    head = page[: page.index("<h2>")]
    assert better["run"]["verdict"]["message"] in head and "Promoted" in head and "clauses of the policy strict hold." in head


def test_what_was_kept_says_which_clauses_failed_at_the_top() -> None:
    page = report_page.page(reported(world(6, 6)))
    head = page[: page.index("<h2>")]
    failed = [clause for clause in reported(world(6, 6))["run"]["verdict"]["clauses"] if clause["passed"] is False]
    assert failed and all(f"✗ {clause['name']}" in head for clause in failed) and "Kept the model in service" in head


def test_the_page_has_nothing_that_runs_or_loads_or_leads_outside(better: Any) -> None:
    read = Reader(report_page.page(better))
    assert not {"script", "link", "img", "iframe", "object", "a", "form", "image", "use", "foreignobject"} & {
        name for name, _ in read.elements
    }
    attributes = {key for _, its in read.elements for key in its}
    assert not {key for key in attributes if key.startswith("on")} | ({"style", "href", "src", "xlink:href"} & attributes)
    assert "url(" not in report_style.STYLE and "@import" not in report_style.STYLE


def test_its_policy_allows_its_one_style_by_hash_and_nothing_else(better: Any) -> None:
    page = report_page.page(better)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = [its["content"] for _, its in Reader(page).elements if its.get("http-equiv") == "Content-Security-Policy"]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_a_hostile_sentence_is_text_and_is_whole(better: Any) -> None:
    page = report_page.page(better)
    assert "<script" not in page and "\x1b" not in page and "\u202e" not in page and "<b>evil</b>" not in page
    read = Reader(page)
    assert HOSTILE.replace("\u202e", "\ufffd").replace("\x1b", "\u241b") in "".join(read.said)
    assert [its.get("dir") for name, its in read.elements if name == "blockquote"] == ["auto"] * 3


def test_hostile_names_of_labels_reasons_and_errors_are_text(better: Any) -> None:
    evil = copy.deepcopy(better)
    nasty = "<img src=x onerror=alert(1)>"
    evil["run"]["verdict"]["labels"][0]["label"] = nasty
    evil["run"]["verdict"]["message"] = nasty
    evil["run"]["scores"]["candidate"]["extras"]["confusion"]["annotated"][0] = nasty
    evil["run"]["scores"]["candidate"]["extras"]["flips"]["labels"] = {nasty: {"fixed": 1, "broken": 0}}
    evil["settings"] = {"hyperparameters": {nasty: nasty}}
    evil["run"]["steps"][0]["message"] = nasty
    read = Reader(report_page.page(evil))
    assert not any(name == "img" for name, _ in read.elements) and read.text.count("<img src=x onerror=alert(1)>") >= 7


def test_the_annotated_place_is_marked_in_its_sentence(better: Any) -> None:
    page = report_page.page(better)
    assert "Pt was started on <mark>metoprolol</mark> 25 mg BID for rate control of AF." in page
    assert '<span class="none">nothing</span>' in page  # what the champion had found there


def test_spans_that_overlap_are_marked_as_one(better: Any) -> None:
    double = copy.deepcopy(better)
    flip = double["flips"]["shown"][0]
    flip["text"], flip["answers"] = (
        "abcdefgh",
        {
            "truth": {"spans": []},
            "candidate": {"spans": [{"start": 1, "end": 4, "label": "x"}, {"start": 3, "end": 6, "label": "y"}]},
        },
    )
    assert "a<mark>bcdef</mark>gh" in report_page.page(double)


def test_without_the_right_to_text_there_are_counts_and_who_may_see_more(better: Any) -> None:
    page = report_page.page({**better, "flips": None})
    assert "41 fixed" in page and "blockquote" not in page.partition("</style>")[2] and "metoprolol" not in page
    assert "those who may also write records" in page


@pytest.mark.parametrize(
    ("title", "taken_away"),
    [
        ("What it fixed and what it broke", [("flips",), ("run", "scores", "candidate", "extras")]),
        ("What is taken for what", [("run", "scores", role, "extras") for role in ROLES]),
        ("Can its confidence be believed?", [("run", "scores", role, "calibration") for role in ROLES]),
        ("Loss while it trained", [("training",)]),
        ("More records, better models?", [("learning", "runs")]),
        ("Label by label", [("run", "verdict", "labels")]),
        ("What it learned from and was judged on", [("data",)]),
    ],
)  # fmt: skip
def test_what_there_is_nothing_of_has_no_section(better: Any, title: str, taken_away: list[tuple[str, ...]]) -> None:
    less = copy.deepcopy(better)
    for path in taken_away:
        place = less
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = type(place[path[-1]])() if path[-1] not in ("flips", "data", "calibration") else None
    assert titles(report_page.page(less)) == [each for each in TITLES if each != title]


def test_a_first_model_stands_alone() -> None:
    page = report_page.page(reported(world(7)))
    assert "The candidate" in titles(page) and "First model" in page and "candidate minus champion" not in page


def test_a_failed_run_says_where_and_what_to_do(better: Any) -> None:
    failed = copy.deepcopy(better)
    failed["run"] |= {"outcome": "failed", "verdict": None, "error": {"code": "no_capacity", "message": "no machine"}}
    failed["run"]["scores"] = {"candidate": None, "champion": None}
    failed["run"]["steps"][2]["status"] = "failed"
    failed["advice"] = "Start a run later."
    page = report_page.page(failed)
    assert (
        "<h1>Failed in step train: no machine</h1>" in page and titles(page)[0] == "What to do" and "Start a run later." in page
    )
    failed["run"] |= {"error": {"code": "cancelled", "message": "cancelled by alice"}, "reason": "wrong file"}
    assert "<h1>Cancelled by alice: wrong file</h1>" in report_page.page(failed)


def test_a_run_that_goes_on_is_a_page_too(better: Any) -> None:
    going = copy.deepcopy(better)
    going["run"] |= {"outcome": None, "status": "running", "verdict": None, "ended_at": None, "seconds": None}
    going["run"]["scores"] = {"candidate": None, "champion": None}
    going["run"]["orchestration_seconds"] = None
    assert "Still running" in report_page.page(going) and "There is no verdict yet." in report_page.page(going)


def test_numbers_that_were_predicted_are_drawn_and_less_is_better(better: Any) -> None:
    numbers = copy.deepcopy(better)
    numbers["metrics"] = [{"name": "mae", "higher_is_better": False}]
    verdict = numbers["run"]["verdict"]
    verdict["metrics"] = {"candidate": {"mae": 2.1}, "champion": {"mae": 2.3}}
    verdict["interval"] = {**verdict["interval"], "metric": "mae", "difference": -0.2, "low": -0.3, "high": -0.1}
    numbers["intervals"] = {"candidate": {}, "champion": {}}
    numbers["run"]["scores"]["candidate"]["extras"] = {
        "predicted_true": {"edges": [0, 5, 10], "counts": [[8, 1], [2, 4]], "unit": "days"},
        "errors": {"edges": [-5, 0, 5], "counts": [6, 9], "unit": "days"},
        "baselines": [{"name": "Always 4 days", "metrics": {"mae": 2.26}, "proposed": True, "message": "It is as good."}],
    }
    page = report_page.page(numbers)
    assert {"How far off", "Would something cheaper do?"} <= set(titles(page))
    assert "Less is better." in page and "the candidate is better." in page and "Proposed: serve this one instead." in page
    assert "15 records" in page


def test_how_fast_it_answers_and_whole_records_are_told_where_they_were_measured(better: Any) -> None:
    timed = copy.deepcopy(better)
    timed["run"]["scores"]["candidate"]["service"] = {"golden": 5, "wrong": 1, "requests": 40, "p50_ms": 12.4, "p95_ms": 31.0}
    timed["run"]["verdict"]["mcnemar"] = {"fixed": 12, "broken": 5, "p": 0.25}
    page = report_page.page(timed)
    assert "median 12 ms, 95 % within 31 ms, over 40 requests; 4 of 5 golden requests answered as recorded" in page
    assert "12 only the candidate has exactly right, 5 only the model in service" in page and "p: 0.250" in page
    timed["run"]["scores"]["candidate"]["service"] |= {"p50_ms": None, "p95_ms": None}
    assert "Asked as served" not in report_page.page(timed)


def test_answers_in_words_stand_side_by_side(better: Any) -> None:
    asked = copy.deepcopy(better)
    asked["flips"]["shown"] = [{
        "way": "beside", "label": "", "record_id": "q1", "text": "What is gout?",
        "answers": {"truth": {"value": "A kind of arthritis."}, "candidate": {"value": "Arthritis."}, "base": {"value": "A < B"}},
    }]  # fmt: skip
    page = report_page.page(asked)
    assert (
        titles(page)[4] == "Answers side by side"
        and "A kind of arthritis." in page
        and "base model" in page
        and "A &lt; B" in page
    )


def test_whose_records_and_which_alarms_are_told_by_id(better: Any) -> None:
    alarm = {
        "code": "rare_word",
        "label": "O",
        "found": 30,
        "records": [f"n-{n}" for n in range(30)],
        "batches": ["b1"],
        "p": 3e-9,
    }
    posters = [{"poster": "<i>eve</i>", "records": 900, "new": 300}, {"poster": "ann", "records": 500, "new": 100}]
    page = report_page.page({**better, "trust": {"posters": posters, "alarms": [alarm], "gold": 77}})
    said = Reader(page).text
    for words in (
        "labels that are missing",
        "30 new records",
        "n-11 and 18 more",
        "<i>eve</i>",
        "75%",
        "77 records of the gold set",
    ):
        assert words in said
    assert "Whose records these are" not in report_page.page({**better, "trust": None})


def test_a_failed_run_has_no_point_on_the_curve_and_tells_what_was_not_reached() -> None:
    made = stories.promoted()
    stories.failed(made)
    page = report_page.page(reported(made))
    assert "More records, better models?" not in titles(page) and "not reached" in page


def test_who_is_asked_reads_the_deadline_and_what_came_of_it_afterwards(better: Any) -> None:
    review = {"until": "2026-11-28T08:02:00.000Z", "status": "waiting", "by": None, "at": None, "reason": None}
    done = {**review, "status": "rejected", "by": "dana", "at": "2026-11-22T08:02:00.000Z", "reason": "odd"}
    waits, decided = (report_page.page({**better, "run": {**better["run"], "review": its}}) for its in (review, done))
    assert "2026-11-28 08:02 UTC; then the model in service stays" in waits and "rejected by dana" in decided
