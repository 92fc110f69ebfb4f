"""One Chromium, one local cloud and worlds of fakes for the tests of the page; a visit that it complained about fails its test.

Both end with the last of these tests: while Playwright runs, its thread has an event loop, and no test after it could start one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from local.page import BUILT
from tests.browser.chromium import CHROMIUM, Visit, chromium
from tests.browser.service import Service
from tests.e2e.conftest import Cloud
from tests.worlds import FakeWorld

OUTPUT = Path(__file__).parent.parent.parent / "build" / "pages"
"""Where the pictures of the pages go."""

MayVisit = Callable[..., Visit]


def pictured(there: Visit, name: str) -> None:
    """As the page is now, in light and in dark."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    for colours in ("Light", "Dark"):
        if there.page.get_by_role("button", name=f"{colours} colours").count():
            there.page.get_by_role("button", name=f"{colours} colours").click()
        there.picture(OUTPUT / f"{name}-{colours.lower()}.png")
    there.page.get_by_role("button", name="Light colours").click()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on this machine")
    if not (BUILT / "index.html").exists():
        pytest.skip("the page is not built: make dashboard")
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def cloud(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Started after the browser, so that nothing is started where there is none."""
    running = Cloud(tmp_path_factory.mktemp("pages"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def visit_at(browser: Browser) -> Iterator[MayVisit]:
    """Makes visits at an origin; in the end none of them may have complained."""
    made: list[Visit] = []

    def start(origin: str, **options: bool) -> Visit:
        made.append(Visit(browser, origin, **options))
        return made[-1]

    yield start
    complaints = [complaint for each in made for complaint in each.complaints]
    for each in made:
        each.end()
    assert complaints == []


@pytest.fixture
def visit(visit_at: MayVisit, cloud: Cloud) -> MayVisit:
    """Makes visits of the local cloud."""
    return partial(visit_at, f"http://localhost:{cloud.port}")


@pytest.fixture(scope="module")
def serve(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[FakeWorld], str]]:
    """Serves a world of fakes, and gives the address of its page."""
    serving: list[Service] = []

    def start(world: FakeWorld) -> str:
        serving.append(Service(world, tmp_path_factory.mktemp("served")))
        serving[-1].start()
        return serving[-1].origin

    yield start
    for each in serving:
        each.stop()
