"""Labels and data: who sent what, the gold set, what waits, alarms, and what a batch changed; ids and counts, no text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from lambdas import api
from tests.browser import stories
from tests.browser.conftest import MayVisit, pictured
from tests.e2e import easy
from tests.lambdas.gateway import Caller
from tests.report_world import RichWorld
from tests.worlds import TASK, FakeWorld

RECORDS = f"/v1/tasks/{TASK}/records"


@pytest.fixture(scope="module")
def world() -> RichWorld:
    """Two posters, one of whom is over the cap, a gold set, and a run that was held for an alarm."""
    made = stories.promoted()
    stories.held(made)
    call = Caller(api.handle, made)
    assert call("POST", RECORDS, easy.notes(12, seed=7)).status == 202
    assert call("POST", f"/v1/tasks/{TASK}/gold", easy.notes(5, seed=8)).status == 202
    return made


@pytest.fixture(scope="module")
def origin(serve: Callable[[FakeWorld], str], world: RichWorld) -> str:
    return serve(world)


def test_senders_gold_set_and_the_origin_of_a_record_are_told(visit_at: MayVisit, origin: str, world: RichWorld) -> None:
    there = visit_at(origin)
    page = there.page
    there.sign_in("/data?tab=senders")
    expect(page.get_by_role("table", name="Senders").get_by_role("row").filter(has_text="alice")).to_be_visible()
    gold = page.get_by_role("table", name="Gold set").get_by_role("row").filter(has_text="alice")
    expect(gold.get_by_role("cell").nth(0)).to_have_text("5")
    page.get_by_label("Record id").fill("n-8-0")
    page.get_by_label("Record id").press("Enter")
    expect(page.get_by_text("n-8-0: of the gold set")).to_be_visible()
    assert "n-8-0" not in page.url
    assert there.barriers() == []
    pictured(there, "senders")
    page.get_by_role("table", name="Versions of the record").get_by_role("link").click()
    expect(page.get_by_text("from alice, for the gold set")).to_be_visible()
    expect(page.get_by_role("table", name="Labels of the batch").get_by_role("row").nth(1)).to_contain_text("drug")


def test_an_alarm_is_told_where_its_records_are_and_never_its_word(visit_at: MayVisit, origin: str, world: RichWorld) -> None:
    there = visit_at(origin)
    page = there.page
    there.sign_in("/data?tab=quality")
    expect(page.get_by_text("Look at these records before you trust the scores")).to_be_visible()
    row = page.get_by_role("table", name="Alarms").get_by_role("row").nth(1)
    expect(row).to_contain_text("note-040, note-041")
    assert there.barriers() == []
    pictured(there, "alarms")
    row.get_by_role("link").click()
    expect(page.get_by_text("A run raised an alarm on records of this batch")).to_be_visible()


def test_what_is_over_the_cap_waits_and_says_so(visit_at: MayVisit, serve: Callable[[FakeWorld], str]) -> None:
    made = FakeWorld()
    made.change(poster_cap_percent=60)
    made.add_batch(train=90, holdout=10)
    call = Caller(api.handle, made)
    there = visit_at(serve(made))
    page = there.page
    there.sign_in("/send")
    for seed, count in ((1, 40), (2, 90)):
        call("POST", RECORDS, easy.notes(count, seed=seed))
    page.goto(f"{there.origin}/data")
    expect(page.get_by_role("table", name="Batches").get_by_text("Waits").first).to_be_visible()
    page.get_by_role("tab", name="Senders").click()
    expect(page.get_by_text("records wait for a later run")).to_be_visible()
