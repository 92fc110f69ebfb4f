"""What a classifier's answers are worth on a holdout: counts by label, the confusion, the cheaper model beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chartloop import bootstrap, statistics
from chartloop.extras import MOST_NAMES, Baseline, Confusion
from chartloop.scores import GroupCounts, LabelCounts, Part
from chartloop.snapshots import StoredRecord
from chartloop.spans import Entity

METRICS = ("accuracy", "macro_f1")
ASKED = "macro_f1"
"""What the encoder must be better in than the cheaper model."""


@dataclass(frozen=True)
class Sample:
    """A record of the holdout: its group and its hash, the annotated label, and the one that was found."""

    group: str
    sha256: str
    label: str
    found: str

    @property
    def right(self) -> bool:
        return self.label == self.found


def samples(
    records: Sequence[StoredRecord], answers: Sequence[Mapping[str, float]], left_out: Collection[str] = ()
) -> list[Sample]:
    """Of each answer (probabilities by label) the likeliest label. One that is `left_out` counts neither annotated nor found."""
    return [
        Sample(stored.group, stored.sha256, stored.record["label"], likeliest(answer, left_out))
        for stored, answer in zip(records, answers, strict=True)
        if stored.record["label"] not in left_out
    ]


def likeliest(answer: Mapping[str, float], left_out: Collection[str] = ()) -> str:
    """The first in order of names where two are equally likely."""
    return max(sorted(answer.keys() - set(left_out)), key=answer.__getitem__)


def trusted(answered: Sequence[tuple[StoredRecord, Mapping[str, Any]]], left_out: Collection[str]) -> list[tuple[Entity, bool]]:
    """Of each answer how sure it is, with and without temperature, and whether it is right."""
    return [
        ({"confidence": answer["probability"], "uncalibrated": max(answer["uncalibrated"].values())}, answer["label"] == label)
        for stored, answer in answered
        if (label := stored.record["label"]) not in left_out
    ]


def part(judged: Sequence[Sample]) -> Part:
    """The trivial model says what most of the part's records are."""
    groups = groups_of(judged)
    most = Counter(each.label for each in judged).most_common(1)
    trivial = groups_of([Sample(each.group, each.sha256, each.label, most[0][0]) for each in judged])
    return Part(
        records=len(judged),
        groups=len(groups),
        metrics=metrics(groups),
        baseline=metrics(trivial),
        labels=statistics.label_scores(groups),
        per_group=tuple(groups),
    )


def metrics(groups: Sequence[GroupCounts]) -> dict[str, float | None]:
    return {name: statistics.figure(name, groups) for name in METRICS}


def groups_of(judged: Sequence[Sample]) -> list[GroupCounts]:
    """Sufficient statistics by group, in the groups' order."""
    by_group: defaultdict[str, list[Sample]] = defaultdict(list)
    for each in sorted(judged, key=lambda each: each.sha256):
        by_group[each.group].append(each)
    return [_group(name, its) for name, its in sorted(by_group.items())]


def _group(name: str, judged: Sequence[Sample]) -> GroupCounts:
    tp = Counter(each.label for each in judged if each.right)
    fp = Counter(each.found for each in judged if not each.right)
    fn = Counter(each.label for each in judged if not each.right)
    right = "".join("1" if each.right else "0" for each in judged)
    labels = {label: LabelCounts(tp=tp[label], fp=fp[label], fn=fn[label]) for label in sorted(tp | fp | fn)}
    return GroupCounts(group=name, correct=right.count("1"), records=len(judged), labels=labels, right=right)


def confusion(judged: Sequence[Sample]) -> Confusion:
    """Of the labels that most records have or are said to have."""
    seen = Counter(label for each in judged for label in (each.label, each.found))
    names = sorted(label for label, _ in seen.most_common(MOST_NAMES))
    pairs = Counter((each.label, each.found) for each in judged)
    counts = tuple(tuple(pairs[row, column] for column in names) for row in names)
    return Confusion(annotated=tuple(names), found=tuple(names), counts=counts, note="Records by label.")


def baseline(name: str, ours: Sequence[Sample], theirs: Sequence[Sample]) -> Baseline:
    """The cheaper model's figures beside the encoder's; it is proposed unless the encoder is proven better."""
    groups, cheaper = groups_of(ours), groups_of(theirs)
    interval = bootstrap.paired(ASKED, groups, cheaper)
    better = interval is not None and interval.low > 0
    figures = [_figure(statistics.figure(ASKED, each)) for each in (groups, cheaper)]
    sure = (
        f"the difference lies between {interval.low:+.3f} and {interval.high:+.3f}" if interval else "too few groups to be sure"
    )
    verdict = "the encoder is better" if better else f"the encoder is not proven better, so the cheaper {name} is proposed"
    return Baseline(
        name=name,
        metrics=metrics(cheaper),
        interval=interval.to_json() if interval else None,
        proposed=not better,
        message=f"Macro F1 {figures[0]} by the encoder, {figures[1]} by {name}; {sure}; {verdict}.",
    )


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
