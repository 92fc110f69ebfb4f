"""What the gate measures a task by: its mission metric, its primary metrics, their direction, its floor (docs/gate.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """A metric of the gate: its name in a ScoreReport and in chartloop/statistics.py, and which way is better."""

    name: str
    higher_is_better: bool = True

    def gain(self, ours: float, theirs: float) -> float:
        """How much better `ours` is; negative where it is worse."""
        return ours - theirs if self.higher_is_better else theirs - ours


@dataclass(frozen=True)
class Floor:
    """What the first model must reach already: better than the trivial model, and than `bound` where there is one."""

    metric: Metric
    bound: float | None = None

    def required(self, trivial: float) -> float:
        """The harder of the two."""
        if self.bound is None:
            return trivial
        return max(self.bound, trivial) if self.metric.higher_is_better else min(self.bound, trivial)


@dataclass(frozen=True)
class Budget:
    """What serving may take: the 95th percentile of one request's time in milliseconds, and the artifact's size."""

    p95_ms: float = 2000
    bytes: int = 2 * 10**9


@dataclass(frozen=True)
class Price:
    """What a missed and what a wrong code or entity costs, in money."""

    missed: float
    wrong: float
    currency: str


@dataclass(frozen=True)
class Terms:
    """What a person may set of the gate's rules, beside the policy."""

    label_support: int = 30
    """Annotated cases in the holdout from which a label's own figure is evidence."""
    label_margin: float = 0.05
    """By how much the F1 of such a label may fall."""
    price: Price | None = None
    budget: Budget | None = None
    """In the place of the task's own."""
    review_days: int = 7
    """How long a candidate that needs review waits for a person."""


@dataclass(frozen=True)
class Measures:
    """The gate's rules of one task."""

    mission: Metric
    """The `spec` policy compares this one."""
    primary: tuple[Metric, ...]
    """The `strict` policy wants the paired interval of each of these on the better side of zero."""
    floors: tuple[Floor, ...]
    trivial: str
    """Who is meant by the baseline of a score report: "... than what {trivial} gets"."""
    budget: Budget = Budget()

    @property
    def names(self) -> tuple[str, ...]:
        """Every metric that a clause reads, each once."""
        return tuple(dict.fromkeys((self.mission.name, *(m.name for m in self.primary), *(f.metric.name for f in self.floors))))


_TOKEN_ACCURACY, _ENTITY_F1 = Metric("token_accuracy"), Metric("entity_f1")
_ACCURACY, _MACRO_F1 = Metric("accuracy"), Metric("macro_f1")
_MAE = Metric("mae", higher_is_better=False)
_LOSS, _ROUGE_L = Metric("loss", higher_is_better=False), Metric("rouge_l")

NER = Measures(
    _TOKEN_ACCURACY, (_ENTITY_F1,), (Floor(_TOKEN_ACCURACY, 0.50), Floor(_ENTITY_F1, 0.50)), "a model that finds nothing"
)
CLASSIFICATION = Measures(_ACCURACY, (_MACRO_F1, _ACCURACY), (Floor(_ACCURACY, 0.50),), "always the most frequent label")
REGRESSION = Measures(_MAE, (_MAE,), (Floor(_MAE),), "always the median")
GENERATION = Measures(_LOSS, (_LOSS, _ROUGE_L), (Floor(_LOSS),), "the base model", Budget(25_000, 20 * 10**9))
