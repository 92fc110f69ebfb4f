"""Settings of a task: only differences are kept, wrong ones change nothing, and each change is remembered."""

from __future__ import annotations

from typing import Any

import pytest

from chartloop import task_settings
from chartloop.errors import InvalidRequest
from chartloop.items import task_item
from chartloop.settings import Settings
from tests.chartloop.intakes import NOW
from tests.fakes import FakeLedger

SETTINGS = Settings(bucket="b", ledger="l", base_model="minilm-l6-v2")


def change(ledger: FakeLedger, **changes: Any) -> dict[str, Any]:
    return task_settings.change("ner", changes, by="me", ledger=ledger, settings=SETTINGS, now=NOW)


def test_changes_stand_over_the_defaults_of_the_installation() -> None:
    ledger = FakeLedger()
    found = change(ledger, minimum_records=100, num_train_epochs=3)
    assert found == task_settings.show("ner", ledger=ledger, settings=SETTINGS)
    assert found["minimum_records"] == 100 and found["hyperparameters"]["num_train_epochs"] == 3
    assert found["hyperparameters"]["model_name_or_path"] == "minilm-l6-v2"
    assert task_item(ledger, "ner")["settings"] == {"minimum_records": 100, "num_train_epochs": 3}


def test_null_is_the_default_again() -> None:
    ledger = FakeLedger()
    change(ledger, minimum_records=100)
    assert change(ledger, minimum_records=None)["minimum_records"] == 1000


def test_each_change_is_in_the_audit_trail() -> None:
    ledger = FakeLedger()
    change(ledger, policy="spec")
    item = ledger.query("TASK#ner", "AUDIT#")[0]
    assert (item["action"], item["by"], item["changes"]) == ("settings", "me", {"policy": "spec"})


@pytest.mark.parametrize(
    "changes",
    [{}, {"nonsense": 1}, {"nonsense": None}, {"minimum_records": 0}, {"minimum_records": "many"}, {"hyperparameters": {}}],
)
def test_a_wrong_change_changes_nothing(changes: dict[str, Any]) -> None:
    ledger = FakeLedger()
    with pytest.raises(InvalidRequest):
        change(ledger, **changes)
    assert not ledger.items
