"""The whole loop on the local cloud: records in, a run, a verdict, a promoted model, predictions; then a file dropped into S3."""

from __future__ import annotations

import gzip
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from chartloop import vectors
from chartloop.errors import Forbidden, NotFound, Unauthorized, Unavailable
from client import transforming
from client.api import Api
from client.bodies import CONTENT_TYPES
from tests.contracts import validate
from tests.e2e import easy
from tests.e2e.conftest import BUCKET, Cloud, until

QUICK = {
    "minimum_records": 60, "minimum_new_records": 40, "policy": "spec", "num_train_epochs": 1,
    "per_device_train_batch_size": 4, "learning_rate": 1e-3,
}  # fmt: skip
RUN_SECONDS = 300


def ended(api: Api, run_id: str) -> Any:
    run = api.run(run_id)
    return run if run["status"] in ("succeeded", "failed") else None


@pytest.fixture(scope="module")
def before(api: Api) -> Any:
    """What predict answers while there is no model."""
    with pytest.raises(Unavailable) as refused:
        api.predict("ner", ["the patient takes aspirin"])
    return refused.value


@pytest.fixture(scope="module")
def run(api: Api, before: Unavailable) -> Iterator[Any]:
    """The first run of the task, from one post to its end."""
    assert before.code == "no_model"
    api.change_settings("ner", QUICK)
    api.post_records("ner", easy.notes(120, seed=1))
    run_id = until(lambda: [run["run_id"] for run in api.runs("ner")["runs"]], 60)[0]
    yield until(lambda: ended(api, run_id), RUN_SECONDS)


def test_a_post_starts_a_run_that_promotes_the_first_model(api: Api, run: Any) -> None:
    validate("run", run)
    assert (run["status"], run["outcome"], run["attempt"]) == ("succeeded", "promoted", 1), run["error"]
    assert [(step["name"], step["status"]) for step in run["steps"]] == [
        (name, "succeeded") for name in ("prepare", "embed", "train", "score", "judge", "promote")
    ]
    assert api.task("ner")["champion"]["version"] == run["version"]


def test_the_model_in_service_finds_the_drug_and_gives_its_offsets(api: Api, run: Any) -> None:
    text = "Müller walks home and takes metformin before the meal."
    answer = api.predict("ner", [text])
    validate("prediction", answer)
    entities = answer["predictions"][0]["entities"]
    assert [(text[found["start"] : found["end"]], found["label"]) for found in entities] == [("metformin", "drug")]
    assert answer["model_version"] == run["version"]


def test_the_run_tells_how_far_confidences_can_be_believed(run: Any) -> None:
    calibration = run["scores"]["candidate"]["calibration"]
    assert calibration["entities"] == sum(each["count"] for each in calibration["bins"]) > 0


def test_the_run_leaves_a_report_with_its_curves_and_without_a_word_of_a_record(cloud: Cloud, api: Api, run: Any) -> None:
    found = api.report("ner", run["run_id"])
    validate("report", found)
    assert found["run"]["verdict"] == run["verdict"] and found["data"]["posters"] == 1
    assert found["training"]["train_loss"] and found["intervals"]["candidate"]["entity_f1"]
    assert found["run"]["scores"]["candidate"]["extras"]["confusion"]["annotated"][0] == "drug"
    kept = json.loads(until(lambda: body(cloud, f"runs/{run['run_id']}/report.json"), 60))  # the last thing of an ended run
    assert {**kept, "created_at": None} == {**found, "created_at": None, "flips": None}
    page = (body(cloud, f"runs/{run['run_id']}/report.html") or b"").decode()
    assert page.startswith("<!doctype html>") and run["verdict"]["message"].split(":")[0] in page
    assert body(cloud, f"flips/ner/{run['run_id']}/flips.json") is not None


