"""Temperature scaling (Guo et al. 2017): confidences made honest on notes of the training side that were not learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from chartloop import spans
from training import tagging
from training.dataset import Document
from training.jobs import metric
from training.measure import as_annotated
from training.pieces import Ints
from training.tagger import Tagger
from training.tagging import Floats

TEMPERATURES = np.geomspace(0.25, 8.0, 81)
"""Four percent apart, as near as confidences can tell."""
ENOUGH = 30
"""Entities found from which a temperature is fitted; fewer leave it at 1."""
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
        its = tagging.likeliest(probabilities)
        rows.append(probabilities[its != tagging.OUTSIDE])
        tags.append(its[its != tagging.OUTSIDE])
        right += as_annotated(each, tagging.entities(its, tokens, tagger.labels))
    return Sample(np.concatenate(rows), np.concatenate(tags), np.array(right, dtype=bool))


def temperature(sample: Sample) -> float:
    """The one under which an entity's confidence says best whether it is right: least cross-entropy.

    Against Platt's targets (1999), a little inside of 0 and 1: a few entities that are all right would ask for certainty.
    """
    count, right = len(sample.right), int(sample.right.sum())
    if count < ENOUGH:
        return 1.0
    target = np.where(sample.right, (right + 1) / (right + 2), 1 / (count - right + 2))
    losses = [
        _cross_entropy(tagging.least_sure(sample.probabilities, sample.tags, each), target) for each in TEMPERATURES.tolist()
    ]
    return round(float(TEMPERATURES[np.argmin(losses)]), 3)


def _cross_entropy(confidence: Floats, target: npt.NDArray[np.float64]) -> float:
    sure = np.clip(confidence.astype(np.float64), 1e-7, 1 - 1e-7)
    return float(-(target * np.log(sure) + (1 - target) * np.log1p(-sure)).mean())
