"""What another form of a model costs: whether a graph answers as the model did, and which precision loses little enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from chartloop.errors import JobFailed
from training import pieces
from training.dataset import Document, Notes
from training.engines import Engine
from training.measure import all_labels, f1, measure
from training.pieces import Pieces, WordPieces
from training.tagger import Tagger
from training.tagging import Floats
from training.windows import Window

MOST_LOSS = 0.005
"""F1 that a lower precision may lose against fp32 on the notes."""
MOST_APART = 0.001
"""By how much a probability of the graph may differ from the model's, both in fp32."""


class Reader(Protocol):
    """A model that reads whole texts, window by window."""

    @property
    def cutter(self) -> WordPieces: ...

    def windows(self, text: str, pieces: Pieces) -> list[Window]:
        """How a text is read."""
        ...

    def probabilities(self, texts: Sequence[str], pieces: Sequence[Pieces]) -> list[Floats]:
        """Per text its pieces x classes."""
        ...


@dataclass(frozen=True)
class Trial:
    """How the forms of a task's model are tried. Texts of the training side, never of the holdout, which only judges."""

    open: Callable[[Path, Engine], Any]
    """A trained folder's model on an engine: a Reader."""
    f1: Callable[[Any], float]
    """Of such a model, on the texts that are compared."""
    learned: Sequence[str] = ()
    """From these int8 takes its scales."""
    compared: Sequence[str] = ()


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


def tagging(notes: Notes) -> Trial:
    """Of models that find entities."""
    learned, compared = ([note.text for note in side] for side in (notes.learned, notes.compared))
    return Trial(tagger, lambda model: strict_f1(model, notes.compared), learned, compared)


def strict_f1(tagger: Tagger, notes: Sequence[Document]) -> float:
    found = tagger.find([note.text for note in notes])
    return f1(all_labels(measure(note, [vars(each) for each in its]) for note, its in zip(notes, found, strict=True)))


def compare(model: Reader, graph: Reader, texts: Sequence[str]) -> None:
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
