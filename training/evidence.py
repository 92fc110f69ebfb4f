"""The sentences that spoke for a label: those without which the model would have been less sure of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.classifier import Classifier, log, mean_score
from training.pieces import Pieces
from training.sentences import spans
from training.tagging import Floats

TRIED = 8
"""Sentences of a text that are left out for trial, each with a pass over the one or two windows that it stands in."""


@dataclass(frozen=True)
class Sentence:
    """Half open, in code points. `weight` is by how much the log-odds of the label over the next likeliest fall without it."""

    start: int
    end: int
    weight: float


def speaking(classifier: Classifier, text: str, pieces: Pieces, probabilities: Floats, most: int) -> list[Sentence]:
    """At most `most` sentences, of TRIED, for the likeliest label, the weightiest first; none where none speaks for it.

    `probabilities` are the text's pieces x labels. Tried are the sentences whose own pieces speak for the label most. A piece's
    state also holds what stands around it, so only leaving the sentence out shows what hangs on it.
    """
    second, first = np.argsort(mean_score(probabilities))[-2:]
    odds = log(probabilities[:, first]) - log(probabilities[:, second])
    found = [(span, *np.searchsorted(pieces.starts, span).tolist()) for span in spans(text)]
    found.sort(key=lambda each: -float(odds[each[1] : each[2]].sum()))
    tried = [
        Sentence(*span, float(odds.mean()) - _without(classifier, text, pieces, odds, (start, stop), (first, second)))
        for span, start, stop in found[:TRIED]
        if start < stop
    ]
    return sorted((each for each in tried if each.weight > 0), key=lambda each: -each.weight)[:most]


def _without(
    classifier: Classifier, text: str, pieces: Pieces, odds: Floats, left_out: tuple[int, int], pair: tuple[int, int]
) -> float:
    """The text's log-odds of the first of two labels over the second, without some of its pieces.

    Only the windows that own such pieces are read again; 0 where nothing is left.
    """
    start, stop = left_out
    kept, rows, owned = np.ones(len(pieces), dtype=bool), [], []
    for window in classifier.windows(text, pieces):
        if window.own_start < stop and start < window.own_stop:
            kept[window.own] = False
            places = [place for place in range(window.start, window.stop) if not start <= place < stop]
            rows.append(classifier.cutter.wrap(pieces.ids[places].tolist()))
            owned.append([number for number, place in enumerate(places) if window.own_start <= place < window.own_stop])
    front = len(classifier.cutter.prefix)
    again = [log(answer[front:][mine]) for answer, mine in zip(classifier.engine.probabilities(rows), owned, strict=True)]
    left = np.concatenate([odds[kept], *(each[:, pair[0]] - each[:, pair[1]] for each in again)])
    return float(left.mean()) if len(left) else 0.0
