"""Waiting: for a batch, for a run, for the runs that a push starts."""

from __future__ import annotations

import pytest

from chartloop.errors import Unavailable
from client import following
from client.api import Api
from client.contracts import Run
from tests.client import examples
from tests.client.service import Service, error

BATCH = "GET /v1/tasks/ner/batches/b-1"


def idle(active: str | None = None) -> dict[str, object]:
    return {"active_run": active, "blocked": None}


def test_a_batch_is_waited_for_even_before_it_is_known() -> None:
    service = Service().on(BATCH, error(404, "not_found"), examples.receipt(status="received"), examples.receipt())
    receipt = following.processed(Api(service.http()), "ner", "b-1", service.slept.append)
    assert receipt["status"] == "processed"
    assert len(service.slept) == 2


def test_a_quarantined_file_is_an_end_too() -> None:
    service = Service().on(BATCH, examples.receipt(status="quarantined", entries=[], code="not_utf8", message="byte 7"))
    assert following.processed(Api(service.http()), "ner", "b-1", service.slept.append)["status"] == "quarantined"


def test_a_batch_is_not_waited_for_for_ever() -> None:
    service = Service().on(BATCH, examples.receipt(status="received"))
    with pytest.raises(Unavailable) as raised:
        following.processed(Api(service.http()), "ner", "b-1", service.slept.append)
    assert raised.value.code == "timed_out"


def test_a_run_is_shown_until_it_ends() -> None:
    service = Service().on("GET /v1/runs/r-1", examples.training(10, 0.9), examples.training(60, 0.4), examples.run())
    shown: list[Run] = []
    run = following.to_the_end(Api(service.http()), "r-1", service.slept.append, shown.append)
    assert run["outcome"] == "promoted"
    assert [seen["status"] for seen in shown] == ["running", "running", "succeeded"]


def test_the_runs_that_start_come_once_each_and_one_that_was_active_does_not() -> None:
    states = [idle("r-0"), idle("r-0"), idle(), idle("r-1"), idle("r-1"), idle("r-2"), idle()]
    service = Service().on("GET /v1/tasks/ner", *states)
    assert list(following.started_since(Api(service.http()), "ner", "r-0", service.slept.append, patience=3)) == ["r-1", "r-2"]
    assert len(service.asked) == len(states) + 2


def test_no_run_starts() -> None:
    service = Service().on("GET /v1/tasks/ner", idle())
    assert list(following.started_since(Api(service.http()), "ner", None, service.slept.append)) == []
