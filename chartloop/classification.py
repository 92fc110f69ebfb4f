"""The task `classification`: one label for a text. Its record, its settings, and how its answers are compared and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from chartloop import labels, measures, statistics
from chartloop.hyperparameters import EncoderHyperparameters
from chartloop.scores import GroupCounts, LabelCounts
from chartloop.task import Answer, Asked, Form, Note, Options, Record, Rules, Task, TaskSettings
from chartloop.tuning import Categorical, Continuous, Integer, Tuning

if TYPE_CHECKING:
    from chartloop.records import BatchOptions

APART = 0.05
"""By how much a probability may differ from machine to machine: engines round otherwise on other processors."""


class ClassificationHyperparameters(EncoderHyperparameters):
    """Those of any encoder; a text says its label many times over, so fewer epochs do."""

    num_train_epochs: int = Field(2, ge=1, le=100)
    windows_per_text: int = Field(2, ge=1, le=1000)
    """From how many windows of a text, spread over it, training learns; served and judged is the whole text."""


class ClassificationSettings(TaskSettings):
    """Settings of the task `classification`."""

    labels: tuple[str, ...] = ()
    """The declared label set; empty: every label is taken and new ones are listed."""
    hyperparameters: ClassificationHyperparameters = ClassificationHyperparameters()


class ClassificationOptions(Options):
    """What labels may be asked for."""

    offset_unit: Literal["codepoint", "utf16"] = Field("codepoint", description="What the sentences' offsets count.")
    sentences: int = Field(3, ge=0, le=8, description="How many of the sentences that spoke for the label to tell, at most.")


class LabelTally:
    """Records by label, those that are right among them."""

    def __init__(self) -> None:
        self._counts = {name: Counter[str]() for name in ("tp", "fp", "fn")}

    def add(self, record: Record, answer: Answer) -> None:
        label, found = record["label"], answer["label"]
        if label == found:
            self._counts["tp"][label] += 1
        else:
            self._counts["fp"][found] += 1
            self._counts["fn"][label] += 1

    def score(self) -> dict[str, Any] | None:
        tp, fp, fn = self._counts.values()
        records = tp.total() + fn.total()
        if not records:
            return None
        by_label = {label: LabelCounts(tp=tp[label], fp=fp[label], fn=fn[label]) for label in sorted(tp | fp | fn)}
        counted = [GroupCounts(group="all", correct=tp.total(), records=records, labels=by_label)]
        return {
            "records": records,
            "metrics": {name: statistics.figure(name, counted) for name in ("accuracy", "macro_f1")},
            "labels": {label: its.model_dump() for label, its in statistics.label_scores(counted).items()},
        }


def body(
    members: dict[str, Any], _record: dict[str, Any], _options: BatchOptions, rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    return {"label": labels.one(members["label"], "label", rules)}, []


def same(given: Answer, recorded: Answer) -> bool:
    """Every label about as likely; of two that are even, either may come first."""
    ours, theirs = given.get("probabilities", {}), recorded["probabilities"]
    return ours.keys() == theirs.keys() and all(abs(ours[label] - theirs[label]) <= APART for label in theirs)


def found(answer: Answer) -> Sequence[Mapping[str, Any]]:
    return [{"label": answer["label"], "confidence": answer["probability"]}]


FORM = Form(("record_id", "text", "label"), ("patient_id",), ("text",), body)

TASK = Task(
    name="classification",
    form=FORM,
    asked=Asked("text", "texts", ClassificationOptions),
    settings=ClassificationSettings,
    measures=measures.CLASSIFICATION,
    tally=LabelTally,
    same=same,
    found=found,
    rules=("labels",),
    module="classification",
    served="classification_served",
    in_function=True,
    files=(
        "training/classification_served.py", "training/classifier.py", "training/encoder.py", "training/engines.py",
        "training/evidence.py", "training/passes.py", "training/pieces.py", "training/sentences.py", "training/tagging.py",
        "training/viterbi.py", "training/windows.py", "chartloop/spans.py",
    ),
    tuning=Tuning("eval_loss", higher_is_better=False, ranges={
        "learning_rate": Continuous(2e-5, 1e-3, log=True), "num_train_epochs": Integer(1, 6),
        "windows_per_text": Integer(1, 8), "per_device_train_batch_size": Categorical((8, 16, 32)),
    }),
)  # fmt: skip
