"""Vectors of whole texts: the mean over all pieces of an encoder's last layer, of unit length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training import encoder, pieces, windows
from training.jobs import Progress
from training.pieces import WordPieces
from training.tagging import Floats
from training.windows import Window


@dataclass(frozen=True)
class Pooler:
    """A base encoder. `window` counts the special pieces of a window, `overlap` is what neighbours share."""

    model: Any
    cutter: WordPieces
    window: int
    overlap: int

    @classmethod
    def load(cls, folder: Path, window: int, overlap: int) -> Pooler:
        from transformers import AutoModel

        model = AutoModel.from_pretrained(str(folder), dtype="float32").eval().to(encoder.device())
        cutter = pieces.load_base(str(folder))
        longest = min(window, getattr(model.config, "max_position_embeddings", window))
        return cls(model, cutter, longest, min(overlap, longest // 2))

    def vectors(self, texts: Sequence[str], progress: Progress) -> Floats:
        """texts x dims, float32. What two windows share counts once; the special pieces count, as in the models' own training."""
        cuts = self.cutter.split(texts)
        cut = [self._windows(len(each)) for each in cuts]
        sums = np.zeros((len(texts), self.model.config.hidden_size))
        counts = np.zeros((len(texts), 1))
        where = next(self.model.parameters()).device
        passes = encoder.passes(lambda inputs: self.model(**inputs).last_hidden_state, where, self.cutter, cuts, cut)
        total = sum(map(len, cut))
        for done, (text, window, states) in enumerate(passes, start=1):
            counted = self._counted(window, states)
            sums[text] += counted.sum(axis=0)
            counts[text] += len(counted)
            progress.at(done * len(texts) // total)
        means = sums / counts
        unit: Floats = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _windows(self, length: int) -> list[Window]:
        """A text without a piece has one empty window: its vector is that of the special pieces."""
        return windows.cut(length, self.window - len(self.cutter.wrap([])), self.overlap) or [Window(0, 0, 0, 0)]

    def _counted(self, window: Window, states: Floats) -> Floats:
        """Of a window's states those that enter the mean: its own pieces and the special ones."""
        front, back = len(self.cutter.prefix), len(states) - len(self.cutter.suffix)
        return np.concatenate([states[:front], states[front:back][window.own_inside], states[back:]])
