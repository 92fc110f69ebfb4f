"""Records as they came in: every one on some page, once, in the order of their batches; narrowed by poster, day and verdict."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import arrivals
from chartloop.errors import InvalidRequest
from tests.chartloop.intakes import TASK, Desk, note


@pytest.fixture(scope="module")
def desk() -> Desk:
    made = Desk()
    for batch in range(3):
        bad = {"record_id": f"bad-{batch}", "text": "", "entities": []}
        made.post([*(note(f"{batch}-{number}") for number in range(4)), bad])
    return made


def page(desk: Desk, **asked: Any) -> Any:
    return arrivals.page(TASK, ledger=desk.ledger, objects=desk.objects, **{"limit": 100, **asked})


def walked(desk: Desk, **asked: Any) -> list[str]:
    found, before = [], None
    while True:
        part = page(desk, before=before, **asked)
        found += [record["record_id"] for record in part["records"]]
        if (before := part["next"]) is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 7, 100])
def test_every_record_is_on_one_page(desk: Desk, limit: int) -> None:
    every = walked(desk, limit=limit)
    assert len(every) == len(set(every)) == 15 and every == walked(desk)
    assert {name.partition("-")[0] for name in every} >= {"bad"}


def test_a_record_tells_its_batch_poster_time_and_verdict(desk: Desk) -> None:
    first = page(desk)["records"][0]
    assert (first["poster"], first["line"], first["verdict"], first["status"]) == ("poster", 1, "accepted", "processed")
    assert first["received_at"] and "text" not in first


def test_they_are_narrowed_by_verdict_poster_and_day(desk: Desk) -> None:
    assert sorted(walked(desk, verdict="rejected", limit=1)) == ["bad-0", "bad-1", "bad-2"]
    assert walked(desk, poster="nobody") == [] and len(walked(desk, poster="poster")) == 15
    assert walked(desk, since="2026-11-22") == [] and len(walked(desk, since="2026-11-21", until="2026-11-21")) == 15


@pytest.mark.parametrize("cursor", ["", "x", "x~", "~-1", "~1e3"])
def test_what_is_no_cursor_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        page(desk, before=cursor)
    assert refused.value.field == "before"
