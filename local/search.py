"""What a tuning job tries next: Optuna's tree-structured Parzen estimator and median rule in place of SageMaker's own search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import Trial, TrialState

RANDOM_PART = 4
"""One in so many trials is drawn by chance, first of all, before the search has anything to learn from; at most ten."""


@dataclass(frozen=True)
class Step:
    """One trial: `values` as SageMaker hands them to a training job."""

    trial: Trial
    values: Mapping[str, str]


class Search:
    """The search of one HyperParameterTuningJobConfig; with the same `RandomSeed` and one trial at a time it is the same one."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        drawn = min(10, 1 + config["ResourceLimits"]["MaxNumberOfTrainingJobs"] // RANDOM_PART)
        self._early = config.get("TrainingJobEarlyStoppingType") == "Auto"
        self._spaces = spaces(config.get("ParameterRanges") or {})
        self._study = optuna.create_study(
            direction=config["HyperParameterTuningJobObjective"]["Type"].lower(),
            sampler=optuna.samplers.TPESampler(seed=config.get("RandomSeed"), n_startup_trials=drawn),
            pruner=optuna.pruners.MedianPruner(n_startup_trials=2),
        )

    def ask(self) -> Step:
        trial = self._study.ask(self._spaces)
        return Step(trial, {name: written(value) for name, value in trial.params.items()})

    def hopeless(self, step: Step, at: int, value: float) -> bool:
        """Notes the objective at its `at`-th line; whether the trial does worse there than half of the others did."""
        step.trial.report(value, at)
        return self._early and step.trial.should_prune()

    def tell(self, step: Step, value: float | None, *, stopped: bool) -> None:
        """`value` is the last one that was heard; None is a failure, of which nothing is learned."""
        if value is None:
            self._study.tell(step.trial, state=TrialState.FAIL)
        elif stopped:
            self._study.tell(step.trial, state=TrialState.PRUNED)
        else:
            self._study.tell(step.trial, value)


def spaces(ranges: Mapping[str, Any]) -> dict[str, BaseDistribution]:
    """By name, in the order of the names. Raises ValueError for what Optuna cannot draw from."""
    found: dict[str, BaseDistribution] = {}
    for its in ranges.get("IntegerParameterRanges") or ():
        found[its["Name"]] = IntDistribution(int(its["MinValue"]), int(its["MaxValue"]), log=logarithmic(its))
    for its in ranges.get("ContinuousParameterRanges") or ():
        found[its["Name"]] = FloatDistribution(float(its["MinValue"]), float(its["MaxValue"]), log=logarithmic(its))
    for its in ranges.get("CategoricalParameterRanges") or ():
        found[its["Name"]] = CategoricalDistribution(tuple(its["Values"]))
    return dict(sorted(found.items()))


def logarithmic(its: Mapping[str, Any]) -> bool:
    scale = its.get("ScalingType", "Auto")
    if scale not in ("Auto", "Linear", "Logarithmic"):
        raise ValueError("the local cloud knows no such ScalingType")
    return bool(scale == "Logarithmic")


def written(value: Any) -> str:
    """A number as text; what is of a list of texts is one already."""
    return value if isinstance(value, str) else repr(value)
