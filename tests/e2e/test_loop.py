"""The whole loop on the local cloud: records in, a run, a verdict, a promoted model, predictions."""

from __future__ import annotations

from typing import Any

import pytest

from client import notes
from client.api import Api
from tests.contracts import validate
from tests.e2e.conftest import until

QUICK = {"minimum_records": 60, "minimum_new_records": 20, "policy": "spec", "num_train_epochs": 1}
RUN_SECONDS = 240


def ended(api: Api, run_id: str) -> Any:
    run = api.run(run_id)
    return run if run["status"] not in ("starting", "running") else None


@pytest.fixture(scope="module")
def run(api: Api) -> Any:
    """The first run of a task: 60 notes, one epoch, to its end."""
    api.change_settings("ner", QUICK)
    api.post_records("ner", notes.write(60, seed=1))
    run_id = until(lambda: [run["run_id"] for run in api.runs("ner")["runs"]], 60)[0]
    return until(lambda: ended(api, run_id), RUN_SECONDS)


def test_the_run_is_judged_with_reasons(run: Any) -> None:
    validate("run", run)
    print(run)
    assert run["verdict"]["clauses"]
