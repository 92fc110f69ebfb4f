"""The task `generation`: a completion for a prompt. Its record, its settings, and how its answers are compared and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from chartloop import measures, rouge
from chartloop.errors import TooLarge
from chartloop.hyperparameters import LLAMA, BatchSize, Epochs, FineTuningHyperparameters, Rate, Share
from chartloop.task import Answer, Asked, Form, Note, Options, Record, Rules, Task, TaskSettings
from chartloop.tuning import Categorical, Continuous, Integer, Tuning

if TYPE_CHECKING:
    from chartloop.records import BatchOptions

MOST_PROMPTS = 32
MOST_NEW_TOKENS = 4096
"""Of all prompts of a request together, so that a GPU answers within the API's 29 seconds: it writes for 16 prompts at a time."""
SAME_LOSS = 0.05
"""Nats a piece by which a recorded loss may differ: what bfloat16 on another machine makes of the same weights."""


class GenerationHyperparameters(FineTuningHyperparameters):
    """LoRA's own, and the mission's names where they mean something."""

    model_name_or_path: str = LLAMA
    num_train_epochs: Epochs = 3
    per_device_train_batch_size: BatchSize = 8
    learning_rate: Rate = 2e-4
    weight_decay: Share = 0.0
    warmup_ratio: Share = 0.03
    max_seq_length: int = Field(512, ge=16, le=8192)
    """Pieces that are read at once; a longer completion goes on in another window, behind its prompt."""
    doc_stride: int = Field(32, ge=0, le=4096)
    """How many pieces of the completion neighbouring windows share."""
    lora_r: int = Field(16, ge=1, le=512)
    lora_alpha: int = Field(32, ge=1, le=1024)
    lora_dropout: Share = 0.05

    @property
    def passes(self) -> float:
        return float(self.num_train_epochs)

    @property
    def weight(self) -> float:
        """Of a model of a billion parameters: eleven times BERT's, of whose gradients LoRA needs a part."""
        return 10.0


class GenerationSettings(TaskSettings):
    """Settings of the task `generation`."""

    hyperparameters: GenerationHyperparameters = GenerationHyperparameters()


class GenerationOptions(Options):
    """How to answer."""

    max_new_tokens: int = Field(128, ge=1, le=512, description="Pieces of an answer, at most.")
    temperature: float = Field(0.0, ge=0, le=2, description="0 takes the likeliest piece each time.")
    stop: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        [], max_length=4, description="An answer ends before the first of these."
    )
    seed: int | None = Field(None, ge=0, lt=2**31, description="The same request with the same seed draws the same answers.")

    def check(self, inputs: int) -> None:
        if inputs * self.max_new_tokens > MOST_NEW_TOKENS:
            rule = f"prompts times max_new_tokens may be {MOST_NEW_TOKENS:,} in one request"
            raise TooLarge(f"{rule}: ask for fewer, or make it a batch transform", field="max_new_tokens")


def body(
    _members: dict[str, Any], _record: dict[str, Any], _options: BatchOptions, _rules: Rules
) -> tuple[dict[str, Any], list[Note]]:
    """Prompt and completion are texts, which the form has checked."""
    return {}, []


def same(given: Answer, recorded: Answer) -> bool:
    """The recorded completion is as likely as it was. What is written may differ from machine to machine, by one rounding."""
    if "loss" not in recorded or given.get("tokens_given") != recorded["tokens_given"]:
        return False
    return bool(abs(given["loss"] - recorded["loss"]) <= SAME_LOSS * recorded["tokens_given"])


class AnswerTally:
    """ROUGE-L and exact matches of answers to prompts whose completion is known."""

    def __init__(self) -> None:
        self._rouge: list[float] = []
        self._exact = 0

    def add(self, record: Record, answer: Answer) -> None:
        self._rouge.append(rouge.rouge_l(answer["completion"], record["completion"]))
        self._exact += rouge.exact(answer["completion"], record["completion"])

    def score(self) -> dict[str, Any] | None:
        if not self._rouge:
            return None
        count = len(self._rouge)
        return {
            "records": count,
            "metrics": {"rouge_l": sum(self._rouge) / count, "exact_match": self._exact / count},
            "labels": {},
        }


FORM = Form(("record_id", "prompt", "completion"), ("patient_id",), ("prompt", "completion"), body)
TASK = Task(
    name="generation",
    form=FORM,
    asked=Asked("prompt", "prompts", GenerationOptions, most=MOST_PROMPTS),
    settings=GenerationSettings,
    measures=measures.GENERATION,
    tally=AnswerTally,
    same=same,
    base="language_model",
    gpu=True,
    module="generation",
    served="generation_served",
    files=(
        "training/completions.py", "training/decoding.py", "training/encoder.py", "training/generation_served.py",
    ),
    tuning=Tuning("eval_loss", higher_is_better=False, ranges={
        "learning_rate": Continuous(3e-5, 2e-3, log=True), "num_train_epochs": Integer(1, 6),
        "lora_r": Categorical((4, 8, 16, 32)), "lora_dropout": Continuous(0.0, 0.2),
    }),
)  # fmt: skip
