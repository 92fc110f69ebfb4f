"""What the janitor takes away, what it reports, and what it leaves alone, against a fake clock and the fakes' ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chartloop import housekeeping, tuning
from chartloop.housekeeping import CONFIG, ENDPOINT, MODEL, NOTEBOOK, TRAINING, TUNING, Finding
from chartloop.items import new, run_key, task_item
from chartloop.seams import Thing
from tests.fakes import FakeLedger

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CHAMPION, BEFORE, OLD, RUNNING = (f"ner-202611{day}-080000-00ff" for day in ("20", "10", "01", "21"))
HOURS, NOTEBOOK_HOURS = 24, 14


def ledger(**owner: Any) -> FakeLedger:
    """A champion, the one before it, and a run that has ended."""
    made = FakeLedger()
    served = {"champion": {"version": CHAMPION}, "previous_champion": {"version": BEFORE}}
    made.save(task_item(made, "ner") | served | owner)
    for version, status in ((OLD, "succeeded"), (RUNNING, "running")):
        made.save(new(run_key("ner", version), run_id=version, model=version, status=status))
    return made


def thing(kind: str, name: str, *, hours: float = 48, **more: Any) -> Thing:
    return Thing(kind, name, NOW - timedelta(hours=hours), **more)


def judged(*things: Thing, store: FakeLedger | None = None) -> list[Finding]:
    store = store or ledger()
    return housekeeping.findings(things, name="chartloop", ledger=store, now=NOW, hours=HOURS, notebook_hours=NOTEBOOK_HOURS)


def actions(*things: Thing, store: FakeLedger | None = None) -> list[tuple[str, str]]:
    return [(found.thing.name, found.action) for found in judged(*things, store=store)]


@pytest.mark.parametrize("kind", [CONFIG, MODEL])
def test_configurations_and_models_of_no_version_in_use_go(kind: str) -> None:
    names = [f"chartloop-{version}-0123abcd" for version in (CHAMPION, BEFORE, OLD)]
    assert actions(*(thing(kind, name) for name in names)) == [(names[2], "remove")]


def test_what_is_young_stays() -> None:
    assert not actions(thing(MODEL, f"chartloop-{OLD}-0123abcd", hours=HOURS - 1))


def test_what_an_endpoint_serves_stays_whatever_the_ledger_says() -> None:
    config = f"chartloop-{OLD}-0123abcd"
    found = actions(thing(ENDPOINT, "chartloop-ner", config=config), thing(CONFIG, config))
    assert found == [("chartloop-ner", "report")]


def test_nothing_of_a_task_goes_while_it_promotes() -> None:
    store = ledger(promotion=RUNNING)
    things = [thing(MODEL, f"chartloop-{OLD}-0123abcd"), thing(ENDPOINT, "chartloop-ner-next", config="c")]
    assert not actions(*things, store=store)


def test_a_second_endpoint_goes_when_no_promotion_goes_on() -> None:
    assert actions(thing(ENDPOINT, "chartloop-ner-next", config="c")) == [("chartloop-ner-next", "remove")]


@pytest.mark.parametrize(
    ("name", "config", "owner"),
    [
        ("chartloop-ner", f"chartloop-{BEFORE}-0123abcd", {}),
        ("chartloop-ner", f"chartloop-{CHAMPION}-0123abcd", {"champion": None}),
        ("chartloop-trial-of-somebody", "c", {}),
    ],
)
def test_an_endpoint_that_may_serve_somebody_is_only_reported(name: str, config: str, owner: dict[str, Any]) -> None:
    assert actions(thing(ENDPOINT, name, config=config), store=ledger(**owner)) == [(name, "report")]


def test_the_champions_endpoint_is_not_even_reported() -> None:
    assert not actions(thing(ENDPOINT, "chartloop-ner", config=f"chartloop-{CHAMPION}-0123abcd"))


@pytest.mark.parametrize("name", ["chartloop-ner-own-experiment", "chartloop-ner-20261101", f"chartloop-other-{OLD}-0123abcd"])
def test_a_name_that_promotion_does_not_give_is_left_alone(name: str) -> None:
    assert not actions(thing(MODEL, name))


def test_what_carries_another_applications_tag_is_left_alone() -> None:
    name = f"chartloop-{OLD}-0123abcd"
    assert not actions(thing(MODEL, name, tags={"application": "another"}))
    assert actions(thing(MODEL, name, tags={"application": "chartloop"})) == [(name, "remove")]


def test_a_notebook_beyond_its_deadline_is_stopped() -> None:
    late = thing(NOTEBOOK, "chartloop-notebook", hours=NOTEBOOK_HOURS + 1, status="InService")
    in_time = thing(NOTEBOOK, "chartloop-notebook", hours=NOTEBOOK_HOURS - 1, status="InService")
    stopped = thing(NOTEBOOK, "chartloop-notebook", hours=500, status="Stopped")
    assert [len(actions(each)) for each in (late, in_time, stopped)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("run_id", "action"), [(OLD, ["remove"]), (RUNNING, ["report"]), ("ner-20261102-080000-ffff", [])],
)  # fmt: skip
def test_jobs_end_with_their_run_and_strangers_jobs_are_not_touched(run_id: str, action: list[str]) -> None:
    found = judged(thing(TRAINING, f"{run_id}-1-train", status="InProgress"))
    assert [each.action for each in found] == action


@pytest.mark.parametrize(
    ("run_id", "action"), [(OLD, ["remove"]), (RUNNING, ["report"]), ("ner-20261102-080000-ffff", [])],
)  # fmt: skip
def test_tuning_jobs_end_with_their_run_and_strangers_are_not_touched(run_id: str, action: list[str]) -> None:
    found = judged(thing(TUNING, tuning.job_name("ner", run_id, 1), status="InProgress"))
    assert [each.action for each in found] == action


def test_the_trail_says_what_went() -> None:
    store = ledger()
    found = judged(
        thing(MODEL, f"chartloop-{OLD}-0123abcd"), thing(NOTEBOOK, "chartloop-notebook", status="InService"), store=store
    )
    housekeeping.note(found, store, NOW)
    (item,) = store.query("TASK#ner", "AUDIT#")
    assert (item["action"], item["by"], item["kind"]) == ("tidied", "janitor", MODEL)
