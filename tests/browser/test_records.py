"""Records as they came in: found page by page, chosen, sent on to training or back to be mended; ids and labels, no text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lambdas import api
from tests.browser.chromium import Visit
from tests.browser.conftest import OUTPUT, MayVisit, pictured
from tests.e2e import easy
from tests.lambdas.gateway import Caller
from tests.worlds import TASK, FakeWorld

RECORDS = f"/v1/tasks/{TASK}/records"
BAD = [{"record_id": f"bad-{number}", "text": "", "entities": []} for number in range(3)]


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


@pytest.fixture
def there(visit_at: MayVisit, serve: Callable[[FakeWorld], str], world: FakeWorld) -> Visit:
    """Signed in where thirty records were taken in and three were not."""
    world.change(minimum_records=20, minimum_new_records=10_000)
    found = visit_at(serve(world))
    Caller(api.handle, world)("POST", RECORDS, [*easy.notes(30, seed=1), *BAD])
    found.sign_in("/send")
    found.page.goto(f"{found.origin}/data?tab=records")
    return found


def test_records_are_found_by_id_label_verdict_sender_and_day_page_by_page(there: Visit) -> None:
    page = there.page
    rows = page.get_by_role("table", name="Records as they came in").get_by_role("row")
    expect(rows).to_have_count(21)
    page.get_by_role("button", name="Next page").click()
    expect(rows).to_have_count(14)
    page.get_by_role("button", name="Label Any label").click()
    page.get_by_role("option", name="drug").click()
    expect(rows).to_have_count(21)
    expect(rows.nth(1)).to_contain_text("drug")
    page.get_by_label("Find by record id").fill("N-1-1")
    expect(rows).to_have_count(12)
    assert "n-1-1" not in page.url.lower()
    assert there.barriers() == []
    pictured(there, "records")
    page.get_by_label("Verdict").click()
    page.get_by_role("option", name="Rejected").click()
    expect(page.get_by_text("No record is like this.")).to_be_visible()


def test_chosen_records_start_a_run_over_all_that_was_accepted(there: Visit, world: FakeWorld) -> None:
    page = there.page
    for name in ("Choose n-1-0", "Choose n-1-1"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    page.get_by_role("button", name="Next page").click()
    page.get_by_role("checkbox", name="Choose bad-0").check()
    expect(page.get_by_text("(3 chosen)")).to_be_visible()
    page.get_by_role("button", name="Send to training").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Of the 3 chosen 2 are among them, 1 not")
    expect(dialog).to_contain_text("no search")
    dialog.get_by_text("Search for better hyper-parameters").click()
    dialog.get_by_label("Trials").fill("51")
    expect(dialog.get_by_role("button", name="Start the run")).to_be_disabled()
    dialog.get_by_label("Trials").fill("6")
    expect(dialog.get_by_text("no search")).to_have_count(0)
    assert there.barriers() == []
    there.picture(OUTPUT / "start-light.png")
    dialog.get_by_role("button", name="Start the run").click()
    expect(page.get_by_text("Tune the hyper-parameters")).to_be_visible()
    [run] = world.runs()
    assert run["by"] == "Dana Field"


def test_what_was_rejected_goes_back_to_its_file_with_the_chosen_lines_alone(there: Visit, tmp_path: Path) -> None:
    page = there.page
    page.get_by_role("button", name="Next page").click()
    mend = page.get_by_role("button", name="Mend and send again")
    page.get_by_role("checkbox", name="Choose bad-0").check()
    page.get_by_role("checkbox", name="Choose bad-2").check()
    mend.click()
    expect(page.get_by_text("those that you chose are picked out")).to_be_visible()
    file = tmp_path / "notes.json"
    file.write_text(json.dumps([*easy.notes(30, seed=1), *BAD]))
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("(2 of 33 chosen)")).to_be_visible()
