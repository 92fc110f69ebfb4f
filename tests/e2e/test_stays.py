"""The task `regression` on the local cloud: stays as a table, a gold set, runs, days with reasons, a transform that is scored."""

from __future__ import annotations

import csv
import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from chartloop import report_page
from chartloop.errors import Forbidden
from client import stays, transforming
from client.api import Api
from tests.contracts import validate
from tests.e2e.conftest import Cloud, until

TASK = "regression"
QUICK = {"minimum_records": 300, "minimum_new_records": 40, "n_estimators": 200, "validation_percent": 15}
RUN_SECONDS = 400
GOLD = 60


def table(records: list[dict[str, Any]]) -> bytes:
    """As a spreadsheet would be sent: each column for itself."""
    out = io.StringIO()
    rows = [{**{k: v for k, v in record.items() if k != "features"}, **record["features"]} for record in records]
    writer = csv.DictWriter(
        out, ["record_id", "patient_id", "target", *sorted({name for row in records for name in row["features"]})]
    )
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def of(name: str, count: int, seed: int) -> list[dict[str, Any]]:
    """Stays of patients of their own."""
    apart = stays.write(count, seed=seed)
    return [{**record, **{field: f"{name}-{record[field]}" for field in ("record_id", "patient_id")}} for record in apart]


def ended(api: Api, run_id: str) -> Any:
    """The run, when it has ended."""
    found = api.run(run_id)
    return found if found["status"] in ("succeeded", "failed") else None


@pytest.fixture(scope="module")
def gold(cloud: Cloud, api: Api) -> Any:
    """The receipt of the gold set, put by who keeps it; posters may not."""
    body = table(of("gold", GOLD, seed=9))
    posters = ("chartloop/records:write", "chartloop/models:read")
    with cloud.api(cloud.scoped(*posters)) as poster, pytest.raises(Forbidden):
        poster.add_gold(TASK, body, "text/csv")
    with cloud.api(cloud.scoped("chartloop/gold:write")) as keeper:
        sent = keeper.add_gold(TASK, body, "text/csv")["batch_id"]

    def processed() -> Any:
        found = api.batch(TASK, sent)
        return found if found["status"] == "processed" else None

    return until(processed, 60)


@pytest.fixture(scope="module")
def run(api: Api, gold: Any) -> Any:
    """The first run of the task, from one post to its end."""
    api.change_settings(TASK, QUICK)
    api.post_body(TASK, table(stays.write(600, seed=1)), "text/csv")
    (started,) = until(lambda: api.runs(TASK)["runs"], 60)
    return until(lambda: ended(api, started["run_id"]), RUN_SECONDS)


@pytest.fixture(scope="module")
def tuned(api: Api, run: Any) -> Any:
    """The run after it, which searches, and is judged against a model in service."""
    started = api.start_run(TASK, tuning={"max_jobs": 3, "max_parallel_jobs": 2, "early_stopping": True})["run_id"]
    return until(lambda: ended(api, started), RUN_SECONDS)


def asked(cloud: Cloud, path: str, body: Any = None) -> httpx.Response:
    method = "GET" if body is None else "POST"
    headers = {"Authorization": f"Bearer {cloud.token}"}
    return httpx.request(method, f"{cloud.url}/v1/tasks/{TASK}/{path}", headers=headers, json=body, timeout=60)


def test_a_table_of_stays_ends_in_a_model_that_is_better_than_the_median(api: Api, run: Any) -> None:
    validate("run", run)
    assert (run["status"], run["outcome"]) == ("succeeded", "promoted"), run["error"]
    settled = run["scores"]["candidate"]["settled"]
    assert settled["metrics"]["mae"] < settled["baseline"]["mae"]
    assert run["verdict"]["metrics"]["candidate"]["mae"] == settled["metrics"]["mae"]


def test_days_come_with_reasons_that_add_up_and_each_row_with_its_own_error(cloud: Cloud, run: Any) -> None:
    rows = [{"diag_1": "V57", "age": "[70-80)"}, {"id": "late", "features": {"num_medications": 3}}, "no row"]
    answer = asked(cloud, "predict", {"rows": rows, "reasons": 2}).json()
    validate("prediction", answer)
    good, late, shapeless = answer["predictions"]
    assert good["value"] == pytest.approx(good["base"] + sum(each["adds"] for each in good["reasons"]) + good["others"], abs=1e-3)
    assert (good["unit"], good["reasons"][0]["column"]) == ("days", "diag_1")
    assert (late["id"], late["error"]["code"], shapeless["error"]["code"]) == ("late", "known_at_discharge", "wrong_type")
    assert asked(cloud, "predict", {"rows": rows, "codes": 3}).json()["error"]["field"] == "codes"


def test_the_model_in_service_says_what_it_is_asked_about(api: Api, run: Any) -> None:
    schema = api.schema(TASK)
    assert schema["model_version"] == run["version"]
    known = {column["name"]: column for column in schema["columns"]}
    assert known["diag_1"]["values"] and known["insulin"]["known"] == "discharge"


