"""The jobs on real transcriptions (MTSamples) with the embedded base model: surgery or consultation, TF-IDF beside it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from adapters import mtsamples
from tests.corpus.public import data
from tests.training import real, tiny

pytestmark = pytest.mark.slow

LABELS = ["Surgery", "Consult - History and Phy."]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """prepare, train with the default hyper-parameters, and score, each as its container runs it."""
    table = data("mtsamples") / "mtsamples.csv.gz"
    folder = tmp_path_factory.mktemp("mtsamples")
    base = real.base(folder / "base")
    real.build(folder, "classification", [record for record, _ in mtsamples.read_file(table, LABELS) if record])
    steps = [
        tiny.job("prepare", "--request", folder, "--records", folder / "records", "--output", folder / "snapshot"),
        tiny.train(folder / "snapshot", base, folder, model_name_or_path="minilm-l6-v2"),
    ]
    with tarfile.open(folder / "model.tar.gz", "w:gz", compresslevel=1) as tar:
        tar.add(folder / "model", arcname=".")
    steps.append(tiny.job(
        "score", "--request", folder, "--holdout", folder / "holdout", "--candidate", folder,
        "--version", "classification-1", "--model", base, "--engine", "openvino", "--snapshot", folder / "snapshot",
        "--output", folder / "score", "--model-output", folder / "served", "--flips", folder / "flips",
    ))  # fmt: skip
    assert [step.returncode for step in steps] == [0, 0, 0], "".join(step.stderr for step in steps)
    return folder


@pytest.fixture(scope="module")
def report(scored: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((scored / "score" / "candidate.json").read_text())
    return found


def test_the_encoder_itself_reaches_97_percent_on_its_grouped_holdout(report: dict[str, Any]) -> None:
    settled = report["settled"]
    assert settled["records"] > 200 and settled["groups"] > 200
    assert settled["metrics"]["accuracy"] >= 0.97
    assert settled["baseline"]["accuracy"] < 0.75


def test_the_cheaper_model_stands_beside_it_and_is_proposed_unless_the_encoder_is_proven_better(report: dict[str, Any]) -> None:
    [beside] = report["extras"]["baselines"]
    assert beside["metrics"]["accuracy"] >= 0.97
    assert beside["proposed"] is (beside["interval"]["low"] <= 0)


def test_the_sentences_that_spoke_stand_in_the_notes(scored: Path) -> None:
    from chartloop import snapshots
    from training import artifact, serving

    artifact.unpack(scored / "served" / "model.tar.gz", scored / "unpacked")
    texts = [stored.record["text"] for stored in snapshots.read_shard((scored / "holdout" / "b.jsonl").read_bytes())[:12]]
    for text, answer in zip(texts, serving.answers(scored / "unpacked", texts), strict=True):
        assert 1 <= len(answer["sentences"]) <= 3
        assert all(text[each["start"] : each["end"]] == each["surface"] for each in answer["sentences"])
