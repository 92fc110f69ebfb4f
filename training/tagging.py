"""BIO tags over word pieces: from labelled spans to a tag per piece, and from tag probabilities back to spans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from chartloop import spans
from training import viterbi
from training.pieces import Ints, Pieces

Floats = npt.NDArray[np.float32]

OUTSIDE = 0


@dataclass(frozen=True)
class Found:
    """A predicted entity, half open in code points; it is as sure as the least sure of its tokens."""

    start: int
    end: int
    label: str
    confidence: float
    uncalibrated: float
    """The confidence without temperature."""


def tag_names(labels: Sequence[str]) -> list[str]:
    """`O`, then B- and I- of each label: tag 2k+1 begins an entity of label k, tag 2k+2 continues it."""
    return ["O", *(f"{prefix}-{label}" for label in labels for prefix in "BI")]


def piece_tags(pieces: Pieces, annotated: Iterable[spans.Entity], labels: Sequence[str]) -> Ints:
    """A tag id per piece: of the pieces that start inside an entity the first is B-, the others I-; all else is O."""
    number = {label: index for index, label in enumerate(labels)}
    tags = np.zeros(len(pieces), dtype=np.int64)
    for entity in annotated:
        first, last = np.searchsorted(pieces.starts, (entity["start"], entity["end"]))
        tags[first:last] = 2 * number[entity["label"]] + 2
        tags[first : min(first + 1, last)] -= 1
    return tags


def token_probabilities(probabilities: Floats, pieces: Pieces, tokens: Sequence[spans.Token]) -> Floats:
    """Tag probabilities of each token (tokens x tags), from those of its pieces. A token without a piece is O.

    A token's label is the mean of its pieces' (B- and I- together); whether it begins an entity is the first piece's to say,
    as later pieces of a first token are I- in training.
    """
    edges = np.asarray(tokens, dtype=np.int64).reshape(-1, 2)
    first = np.searchsorted(pieces.ends, edges[:, 0], side="right")
    last = np.searchsorted(pieces.starts, edges[:, 1], side="left")
    result = np.zeros((len(edges), probabilities.shape[1]), dtype=np.float32)
    result[:, OUTSIDE] = 1.0
    covered = last > first
    result[covered] = _token_means(probabilities, first[covered], last[covered])
    return result


def _token_means(probabilities: Floats, first: Ints, last: Ints) -> Floats:
    """The rule of `token_probabilities` for tokens that are the pieces `first` to `last`, each at least one."""
    begins, inside = probabilities[:, 1::2], probabilities[:, 2::2]
    either = np.hstack([probabilities[:, :1], begins + inside]).astype(np.float64)
    sums = np.vstack([np.zeros((1, either.shape[1])), np.cumsum(either, axis=0)])
    means = (sums[last] - sums[first]) / (last - first)[:, None]
    share = begins[first] / np.maximum(begins[first] + inside[first], np.finfo(np.float32).tiny)
    result = np.empty((len(first), probabilities.shape[1]), dtype=np.float32)
    result[:, OUTSIDE] = means[:, 0]
    result[:, 1::2] = means[:, 1:] * share
    result[:, 2::2] = means[:, 1:] * (1 - share)
    return result


def decode(probabilities: Floats, tokens: Sequence[spans.Token], labels: Sequence[str], temperature: float = 1.0) -> list[Found]:
    """The entities of the likeliest sequence of tags, in order; their edges are tokens' edges.

    No temperature changes that sequence: it divides the logarithm of each, but for what all tags of a token share.
    """
    tags = viterbi.likeliest(probabilities)
    inside = np.flatnonzero(tags)
    sure, raw = (least_sure(probabilities[inside], tags[inside], each) for each in (temperature, 1.0))
    return [
        Found(**entity, confidence=float(calibrated), uncalibrated=float(plain))
        for entity, calibrated, plain in zip(entities(tags, tokens, labels), sure, raw, strict=True)
    ]


def entities(tags: Ints, tokens: Sequence[spans.Token], labels: Sequence[str]) -> list[dict[str, Any]]:
    names = tag_names(labels)
    return spans.decode(tokens, [names[tag] for tag in tags])


def least_sure(probabilities: Floats, tags: Ints, temperature: float) -> Floats:
    """Of each entity the probability of its least sure token's tag, at a temperature.

    `probabilities` (tokens x tags) and `tags` are those of the tokens inside of entities, in order: each B- begins one.
    """
    sure = tempered(probabilities, temperature)[np.arange(len(tags)), tags]
    least: Floats = np.minimum.reduceat(sure, np.flatnonzero(tags % 2))
    return least


def tempered(probabilities: Floats, temperature: float) -> Floats:
    """The probabilities that the logits divided by `temperature` give (Guo et al. 2017); over 1 it makes them less sure."""
    logits = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny)) / temperature
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=-1, keepdims=True)
    return shares
