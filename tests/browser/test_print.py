"""A run's report on paper: pages with margins, nothing cut at their edge, and as few as its parts need."""

from __future__ import annotations

import re

from playwright.sync_api import Browser

from chartloop import report_page, reporting
from tests.browser import stories
from tests.browser.conftest import OUTPUT
from tests.worlds import TASK

PAPER = {"width": 703, "height": 1009}
"""Of A4 without the margins, in pixels of CSS."""


def test_a_report_is_printed_whole_on_a_few_pages(browser: Browser) -> None:
    made = stories.promoted()
    run_id = stories.kept(made)
    stories.beside_its_base(made, run_id)
    report = reporting.find(TASK, run_id, text=True, now=made.clock(), **made.seams("ledger", "objects", "jobs"))
    page = browser.new_page(viewport={"width": PAPER["width"], "height": PAPER["height"]})
    page.set_content(report_page.page(report))
    page.emulate_media(media="print")
    wide = "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).length"
    assert page.evaluate(wide) == 0
    sizes = "['p', 'td', 'dd', '.soft'].map(e => parseFloat(getComputedStyle(document.querySelector(e)).fontSize))"
    found = page.evaluate(sizes)
    assert max(found) <= 1.1 * min(found)
    OUTPUT.mkdir(parents=True, exist_ok=True)
    printed = page.pdf(path=OUTPUT / "report.pdf", prefer_css_page_size=True)
    page.close()
    assert 3 <= len(re.findall(rb"/Type /Page\b", printed)) <= 6
