"""Vectors of whole texts: the mean over all pieces of an encoder's last layer, of unit length."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training import engines, passes, pieces, windows
from training.passes import Rows
from training.pieces import Ints, WordPieces
from training.tagging import Floats
from training.windows import Window

CARD = "encoder.json"
"""Beside the graph and the tokenizer: what the encoder is known by, and its windows."""
KEY = ("hash", "engine", "precision")


@dataclass(frozen=True)
class Pooler:
    """An encoder's graph. `window` counts the special pieces of a window, `overlap` is what neighbours share."""

    graph: Callable[[Ints], Floats]
    cutter: WordPieces
    window: int
    overlap: int

    @classmethod
    def load(cls, folder: Path) -> Pooler:
        """What training/encoding.py made; needs numpy, tokenizers and the engine alone."""
        card = _card(folder)
        graph = engines.Graph.load(folder / engines.FILES[card["engine"]], card["engine"], card["precision"])
        return cls(graph, pieces.load(folder), card["window"], card["overlap"])

    def vectors(self, texts: Sequence[str], told: Callable[[int], object] | None = None) -> Floats:
        """texts x dims, float32. What two windows share counts once; the special pieces count, as in the models' own training.

        `told` hears how many of the texts are done. Windows of one length share a batch, so nothing is padded.
        """
        cuts = self.cutter.split(texts)
        cut = [self._windows(len(each)) for each in cuts]
        total = sum(map(len, cut))
        sums: Any = None
        counts = np.zeros((len(texts), 1))
        for done, (text, window, states) in enumerate(passes.through(self._run, self.cutter, cuts, cut, wide=False), start=1):
            sums = np.zeros((len(texts), states.shape[1])) if sums is None else sums
            counted = self._counted(window, states)
            sums[text] += counted.sum(axis=0)
            counts[text] += len(counted)
            if told:
                told(done * len(texts) // total)
        means = sums / counts
        unit: Floats = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def _run(self, rows: Rows) -> Sequence[Floats]:
        return list(self.graph(np.array(rows, dtype=np.int64)))

    def _windows(self, length: int) -> list[Window]:
        """A text without a piece has one empty window: its vector is that of the special pieces."""
        return windows.cut(length, self.window - len(self.cutter.wrap([])), self.overlap) or [Window(0, 0, 0, 0)]

    def _counted(self, window: Window, states: Floats) -> Floats:
        """Of a window's states those that enter the mean: its own pieces and the special ones."""
        front, back = len(self.cutter.prefix), len(states) - len(self.cutter.suffix)
        return np.concatenate([states[:front], states[front:back][window.own_inside], states[back:]])


def key(folder: Path) -> dict[str, str]:
    """Hash, engine and precision of an encoder: vectors of another key are not to be compared with its own."""
    card = _card(folder)
    return {name: card[name] for name in KEY}


def _card(folder: Path) -> dict[str, Any]:
    card: dict[str, Any] = json.loads((folder / CARD).read_bytes())
    return card
