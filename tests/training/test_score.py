"""The score job: the candidate exported and scored as served, the champion beside it on the same holdout."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from chartloop import snapshots, spans
from chartloop.errors import JobFailed
from chartloop.items import utc_now
from chartloop.snapshots import StoredRecord
from tests.contracts import validate
from tests.training import tiny
from tests.training.tiny import Run, Trained
from training import artifact, dataset, encoding, ner, quality, serving
from training.export import Exported
from training.kinds import Judged
from training.score import apart, ask, firewalled, read_holdout
from training.score import report as score_report


@pytest.fixture(scope="module")
def scored(
    run_input: Run, snapshot: Path, base: Path, trained: Trained, exported: Exported, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    done = tiny.job(
        "score", "--request", run_input.request, "--holdout", run_input.holdout, "--candidate", trained.archive,
        "--champion", exported.folder.parent, "--version", "ner-2", "--engine", "torch", "--snapshot", snapshot,
        "--output", folder, "--model-output", folder / "model", "--flips", folder / "flips", "--model", base,
        environ={"SAGEMAKER_BASE_DIR": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def report(folder: Path, role: str) -> dict[str, Any]:
    return dict(json.loads((folder / f"{role}.json").read_text()))


def test_the_artifact_makes_vectors_as_the_embed_job_does(scored: Path, base: Path, tmp_path: Path) -> None:
    artifact.unpack(scored / "model" / "model.tar.gz", tmp_path / "artifact")
    made = tmp_path / "made"
    encoding.make(base, "openvino", made)
    there, here = ({path.name: path.read_bytes() for path in place.iterdir()} for place in (tmp_path / "artifact/encoder", made))
    assert there == here


@pytest.mark.parametrize("role", ["candidate", "champion"])
def test_reports_keep_their_contract(scored: Path, role: str) -> None:
    validate("score_report", report(scored, role))
    assert report(scored, role)["role"] == role


def test_both_are_scored_on_the_same_holdout(scored: Path) -> None:
    candidate, champion = report(scored, "candidate"), report(scored, "champion")
    assert candidate["holdout"] == champion["holdout"]
    assert (candidate["version"], champion["version"]) == ("ner-2", "ner-1")
    assert candidate["settled"] == champion["settled"]  # the same weights under two versions


@pytest.mark.parametrize("role", ["candidate", "champion"])
def test_reports_tell_how_far_confidences_can_be_believed(scored: Path, run_input: Run, exported: Exported, role: str) -> None:
    settled = [stored.record for stored in read_holdout(run_input.request, run_input.holdout).records if stored.settled]
    found = [each["entities"] for each in serving.answers(exported.folder, [record["text"] for record in settled])]
    calibration = report(scored, role)["calibration"]
    assert calibration["entities"] == sum(map(len, found)) == sum(each["count"] for each in calibration["bins"])
    right = sum(each["count"] * each["accuracy"] for each in calibration["bins"])
    assert right == pytest.approx(sum(label["tp"] for label in report(scored, role)["settled"]["labels"].values()))
    assert calibration["temperature"] == json.loads((exported.folder / "chartloop.json").read_text())["temperature"]


def test_reports_tell_what_computed_them_and_what_it_cost(scored: Path) -> None:
    engine = report(scored, "candidate")["engine"]
    assert (engine["name"], engine["precision"]) == ("torch", "bf16") and engine["quality"]["notes"] > 0
    assert engine["quality"]["f1_fp32"] - engine["quality"]["f1_bf16"] <= quality.MOST_LOSS
    assert report(scored, "champion")["engine"] == {"name": "torch", "precision": "fp32"}


def test_the_parts_are_settled_and_fresh(scored: Path) -> None:
    candidate = report(scored, "candidate")
    assert (candidate["settled"]["records"], candidate["fresh"]["records"]) == (16, 6)


def test_the_figures_are_those_of_the_artifacts_answers(scored: Path, run_input: Run, exported: Exported) -> None:
    settled = [stored for stored in read_holdout(run_input.request, run_input.holdout).records if stored.settled]
    found = [each["entities"] for each in serving.answers(exported.folder, [stored.record["text"] for stored in settled])]
    counts = [
        sum(each) for each in zip(*(
            count for stored, its in zip(settled, found, strict=True)
            for count in spans.entity_counts(stored.record["entities"], its).values()
        ), strict=True)
    ]  # fmt: skip
    part = report(scored, "candidate")["settled"]
    assert [sum(label[name] for label in part["labels"].values()) for name in ("tp", "fp", "fn")] == counts
    assert [sum(group[name] for group in part["per_group"]) for name in ("tp", "fp", "fn")] == counts
    assert part["metrics"]["entity_f1"] == pytest.approx(2 * counts[0] / (2 * counts[0] + counts[1] + counts[2]))
    assert part["metrics"]["entity_f1"] > 0.8
    assert 0.5 < part["baseline"]["token_accuracy"] < part["metrics"]["token_accuracy"]


def test_flips_lie_apart_and_are_none_between_the_same_weights(scored: Path, run_input: Run) -> None:
    made = json.loads((scored / "flips" / "flips.json").read_text())
    assert (made["run_id"], made["shown"]) == ("ner-1", []) and made["expires_at"] > made["created_at"]
    assert report(scored, "candidate")["extras"]["flips"] == {"fixed": 0, "broken": 0, "labels": {}}
    assert "flips" not in report(scored, "champion")["extras"]


def test_reports_tell_what_was_taken_for_what(scored: Path) -> None:
    candidate = report(scored, "candidate")
    its = candidate["extras"]["confusion"]
    assert its["annotated"] == ["drug", "sign", "not annotated"] and its["found"] == ["drug", "sign", "not found"]
    annotated = [sum(row) for row in its["counts"]][:2]
    assert annotated == [candidate["settled"]["labels"][label]["support"] for label in ("drug", "sign")]


def test_no_report_holds_a_word_of_a_record(scored: Path, run_input: Run) -> None:
    texts = [stored.record["text"] for stored in read_holdout(run_input.request, run_input.holdout).records]
    for name in ("candidate", "champion", "quality"):
        written = (scored / f"{name}.json").read_text()
        assert not any(text in written or "The patient takes" in written for text in texts)


def test_the_candidate_is_left_as_it_would_be_served(scored: Path) -> None:
    manifest = json.loads((scored / "model" / "manifest.json").read_text())
    assert manifest["sha256"] == artifact.sha256(scored / "model" / "model.tar.gz") == report(scored, "candidate")["sha256"]


def test_a_holdout_that_changed_is_refused(run_input: Run, tmp_path: Path) -> None:
    shutil.copytree(run_input.holdout, tmp_path / "holdout")
    (tmp_path / "holdout" / "holdout2.jsonl").write_bytes(b"")
    with pytest.raises(JobFailed) as raised:
        read_holdout(run_input.request, tmp_path / "holdout")
    assert raised.value.code == "shard_changed"


def test_an_artifact_that_breaks_fails_the_job_without_its_text(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text("import sys\nraise ValueError(sys.stdin.readline())\n")
    with pytest.raises(JobFailed) as raised:
        serving.answers(tmp_path, ["Jane Roe has a fever"])
    assert raised.value.code == "artifact_failed"
    assert "ValueError" in raised.value.message
    assert "Roe" not in raised.value.message


def test_labels_that_only_one_model_knows_are_left_out() -> None:
    old, new = (
        Judged("candidate", Path(), "0" * 64, 1, {"labels": labels, "temperature": 1.0}, Path(), None)
        for labels in (("dose", "drug"), ("drug", "test"))
    )
    assert apart([old]) == apart([old, old]) == frozenset()
    assert apart([old, new]) == {"dose", "test"}
    entities = [{"start": 2 * n, "end": 2 * n + 1, "label": label, "confidence": 0.9} for n, label in enumerate(new.labels)]
    stored = StoredRecord("r", "b", 1, 1, "g", "0" * 64, {"text": "a b", "entities": entities})
    answered = [(stored, {"entities": entities})]
    found = ner.figures(new, answered, answered, {"dose", "test"})
    assert set(found["settled"].labels) == {"drug"} and set(found["fresh"].labels) == {"drug", "test"}
    assert found["calibration"].entities == 1


def test_a_copy_of_what_was_learned_from_does_not_judge(run_input: Run, snapshot: Path, scored: Path) -> None:
    holdout = read_holdout(run_input.request, run_input.holdout)
    learned = dataset.read(snapshot).records
    copies = [dataclasses.replace(each, record_id=f"copy-{each.record_id}", settled=True) for each in learned[:3]]
    kept, found = firewalled(dataclasses.replace(holdout, records=[*holdout.records, *copies]), snapshot, utc_now)
    assert kept.records == holdout.records
    assert found["set_aside"]["counts"] == {"same_group": 3}
    validate("quality", found)
    told = json.loads((scored / "quality.json").read_text())
    assert told["set_aside"]["counts"] == {} and told["records"] == {"training": len(learned), "holdout": len(holdout.records)}


def test_the_gold_set_is_judged_beside_the_holdout(run_input: Run, snapshot: Path, exported: Exported, tmp_path: Path) -> None:
    shutil.copytree(run_input.request, tmp_path / "request")
    shutil.copytree(run_input.holdout, tmp_path / "holdout")
    (tmp_path / "holdout" / "gold").mkdir()
    learned = [stored.record for stored in dataset.read(snapshot).records]
    chance = random.Random(99)
    body = tiny.shard("keeper", 9, [tiny.distinct(chance, learned, tiny.note) for _ in range(8)])
    (tmp_path / "holdout" / "gold" / "keeper.jsonl").write_bytes(body)
    asked = json.loads((tmp_path / "request" / "request.json").read_text())
    asked["gold"] = [{"batch_id": "keeper", "sequence": 9, **snapshots.shard_entry("holdout/ner/gold/keeper.jsonl", body)}]
    (tmp_path / "request" / "request.json").write_text(json.dumps(asked))
    holdout, _ = firewalled(read_holdout(tmp_path / "request", tmp_path / "holdout"), snapshot, utc_now)
    assert len(holdout.gold) == 8
    card = json.loads((exported.folder / "chartloop.json").read_text())
    told = ask(Judged("champion", exported.folder, "0" * 64, 1, card, snapshot, None), holdout)
    made = score_report(told, holdout, (), None, utc_now).to_json()
    validate("score_report", made)
    assert made["gold"]["records"] == 8 and made["settled"]["records"] == 16
