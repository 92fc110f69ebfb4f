"""A note of 100,000 characters with 6,000 entities: it opens whole, and is put right like any other."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.conftest import MayVisit

LINES, ENTITIES = 1_000, 6_000


def note() -> tuple[str, list[dict[str, Any]]]:
    """(text, entities): six drugs a line of 100 characters."""
    line = ("aspirin daily, " * 6).ljust(99, "x") + "\n"
    starts = [number * len(line) + 15 * place for number in range(LINES) for place in range(6)]
    found = [{"start": s, "end": s + 7, "label": "drug", "surface": "aspirin", "confidence": 0.9} for s in starts]
    return line * LINES, found


def answers(route: Route) -> None:
    """In the service's place: no model of a test reads so much in time."""
    text, found = note()
    prediction = {"prediction_id": "p", "entities": found, "characters": len(text)}
    said = {"task": "ner", "model_version": "v", "snapshot": None, "offset_unit": "utf16", "predictions": [prediction]}
    route.fulfill(status=200, content_type="application/json", body=json.dumps(said))


def test_a_very_long_note_is_marked_whole_and_put_right(visit: MayVisit) -> None:
    there = visit()
    page = there.page
    there.sign_in("/try")
    page.route("**/predict", answers)
    text, _ = note()
    page.get_by_label("Text", exact=True).fill(text)
    page.get_by_label("Text", exact=True).press("Control+Enter")
    found = page.get_by_role("region", name="Entities in the note")
    expect(found.locator("mark")).to_have_count(ENTITIES)
    found.locator(".note-line").first.dblclick(position={"x": 150, "y": 12})
    page.get_by_role("group", name="Label of the selected words").get_by_label("Another label").fill("often")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text(f"({ENTITIES + 1:,})")).to_be_visible()
    expect(found.locator("mark.depth-2")).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(found.locator("mark.depth-2")).to_have_count(0)
    expect(page.get_by_text(f"({ENTITIES:,})")).to_be_visible()
