"""A token classifier over whole texts: windows in, one probability per piece and tag out, entities at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chartloop import spans
from training import passes, tagging
from training.engines import Engine
from training.pieces import Pieces, WordPieces
from training.tagging import Floats, Found
from training.windows import Window, cut_lines


@dataclass(frozen=True)
class Tagger:
    """An engine with what it needs to read a text.

    `max_seq_length` counts a window's special pieces; `doc_stride` is how many pieces the windows of one line share.
    `temperature` is what makes confidences honest (training/calibration.py).
    """

    engine: Engine
    cutter: WordPieces
    labels: Sequence[str]
    max_seq_length: int
    doc_stride: int
    temperature: float = 1.0

    def windows(self, text: str, pieces: Pieces) -> list[Window]:
        """How a text is read, the same in training and in service."""
        capacity = self.max_seq_length - len(self.cutter.wrap([]))
        return cut_lines(pieces.line_starts(text), len(pieces), capacity, min(self.doc_stride, capacity - 1))

    def find(self, texts: Sequence[str]) -> list[list[Found]]:
        """The entities of each text, over its whole length, in order."""
        pieces = self.cutter.split(texts)
        answers = self.probabilities(texts, pieces)
        return [self.decode(*each) for each in zip(texts, pieces, answers, strict=True)]

    def decode(self, text: str, pieces: Pieces, probabilities: Floats) -> list[Found]:
        """The entities that the probabilities of a text's pieces amount to."""
        tokens = spans.tokens(text)
        return tagging.decode(tagging.token_probabilities(probabilities, pieces, tokens), tokens, self.labels, self.temperature)

    def probabilities(self, texts: Sequence[str], pieces: Sequence[Pieces]) -> list[Floats]:
        """Per text: pieces x tags, each piece as the window that owns it sees it."""
        windows = [self.windows(*each) for each in zip(texts, pieces, strict=True)]
        return passes.owned(self.engine, self.cutter, pieces, windows, 2 * len(self.labels) + 1)
