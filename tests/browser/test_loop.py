"""The first user's way through the page: a file with two bad records, a run to its verdict, a note tried and put right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chromium import Visit
from tests.browser.conftest import OUTPUT, MayVisit
from tests.e2e import easy
from tests.e2e.conftest import Cloud
from tests.e2e.test_loop import QUICK

RUN_MS = 300_000
BAD: list[dict[str, Any]] = [
    {"record_id": "bad-1", "text": "No patient here", "entities": [{"start": 0, "end": 99, "label": "drug"}]},
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


def pictured(there: Visit, name: str) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    there.picture(OUTPUT / f"{name}-light.png")


def sends(page: Page, file: Path) -> None:
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Check records").click()
    expect(page.get_by_text("2 of 102 records would be rejected")).to_be_visible()


def test_from_a_file_to_a_corrected_prediction(visit: MayVisit, sent: Path) -> None:
    there = visit()
    page = there.page
    there.sign_in("/send")
    sends(page, sent)
    expect(page.get_by_role("row").filter(has_text="bad-1").get_by_text("is past the end of the text")).to_be_visible()
    expect(page.get_by_role("region", name="Text of n-1-0").locator("mark")).to_have_count(1)
    pictured(there, "checked")
    page.get_by_role("button", name="Send to training (100)").click()
    expect(page.get_by_text("100 of 102 records accepted.")).to_be_visible()
    pictured(there, "receipt")
    page.get_by_role("link", name="Watch the runs").click()
    expect(page.get_by_text("Running now")).to_be_visible(timeout=RUN_MS)
    pictured(there, "live")
    page.get_by_role("link", name="ner-").first.click()
    expect(page.get_by_text("Promoted", exact=True)).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_role("table", name="Clauses of the verdict")).to_be_visible()
    assert there.barriers() == []
    pictured(there, "run")
    tries(there)


def tries(there: Visit) -> None:
    page = there.page
    page.get_by_role("link", name="Try it").click()
    page.get_by_label("Text", exact=True).fill(ODD)
    page.get_by_label("Keep for review").check()
    page.get_by_label("Text", exact=True).press("Control+Enter")
    note = page.get_by_role("region", name="Entities in the note")
    expect(note.locator("mark").first).to_have_text("aspirin")
    assert "<script>document.title='x'</script>" in note.inner_text() and page.title() == "Try it - Chartloop"
    note.locator(".note-line").first.dblclick(position={"x": 12, "y": 12})
    page.get_by_role("group", name="Label of the selected words").wait_for()
    page.keyboard.press("1")
    expect(page.get_by_role("table", name="Entities").get_by_text("by you")).to_be_visible()
    assert there.barriers() == []
    pictured(there, "tried")
    page.get_by_role("button", name="Send feedback").click()
    expect(page.get_by_text("is a labelled record now")).to_be_visible()
    page.goto(f"{there.origin}/data?tab=review")
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    kept = page.evaluate("JSON.stringify([location.href, {...localStorage}, {...sessionStorage}])")
    assert "aspirin" not in kept
