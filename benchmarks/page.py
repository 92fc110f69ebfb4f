"""How fast the page is: its first draw, each page, a note of 100,000 characters with 6,000 entities, a list of 10,000 runs.

Run: python -m benchmarks.page [--url http://localhost:8040] (make dashboard first). Without an address it starts a local cloud of
its own, which is empty. Prints medians and the slowest of the rounds, in milliseconds as the browser's own clock has them.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, Route

from tests.browser.chromium import Visit, chromium
from tests.browser.test_note import ENTITIES, answers, note
from tests.client import examples
from tests.e2e.conftest import Cloud

ROUNDS = 5
PAGES = ("/runs", "/send", "/models", "/try", "/data")
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
HEADED = """() => new Promise((done) => {
  const look = () => document.querySelector('h1') ? requestAnimationFrame(() => done(performance.now())) : setTimeout(look, 4);
  look();
})"""
"""From the navigation's start until the page's own heading is drawn."""
PRESSED = """(name) => new Promise((done) => {
  const marks = () => document.querySelectorAll('.note mark').length + document.querySelectorAll('.note .depth-2').length;
  const [before, from] = [marks(), performance.now()];
  [...document.querySelectorAll('button')].find((button) => button.textContent.trim() === name).click();
  const drawn = () => requestAnimationFrame(() => setTimeout(() => done(performance.now() - from)));
  const look = () => marks() !== before ? drawn() : setTimeout(look, 1);
  look();
})"""
"""From the press of a button until the marks in the note, or those that lie on others, have changed and are drawn."""
TURNED = """() => new Promise((done) => {
  const first = () => document.querySelector('tbody tr a')?.textContent;
  const [before, from] = [first(), performance.now()];
  document.querySelector('[aria-label="Next page"]').click();
  const look = () => first() !== before ? requestAnimationFrame(() => done(performance.now() - from)) : setTimeout(look, 1);
  look();
})"""
"""From the press for the next page of a table until its first row is drawn."""
RUNS, AT_ONCE = 10_000, 20


@contextmanager
def served(url: str) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as state:
        cloud = Cloud(Path(state))
        cloud.start()
        try:
            yield f"http://localhost:{cloud.port}"
        finally:
            cloud.stop()


def first_draws(browser: Browser, origin: str) -> Iterator[tuple[str, list[float]]]:
    """The door, by somebody who was never here; then each page, signed in, loaded from its own address."""
    yield "first visit: the door is painted", [_door(browser, origin) for _ in range(ROUNDS)]
    there = Visit(browser, origin)
    there.sign_in()
    for path in PAGES:
        yield f"{path}: its heading is drawn", [_loaded(there, path) for _ in range(ROUNDS)]
    there.end()


def _door(browser: Browser, origin: str) -> float:
    there = Visit(browser, origin)
    there.page.goto(origin)
    there.page.get_by_role("button", name="Sign in").wait_for()
    painted = float(there.page.evaluate(PAINTED))
    there.end()
    return painted


def _loaded(there: Visit, path: str) -> float:
    there.page.goto(there.origin + path)
    return float(there.page.evaluate(HEADED))


def long_note(browser: Browser, origin: str) -> Iterator[tuple[str, list[float]]]:
    text, _ = note()
    opened, marked = [], []
    for _ in range(ROUNDS):
        there = Visit(browser, origin)
        there.sign_in("/try")
        page = there.page
        page.route("**/predict", answers)
        page.get_by_label("Text", exact=True).fill(text)
        opened.append(float(page.evaluate(PRESSED, "Predict")))
        page.locator(".note-line").first.dblclick(position={"x": 150, "y": 12})
        page.get_by_label("Another label").fill("often")
        marked.append(float(page.evaluate(PRESSED, "Add")))
        there.end()
    yield f"a note of {len(text):,} characters with {ENTITIES:,} entities: from the press to its drawing", opened
    yield "a mark is added to it: from the press to its drawing", marked


def many_runs(browser: Browser, origin: str) -> Iterator[tuple[str, list[float]]]:
    """Through all pages of the list of runs, as the service cuts them; its answers come at once."""
    there = Visit(browser, origin)
    there.page.route("**/v1/runs?*", listed)
    there.sign_in("/runs")
    there.page.get_by_role("link", name="ner-0", exact=True).wait_for()
    turned = [float(there.page.evaluate(TURNED)) for _ in range(RUNS // AT_ONCE - 1)]
    there.end()
    yield f"{RUNS:,} runs, {AT_ONCE} a page: from the press for the next page to its drawing", turned
    yield "the same, over the last tenth of the pages", turned[-len(turned) // 10 :]


def listed(route: Route) -> None:
    before = parse_qs(urlsplit(route.request.url).query).get("before", ["-1"])[0]
    first = int(before) + 1
    runs = [examples.run(f"ner-{number}") for number in range(first, first + AT_ONCE)]
    following = str(first + AT_ONCE - 1) if first + AT_ONCE < RUNS else None
    route.fulfill(status=200, content_type="application/json", body=json.dumps({"runs": runs, "next": following}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="", help="a local cloud that is up")
    given = parser.parse_args()
    with served(given.url) as url, chromium() as browser:
        origin = f"http://localhost:{urlsplit(url).port}"
        for measure in (first_draws, long_note, many_runs):
            for what, found in measure(browser, origin):
                print(f"{what:>95}: {statistics.median(found):6.0f} ms, at most {max(found):.0f}")


if __name__ == "__main__":
    main()
