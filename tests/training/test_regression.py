"""The task `regression` through its jobs: rows in, an artifact out that answers with its reasons, and figures that add up."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest
import xgboost

from chartloop import stays as declared
from chartloop.regression import same
from chartloop.scores import ScoreReport
from chartloop.statistics import figure
from client import stays
from tests.training import rows_run
from training import artifact, dataset, serving

STAYS = stays.write(700, 3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stays")
    run = rows_run.build(folder, STAYS)
    steps = [*rows_run.prepare_and_train(folder, run, n_estimators=300, validation_percent=20), rows_run.score(folder, run)]
    assert [step.returncode for step in steps] == [0, 0, 0], "".join(step.stderr for step in steps)
    (folder / "train.log").write_text(steps[1].stdout)
    artifact.unpack(folder / "served" / "model.tar.gz", folder / "unpacked")
    return folder


@pytest.fixture(scope="module")
def report(made: Path) -> ScoreReport:
    return ScoreReport.model_validate_json((made / "score" / "candidate.json").read_bytes())


def answers(made: Path, rows: list[Any], **options: int) -> list[dict[str, Any]]:
    return serving.answers(made / "unpacked", rows, **options)


def test_the_manifest_counts_columns_and_keeps_the_rules(made: Path) -> None:
    manifest = json.loads((made / "snapshot" / "manifest.json").read_bytes())
    assert manifest["columns"]["diag_1"] == manifest["records"]
    assert manifest["columns"]["race"] < manifest["records"]
    assert dataset.read(made / "snapshot").rules == {}


def test_the_trees_end_where_the_watched_rows_gain_no_more(made: Path) -> None:
    told = dict(line.removeprefix("metric ").split("=") for line in (made / "train.log").read_text().splitlines())
    trees = xgboost.Booster(model_file=made / "unpacked" / "model.ubj").num_boosted_rounds()
    assert 1 <= trees == int(told["best_round"]) < 300
    assert float(told["progress"]) == 100
    assert float(told["eval_mae"]) < 2


def test_the_candidate_is_better_than_the_median_and_its_groups_add_up(report: ScoreReport) -> None:
    part = report.settled
    assert part.metrics["mae"] is not None and part.baseline["mae"] is not None
    assert part.metrics["mae"] < 0.85 * part.baseline["mae"]
    assert figure("mae", part.per_group) == pytest.approx(part.metrics["mae"])
    assert sum(group.records or 0 for group in part.per_group) == part.records > part.groups > 50
    assert report.engine is not None and report.engine.name == "xgboost"


def test_the_baseline_is_the_median_of_what_was_learned_from(made: Path, report: ScoreReport) -> None:
    card = json.loads((made / "unpacked" / "chartloop.json").read_bytes())
    snapshot = dataset.read(made / "snapshot")
    learned, watched = dataset.split_validation(snapshot.records, 20)
    assert card["median"] == median(stored.record["target"] for stored in learned)
    assert watched and {stored.group for stored in learned}.isdisjoint(stored.group for stored in watched)


def test_reasons_add_up_to_the_prediction(made: Path) -> None:
    rows = [stay["features"] for stay in STAYS[:40]]
    for answer in answers(made, rows, reasons=3):
        assert len(answer["reasons"]) == 3 and answer["unit"] == "days"
        added = answer["base"] + sum(reason["adds"] for reason in answer["reasons"]) + answer["others"]
        assert added == pytest.approx(answer["value"], abs=1e-3)
    whole = answers(made, rows, reasons=50)
    assert all(abs(answer["others"]) < 1e-3 for answer in whole), "every column is named, so nothing else may be left"
    assert [answer["value"] for answer in whole] == [answer["value"] for answer in answers(made, rows, reasons=0)]


def test_the_reason_of_admission_that_makes_stays_long_is_named(made: Path) -> None:
    usual = {name: value for name, value in STAYS[0]["features"].items() if name != "diag_1"}
    long, short = answers(made, [{**usual, "diag_1": "V57"}, {**usual, "diag_1": "786"}])
    assert long["value"] > short["value"] + 2
    assert (long["reasons"][0]["column"], long["reasons"][0]["given"]) == ("diag_1", "V57")
    assert long["reasons"][0]["adds"] > 0 > next(each["adds"] for each in short["reasons"] if each["column"] == "diag_1")


def ask(made: Path, inputs: list[Any], **options: Any) -> list[dict[str, Any]]:
    """The artifact's own code, with whatever errors it answers."""
    done = subprocess.run(
        [rows_run.tiny.sys.executable, str(made / "unpacked" / "code" / "inference.py"), str(made / "unpacked")],
        input=json.dumps({"inputs": inputs, **options}) + "\n", capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: list[dict[str, Any]] = json.loads(done.stdout)["predictions"]
    return found


def test_in_service_each_row_has_its_own_error_by_column_and_rule(made: Path) -> None:
    rows: list[Any] = [
        {"num_medications": 18},
        {"age": "[70-80)", "diag_1": "Zyxwvut"},
        {"number_inpatient": "many"},
        {"x": 1},
        [],
        {},
    ]
    later, unseen, wrong, unknown, shapeless, empty = ask(made, rows)
    assert later["error"]["code"] == "known_at_discharge" and later["error"]["field"] == "inputs[0].num_medications"
    assert unseen["notes"] == [{"code": "unseen_category", "message": unseen["notes"][0]["message"], "field": "features.diag_1"}]
    assert unseen["value"] == pytest.approx(ask(made, [{"age": "[70-80)"}])[0]["value"])
    assert "Zyxwvut" not in json.dumps(unseen)
    assert [each["error"]["code"] for each in (wrong, unknown, shapeless)] == ["wrong_type", "unknown_column", "wrong_type"]
    assert empty["reasons"] and all(reason["given"] is None for reason in empty["reasons"])


def test_golden_rows_are_answered_again_as_recorded(made: Path) -> None:
    manifest = json.loads((made / "served" / "manifest.json").read_bytes())
    again = answers(made, [each["input"] for each in manifest["golden"]])
    assert len(again) == 4
    assert all(same(answer, each["answer"]) for answer, each in zip(again, manifest["golden"], strict=True))
    assert not same(again[0], {"value": again[0]["value"] + 0.01}) and not same(again[0], {"entities": []})


def test_the_artifact_holds_no_pickle_and_no_column_value_that_training_did_not_see(made: Path) -> None:
    names = {path.relative_to(made / "unpacked").as_posix() for path in (made / "unpacked").rglob("*") if path.is_file()}
    assert {"model.ubj", "chartloop.json", "code/inference.py", "code/training/regression_served.py"} <= names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    card = json.loads((made / "unpacked" / "chartloop.json").read_bytes())
    by_name = {column["name"]: column for column in card["schema"]["columns"]}
    assert set(by_name["diag_1"]["values"]) == set(stays.REASONS)
    assert "?" not in by_name["race"]["values"]
    assert by_name["num_medications"]["known"] == "discharge"


def test_the_same_rows_give_the_same_archive(made: Path, tmp_path: Path) -> None:
    run = rows_run.build(tmp_path, STAYS)
    rows_run.prepare_and_train(tmp_path, run, n_estimators=300, validation_percent=20)
    assert (tmp_path / "model" / "model.ubj").read_bytes() == (made / "model" / "model.ubj").read_bytes()


def test_a_champion_of_other_columns_is_asked_what_it_can_read(made: Path, tmp_path: Path) -> None:
    fewer = [asdict(column) for column in declared.COLUMNS if column.name != "race"]
    records = [{**stay, "features": {k: v for k, v in stay["features"].items() if k != "race"}} for stay in STAYS]
    run = rows_run.build(tmp_path, records, {"columns": fewer})
    steps = [
        *rows_run.prepare_and_train(tmp_path, run, n_estimators=20),
        rows_run.score(tmp_path, run, "--champion", made / "served"),
    ]
    assert [step.returncode for step in steps] == [0, 0, 0], "".join(step.stderr for step in steps)
    mae = [
        ScoreReport.model_validate_json((tmp_path / "score" / f"{role}.json").read_bytes()).settled.metrics["mae"]
        for role in ("candidate", "champion")
    ]
    assert all(isinstance(each, float) and np.isfinite(each) for each in mae)
