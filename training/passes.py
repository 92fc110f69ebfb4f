"""The windows of many texts through a model, batch by batch, whatever the model runs on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from training.pieces import Pieces, WordPieces
from training.tagging import Floats
from training.windows import Window

if TYPE_CHECKING:
    from training.engines import Engine

Rows = Sequence[Sequence[int]]
"""Windows as a model reads them: the ids of each, the special ones included."""


def batches(lengths: Sequence[int], size: int, *, mixed: bool) -> Iterator[list[int]]:
    """Indices of at most `size` rows each, by length; unless `mixed`, a batch's rows have one length, so nothing is padded."""
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    batch: list[int] = []
    for index in order:
        if batch and (len(batch) == size or (not mixed and lengths[index] != lengths[batch[0]])):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def through(
    run: Callable[[Rows], Sequence[Floats]],
    cutter: WordPieces,
    pieces: Sequence[Pieces],
    windows: Sequence[Sequence[Window]],
    *,
    wide: bool,
) -> Iterator[tuple[int, Window, Floats]]:
    """Every window of every text through `run`: yields (text, window, ids x width), in any order.

    The answers hold the special pieces. On a CPU padding costs, so only windows of one length share a batch; a GPU (`wide`)
    wants it full.
    """
    jobs = [(text, window) for text, its in enumerate(windows) for window in its]
    lengths = [window.stop - window.start for _, window in jobs]
    for batch in batches(lengths, 32 if wide else 8, mixed=wide):
        chosen = [jobs[place] for place in batch]
        rows = [cutter.wrap(pieces[text].ids[window.start : window.stop].tolist()) for text, window in chosen]
        yield from ((text, window, answer) for (text, window), answer in zip(chosen, run(rows), strict=True))


def owned(
    engine: Engine, cutter: WordPieces, pieces: Sequence[Pieces], windows: Sequence[Sequence[Window]], width: int
) -> list[Floats]:
    """Per text its pieces x `width` probabilities, each piece as the window that owns it sees it."""
    results = [np.zeros((len(each), width), dtype=np.float32) for each in pieces]
    front = len(cutter.prefix)
    for text, window, answer in through(engine.probabilities, cutter, pieces, windows, wide=engine.wide):
        results[text][window.own] = answer[front:][window.own_inside]
    return results