def test_a_file_goes_through_a_transform_job_and_is_scored(api: Api, run: Any, tmp_path: Path) -> None:
    source, output = tmp_path / "stays.csv", tmp_path / "days.jsonl"
    records = stays.write(40, seed=2)
    source.write_bytes(table(records))
    started = transforming.begin(api, TASK, source)
    done = transforming.followed(api, TASK, started["transform_id"], lambda _: time.sleep(0.5), lambda found: None)
    validate("transform", done)
    transforming.fetch(api, done, output)
    results = [json.loads(line) for line in output.read_text().splitlines()]
    assert [result["id"] for result in results] == [record["record_id"] for record in records]
    wrong = [abs(result["value"] - record["target"]) for result, record in zip(results, records, strict=True)]
    assert done["score"]["metrics"]["mae"] == pytest.approx(sum(wrong) / 40)


def test_a_run_that_searches_gives_its_best_trial_to_the_gate(api: Api, tuned: Any) -> None:
    validate("run", tuned)
    assert tuned["status"] == "succeeded", tuned["error"]
    report = api.report(TASK, tuned["run_id"])
    validate("report", report)
    found = report["tuning"]
    trials, best = found["trials"], found["trials"][found["best"]]
    assert [trial["number"] for trial in trials] == [0, 1, 2, 3] and found["objective"] == "eval_mae"
    assert len({json.dumps(trial["values"], sort_keys=True) for trial in trials}) == 4
    ended = [trial["objective"] for trial in trials if trial["status"] == "completed"]
    assert best["objective"] == min(ended) and trials[0]["status"] == "completed"
    candidate = tuned["scores"]["candidate"]
    assert candidate["settled"]["metrics"] and candidate["version"] == tuned["run_id"]
    step = next(step for step in tuned["steps"] if step["name"] == "tune")
    assert (step["status"], step["job"], step["progress"]["trials"]) == ("succeeded", found["job"], 3.0)
    assert "What the search found" in report_page.page(report)


def test_a_cancelled_run_stops_its_search_and_that_its_trials(cloud: Cloud, api: Api, run: Any) -> None:
    sagemaker = cloud.client("sagemaker")
    run_id = api.start_run(TASK, tuning={"max_jobs": 50, "max_parallel_jobs": 2, "early_stopping": False})["run_id"]

    def trials() -> list[str]:
        """Statuses, once the search has begun."""
        searched = [step["job"] for step in api.run(run_id)["steps"] if step["name"] == "tune" and "job" in step]
        ask = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job
        listed = [one for job in searched for one in ask(HyperParameterTuningJobName=job)["TrainingJobSummaries"]]
        return [one["TrainingJobStatus"] for one in listed]

    until(lambda: "InProgress" in trials(), RUN_SECONDS)
    cancelled = api.cancel_run(run_id, "the wrong ranges")
    assert (cancelled["status"], cancelled["error"]["code"]) == ("failed", "cancelled")
    job = next(step["job"] for step in api.run(run_id)["steps"] if step["name"] == "tune")

    def stopped() -> bool:
        found = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=job)
        return found["HyperParameterTuningJobStatus"] == "Stopped"

    until(stopped, 60)
    ended = trials()
    assert len(ended) < 50 and set(ended) <= {"Completed", "Stopped"} and "Stopped" in ended
    assert api.task(TASK)["active_run"] is None


def gold_clause(run: Any) -> Any:
    (clause,) = (clause for clause in run["verdict"]["clauses"] if clause["name"].startswith("gold set"))
    return clause


def test_gold_is_no_record_to_learn_from_and_the_first_model_is_shown_on_it(api: Api, gold: Any, run: Any) -> None:
    assert [entry["verdict"] for entry in gold["records"]] == ["accepted"] * GOLD
    assert gold["source"] == "gold"
    assert run["records"]["train"] + run["records"]["holdout"] == 600
    candidate = run["scores"]["candidate"]
    assert candidate["gold"]["records"] == GOLD and candidate["gold"]["metrics"]["mae"] > 0
    clause = gold_clause(run)
    assert (clause["passed"], clause["policies"]) == (None, ["spec", "strict"])
    assert clause["message"] == (
        f"On the gold set of {GOLD} records, by mean absolute error, there is no model in service to compare with."
    )


def test_the_next_candidate_is_judged_on_gold_beside_the_holdout(run: Any, tuned: Any) -> None:
    assert tuned["status"] == "succeeded", tuned["error"]
    ours, theirs = (tuned["scores"][role] for role in ("candidate", "champion"))
    assert theirs["version"] == run["version"]
    assert (ours["gold"]["records"], theirs["gold"]["records"]) == (GOLD, GOLD)
    assert theirs["gold"]["metrics"] == run["scores"]["candidate"]["gold"]["metrics"]
    clause = gold_clause(tuned)
    assert clause["measured"] == pytest.approx(ours["gold"]["metrics"]["mae"] - theirs["gold"]["metrics"]["mae"])
    told = f"the candidate is {'not ' if clause['passed'] else ''}worse beyond chance ("
    assert clause["message"].startswith(f"On the gold set of {GOLD} records, by mean absolute error, {told}")
    assert clause["passed"] or tuned["outcome"] == "kept"
