"""What lower precisions may cost, and a graph that answers otherwise than its model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from chartloop.errors import JobFailed
from tests.training.tiny import Trained
from training import golden, quality
from training.passes import Rows
from training.tagging import Floats

EVERY = ("int8", "bf16", "fp32")


@pytest.mark.parametrize(
    ("int8", "bf16", "precision"),
    [(0.9, 0.9, "int8"), (0.8951, 0, "int8"), (0.8949, 0.8951, "bf16"), (0.8949, 0.8949, "fp32"), (0.95, 0.8, "int8")],
)
def test_the_fastest_that_loses_at_most_half_a_point_is_served(int8: float, bf16: float, precision: str) -> None:
    chosen, tried = quality.chosen(EVERY, {"int8": int8, "bf16": bf16, "fp32": 0.9}.__getitem__)
    assert chosen == precision
    assert set(tried) == {"fp32", *EVERY[: EVERY.index(precision) + 1]}


def test_each_precision_is_measured_once() -> None:
    asked: list[str] = []

    def worth(precision: str) -> float:
        asked.append(precision)
        return 0.5 if precision == "fp32" else 0.1

    assert quality.chosen(EVERY, worth)[0] == "fp32"
    assert asked == ["fp32", "int8", "bf16"]


class Even:
    """Finds every tag equally likely."""

    wide = False

    def __init__(self, tags: int) -> None:
        self.tags = tags

    def probabilities(self, rows: Rows) -> list[Floats]:
        return [np.full((len(row), self.tags), 1 / self.tags, dtype=np.float32) for row in rows]


def test_a_graph_that_answers_otherwise_is_not_exported(trained: Trained) -> None:
    from training import engines

    model = quality.tagger(trained.folder, engines.load(trained.folder, "torch", "fp32"))
    quality.compare(model, model, golden.TEXTS)
    tags = 2 * len(json.loads((Path(trained.folder) / "chartloop.json").read_text())["labels"]) + 1
    with pytest.raises(JobFailed) as raised:
        quality.compare(model, quality.tagger(trained.folder, Even(tags)), golden.TEXTS)
    assert raised.value.code == "export_differs"
