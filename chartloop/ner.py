"""The task `ner`: entities of a clinical note. Its record, its settings, and how its answers are compared and counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from chartloop import entities, fields, labels, measures
from chartloop.errors import InvalidRequest
from chartloop.hyperparameters import EncoderHyperparameters
from chartloop.tallies import EntityTally
from chartloop.task import Answer, Asked, Form, Note, Options, Rules, Task, TaskSettings
from chartloop.tuning import Categorical, Continuous, Integer, Tuning

if TYPE_CHECKING:
    from chartloop.records import BatchOptions


class NerHyperparameters(EncoderHyperparameters):
    """Those of any encoder."""


class NerSettings(TaskSettings):
    """Settings of the task `ner`."""

    labels: tuple[str, ...] = ()
    """The declared label set; empty: every label is taken and new ones are listed."""
    span_policy: Literal["longest", "reject"] = "longest"
    hyperparameters: NerHyperparameters = NerHyperparameters()


class NerOptions(Options):
    """What entities may be asked for."""

    min_confidence: float = Field(0.0, ge=0, le=1, description="Entities under it are left out.")


def body(
    members: dict[str, Any], record: dict[str, Any], options: BatchOptions, rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    """Entities by position on whole tokens and without overlaps, in code points; codes as they are."""
    text = record["text"]
    sent = entities.check(text, members["entities"], offset_unit=options.offset_unit)
    for entity in sent:
        labels.declared(entity["label"], f"{entity['name']}.label", rules)
    settled, changes = entities.settle(text, sent)
    overlap = next((change for change in changes if change.code == "span_set_aside"), None)
    if overlap and options.span_policy == "reject":
        raise InvalidRequest(overlap.message, code="overlap", field=overlap.name)
    found: dict[str, Any] = {"entities": settled}
    if "codes" in members:
        found["codes"] = [_code(code, f"codes[{i}]") for i, code in enumerate(fields.a_list(members["codes"], "codes"))]
    return found, [Note(change.code, change.message, change.name) for change in changes]


def _code(value: Any, place: str) -> dict[str, str]:
    members = fields.known(value, place, ("system", "code"))
    return {name: fields.short(members[name], f"{place}.{name}", fields.MAX_CODE) for name in ("system", "code")}


def same(given: Answer, recorded: Answer) -> bool:
    """The same entities; how sure they are may differ in the last digits from machine to machine."""
    return "entities" in given and _spans(given) == _spans(recorded)


def _spans(answer: Answer) -> list[tuple[str, int, int]]:
    return sorted((each["label"], each["start"], each["end"]) for each in answer["entities"])


def found(answer: Answer) -> Sequence[Mapping[str, Any]]:
    entities: Sequence[Mapping[str, Any]] = answer["entities"]
    return entities


TASK = Task(
    name="ner",
    form=Form(("record_id", "text", "entities"), ("patient_id", "codes"), ("text",), body),
    asked=Asked("text", "texts", NerOptions),
    settings=NerSettings,
    measures=measures.NER,
    tally=EntityTally,
    same=same,
    found=found,
    rules=("labels",),
    embeds=True,
    module="ner",
    served="ner_served",
    in_function=True,
    files=(
        "chartloop/spans.py", "training/encoder.py", "training/engines.py", "training/ner_served.py", "training/passes.py",
        "training/pieces.py", "training/pooling.py", "training/tagger.py", "training/tagging.py", "training/viterbi.py",
        "training/windows.py",
    ),
    tuning=Tuning("eval_f1", higher_is_better=True, ranges={
        "learning_rate": Continuous(3e-5, 1e-3, log=True), "num_train_epochs": Integer(4, 16),
        "per_device_train_batch_size": Categorical((8, 16, 32)), "weight_decay": Continuous(0.0, 0.1),
    }),
)  # fmt: skip
