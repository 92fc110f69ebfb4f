"""What another form of a model costs: whether a graph answers as the model did, and which precision loses little enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from chartloop.errors import JobFailed
from training import pieces
from training.dataset import Document
from training.engines import Engine
from training.measure import all_labels, f1, measure
from training.tagger import Tagger

MOST_LOSS = 0.005
"""Strict F1 that a lower precision may lose against fp32 on the notes."""
MOST_APART = 0.001
"""By how much a probability of the graph may differ from the model's, both in fp32."""


def chosen(
    precisions: Sequence[str], worth: Callable[[str], float], *, most_loss: float = MOST_LOSS
) -> tuple[str, dict[str, float]]:
    """The first of `precisions` that loses no more than `most_loss`, and the F1 of those that were tried.

    `worth` gives a precision's F1; the last of `precisions` is fp32, which loses nothing.
    """
    found = {"fp32": worth("fp32")}
    for precision in precisions:
        found[precision] = found[precision] if precision in found else worth(precision)
        if found["fp32"] - found[precision] <= most_loss:
            return precision, found
    return "fp32", found


def strict_f1(tagger: Tagger, notes: Sequence[Document]) -> float:
    found = tagger.find([note.text for note in notes])
    return f1(all_labels(measure(note, [vars(each) for each in its]) for note, its in zip(notes, found, strict=True)))


def compare(model: Tagger, graph: Tagger, texts: Sequence[str]) -> None:
    """Raises JobFailed `export_differs` where a probability of the graph is further from the model's than MOST_APART."""
    cuts = model.cutter.split(texts)
    pairs = zip(model.probabilities(texts, cuts), graph.probabilities(texts, cuts), strict=True)
    apart = max(float(np.abs(ours - theirs).max(initial=0.0)) for ours, theirs in pairs)
    if not apart <= MOST_APART:
        raise JobFailed(f"the exported graph differs from the model by {apart:.4f} in a probability", code="export_differs")


def tagger(trained: Path, engine: Engine) -> Tagger:
    """What the card in `trained` describes, on the engine."""
    about = json.loads((trained / "chartloop.json").read_bytes())
    return Tagger(engine, pieces.load(trained), about["labels"], about["max_seq_length"], about["doc_stride"])
