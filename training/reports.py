"""Score reports from what was measured on each document of a holdout."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from chartloop.scores import Bin, Calibration, GroupCounts, LabelScore, Part
from chartloop.spans import Counts, Entity
from training.measure import Measured, all_labels, f1, precision, recall, total

Doubles = npt.NDArray[np.float64]

BINS = 15
"""Of confidence, of equal width, as in Guo et al. (2017)."""


def holdout_hash(record_hashes: Iterable[str]) -> str:
    """sha256, in hex, over the sorted hashes of the settled holdout's records."""
    return hashlib.sha256("\n".join(sorted(record_hashes)).encode()).hexdigest()


def part(measured: Sequence[Measured]) -> Part:
    """The figures of one part; where there is nothing to count a metric is null, never NaN."""
    groups = _by_group(measured)
    return Part(
        records=len(measured),
        groups=len(groups),
        metrics=_metrics(measured),
        baseline=_baseline(measured),
        labels=_labels(measured),
        per_group=tuple(_group(name, its) for name, its in sorted(groups.items())),
    )


def calibration(found: Iterable[tuple[Entity, bool]], temperature: float) -> Calibration | None:
    """Of entities with their confidences, and whether each is right. An artifact older than temperatures gives one confidence."""
    judged = [(entity["confidence"], entity.get("uncalibrated", entity["confidence"]), right) for entity, right in found]
    if not judged:
        return None
    sure, raw, right = np.array(judged, dtype=np.float64).T
    return Calibration(
        temperature=temperature,
        entities=len(judged),
        ece=calibration_error(sure, right),
        ece_uncalibrated=calibration_error(raw, right),
        bins=tuple(_bins(sure, right)),
    )


def calibration_error(confidences: Doubles, right: Doubles) -> float:
    """Expected calibration error (Guo et al. 2017): the bins' distances of confidence and accuracy, by their counts."""
    return sum(each.count * abs(each.confidence - each.accuracy) for each in _bins(confidences, right)) / len(right)


def _bins(confidences: Doubles, right: Doubles) -> Iterator[Bin]:
    places = np.minimum((confidences * BINS).astype(int), BINS - 1)
    for place in np.unique(places).tolist():
        here = places == place
        means = {"confidence": float(confidences[here].mean()), "accuracy": float(right[here].mean())}
        yield Bin(low=place / BINS, high=(place + 1) / BINS, count=int(here.sum()), **means)


def _by_group(measured: Iterable[Measured]) -> dict[str, list[Measured]]:
    groups: dict[str, list[Measured]] = defaultdict(list)
    for each in measured:
        groups[each.group].append(each)
    return groups


def _ratio(numerator: int, denominator: int) -> float | None:
    return numerator / denominator if denominator else None


def _metrics(measured: Sequence[Measured]) -> dict[str, float | None]:
    counts, tokens = all_labels(measured), sum(each.tokens for each in measured)
    return {
        "token_accuracy": _ratio(sum(each.correct for each in measured), tokens),
        "entity_f1": _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn),
        "entity_precision": _ratio(counts.tp, counts.tp + counts.fp),
        "entity_recall": _ratio(counts.tp, counts.tp + counts.fn),
    }


def _baseline(measured: Sequence[Measured]) -> dict[str, float | None]:
    """All O: right wherever nothing is labelled, and no entity found."""
    tokens = sum(each.tokens for each in measured)
    accuracy = _ratio(sum(each.baseline for each in measured), tokens)
    return {"token_accuracy": accuracy, "entity_f1": 0.0, "entity_precision": 0.0, "entity_recall": 0.0}


def _labels(measured: Sequence[Measured]) -> dict[str, LabelScore]:
    by_label: dict[str, list[Counts]] = defaultdict(list)
    for each in measured:
        for label, counts in each.labels.items():
            by_label[label].append(counts)
    return {label: _score(total(counts)) for label, counts in sorted(by_label.items())}


def _score(counts: Counts) -> LabelScore:
    return LabelScore(
        **counts._asdict(),
        support=counts.tp + counts.fn,
        precision=precision(counts),
        recall=recall(counts),
        f1=f1(counts),
    )


def _group(name: str, measured: Sequence[Measured]) -> GroupCounts:
    return GroupCounts(
        group=name,
        **all_labels(measured)._asdict(),
        correct=sum(each.correct for each in measured),
        tokens=sum(each.tokens for each in measured),
        records=len(measured),
    )