def test_a_note_of_many_windows_with_emoji_is_read_to_the_end_in_both_offset_units(api: Api, run: Any) -> None:
    lines = [f"Zoe\u0308 \U0001f912 {note['text']}" for note in easy.notes(200, seed=5)]
    text = "\n".join(lines)
    body = text.encode("utf-16-le")
    plain, units = (api.predict("ner", [text], offset_unit=unit)["predictions"][0] for unit in ("codepoint", "utf16"))
    assert (plain["characters"], units["characters"]) == (len(text), len(body) // 2)
    assert all(text[each["start"] : each["end"]] == each["surface"] for each in plain["entities"])
    assert [each["surface"] for each in plain["entities"]] == [
        body[2 * each["start"] : 2 * each["end"]].decode("utf-16-le") for each in units["entities"]
    ]
    assert plain["entities"][-1]["end"] > len(text) - 10 * len(lines[-1])


def test_registry_folder_endpoint_and_pointer_agree(cloud: Cloud, run: Any) -> None:
    sagemaker, version = cloud.client("sagemaker"), run["version"]
    endpoint = sagemaker.describe_endpoint(EndpointName="chartloop-ner")
    packages = sagemaker.list_model_packages(ModelPackageGroupName="chartloop-ner")["ModelPackageSummaryList"]
    folder = cloud.state / "efs" / "chartloop" / "models" / "ner"
    pointer = json.loads((folder / "champion.json").read_text())
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == f"chartloop-{version}-{pointer['sha256'][:8]}"
    assert [package["ModelApprovalStatus"] for package in packages] == ["Approved"]
    assert pointer["version"] == version and (folder / version / "chartloop.json").exists()


def test_embeddings_lie_in_the_folder_with_ids_and_codes(cloud: Cloud, run: Any) -> None:
    folder = cloud.state / "efs" / "chartloop" / "embeddings" / "ner"
    pointer = json.loads((folder / "current.json").read_text())
    rows, manifest = vectors.read(folder / pointer["folder"])
    assert pointer["folder"] == run["run_id"]
    assert {name: pointer[name] for name in vectors.KEY} == {name: manifest[name] for name in vectors.KEY}
    by_id = {note["record_id"]: note for note in easy.notes(120, seed=1)}
    assert len(rows.record_ids) == len(rows.values) == run["records"]["train"]
    for record_id, text_hash, codes in zip(rows.record_ids, rows.hashes, rows.codes, strict=True):
        assert hashlib.sha256(by_id[record_id]["text"].encode()).hexdigest() == text_hash
        assert [{"system": system, "code": code} for system, code in codes] == by_id[record_id]["codes"]


def test_a_file_dropped_into_s3_becomes_a_batch_with_the_same_verdicts(cloud: Cloud, api: Api, run: Any) -> None:
    lines = [json.dumps(record) for record in easy.notes(5, seed=2)] + ["{ no json", json.dumps(easy.notes(1, seed=1)[0])]
    name = "a file +é.jsonl.gz"
    cloud.client("s3").put_object(Bucket=BUCKET, Key=f"incoming/ner/{name}", Body=gzip.compress("\n".join(lines).encode()))
    receipt = json.loads(until(lambda: body(cloud, f"receipts/ner/{name}.json"), 60))
    validate("batch_receipt", receipt)
    counts = receipt["counts"]
    assert (counts["accepted"], counts["rejected"], counts["duplicate"]) == (5, 1, 1)
    assert api.batch("ner", receipt["batch_id"])["counts"] == counts


def test_a_file_sent_by_a_presigned_address_becomes_a_batch(api: Api, run: Any, tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    file.write_text("\n".join(json.dumps(record) for record in easy.notes(4, seed=3)))
    batch_id = api.upload("ner", file)
    receipt = until(lambda: processed(api, batch_id), 60)
    assert receipt["counts"]["accepted"] == 4


def test_a_workbook_posted_to_the_api_arrives_byte_for_byte(api: Api, run: Any) -> None:
    book = Workbook()
    book.active.append(["record_id", "text", "entities"])
    for record in easy.notes(3, seed=4):
        book.active.append([record["record_id"], record["text"], json.dumps(record["entities"])])
    content = BytesIO()
    book.save(content)
    receipt = api.post_body("ner", content.getvalue(), CONTENT_TYPES[".xlsx"])
    assert until(lambda: processed(api, receipt["batch_id"]), 60)["counts"]["accepted"] == 3


def test_a_file_goes_through_a_transform_job_and_comes_back_in_order_and_scored(api: Api, run: Any, tmp_path: Path) -> None:
    lines = [*easy.notes(6, seed=5), {"id": 7, "text": "no truth, no drug"}, {"text": ""}, {"id": "none"}]
    source, output = tmp_path / "notes.jsonl", tmp_path / "results.jsonl"
    source.write_text("\n".join(json.dumps(line) for line in lines))
    started = transforming.begin(api, "ner", source)
    done = transforming.followed(api, "ner", started["transform_id"], lambda _: time.sleep(0.5), lambda found: None)
    validate("transform", done)
    transforming.fetch(api, done, output)
    results = [json.loads(line) for line in output.read_text().splitlines()]
    assert [result["id"] for result in results] == [*(line["record_id"] for line in lines[:6]), "7", "8", "none"]
    assert ["error" in result for result in results] == [False] * 8 + [True]
    assert done["counts"] == {"lines": 9, "predicted": 8, "failed": 1} and done["errors"][0]["line"] == 9
    texts = [str(line["text"]) for line in lines[:6]]
    asked = api.predict("ner", texts)["predictions"]
    assert [result["entities"] for result in results[:6]] == [result["entities"] for result in asked]
    assert done["score"] is not None and done["score"]["records"] == 6
    assert done["model_version"] == run["version"] == results[0]["model_version"]


def processed(api: Api, batch_id: str) -> Any:
    """The receipt of a batch once on_upload has judged it."""
    with suppress(NotFound):
        receipt = api.batch("ner", batch_id)
        return receipt if receipt["status"] != "received" else None
    return None


def body(cloud: Cloud, key: str) -> bytes | None:
    storage = cloud.client("s3")
    found = storage.list_objects_v2(Bucket=BUCKET, Prefix=key).get("Contents")
    return storage.get_object(Bucket=BUCKET, Key=key)["Body"].read() if found else None


def test_without_a_token_or_with_a_bad_one_nothing_opens(cloud: Cloud) -> None:
    with cloud.api("not.a.token") as stranger, pytest.raises(Unauthorized):
        stranger.task("ner")


def test_a_token_opens_what_its_scope_names_and_no_more(cloud: Cloud) -> None:
    with cloud.api(cloud.scoped("chartloop/models:read")) as reader:
        assert reader.task("ner")["task"] == "ner"
        with pytest.raises(Forbidden):
            reader.predict("ner", ["the patient takes aspirin"])
