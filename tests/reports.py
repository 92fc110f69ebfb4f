"""Score reports for tests, with figures that follow from their groups' counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chartloop.measures import Price
from chartloop.scores import GroupCounts, LabelScore, Part, ScoreReport, Service

RUN = "ner-20261121-080102-3f9c"
OLD = "ner-20261120-080102-11aa"
HOLDOUT = "ab" * 32
PRICE = Price(missed=30, wrong=10, currency="USD")


def group(name: str, tp: int, fp: int, fn: int, correct: int, tokens: int = 100) -> GroupCounts:
    return GroupCounts(group=name, tp=tp, fp=fp, fn=fn, correct=correct, tokens=tokens, records=1)


def f1(tp: int, fp: int, fn: int) -> float:
    return 2 * tp / (2 * tp + fp + fn) if tp else 0.0


def label(tp: int, fp: int, fn: int) -> LabelScore:
    precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
    return LabelScore(tp=tp, fp=fp, fn=fn, support=tp + fn, precision=precision, recall=recall, f1=f1(tp, fp, fn))


def part(rows: Sequence[GroupCounts], **changes: Any) -> Part:
    tp, fp, fn, correct, tokens = (sum(getattr(g, name) or 0 for g in rows) for name in ("tp", "fp", "fn", "correct", "tokens"))
    figures: dict[str, Any] = {
        "records": len(rows),
        "groups": len(rows),
        "metrics": {"entity_f1": f1(tp, fp, fn), "token_accuracy": correct / max(tokens, 1)},
        "baseline": {"entity_f1": 0.0, "token_accuracy": 0.4},
        "labels": {"drug": label(tp, fp, fn)},
        "per_group": tuple(rows),
    }
    return Part(**{**figures, **changes})


def report(role: str, groups: Sequence[GroupCounts], **changes: Any) -> ScoreReport:
    """A report of `groups`; `changes` replaces fields, `settled` among them."""
    fields: dict[str, Any] = {
        "run_id": RUN,
        "task": "ner",
        "role": role,
        "version": RUN if role == "candidate" else OLD,
        "sha256": ("c" if role == "candidate" else "d") * 64,
        "bytes": 1000,
        "holdout": HOLDOUT,
        "settled": part(groups),
        "fresh": None,
        "service": Service(golden=5, wrong=0, requests=40, p50_ms=8.0, p95_ms=12.0) if role == "candidate" else None,
        "created_at": "2026-11-21T08:01:02.000Z",
    }
    return ScoreReport(**{**fields, **changes})


def even(right: int, of: int = 10, groups: int = 30) -> list[GroupCounts]:
    """`groups` alike: `right` of `of` entities found in each, and as many tokens right."""
    return [group(f"g{n}", right, of - right, of - right, 50 + 4 * right) for n in range(groups)]


def candidate(right: int = 8, **changes: Any) -> ScoreReport:
    return report("candidate", even(right), **changes)


def champion(right: int = 7, **changes: Any) -> ScoreReport:
    return report("champion", even(right), **changes)


def only(label: str, tp: int, wrong: int) -> dict[str, LabelScore]:
    """One label's score with that many found, and as many wrong as missed."""
    score = LabelScore(tp=tp, fp=wrong, fn=wrong, support=tp + wrong, precision=0.5, recall=0.5, f1=f1(tp, wrong, wrong))
    return {label: score}


def labelled(role: str, right: int, **f1s: tuple[int, int]) -> ScoreReport:
    """A report with the F1, in hundredths, and the support of each label."""
    labels = {
        label: LabelScore(tp=1, fp=1, fn=1, support=support, precision=0.5, recall=0.5, f1=value / 100)
        for label, (value, support) in f1s.items()
    }
    return report(role, even(right), settled=part(even(right), labels=labels))
