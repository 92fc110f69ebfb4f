"""A token classifier over whole texts: windows in, one probability per piece and tag out, entities at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from chartloop import spans
from training import encoder, tagging
from training.pieces import Pieces, WordPieces
from training.tagging import Floats, Found
from training.windows import Window, cut_lines


@dataclass(frozen=True)
class Tagger:
    """A model with what it needs to read a text. `model` answers `logits` (batch x pieces x tags).

    `max_seq_length` counts a window's special pieces; `doc_stride` is how many pieces the windows of one line share.
    """

    model: Any
    cutter: WordPieces
    labels: Sequence[str]
    max_seq_length: int
    doc_stride: int
    bf16: bool = False

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
        return tagging.decode(tagging.token_probabilities(probabilities, pieces, tokens), tokens, self.labels)

    def probabilities(self, texts: Sequence[str], pieces: Sequence[Pieces]) -> list[Floats]:
        """Per text: pieces x tags, each piece as the window that owns it sees it."""
        results = [np.zeros((len(each), 2 * len(self.labels) + 1), dtype=np.float32) for each in pieces]
        jobs = [(i, window) for i, text in enumerate(texts) for window in self.windows(text, pieces[i])]
        for batch in self._batches([window.stop - window.start for _, window in jobs]):
            rows = [self.cutter.wrap(pieces[i].ids[window.start : window.stop].tolist()) for i, window in map(jobs.__getitem__, batch)]
            for place, answer in zip(batch, self._forward(rows), strict=True):
                i, window = jobs[place]
                results[i][window.own] = answer[window.own_inside]
        return results

    @property
    def device(self) -> torch.device:
        where: torch.device = next(self.model.parameters()).device
        return where

    def _batches(self, lengths: Sequence[int]) -> list[list[int]]:
        """On a CPU padding is paid for, so only windows of one length share a batch; a GPU wants it full."""
        wide = self.device.type == "cuda"
        return list(encoder.batches(lengths, 32 if wide else 8, mixed=wide))

    def _forward(self, rows: Sequence[Sequence[int]]) -> Floats:
        """Batch x pieces x tags, from the first piece that is not special."""
        with torch.inference_mode(), encoder.autocast(self.device, bf16=self.bf16):
            logits = self.model(**encoder.inputs(rows, self.device)).logits
        answer: Floats = logits.float().softmax(-1).cpu().numpy()
        return answer[:, len(self.cutter.prefix) :]
