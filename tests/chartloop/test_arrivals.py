"""Records as they came in: every one on some page, once, in the order of their batches; found by all that is known of them."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import arrivals
from chartloop.arrivals import Sought
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
    seen = {name: asked.pop(name) for name in ("limit", "before") if name in asked}
    return arrivals.page(TASK, Sought(**asked), ledger=desk.ledger, objects=desk.objects, **{"limit": 100, **seen})


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


def test_they_are_found_by_label_and_by_a_part_of_their_id() -> None:
    desk, other = Desk(), [{"start": 0, "end": 3, "label": "dose"}]
    desk.post([note("Ward-1"), note("ward-2", entities=other), {"record_id": "ward-3", "text": ""}])
    desk.post([note("x-1", entities=other)])
    told = {record["record_id"]: record["labels"] for record in page(desk)["records"]}
    assert told == {"x-1": ["dose"], "Ward-1": ["drug"], "ward-2": ["dose"], "ward-3": []}
    assert sorted(walked(desk, label="dose", limit=1)) == ["ward-2", "x-1"] and walked(desk, label="dos") == []
    assert walked(desk, record_id="WARD", limit=1) == ["Ward-1", "ward-2", "ward-3"]
    assert walked(desk, record_id="ward", label="drug", verdict="accepted") == ["Ward-1"]


def test_a_page_looks_only_so_far_for_what_is_rare_and_says_where_to_go_on(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "EFFORT", 1)
    first = page(desk, record_id="no such id")
    assert first["records"] == [] and first["next"] is not None
    assert len(walked(desk)) == 15 and len(walked(desk, record_id="bad", verdict="rejected")) == 3


def test_a_batch_that_came_in_between_moves_no_record_to_another_page() -> None:
    desk = Desk()
    desk.post([note(f"a-{number}") for number in range(4)])
    first = page(desk, limit=2)
    while page(desk)["records"][0]["record_id"] == "a-0":  # of one time the order is that of their names, which are hashes
        desk.post([note(f"b-{len(page(desk)['records'])}")])
    rest = page(desk, before=first["next"], limit=2)
    assert [record["record_id"] for record in first["records"] + rest["records"]] == ["a-0", "a-1", "a-2", "a-3"]


@pytest.mark.parametrize("cursor", ["", "x", "x~", "~5", "x~-1", "x~1e3"])
def test_what_is_no_cursor_is_refused(desk: Desk, cursor: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        page(desk, before=cursor)
    assert refused.value.field == "before"
