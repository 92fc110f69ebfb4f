"""Signing in: each page that does it comes back to itself, by no way round."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import MayVisit
from tests.worlds import FakeWorld


@pytest.fixture(scope="module")
def origin(serve: Callable[[FakeWorld], str]) -> str:
    return serve(FakeWorld())


@pytest.mark.parametrize(("wanted", "through"), [("/models", "/"), ("/stay.html", "/stay.html")])
def test_a_page_comes_back_to_itself_and_the_code_leaves_the_address(
    visit_at: MayVisit, origin: str, wanted: str, through: str
) -> None:
    there = visit_at(origin)
    answered: list[str] = []
    there.page.on("request", lambda request: answered.append(request.url) if "?code=" in request.url else None)
    there.sign_in(wanted)
    there.page.wait_for_url(f"{origin}{wanted}")
    assert [urlsplit(url).path for url in answered] == [through]
    there.complaints.clear()  # there is no model yet, which the form for a stay asks for
