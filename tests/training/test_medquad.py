"""The jobs on real health questions (MedQuAD): a small Llama made of other documents, fine-tuned by LoRA, and better than it was.

The model is so small that a second core mostly waits for the first: each job has one, however many there are.
The documents (illnesses) are shared out by hash: 40 % are read in pretraining, as answers without questions, and none of them is
a record. Of the others a part is taken, so that it ends in minutes: LEARNED of 100 on the training side, JUDGED on the holdout.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters import medquad
from chartloop import splits
from chartloop.extras import Compared
from chartloop.scores import ScoreReport
from tests.contracts import validate
from tests.corpus.public import data
from tests.training import real, tiny

pytestmark = pytest.mark.slow

PRETRAINED_PERCENT = 40
LEARNED, JUDGED = 40, 20
BASE = {"width": 128, "vocabulary": 2048, "length": 256, "epochs": 2}
CHOSEN = {"num_train_epochs": 2, "learning_rate": 5e-3, "max_seq_length": 256, "model_name_or_path": "small-llama"}


def chosen(pairs: list[medquad.Pair]) -> Iterator[Mapping[str, Any]]:
    """Whole documents, by another hash than that of their side."""
    for pair in pairs:
        record = pair.record
        side = splits.side("generation", splits.group_of(record, "", None))
        place = int(hashlib.sha256(f"taken:{record['patient_id']}".encode()).hexdigest(), 16) % 100
        if place < (LEARNED if side == "training" else JUDGED):
            yield record


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("medquad")
    parts = medquad.share_out(medquad.pairs(data("medquad") / "medquad.jsonl.gz"), PRETRAINED_PERCENT)
    texts = folder / "texts.jsonl"
    texts.write_text("".join(json.dumps({"text": text}) + "\n" for text in parts.texts), encoding="utf-8")
    shape = [part for name, value in BASE.items() for part in (f"--{name}", value)]
    made = tiny.job("pretrain", texts, "--output", folder / "base", *shape)
    assert made.returncode == 0, made.stderr
    real.run(folder, "generation", chosen(list(parts.pairs)), folder / "base", engine="torch", alone=True, **CHOSEN)
    return folder


@pytest.fixture(scope="module")
def report(scored: Path) -> ScoreReport:
    body = (scored / "score" / "candidate.json").read_bytes()
    validate("score_report", json.loads(body))
    return ScoreReport.model_validate_json(body)


def figures(report: ScoreReport) -> dict[str, Compared]:
    assert report.extras is not None and report.extras.comparison is not None
    return {each.metric: each for each in report.extras.comparison.figures}


def test_fine_tuned_is_better_than_its_base_by_perplexity_beyond_chance(report: ScoreReport) -> None:
    found = figures(report)["perplexity"]
    assert report.settled.records > 100 and report.settled.groups > 40
    assert found.interval is not None and found.base is not None and found.candidate is not None
    assert found.interval["high"] < 0 and found.candidate < found.base < 100
    assert found.candidate == pytest.approx(math.exp(figures(report)["loss"].candidate or 0))


def test_fine_tuned_is_better_than_its_base_by_rouge_beyond_chance(report: ScoreReport) -> None:
    found = figures(report)["rouge_l"]
    assert found.interval is not None and found.base is not None and found.candidate is not None
    assert found.interval["low"] > 0 and found.candidate > found.base > 0


def test_what_the_base_was_made_from_stands_in_the_report_and_nothing_judged_is_among_it(
    scored: Path, report: ScoreReport
) -> None:
    assert report.extras is not None and report.extras.comparison is not None
    made = report.extras.comparison.made_here
    assert made is not None and made["texts"] > 1500
    read = {json.loads(line)["text"] for line in (scored / "texts.jsonl").read_text().splitlines()}
    for side in ("records", "holdout"):
        lines = (scored / side / "b.jsonl").read_text().splitlines()
        assert not read & {json.loads(line)["record"]["completion"] for line in lines}


def test_answers_lie_side_by_side_where_they_expire(scored: Path) -> None:
    shown = json.loads((scored / "flips" / "flips.json").read_text())["shown"]
    assert len(shown) == 8
    assert all(each["way"] == "beside" and each["answers"].keys() == {"truth", "candidate", "base"} for each in shown)
    assert all(flip["answers"]["truth"]["value"] not in (scored / "score" / "candidate.json").read_text() for flip in shown)
