"""The entry: what stands at the end of chartloop/tasks.py once the task `urgency` is there."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chartloop import labels, measures
from chartloop.hyperparameters import Hyperparameters
from chartloop.task import Answer, Asked, Form, Options, Record, Task, TaskSettings
from chartloop.tasks import TASKS
from chartloop.tuning import Integer, Tuning


class UrgencyHyperparameters(Hyperparameters):
    """How often a word must be seen to count."""

    minimum_count: int = 1


class UrgencySettings(TaskSettings):
    """Few letters are enough."""

    minimum_records: int = 20
    hyperparameters: UrgencyHyperparameters = UrgencyHyperparameters()


class UrgencyOptions(Options):
    """`shout` answers in capitals."""

    shout: bool = False


class UrgencyTally:
    """How many lines are answered rightly."""

    def __init__(self) -> None:
        self._seen = Counter[bool]()

    def add(self, record: Record, answer: Answer) -> None:
        self._seen[record["level"] == answer["level"]] += 1

    def score(self) -> dict[str, Any] | None:
        count = self._seen.total()
        return {"records": count, "metrics": {"accuracy": self._seen[True] / count}, "labels": {}} if count else None


URGENCY = Task(
    name="urgency",
    form=Form(
        ("record_id", "letter", "level"), ("patient_id",), ("letter",),
        lambda members, _record, _options, rules: ({"level": labels.one(members["level"], "level", rules)}, []),
    ),
    asked=Asked("letter", "letters", UrgencyOptions),
    settings=UrgencySettings,
    measures=measures.CLASSIFICATION,
    tally=UrgencyTally,
    same=lambda given, recorded: given.get("level") == recorded["level"],
    base=None,
    module="urgency",
    served="urgency",
    files=("training/urgency.py",),
    tuning=Tuning("eval_accuracy", higher_is_better=True, ranges={"minimum_count": Integer(1, 5)}),
)  # fmt: skip
TASKS["urgency"] = URGENCY
