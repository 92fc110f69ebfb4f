"""The likeliest sequence of BIO tags, where I- follows only B- or I- of its own label."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]


def likeliest(probabilities: npt.NDArray[np.float32]) -> Ints:
    """The likeliest such sequence, from the probabilities of each token's tags (tokens x tags: O, then B- and I- of each label).

    Taking each token's likeliest tag by itself breaks long entities apart: three points of strict F1 on case reports. Nearly all
    of a note can be told that way all the same: only stretches in which it breaks the rule go through Viterbi's algorithm.
    """
    scores = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    tags: Ints = scores.argmax(axis=1) if len(scores) else np.zeros(0, dtype=np.int64)
    before = np.concatenate([[0], tags[:-1]])
    broken = (tags > 0) & (tags % 2 == 0) & (before != tags) & (before != tags - 1)
    if broken.any():
        cuts = np.flatnonzero(_begins(scores))
        edges = np.unique(np.concatenate([[0], cuts, [len(tags)]]))
        for start, stop in pairwise(edges):
            if broken[start:stop].any():
                tags[start:stop] = _viterbi(scores[start:stop])
    return tags


def _begins(scores: Floats) -> npt.NDArray[np.bool_]:
    """The tokens that some best sequence surely does not tag I-, so that what stands before them decides nothing after them.

    Take a sequence with I-x there, and put the token's best other tag in its place; if the next is I-x too, that becomes B-x.
    Where for every x this gains more than it can cost, no best sequence has I-x.
    """
    inside, begin = scores[:, 2::2], scores[:, 1::2]
    gain = np.maximum(scores[:, :1], begin.max(axis=1, keepdims=True)) - inside
    cost = np.zeros_like(gain)
    cost[:-1] = np.maximum(inside[1:] - begin[1:], 0)
    surely: npt.NDArray[np.bool_] = (gain > cost).all(axis=1)
    return surely


def _viterbi(scores: Floats) -> Ints:
    """Of a stretch whose first token is not I-."""
    begins, inside = np.arange(1, scores.shape[1], 2), np.arange(2, scores.shape[1], 2)
    before = np.zeros(scores.shape, dtype=np.int64)
    best = np.where(np.isin(np.arange(scores.shape[1]), inside), -np.inf, 0.0)
    for place, score in enumerate(scores):
        if place:
            before[place] = best.argmax()
            before[place, inside] = np.where(best[begins] >= best[inside], begins, inside)
            best = best[before[place]]
        best = best + score
    tags = np.full(len(scores), best.argmax())
    for place in range(len(scores) - 1, 0, -1):
        tags[place - 1] = before[place, tags[place]]
    return tags
