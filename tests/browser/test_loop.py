"""The first user's way through the page: bad records mended, a run to its verdict, a note put right, a rollback, a cancel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OUTPUT, MayVisit, pictured
from tests.e2e import easy
from tests.e2e.conftest import Cloud, until
from tests.e2e.test_loop import QUICK

RUN_MS = 900_000
BAD: list[dict[str, Any]] = [
    {"record_id": "bad-1", "text": "No patient here", "entities": [{"start": 3, "end": 99, "label": "drug"}]},
    {"record_id": "bad-2", "text": "", "entities": []},
]
ODD = "He takes aspirin <script>document.title='x'</script> \x07\u202e and 😀 walks."


@pytest.fixture(scope="module")
def sent(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file of 100 notes, the second and third of which are bad."""
    with cloud.api() as api:
        api.change_settings("ner", QUICK)
    first, *others = easy.notes(100, seed=1)
    file = tmp_path_factory.mktemp("files") / "notes.jsonl"
    file.write_text("\n".join(json.dumps(record) for record in [first, *BAD, *others]))
    yield file


@pytest.fixture(scope="module")
def second(cloud: Cloud) -> str:
    """After the first run: another model, put into service by hand whatever its verdict was. The version before it."""
    with cloud.api() as api:

        def idle() -> bool:
            task = api.task("ner")
            return task["active_run"] is None and task["promotion"] is None

        first = str(until(lambda: idle() and api.task("ner")["champion"], RUN_MS // 1000)["version"])
        api.post_records("ner", easy.notes(60, seed=2))
        until(lambda: api.task("ner")["active_run"], 60)
        until(idle, RUN_MS // 1000)
        newest = api.models("ner")[0]["version"]
        if api.task("ner")["champion"]["version"] != newest:
            api.promote("ner", newest, reason="to have two")
            until(lambda: idle() and api.task("ner")["champion"]["version"] == newest, RUN_MS // 1000)
        return first


def test_from_a_file_to_a_verdict(visit: MayVisit, sent: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/send")
    page.locator("input[type=file]").set_input_files(sent)
    page.get_by_role("button", name="Check records").click()
    expect(page.get_by_text("2 of 102 records would be rejected")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="bad-1").get_by_text("is past the end of the text")).to_be_visible()
    page.get_by_role("button", name="Show n-1-0", exact=True).click()
    expect(page.get_by_role("region", name="Text of n-1-0").locator("mark")).to_have_count(1)
    pictured(there, "checked")
    mends(page)
    page.get_by_role("button", name="Send to training (101)").click()
    expect(page.get_by_text("101 of 102 records accepted.")).to_be_visible()
    pictured(there, "receipt")
    page.get_by_role("link", name="Watch the runs").click()
    expect(page.get_by_text("Running now")).to_be_visible(timeout=RUN_MS)
    pictured(there, "live")
    page.get_by_role("link", name="ner-").first.click()
    expect(page.get_by_role("button", name="Cancel the run")).to_be_visible()
    expect(page.get_by_text("Promoted", exact=True)).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_role("table", name="Clauses of the verdict").get_by_text("Passed").first).to_be_visible()
    expect(page.get_by_role("heading", name="Each model by itself")).to_be_visible()
    assert there.barriers() == []
    pictured(there, "run")
    with page.expect_download() as fetched:
        page.get_by_role("button", name="Report").click()
    assert fetched.value.path().read_text().startswith("<!doctype html>")


def mends(page: Page) -> None:
    """The first bad record, in the page; the second one stays as it is."""
    page.get_by_role("button", name="Show bad-1").click()
    page.get_by_role("button", name="Mend", exact=True).click()
    raw = page.get_by_label("The record as it is sent")
    raw.fill(raw.input_value().replace("99", "10"))
    page.get_by_role("button", name="Use this").click()
    page.get_by_role("button", name="Check records").click()
    expect(page.get_by_text("1 of 102 records would be rejected")).to_be_visible()


def test_what_was_not_taken_in_waits_until_it_is_let_go(visit: MayVisit, sent: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/data?tab=quarantine")
    page.get_by_role("button", name="Rejected: empty text").click()
    row = page.get_by_role("row").filter(has_text="bad-2")
    pictured(there, "quarantine")
    row.get_by_role("link", name="Mend").click()
    page.locator("input[type=file]").set_input_files(sent)
    expect(page.get_by_text("(1 of 102 chosen)")).to_be_visible()
    page.goto(f"{there.origin}/data?tab=quarantine")
    page.get_by_role("button", name="Rejected: empty text").click()
    row.get_by_role("button", name="Let").click()
    page.get_by_label("Why").fill("the note is empty at its source")
    page.get_by_role("button", name="Let go", exact=True).click()
    expect(page.get_by_text("Nothing waits to be mended.")).to_be_visible()


def test_a_strange_note_is_text_and_is_put_right_by_keyboard(visit: MayVisit, sent: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/try")
    page.get_by_label("Text", exact=True).fill(ODD)
    page.get_by_label("Keep for review").check()
    page.get_by_label("Text", exact=True).press("Control+Enter")
    note = page.get_by_role("region", name="Entities in the note")
    expect(note.locator("mark").first).to_have_text("aspirin")
    assert "<script>document.title='x'</script>" in note.inner_text() and page.title() == "Try it - Chartloop"
    assert "\u202e" not in note.inner_text() and "\u21c4" in note.inner_text()
    expect(page.get_by_text("a mark that would turn the direction of the text")).to_be_visible()
    corrects(page, note)
    expect(page.get_by_role("table", name="Suggested billing codes").get_by_role("row")).not_to_have_count(1)
    page.get_by_role("checkbox", name="is right").first.check()
    page.get_by_role("button", name="Find similar records").click()
    expect(page.get_by_role("button", name="n-1-").first).to_be_visible()
    assert there.barriers() == []
    pictured(there, "tried")
    page.get_by_role("button", name="Send feedback").click()
    expect(page.get_by_text("is a labelled record now")).to_be_visible()
    page.goto(f"{there.origin}/data?tab=review")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    kept = page.evaluate("JSON.stringify([location.href, {...localStorage}, {...sessionStorage}])")
    assert "aspirin" not in kept


def corrects(page: Page, note: Any) -> None:
    """A label by keyboard, and back; then two marks on each other, told apart by the chooser; the list of keys."""
    entities = page.get_by_role("table", name="Entities")
    note.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("group", name="Label of the selected words").wait_for()
    page.keyboard.press("1")
    expect(entities.get_by_text("by you")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(entities.get_by_text("by you")).to_have_count(0)
    note.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("1")
    expect(entities.get_by_text("He takes")).to_be_visible()
    note.locator(".note-line").first.dblclick(position={"x": 12, "y": 12})
    page.get_by_role("group", name="Label of the selected words").wait_for()
    page.keyboard.press("1")
    expect(entities.get_by_text("by you")).to_have_count(2)
    note.locator("mark").first.click(position={"x": 4, "y": 8})
    page.get_by_role("group", name="Marks here").get_by_role("button", name="He takes").click()
    page.keyboard.press("Delete")
    expect(entities.get_by_text("by you")).to_have_count(1)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_role("button", name="Close the list of keys").click()


def test_a_rollback_shows_what_changes_and_asks_why(visit: MayVisit, sent: Path, second: str) -> None:
    there = visit()
    page = there.page
    there.sign_in("/models")
    page.get_by_role("button", name=f"Roll back to {second}").first.click()
    expect(page.get_by_role("dialog").get_by_role("table", name="Differences")).to_be_visible()
    there.picture(OUTPUT / "rollback-light.png")
    page.get_by_role("button", name="Roll back", exact=True).last.click()
    expect(page.get_by_text("Say why")).to_be_visible()
    page.get_by_label("Why").fill("worse in the ward")
    page.get_by_role("button", name="Roll back", exact=True).last.click()
    expect(page.get_by_text("Rolled back", exact=True)).to_be_visible(timeout=RUN_MS)
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name=f"In service: {second}")).to_be_visible()
    expect(page.get_by_role("table", name="Audit trail").get_by_text("worse in the ward").first).to_be_visible()
    for choice in page.get_by_role("table", name="Versions of the model").get_by_role("checkbox", name="Choose ner-").all()[:2]:
        choice.check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("table", name="Figures")).to_be_visible()
    pictured(there, "compared")


def test_a_run_is_cancelled_with_a_reason(visit: MayVisit, cloud: Cloud, sent: Path, second: str) -> None:
    there = visit()
    page = there.page
    there.sign_in("/runs")
    page.get_by_role("button", name="Start a run now").click()
    page.get_by_role("button", name="Start the run").click()
    page.get_by_role("button", name="Cancel the run").click()
    page.get_by_label("Why").fill("the wrong file")
    page.get_by_role("button", name="Cancel the run").last.click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(page.get_by_text("the wrong file (cancelled by Dana Field)")).to_be_visible()
    with cloud.api() as api:
        assert api.task("ner")["active_run"] is None and api.task("ner")["champion"]["version"] == second
