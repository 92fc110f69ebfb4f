"""Hyper-parameters: what every training job may be told, and what a job that fine-tunes an encoder may be told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

BIO_CLINICAL_BERT = "emilyalsentzer/Bio_ClinicalBERT"
LLAMA = "meta-llama/Llama-3.2-1B-Instruct"
MINILM = "minilm-l6-v2"


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


class EncoderHyperparameters(Hyperparameters):
    """Of a task that fine-tunes an encoder over windows of a text."""

    model_name_or_path: str = BIO_CLINICAL_BERT
    num_train_epochs: int = Field(8, ge=1, le=100)
    per_device_train_batch_size: int = Field(16, ge=1, le=512)
    learning_rate: float = Field(3e-4, gt=0, lt=1)
    weight_decay: float = Field(0.01, ge=0, lt=1)
    warmup_ratio: float = Field(0.1, ge=0, lt=1)
    max_seq_length: int = Field(128, ge=16, le=512)
    doc_stride: int = Field(32, ge=0, le=256)
    """How many tokens neighbouring windows share."""
    bf16: bool = True

    @property
    def base_model(self) -> str | None:
        return self.model_name_or_path

    @property
    def passes(self) -> float:
        windows = self.max_seq_length / max(1, self.max_seq_length - min(self.doc_stride, self.max_seq_length - 1))
        return windows * self.num_train_epochs
