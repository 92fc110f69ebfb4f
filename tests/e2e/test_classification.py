"""The task `classification` on the local cloud: a batch, a run, predictions with sentences, a transform."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chartloop.errors import InvalidRequest
from client import transcriptions, transforming
from client.api import Api
from tests.contracts import validate
from tests.e2e.conftest import Cloud, until

TASK = "classification"
LABELS = ("Surgery", "Consult - History and Phy.")
QUICK = {
    "minimum_records": 60, "minimum_new_records": 40, "policy": "spec", "num_train_epochs": 2,
    "per_device_train_batch_size": 4, "learning_rate": 3e-4, "windows_per_text": 3,
}  # fmt: skip
RUN_SECONDS = 400


@pytest.fixture(scope="module")
def run(api: Api) -> Any:
    """The first run of the task, from one post to its end."""
    api.change_settings(TASK, QUICK)
    api.post_records(TASK, transcriptions.write(120, seed=1, labels=LABELS))
    run_id = until(lambda: [run["run_id"] for run in api.runs(TASK)["runs"]], 60)[0]

    def ended() -> Any:
        found = api.run(run_id)
        return found if found["status"] in ("succeeded", "failed") else None

    return until(ended, RUN_SECONDS)


def test_a_post_of_transcriptions_ends_in_a_promoted_model(api: Api, run: Any) -> None:
    validate("run", run)
    assert (run["status"], run["outcome"]) == ("succeeded", "promoted"), run["error"]
    assert api.task(TASK)["champion"]["version"] == run["version"]


def test_the_cheaper_model_stands_beside_it_in_the_report(cloud: Cloud, run: Any) -> None:
    found = run["scores"]["candidate"]
    validate("score_report", found)
    assert found["settled"]["metrics"]["accuracy"] > found["settled"]["baseline"]["accuracy"]
    [beside] = found["extras"]["baselines"]
    assert "TF-IDF" in beside["message"] and beside["metrics"]["macro_f1"] is not None


def test_the_model_in_service_tells_label_and_sentences_in_both_offset_units(api: Api, run: Any) -> None:
    texts = [f"\U0001f912 {record['text']}" for record in transcriptions.write(8, seed=2, labels=LABELS)]
    answer = api.predict(TASK, texts)
    validate("prediction", answer)
    assert answer["model_version"] == run["version"]
    units = api.predict(TASK, texts, offset_unit="utf16")["predictions"]
    for text, plain, unit in zip(texts, answer["predictions"], units, strict=True):
        assert plain["label"] in LABELS and plain["probability"] == max(plain["probabilities"].values())
        assert all(text[each["start"] : each["end"]] == each["surface"] for each in plain["sentences"])
        body = text.encode("utf-16-le")
        assert [each["surface"] for each in unit["sentences"]] == [
            body[2 * each["start"] : 2 * each["end"]].decode("utf-16-le") for each in unit["sentences"]
        ]


def test_what_only_entities_have_is_refused_by_name(api: Api, run: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        api.predict(TASK, ["No wound."], codes=3)
    assert refused.value.field == "codes"


def test_a_file_goes_through_a_transform_job_and_is_scored(api: Api, run: Any, tmp_path: Path) -> None:
    lines = [*transcriptions.write(6, seed=3, labels=LABELS), {"id": "no-truth", "text": "The wound was closed."}, {"id": "none"}]
    source, output = tmp_path / "notes.jsonl", tmp_path / "results.jsonl"
    source.write_text("\n".join(json.dumps(line) for line in lines))
    started = transforming.begin(api, TASK, source)
    done = transforming.followed(api, TASK, started["transform_id"], lambda _: time.sleep(0.5), lambda found: None)
    validate("transform", done)
    transforming.fetch(api, done, output)
    results = [json.loads(line) for line in output.read_text().splitlines()]
    assert [result["id"] for result in results] == [*(line["record_id"] for line in lines[:6]), "no-truth", "none"]
    assert done["counts"] == {"lines": 8, "predicted": 7, "failed": 1}
    right = sum(result["label"] == line["label"] for result, line in zip(results, lines[:6], strict=False))
    assert done["score"]["records"] == 6 and done["score"]["metrics"]["accuracy"] == pytest.approx(right / 6)
