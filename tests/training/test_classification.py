"""Classification through its jobs: prepared, trained, exported, scored beside the cheaper model, and asked as it is served."""

from __future__ import annotations

import json
import random
import tarfile
from pathlib import Path
from typing import Any

import pytest

from chartloop.errors import InvalidRequest, JobFailed
from tests.contracts import validate
from tests.training import tiny
from tests.training.tiny import Run
from training import bag_of_words, classification_served, serving

TELLING = {"drug": "The patient takes {} 10 mg daily.", "sign": "Denies {} since Monday."}
DULL = ("No plan since Monday.", "The plan, the plan.", "10 mg, no 80.", "Since Monday no plan.")
CHOSEN = {
    "num_train_epochs": 8, "learning_rate": 0.005, "validation_percent": 20, "per_device_train_batch_size": 8,
    "max_seq_length": 24, "doc_stride": 6,
}  # fmt: skip


def body(chance: random.Random) -> dict[str, Any]:
    """Four sentences, of which one tells the label."""
    label = chance.choice(tuple(TELLING))
    telling = TELLING[label].format(chance.choice(tiny.DRUGS if label == "drug" else tiny.SIGNS))
    sentences = [*chance.sample(DULL, 3), telling, f"({chance.randrange(10**6)})"]
    chance.shuffle(sentences)
    return {"text": " ".join(sentences), "label": label}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return tiny.build_run(tmp_path_factory.mktemp("run"), "classification", body)


@pytest.fixture(scope="module")
def folder(run: Run, base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the jobs left; the model is candidate and champion at once."""
    folder = tmp_path_factory.mktemp("classification")
    steps = [
        tiny.job("prepare", "--request", run.request, "--records", run.records, "--output", folder / "snapshot"),
        tiny.train(folder / "snapshot", base, folder, **CHOSEN),
    ]
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model", arcname=".")
    asked = ["--request", run.request, "--holdout", run.holdout, "--candidate", folder, "--model", base,
             "--engine", "openvino", "--snapshot", folder / "snapshot"]  # fmt: skip
    for version, champion in (("c-1", []), ("c-2", ["--champion", folder / "c-1"])):
        out = [
            "--version",
            version,
            "--output",
            folder / f"scored-{version}",
            "--model-output",
            folder / version,
            "--flips",
            folder / "flips",
        ]
        steps.append(tiny.job("score", *asked, *champion, *out))
    assert [step.returncode for step in steps] == [0] * 4, "".join(step.stderr for step in steps)
    (folder / "train.log").write_text(steps[1].stdout)
    with tarfile.open(folder / "c-2" / "model.tar.gz") as tar:
        tar.extractall(folder / "served", filter="data")
    return folder


def report(folder: Path, role: str) -> dict[str, Any]:
    return dict(json.loads((folder / "scored-c-2" / f"{role}.json").read_text()))


def test_the_snapshot_tells_its_labels(folder: Path) -> None:
    manifest = json.loads((folder / "snapshot" / "manifest.json").read_text())
    assert manifest["labels"] == ["drug", "sign"] and sum(manifest["labelled"].values()) == manifest["records"] == 80


def test_training_is_watched_and_its_probabilities_are_fitted(folder: Path) -> None:
    log = (folder / "train.log").read_text()
    assert all(name in log for name in ("eval_accuracy", "eval_loss", "temperature", "calibration_records"))


@pytest.mark.parametrize("role", ["candidate", "champion"])
def test_reports_keep_their_contract_and_tell_all_figures(folder: Path, role: str) -> None:
    found = report(folder, role)
    validate("score_report", found)
    settled = found["settled"]
    assert (settled["records"], found["fresh"]["records"]) == (16, 6)
    assert settled["metrics"]["accuracy"] > max(0.8, settled["baseline"]["accuracy"])
    assert sum(group["correct"] for group in settled["per_group"]) == round(16 * settled["metrics"]["accuracy"])
    assert found["calibration"]["entities"] == 16
    assert sum(map(sum, found["extras"]["confusion"]["counts"])) == 16


def test_the_cheaper_model_stands_beside_the_candidate_and_is_proposed_where_it_is_as_good(folder: Path) -> None:
    [beside] = report(folder, "candidate")["extras"]["baselines"]
    assert beside["name"] == bag_of_words.NAME and beside["metrics"]["accuracy"] > 0.8
    assert beside["proposed"] and beside["interval"]["low"] <= 0 and bag_of_words.NAME in beside["message"]
    assert "baselines" not in report(folder, "champion")["extras"]
    assert not list((folder / "served").rglob("*.pkl"))


def test_the_form_that_serves_lost_little(folder: Path) -> None:
    engine = report(folder, "candidate")["engine"]
    assert engine["name"] == "openvino" and engine["quality"]["f1_fp32"] - engine["quality"][f"f1_{engine['precision']}"] <= 0.005


def test_the_model_names_the_label_and_the_sentence_that_spoke_for_it(folder: Path) -> None:
    texts = [f"No plan since Monday. {TELLING['drug'].format('insulin')} 10 mg, no 80.", "Zoë 🤒. Denies cough since Monday."]
    drug, sign = serving.answers(folder / "served", texts)
    assert (drug["label"], sign["label"]) == ("drug", "sign")
    for text, answer, telling in ((texts[0], drug, "takes insulin"), (texts[1], sign, "Denies cough")):
        assert telling in answer["sentences"][0]["surface"]
        assert all(text[each["start"] : each["end"]] == each["surface"] for each in answer["sentences"])
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-3)
        assert answer["probability"] == max(answer["probabilities"].values()) and answer["characters"] == len(text)


def test_offsets_count_utf16_units_where_that_is_asked_for(folder: Path) -> None:
    text = "\U0001f912 \U0001f912. Denies cough since Monday."
    [plain] = serving.answers(folder / "served", [text])
    [units] = serving.answers(folder / "served", [text], offset_unit="utf16")
    body = text.encode("utf-16-le")
    assert units["characters"] == len(body) // 2 == plain["characters"] + 2
    assert plain["sentences"] and [each["surface"] for each in plain["sentences"]] == [
        body[2 * each["start"] : 2 * each["end"]].decode("utf-16-le") for each in units["sentences"]
    ]


def test_a_long_text_is_read_to_its_end(folder: Path) -> None:
    """Texts that differ only far behind their first window."""
    texts = [
        " ".join([*DULL * 8, *[TELLING[label].format(each) for each in words * 6]])
        for label, words in (("drug", tiny.DRUGS), ("sign", tiny.SIGNS))
    ]
    assert [answer["label"] for answer in serving.answers(folder / "served", texts)] == ["drug", "sign"]


@pytest.mark.parametrize("wrong", [9, -1, 1.5, True, "3"])
def test_how_many_sentences_may_be_asked_for(folder: Path, wrong: Any) -> None:
    served = classification_served.load(folder / "served", json.loads((folder / "served" / "chartloop.json").read_text()))
    assert served.answers(["Denies fever."], served.options({"sentences": 0}))[0]["sentences"] == []
    with pytest.raises(InvalidRequest) as refused:
        served.options({"sentences": wrong})
    assert refused.value.field == "sentences"


def test_records_of_one_label_train_nothing(base: Path) -> None:
    from chartloop.classification import ClassificationHyperparameters
    from chartloop.snapshots import StoredRecord
    from training import classification_fit

    same = [StoredRecord(f"r{place}", "b", 1, place, "g", "0" * 64, {"text": "t", "label": "a"}) for place in range(3)]
    with pytest.raises(JobFailed, match="nothing to tell apart"):
        classification_fit.train(same, str(base), ClassificationHyperparameters())
