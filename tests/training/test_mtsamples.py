"""The jobs on real transcriptions (MTSamples) with the embedded base model: surgery or consultation, TF-IDF beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adapters import mtsamples
from tests.corpus.public import data
from tests.training import real

pytestmark = pytest.mark.slow

LABELS = ["Surgery", "Consult - History and Phy."]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """prepare, train with the default hyper-parameters, and score, each as its container runs it."""
    table = data("mtsamples") / "mtsamples.csv.gz"
    folder = tmp_path_factory.mktemp("mtsamples")
    wanted = [record for record, _ in mtsamples.read_file(table, LABELS) if record]
    real.run(folder, "classification", wanted, real.base(folder / "base"), model_name_or_path="minilm-l6-v2")
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
