"""What a prediction is worth on one document: strict entity counts by label, and tokens whose BIO tag is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chartloop import spans
from chartloop.spans import Counts
from training.dataset import Document


@dataclass(frozen=True)
class Measured:
    """One document: `labels` are strict counts, `correct` of `tokens` have the right tag, `baseline` of them are O."""

    group: str
    labels: Mapping[str, Counts]
    correct: int
    baseline: int
    tokens: int


def measure(document: Document, found: Sequence[spans.Entity]) -> Measured:
    """`found` are the entities that a model predicts for the document."""
    tokens = spans.tokens(document.text)
    gold = spans.tags(tokens, document.entities)
    correct = sum(one == other for one, other in zip(gold, spans.tags(tokens, found), strict=True))
    return Measured(document.group, spans.entity_counts(document.entities, found), correct, gold.count("O"), len(tokens))


def as_annotated(document: Document, found: Iterable[spans.Entity]) -> list[bool]:
    """Of each entity whether the document has it with the same label, start and end."""
    wanted = {(each["label"], each["start"], each["end"]) for each in document.entities}
    return [(each["label"], each["start"], each["end"]) in wanted for each in found]


def total(counts: Iterable[Counts]) -> Counts:
    return Counts(*map(sum, zip(Counts(0, 0, 0), *counts, strict=True)))


def all_labels(measured: Iterable[Measured]) -> Counts:
    """The counts of every label of every document together."""
    return total(counts for each in measured for counts in each.labels.values())


def precision(counts: Counts) -> float:
    """0 where nothing was found."""
    return counts.tp / max(1, counts.tp + counts.fp)


def recall(counts: Counts) -> float:
    """0 where there was nothing to find."""
    return counts.tp / max(1, counts.tp + counts.fn)


def f1(counts: Counts) -> float:
    """2 tp / (2 tp + fp + fn), and 0 where that has no meaning."""
    return 2 * counts.tp / max(1, 2 * counts.tp + counts.fp + counts.fn)
