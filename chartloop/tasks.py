"""The tasks: one entry each, with its settings, hyper-parameters, metrics and floor. A new kind of model starts here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chartloop import measures
from chartloop.errors import InvalidRequest, NotFound
from chartloop.measures import Measures

MINILM = "minilm-l6-v2"
BIO_CLINICAL_BERT = "emilyalsentzer/Bio_ClinicalBERT"


class NerHyperparameters(BaseModel):
    """The mission's names. Booleans and numbers reach the job as JSON-encoded strings."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_name_or_path: str = BIO_CLINICAL_BERT
    num_train_epochs: int = Field(8, ge=1, le=100)
    per_device_train_batch_size: int = Field(16, ge=1, le=512)
    learning_rate: float = Field(3e-4, gt=0, lt=1)
    weight_decay: float = Field(0.01, ge=0, lt=1)
    warmup_ratio: float = Field(0.1, ge=0, lt=1)
    max_seq_length: int = Field(128, ge=16, le=512)
    doc_stride: int = Field(32, ge=0, le=256)
    """How many tokens neighbouring windows share."""
    do_train: bool = True
    do_eval: bool = True
    output_dir: str = "./models/"
    overwrite_output_dir: bool = True
    save_strategy: Literal["no"] = "no"
    validation_percent: int = Field(5, ge=0, le=50)
    """Part of the training side, by group, that is not learned from: `do_eval` watches it, and confidences are fitted on it.

    At 0, or without `do_eval`, five are held back for the confidences alone. Never the holdout.
    """
    bf16: bool = True
    seed: int = Field(42, ge=0)
    s3_bucket: str = ""
    s3_folder: str = ""
    s3_model_folder: str = ""


class TaskSettings(BaseModel):
    """What a person may set for a task."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_records: int = Field(1000, ge=1)
    minimum_new_records: int = Field(100, ge=1)
    policy: Literal["spec", "strict"] = "strict"
    labels: tuple[str, ...] = ()
    """The declared label set; empty: every label is taken and new ones are listed."""
    span_policy: Literal["longest", "reject"] = "longest"
    hyperparameters: NerHyperparameters = NerHyperparameters()


@dataclass(frozen=True)
class Task:
    """What Chartloop knows of a kind of model."""

    name: str
    measures: Measures
    """What the gate judges it by."""


TASKS = {
    "ner": Task(name="ner", measures=measures.NER),
}


def find(name: str) -> Task:
    try:
        return TASKS[name]
    except KeyError:
        raise NotFound(f"unknown task; known are {', '.join(TASKS)}", code="unknown_task", field="task") from None


def change(settings: TaskSettings, changes: dict[str, Any]) -> TaskSettings:
    """`settings` with `changes` by name; a hyper-parameter is named without its group. Raises InvalidRequest by field."""
    top = settings.model_dump()
    for name, value in changes.items():
        if name in NerHyperparameters.model_fields:
            top["hyperparameters"][name] = value
        elif name in TaskSettings.model_fields and name != "hyperparameters":
            top[name] = value
        else:
            raise InvalidRequest("no such setting", code="unknown_setting", field=name)
    try:
        return TaskSettings.model_validate(top)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise InvalidRequest(first["msg"], field=str(first["loc"][-1])) from None


def encode(hyperparameters: BaseModel) -> dict[str, str]:
    """Each value as a JSON-encoded string, as SageMaker's training toolkit wants them."""
    return {name: json.dumps(value) for name, value in hyperparameters.model_dump().items()}
