"""A classifier of whole texts: an encoder's scores of each word piece, whose mean over the text is what the text is.

The head scores pieces, so a text of any length is read whole, window by window, and every piece has a share in the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training import passes, pieces, windows
from training.engines import Engine
from training.pieces import Pieces, WordPieces
from training.tagging import Floats, tempered
from training.windows import Window


@dataclass(frozen=True)
class Classifier:
    """An engine with what it needs to read a text; of two labels at least.

    `max_seq_length` counts a window's special pieces; `doc_stride` is how many pieces neighbouring windows share.
    `temperature` is what makes probabilities honest (training/calibration.py).
    """

    engine: Engine
    cutter: WordPieces
    labels: Sequence[str]
    max_seq_length: int
    doc_stride: int
    temperature: float = 1.0

    @classmethod
    def load(cls, folder: Path, card: Mapping[str, Any], engine: Engine) -> Classifier:
        """What the card in the folder describes, on the engine."""
        shape = card["max_seq_length"], card["doc_stride"], card["temperature"]
        return cls(engine, pieces.load(folder), card["labels"], *shape)

    def windows(self, text: str, cut: Pieces) -> list[Window]:  # noqa: ARG002 (a tagger reads by lines)
        """How a text is read, the same in training and in service."""
        capacity = self.max_seq_length - len(self.cutter.wrap([]))
        return windows.cut(len(cut), capacity, min(self.doc_stride, capacity - 1))

    def probabilities(self, texts: Sequence[str], cuts: Sequence[Pieces]) -> list[Floats]:
        """Per text: pieces x labels, each piece as the window that owns it sees it."""
        read = [self.windows(*each) for each in zip(texts, cuts, strict=True)]
        return passes.owned(self.engine, self.cutter, cuts, read, len(self.labels))

    def shares(self, probabilities: Floats, temperature: float | None = None) -> Floats:
        """The text's probability of each label, from those of its pieces; at the classifier's temperature, or another.

        The mean of the pieces' logarithms is, but for what all labels share, the mean of their logits. A text without a piece
        could be anything.
        """
        scores = mean_score(probabilities)
        return tempered(np.exp(scores - scores.max()), self.temperature if temperature is None else temperature)

    def by_label(self, shares: Floats) -> dict[str, float]:
        """The likeliest first."""
        named = zip(self.labels, shares.tolist(), strict=True)
        return {label: round(min(share, 1.0), 4) for label, share in sorted(named, key=lambda each: (-each[1], each[0]))}


def log(probabilities: Floats) -> Floats:
    """The logarithm, of 0 too."""
    logged: Floats = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    return logged


def mean_score(probabilities: Floats) -> Floats:
    """The text's score of each label from those of its pieces (pieces x labels)."""
    mean: Floats = log(probabilities).mean(axis=0) if len(probabilities) else np.zeros(probabilities.shape[1], np.float32)
    return mean
