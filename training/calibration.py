"""Temperature scaling (Guo et al. 2017): confidences made honest on notes of the training side that were not learned from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chartloop import spans
from training import tagging, viterbi
from training.dataset import Document
from training.jobs import metric
from training.measure import as_annotated
from training.pieces import Ints
from training.tagger import Tagger
from training.tagging import Floats

TEMPERATURES = np.geomspace(0.25, 8.0, 81)
"""Four percent apart, as near as confidences can tell."""
ENOUGH = 30
"""Answers from which a temperature is fitted; fewer leave it at 1."""
MOST_NOTES = 200


@dataclass(frozen=True)
class Sample:
    """Entities that a model found: the tag probabilities of their tokens (tokens x tags), these tokens' tags in order, each B-
    beginning an entity, and which entities are annotated just so.
    """

    probabilities: Floats
    tags: Ints
    right: npt.NDArray[np.bool_]


def calibrated(tagger: Tagger, documents: Sequence[Document]) -> Tagger:
    """The tagger with the temperature that fits the documents, which it must not have learned from."""
    sample = sampled(tagger, documents[:MOST_NOTES])
    fitted = temperature(sample)
    metric(temperature=fitted, calibration_entities=len(sample.right))
    return replace(tagger, temperature=fitted)


def sampled(tagger: Tagger, documents: Sequence[Document]) -> Sample:
    texts = [each.text for each in documents]
    cuts = tagger.cutter.split(texts)
    rows, tags, right = [np.zeros((0, 2 * len(tagger.labels) + 1), dtype=np.float32)], [np.zeros(0, dtype=np.int64)], []
    for each, cut, answer in zip(documents, cuts, tagger.probabilities(texts, cuts), strict=True):
        tokens = spans.tokens(each.text)
        probabilities = tagging.token_probabilities(answer, cut, tokens)
        its = viterbi.likeliest(probabilities)
        rows.append(probabilities[its != tagging.OUTSIDE])
        tags.append(its[its != tagging.OUTSIDE])
        right += as_annotated(each, tagging.entities(its, tokens, tagger.labels))
    return Sample(np.concatenate(rows), np.concatenate(tags), np.array(right, dtype=bool))


def temperature(sample: Sample) -> float:
    """Of an entity's confidence. See `least_loss`."""
    return least_loss(lambda each: tagging.least_sure(sample.probabilities, sample.tags, each), sample.right)


def least_loss(confidence: Callable[[float], Floats], right: npt.NDArray[np.bool_]) -> float:
    """The temperature under which `confidence` says best which answers are right: least cross-entropy; 1 where they are few.

    Against Platt's targets (1999), a little inside of 0 and 1: a few answers that are all right would ask for certainty.
    """
    count, hits = len(right), int(right.sum())
    if count < ENOUGH:
        return 1.0
    target = np.where(right, (hits + 1) / (hits + 2), 1 / (count - hits + 2))
    losses = [_cross_entropy(confidence(each), target) for each in TEMPERATURES.tolist()]
    return round(float(TEMPERATURES[np.argmin(losses)]), 3)


def _cross_entropy(confidence: Floats, target: npt.NDArray[np.float64]) -> float:
    sure = np.clip(confidence.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-(target * np.log(sure) + (1 - target) * np.log1p(-sure)).mean())
