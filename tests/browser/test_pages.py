"""Every page, signed in by each role: it opens, keeps to its policy, and offers what the role may do."""

from __future__ import annotations

import pytest

from tests.browser.conftest import OUTPUT, MayVisit

PAGES = {
    "/send": "Send data", "/runs": "Runs", "/models": "Models", "/try": "Try it", "/data": "Labels and data",
    "/data?tab=labels": "Labels and data", "/data?tab=drift": "Labels and data", "/data?tab=quarantine": "Labels and data",
    "/data?tab=quality": "Labels and data", "/data?tab=records": "Labels and data",
}  # fmt: skip


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_opens_without_barriers_and_is_pictured(visit: MayVisit, dark: bool) -> None:
    OUTPUT.mkdir(parents=True, exist_ok=True)
    there = visit(dark=dark)
    there.sign_in()
    for path, title in PAGES.items():
        there.page.goto(there.origin + path)
        there.page.get_by_role("heading", level=1, name=title, exact=True).wait_for()
        there.page.get_by_text("Loading").first.wait_for(state="hidden")
        there.picture(OUTPUT / f"{path[1:].replace('?tab=', '-')}-{'dark' if dark else 'light'}.png")
        assert there.barriers() == []


def test_a_wanted_address_is_reached_after_signing_in(visit: MayVisit) -> None:
    there = visit()
    there.sign_in("/models?audit=2026")
    assert there.page.url == f"{there.origin}/models?audit=2026"


def test_who_only_reads_is_offered_no_decision(visit: MayVisit) -> None:
    there = visit()
    there.sign_in("/runs", role="Reader")
    assert there.page.get_by_role("button", name="Start a run now").is_disabled()


def test_signing_out_leads_back_to_the_door(visit: MayVisit) -> None:
    there = visit()
    there.sign_in()
    there.page.get_by_role("button", name="Dana Field").click()
    there.page.get_by_role("menuitem", name="Sign out").click()
    there.page.get_by_role("button", name="Sign in").wait_for()
    assert there.page.evaluate("sessionStorage.length + localStorage.length") == 0
