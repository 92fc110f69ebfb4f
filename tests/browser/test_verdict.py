"""A run's page: what was decided and why, what a person is asked, and what changed in its sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser import stories
from tests.browser.conftest import MayVisit, pictured
from tests.report_world import HOSTILE, RichWorld
from tests.worlds import FakeWorld


@dataclass
class Told:
    world: RichWorld
    origin: str


@pytest.fixture
def told(serve: Callable[[FakeWorld], str]) -> Told:
    made = stories.promoted()
    return Told(made, serve(made))


def test_what_a_person_is_asked_stands_first_with_its_deadline_and_is_answered(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.held(told.world)
    there = visit_at(told.origin)
    page = there.page
    there.sign_in(f"/runs/{run_id}")
    expect(page.get_by_text("Somebody has to decide until 28 Nov 2026")).to_be_visible()
    first = page.get_by_role("table", name="Clauses of the verdict").get_by_role("row").nth(1)
    expect(first).to_contain_text("Failed")
    expect(first).to_contain_text("1 rare word goes with one label in 9 new records")
    expect(page.get_by_role("table", name="Alarms")).to_contain_text("note-040")
    expect(page.get_by_role("table", name="Senders of the run's records")).to_contain_text("alice")
    assert there.barriers() == []
    pictured(there, "needs-review")
    page.get_by_role("button", name="Reject").click()
    page.get_by_label("Why").fill("the word is a typing error of one ward")
    page.get_by_role("button", name="Reject", exact=True).last.click()
    expect(page.get_by_text("Dana Field rejected it")).to_contain_text("the word is a typing error of one ward")
    expect(page.get_by_text("Kept the old model")).to_be_visible()
    assert told.world.run(run_id)["review"]["status"] == "rejected"


def test_the_models_page_tells_who_waits_and_promotes_it(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.held(told.world)
    there = visit_at(told.origin)
    page = there.page
    there.sign_in("/models")
    expect(page.get_by_text("A candidate waits for a person until 28 Nov 2026")).to_be_visible()
    assert there.barriers() == []
    pictured(there, "waiting")
    page.get_by_role("button", name="Promote", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("table", name="Differences")).to_be_visible()
    page.get_by_label("Why").fill("the records are right")
    page.get_by_role("button", name="Promote", exact=True).last.click()
    expect(page.get_by_text("Running now")).to_be_visible()
    told.world.to_end()
    page.goto(f"{told.origin}/runs/{run_id}")
    expect(page.get_by_text("Dana Field promoted it")).to_contain_text("the records are right")


def test_who_may_not_decide_sees_what_waits_and_no_sentence(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.held(told.world)
    there = visit_at(told.origin)
    there.sign_in(f"/runs/{run_id}", role="Reader")
    expect(there.page.get_by_role("button", name="Promote")).to_be_disabled()
    expect(there.page.get_by_role("heading", name="Each model by itself")).to_be_visible()
    assert there.page.get_by_role("heading", name="What changed").count() == 0


def test_what_changed_is_marked_in_its_sentence_and_is_only_text(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.kept(told.world)
    there = visit_at(told.origin)
    page = there.page
    there.sign_in(f"/runs/{run_id}")
    expect(page.get_by_text("Kept the old model")).to_be_visible()
    expect(page.get_by_text("41 fixed, 17 broken")).to_be_visible()
    expect(page.get_by_role("group", name="Right, in the sentence").locator("mark")).to_have_text("25 mg BID")
    expect(page.get_by_role("group", name="Candidate, in the sentence").locator("mark")).to_have_text("25 mg")
    page.get_by_role("button", name="Fixed by the candidate (2)").click()
    expect(page.get_by_role("group", name="Right, in the sentence").last.locator("mark")).to_have_text("chest pain")
    assert HOSTILE[:30] in page.get_by_role("group", name="Right, in the sentence").last.inner_text()
    labels = page.get_by_role("table", name="Scores by label").get_by_role("row")
    expect(labels.filter(has_text="problem")).to_contain_text("Fell")
    expect(labels.filter(has_text="allergy")).to_contain_text("Insufficient evidence")
    assert there.barriers() == []
    pictured(there, "kept")


def test_whole_records_and_a_cheaper_model_are_told(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.kept(told.world)
    stories.compared(told.world, run_id)
    there = visit_at(told.origin)
    there.sign_in(f"/runs/{run_id}")
    expect(there.page.get_by_text("41 only the candidate has exactly right, 17 only the champion")).to_contain_text("p 0.002")
    expect(there.page.get_by_text("Proposed: serve TF-IDF and logistic regression instead")).to_be_visible()
    assert there.barriers() == []


def test_a_fine_tuned_model_stands_beside_its_base_with_answers_for_who_may_read_them(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.kept(told.world)
    stories.beside_its_base(told.world, run_id)
    there = visit_at(told.origin)
    page = there.page
    there.sign_in(f"/runs/{run_id}")
    said = "Better than its base by perplexity (36.010 before, 32.520 after) and ROUGE-L (0.061 before, 0.167 after)."
    expect(page.get_by_text(said)).to_be_visible()
    rows = page.get_by_role("table", name="Fine-tuned beside its base").get_by_role("row")
    expect(rows.filter(has_text="Perplexity")).to_contain_text("−6.000 to −1.500")
    expect(rows.filter(has_text="Exact matches")).to_contain_text("Not proven")
    expect(rows.filter(has_text="General passages")).to_contain_text("Better")
    expect(page.get_by_text("It is no published model")).to_be_visible()
    expect(page.get_by_role("heading", name="Answers side by side")).to_be_visible()
    expect(page.get_by_text("Arthritis of the joints.").first).to_be_visible()
    assert there.barriers() == []
    pictured(there, "beside")
    other = visit_at(told.origin)
    other.sign_in(f"/runs/{run_id}", role="Reader")
    expect(other.page.get_by_text("Answers side by side are for those who may also write records")).to_be_visible()
    assert other.page.get_by_text("Arthritis of the joints.").count() == 0


def test_a_failed_run_says_what_to_do(visit_at: MayVisit, told: Told) -> None:
    run_id = stories.failed(told.world)
    there = visit_at(told.origin)
    there.sign_in(f"/runs/{run_id}")
    expect(there.page.get_by_text("0 instances (quota_exceeded)")).to_be_visible()
    expect(there.page.get_by_text("Ask AWS for a higher quota")).to_be_visible()
    expect(there.page.get_by_text("Not reached").first).to_be_visible()
    assert there.page.get_by_role("heading", name="Curves").count() == 0
    assert there.barriers() == []
    pictured(there, "failed")
