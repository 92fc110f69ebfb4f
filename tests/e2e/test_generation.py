"""The task `generation` on the local cloud: a base made from texts, a batch, a run, answers to prompts, a transform."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from chartloop import report_page
from chartloop.errors import InvalidRequest, TooLarge
from chartloop.report_parts import shown
from client import stage, transforming
from client.api import Api
from client.calls import Call
from tests.contracts import validate
from tests.e2e.conftest import BUCKET, Cloud, until
from tests.training import questions

TASK = "generation"
QUICK = {
    "minimum_records": 60, "minimum_new_records": 40, "policy": "spec", "model_name_or_path": "tiny-llama", "num_train_epochs": 4,
    "per_device_train_batch_size": 4, "learning_rate": 0.01, "max_seq_length": 64, "doc_stride": 8,
}  # fmt: skip
RUN_SECONDS = 600


def predict(api: Api, **asked: Any) -> Any:
    return api.send(Call("POST", f"/v1/tasks/{TASK}/predict", json=asked))


@pytest.fixture(scope="module")
def run(cloud: Cloud, api: Api, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The first run of the task, from a base made here and one post to its end."""
    base = questions.build_base(tmp_path_factory.mktemp("base"))
    stage.stage(cloud.client("s3"), BUCKET, "tiny-llama", stage.files_of(base), lambda _: None)
    api.change_settings(TASK, QUICK)
    api.post_records(TASK, list(questions.pairs(150, seed=1)))
    run_id = until(lambda: [run["run_id"] for run in api.runs(TASK)["runs"]], 60)[0]

    def ended() -> Any:
        found = api.run(run_id)
        return found if found["status"] in ("succeeded", "failed") else None

    return until(ended, RUN_SECONDS)


def test_a_post_of_questions_ends_in_a_promoted_model_that_is_better_than_its_base(api: Api, run: Any) -> None:
    validate("run", run)
    assert (run["status"], run["outcome"]) == ("succeeded", "promoted"), run["error"]
    assert api.task(TASK)["champion"]["version"] == run["version"]
    found = run["scores"]["candidate"]
    validate("score_report", found)
    figures = {each["metric"]: each for each in found["extras"]["comparison"]["figures"]}
    assert figures["perplexity"]["candidate"] < figures["perplexity"]["base"]
    assert figures["rouge_l"]["candidate"] > figures["rouge_l"]["base"]


def test_the_report_says_what_fine_tuning_brought_over_the_base(api: Api, run: Any) -> None:
    report = api.report(TASK, run["run_id"])
    validate("report", report)
    its = report["run"]["scores"]["candidate"]["extras"]["comparison"]
    assert (its["base"], its["passages"]) == ("tiny-llama", 24) and its["made_here"]["texts"] > 200
    metrics = ["perplexity", "loss", "rouge_l", "exact_match"]
    assert [each["metric"] for each in its["figures"]] == metrics and its["general"]["metric"] == "loss"
    perplexity = its["figures"][0]
    assert perplexity["interval"]["high"] < 0 and its["general"]["interval"]
    page = report_page.page(report)
    told = f"by perplexity ({shown(perplexity['base'])} before, {shown(perplexity['candidate'])} after)"
    for said in ("Fine-tuned against its base", "This base was made on the spot", told):
        assert said in page, said


def test_prompts_are_answered_in_order_with_options_and_the_models_version(api: Api, run: Any) -> None:
    asked = ["Is Delta palsy type 9 inherited?", {"id": "second", "prompt": "How is Ivory fever type 3 treated?"}, ""]
    answer = predict(api, prompts=asked, max_new_tokens=20)
    validate("prediction", answer)
    assert answer["model_version"] == run["version"]
    first, second, refused = answer["predictions"]
    assert first["tokens"] <= 20 and first["finish"] in ("stop", "length")
    assert second["id"] == "second" and refused["error"]["code"] == "empty_text"
    [alone] = predict(api, prompt=asked[0], max_new_tokens=20)["predictions"]
    assert alone["completion"] == first["completion"]
    [short] = predict(api, prompt=asked[0], max_new_tokens=1)["predictions"]
    assert (short["tokens"], short["finish"]) in ((1, "length"), (0, "stop"))


def test_what_cannot_be_answered_in_time_and_what_only_entities_have_is_refused_with_the_rule(api: Api, run: Any) -> None:
    with pytest.raises(TooLarge, match=r"prompts times max_new_tokens may be 4,096"):
        predict(api, prompts=["Why?"] * 9, max_new_tokens=512)
    for field, value in (("codes", 3), ("max_new_tokens", 513), ("temperature", -1)):
        with pytest.raises(InvalidRequest) as refused:
            predict(api, prompt="Why?", **{field: value})
        assert refused.value.field == field


def test_a_file_goes_through_a_transform_job_and_is_scored(api: Api, run: Any, tmp_path: Path) -> None:
    known = [{"id": each["record_id"], **each} for each in questions.pairs(6, seed=3)]
    lines = [*known, {"id": "no-truth", "prompt": "What is rare?", "max_new_tokens": 4}, {"id": "none"}]
    source, output = tmp_path / "prompts.jsonl", tmp_path / "results.jsonl"
    source.write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = api.transform_address(TASK)
    api.send_input(made, source)
    started = api.start_transform(TASK, made["transform_id"])
    done = transforming.followed(api, TASK, started["transform_id"], lambda _: time.sleep(0.5), lambda found: None)
    validate("transform", done)
    transforming.fetch(api, done, output)
    results = [json.loads(line) for line in output.read_text().splitlines()]
    assert [result["id"] for result in results] == [line["id"] for line in lines]
    assert done["counts"] == {"lines": 8, "predicted": 7, "failed": 1}
    assert results[6]["tokens"] <= 4
    assert done["score"]["records"] == 6 and 0 <= done["score"]["metrics"]["rouge_l"] <= 1
