"""How often the gate promotes by chance, and how often it sees a true gain, at the demo's holdout size and at larger ones.

Run: python -m benchmarks.gate_power [TRIALS]. Two models find the entities of the same notes. What is hard in a note and in an
entity is hard for both, each model errs on its own besides, and the gain is one of true F1. No clinical text, no model: counts.
Prints the share of trials that each policy promotes, with its exact 95 % bounds, and what `strict` would be without clause 4.
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.special import ndtri
from scipy.stats import binomtest

from chartloop import measures, tasks
from chartloop.gate import decide
from chartloop.measures import Measures
from chartloop.scores import GroupCounts, LabelCounts, Part, ScoreReport
from chartloop.statistics import figure, label_scores
from chartloop.verdicts import Verdict

DEMO = 69
"""Notes of the demo's first batch on the holdout's side, from its seed 7."""
ENTITIES = 18.1
"""A note has so many there, and 86 tokens."""
LABELS = {
    "problem": 320, "drug": 237, "test": 129, "value": 125, "procedure": 111, "dose": 105, "duration": 99, "anatomy": 83,
    "frequency": 78,
}  # fmt: skip
"""How often each label stands in that holdout."""
F1 = 0.80
"""Of the model in service."""
HARD, NOTE, OWN = 1.0, 0.5, 0.7
"""Standard deviations of an entity's and a note's difficulty, and of a model's own."""
RUN, OLD = "ner-20261121-080102-3f9c", "ner-20261120-080102-11aa"
NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)

Rows = tuple[GroupCounts, ...]
Generator = np.random.Generator


def ner(generator: Generator, gain: float, groups: int = DEMO) -> tuple[Rows, Rows]:
    """Counts of a candidate whose true F1 is `gain` over the champion's, and the champion's."""
    sizes = np.maximum(1, generator.poisson(ENTITIES, groups))
    note = np.repeat(np.arange(groups), sizes)
    label = generator.choice(list(LABELS), size=len(note), p=np.array(list(LABELS.values())) / sum(LABELS.values()))
    hard = generator.normal(0, HARD, len(note)) + np.repeat(generator.normal(0, NOTE, groups), sizes)
    tokens = np.maximum(20, generator.normal(86, 15, groups).astype(int)) + 3 * sizes

    def counts(f1: float) -> Rows:
        """As many found wrongly as missed, on average, so that the F1 is the share found."""
        spread = math.sqrt(HARD**2 + NOTE**2 + OWN**2)
        found = hard + generator.normal(0, OWN, len(note)) < ndtri(f1) * spread
        extra = generator.random(len(note)) < 1 - f1
        return tuple(_group(n, found[note == n], extra[note == n], label[note == n], int(tokens[n])) for n in range(groups))

    return counts(F1 + gain), counts(F1)


def _group(number: int, found: Any, extra: Any, label: Any, tokens: int) -> GroupCounts:
    tp, fn, fp = Counter(label[found].tolist()), Counter(label[~found].tolist()), Counter(label[extra].tolist())
    return GroupCounts(
        group=f"g{number}",
        tp=tp.total(),
        fp=fp.total(),
        fn=fn.total(),
        correct=tokens - min(tokens, 2 * fn.total() + fp.total()),
        tokens=tokens,
        records=1,
        labels={name: LabelCounts(tp=tp[name], fp=fp[name], fn=fn[name]) for name in {*tp, *fn, *fp}},
    )


def classification(generator: Generator, gain: float, groups: int = DEMO) -> tuple[Rows, Rows]:
    """One to three records of a patient, five labels of unequal frequency; the gain is one of accuracy."""
    names = ("surgery", "cardiology", "radiology", "urology", "neurology")
    sizes = generator.integers(1, 4, groups)
    truths = [generator.choice(names, size=size, p=[0.4, 0.25, 0.2, 0.1, 0.05]) for size in sizes]
    hard = [generator.normal(0, HARD, size) + generator.normal(0, NOTE) for size in sizes]

    def counts(accuracy: float) -> Rows:
        return tuple(map(one, range(groups), [ndtri(accuracy) * math.sqrt(HARD**2 + NOTE**2 + OWN**2)] * groups))

    def one(number: int, threshold: float) -> GroupCounts:
        truth = truths[number]
        right = hard[number] + generator.normal(0, OWN, len(truth)) < threshold
        answers = np.where(right, truth, generator.choice(names, size=len(truth)))
        pairs = Counter(zip(truth.tolist(), answers.tolist(), strict=True))
        labels = {name: _label(name, pairs) for name in {name for pair in pairs for name in pair}}
        digits = "".join("01"[a == b] for a, b in zip(truth, answers, strict=True))
        return GroupCounts(group=f"g{number}", correct=digits.count("1"), records=len(truth), labels=labels, right=digits)

    return counts(F1 + gain), counts(F1)


def _label(name: str, pairs: Counter[tuple[str, str]]) -> LabelCounts:
    tp = pairs[name, name]
    return LabelCounts(
        tp=tp,
        fp=sum(n for (_, answer), n in pairs.items() if answer == name) - tp,
        fn=sum(n for (truth, _), n in pairs.items() if truth == name) - tp,
    )


