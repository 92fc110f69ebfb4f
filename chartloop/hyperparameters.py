"""Hyper-parameters: what every training job may be told, and what a job that fine-tunes an encoder may be told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

BIO_CLINICAL_BERT = "emilyalsentzer/Bio_ClinicalBERT"
LLAMA = "meta-llama/Llama-3.2-1B-Instruct"
MINILM = "minilm-l6-v2"

Epochs = Annotated[int, Field(ge=1, le=100)]
BatchSize = Annotated[int, Field(ge=1, le=512)]
Share = Annotated[float, Field(ge=0, lt=1)]
Rate = Annotated[float, Field(gt=0, lt=1)]


class Hyperparameters(BaseModel):
    """The mission's names, as far as they mean something for any task; each task has a class of its own below this one.

    Booleans and numbers reach the job as JSON-encoded strings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    do_train: bool = True
    do_eval: bool = True
    output_dir: str = "./models/"
    overwrite_output_dir: bool = True
    save_strategy: Literal["no"] = "no"
    validation_percent: int = Field(5, ge=0, le=50)
    """Part of the training side, by group, that is not learned from: `do_eval` watches it, and confidences are fitted on it.

    At 0, or without `do_eval`, five are held back for the confidences alone. Never the holdout.
    """
    seed: int = Field(42, ge=0)
    s3_bucket: str = ""
    s3_folder: str = ""
    s3_model_folder: str = ""

    @property
    def base_model(self) -> str | None:
        """Folder or hub name of the model that training starts from; None where it starts from nothing."""
        return None

    @property
    def passes(self) -> float:
        """How often training reads what is stored: what an estimate multiplies with."""
        return 1.0

    @property
    def weight(self) -> float:
        """The work of a stored byte over what it is for an encoder of BERT's size, whose pace an estimate stands on."""
        return 1.0


class FineTuningHyperparameters(Hyperparameters):
    """Of a task that fine-tunes a base model by training/fit.py; the defaults are an encoder's."""

    model_name_or_path: str = BIO_CLINICAL_BERT
    num_train_epochs: Epochs = 8
    per_device_train_batch_size: BatchSize = 16
    learning_rate: Rate = 3e-4
    weight_decay: Share = 0.01
    warmup_ratio: Share = 0.1
    bf16: bool = True

    @property
    def base_model(self) -> str | None:
        return self.model_name_or_path


class EncoderHyperparameters(FineTuningHyperparameters):
    """Of a task that fine-tunes an encoder over windows of a text."""

    max_seq_length: int = Field(128, ge=16, le=512)
    doc_stride: int = Field(32, ge=0, le=256)
    """How many tokens neighbouring windows share."""

    @property
    def passes(self) -> float:
        windows = self.max_seq_length / max(1, self.max_seq_length - min(self.doc_stride, self.max_seq_length - 1))
        return windows * self.num_train_epochs