def regression(generator: Generator, gain: float, groups: int = DEMO) -> tuple[Rows, Rows]:
    """One to three stays of a patient; the gain is one of days of absolute error, of about two."""
    sizes = generator.integers(1, 4, groups)
    days = [generator.normal(0, 2.0, size) + generator.normal(0, 1.0) for size in sizes]

    def counts(scale: float) -> Rows:
        errors = [np.abs(scale * (its + generator.normal(0, 1.0, len(its)))).sum() for its in days]
        return tuple(
            GroupCounts(group=f"g{number}", absolute_error=float(error), records=int(size))
            for number, (error, size) in enumerate(zip(errors, sizes, strict=True))
        )

    return counts(1 - gain), counts(1.0)


def generation(generator: Generator, gain: float, groups: int = DEMO) -> tuple[Rows, Rows]:
    """An answer a group, of 20 to 200 tokens; the gain is one of loss per token and, a tenth of it, of ROUGE-L."""
    tokens = generator.integers(20, 200, groups)
    loss, rouge = generator.normal(3.0, 0.4, groups), generator.beta(2, 6, groups)

    def counts(better: float) -> Rows:
        losses = np.maximum(0.1, loss - better + generator.normal(0, 0.1, groups)) * tokens
        rouges = np.clip(rouge + better / 10 + generator.normal(0, 0.05, groups), 0, 1)
        return tuple(
            GroupCounts(group=f"g{number}", loss=float(a), tokens=int(n), rouge_l=float(b), records=1)
            for number, (a, n, b) in enumerate(zip(losses, tokens, rouges, strict=True))
        )

    return counts(gain), counts(0.0)


MAKERS: dict[str, tuple[Callable[..., tuple[Rows, Rows]], Measures, tuple[str, ...]]] = {
    "ner": (ner, measures.NER, ("token_accuracy", "entity_f1")),
    "classification": (classification, measures.CLASSIFICATION, ("accuracy", "macro_f1")),
    "regression": (regression, measures.REGRESSION, ("mae",)),
    "generation": (generation, measures.GENERATION, ("loss", "rouge_l")),
}


def trial(task: str, seed: int, gain: float = 0.0, groups: int = DEMO) -> Verdict:
    """The gate's verdict on one pair of models; the same seed gives the same."""
    make, its, metrics = MAKERS[task]
    ours, theirs = make(np.random.default_rng([seed, groups]), gain, groups)
    known = replace(tasks.find("ner"), name=task, measures=its)
    reports = [_report(task, role, rows, metrics) for role, rows in (("candidate", ours), ("champion", theirs))]
    return decide(reports[0], reports[1], "strict", task=known, run_id=RUN, now=NOW)


def _report(task: str, role: str, rows: Rows, metrics: tuple[str, ...]) -> ScoreReport:
    """With a trivial model that every model beats."""
    worst = {"mae": 1e9, "loss": 1e9}
    part = Part(
        records=sum(row.records or 0 for row in rows),
        groups=len(rows),
        metrics={name: figure(name, rows) for name in metrics},
        baseline={name: worst.get(name, 0.0) for name in metrics},
        labels=label_scores(rows),
        per_group=rows,
    )
    return ScoreReport.model_validate({
        "run_id": RUN, "task": task, "role": role, "version": RUN if role == "candidate" else OLD,
        "sha256": ("c" if role == "candidate" else "d") * 64, "bytes": 1, "holdout": "ab" * 32, "settled": part, "fresh": None,
        "service": {"golden": 1, "wrong": 0, "requests": 1, "p50_ms": 1.0, "p95_ms": 1.0},
        "created_at": "2026-11-21T08:01:02.000Z",
    })  # fmt: skip


def bounds(wins: int, trials: int) -> tuple[float, float]:
    """Exact 95 % interval of a share (Clopper and Pearson 1934)."""
    found = binomtest(wins, trials).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)


def share(verdicts: list[Verdict], counts: Callable[[Verdict], bool]) -> str:
    wins = sum(map(counts, verdicts))
    low, high = bounds(wins, len(verdicts))
    return f"{100 * wins / len(verdicts):5.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def strictly(verdict: Verdict) -> bool:
    return verdict.policies["strict"] == "promote"


def by_the_interval_alone(verdict: Verdict) -> bool:
    return all(clause.passed for clause in verdict.clauses if clause.clause == 3)


def main(trials: int) -> None:
    table = Table(
        "holdout", "true gain", "spec", "strict", "strict without clause 4", "needs review", title=f"{trials} trials each"
    )
    for groups in (DEMO, 200, 600):
        for gain in (0.0, 0.01, 0.03, 0.05):
            verdicts = [trial("ner", seed, gain, groups) for seed in range(trials)]
            table.add_row(
                f"{groups} notes",
                f"{100 * gain:.0f} points of F1",
                share(verdicts, lambda v: v.policies["spec"] == "promote"),
                share(verdicts, strictly),
                share(verdicts, by_the_interval_alone),
                share(verdicts, lambda v: v.verdict == "needs-review"),
            )
    Console(width=150).print(table)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
