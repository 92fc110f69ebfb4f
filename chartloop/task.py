"""What a task is: the parts of its one entry in chartloop/tasks.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from chartloop.hyperparameters import Hyperparameters
from chartloop.measures import Budget, Measures, Price, Terms
from chartloop.settings import Settings
from chartloop.tuning import Tuning, TuningSettings

if TYPE_CHECKING:
    from chartloop.records import BatchOptions

Record = Mapping[str, Any]
"""A canonical record, or the body of a stored one."""
Answer = Mapping[str, Any]
"""What a model answers to one input."""
Rules = Mapping[str, Any]
"""The settings that a record is checked against, by name; those that nobody set are left out."""


@dataclass(frozen=True)
class Note:
    """What was changed in a record, or is worth knowing of it, though it is accepted."""

    code: str
    message: str
    field: str | None = None


Body = Callable[[dict[str, Any], dict[str, Any], "BatchOptions", Rules], tuple[dict[str, Any], list[Note]]]
"""(members as they were sent, the record so far, options, rules) -> (the task's own fields in canonical form, notes).

Raises InvalidRequest by field.
"""


@dataclass(frozen=True)
class Form:
    """The fields of a task's record; `texts` are those that hold clinical text."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    texts: tuple[str, ...]
    body: Body
    gathers: str = ""
    """The field that a table may spread out: it holds the columns that are no other field, by name."""

    def text(self, record: Record) -> str:
        """The clinical text of a canonical record; empty where the task has none."""
        return "\n".join(record[name] for name in self.texts)


class Options(BaseModel):
    """What a prediction may be asked for beside its input; each task has a class of its own. The endpoint is given all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def check(self, inputs: int) -> None:
        """Raises TooLarge, naming the rule, where so many inputs with these options would not be answered in time."""


@dataclass(frozen=True)
class Asked:
    """What a prediction is asked about: `one` is a field of a record, of a request and of a transform's line, `many` a list."""

    one: str
    many: str
    options: type[Options] = Options
    most: int = 1000
    """Inputs of one request, so that it is answered within the API's 29 seconds."""


class TaskSettings(BaseModel):
    """What a person may set for any task; each task has a class of its own, with its own defaults and hyper-parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_records: int = Field(1000, ge=1)
    minimum_new_records: int = Field(100, ge=1)
    policy: Literal["spec", "strict"] = "strict"
    poster_cap_percent: int = Field(100, ge=1, le=100)
    """How much of a run's new records one poster may bring; batches beyond it wait. 100: no cap."""
    hold_on_alarm: bool = True
    """Whether a candidate waits for a person where a rare word goes with one label in the new records."""
    label_support: int = Field(30, ge=1)
    """Annotated cases in the holdout from which a label's own figure is evidence."""
    label_margin: float = Field(0.05, ge=0, le=1)
    """By how much the F1 of such a label may fall."""
    cost_missed: float = Field(0, ge=0)
    """What a missed label, code or entity costs. With this and `cost_wrong` at 0 the gate does not ask what errors cost."""
    cost_wrong: float = Field(0, ge=0)
    currency: str = Field("USD", min_length=1, max_length=8)
    p95_ms: float | None = Field(None, gt=0)
    """The 95th percentile of one request's time that an artifact may take; the task's own where nobody set it."""
    largest_mb: float | None = Field(None, gt=0)
    """The size that an artifact may have; the task's own where nobody set it."""
    review_days: int = Field(7, ge=1, le=90)
    """How long a candidate that needs review waits for a person."""
    tuning: TuningSettings = TuningSettings()
    hyperparameters: Hyperparameters = Hyperparameters()


class Tally(Protocol):
    """Counts the answers of a batch transform whose lines carry the truth."""

    def add(self, record: Record, answer: Answer) -> None:
        """`record` is the line as a canonical record of the task."""
        ...

    def score(self) -> dict[str, Any] | None:
        """`{"records", "metrics", "labels"}`, or None where no line carried the truth."""
        ...


@dataclass(frozen=True)
class Task:
    """What Chartloop knows of a kind of model."""

    name: str
    form: Form
    asked: Asked
    settings: type[TaskSettings]
    measures: Measures
    """What the gate judges it by."""
    tally: Callable[[], Tally]
    same: Callable[[Answer, Answer], bool]
    """Whether an answer is the one that was recorded: a model that is deployed must give those of its golden requests."""
    module: str
    """training/{module}.py trains, exports and scores it (training/kinds.py)."""
    served: str
    """training/{served}.py answers in the artifact (training/kinds.py)."""
    files: tuple[str, ...]
    """Of training/ and chartloop/, what an artifact carries beside what all do: `served` and what it imports."""
    in_function: bool = False
    """Whether the predict function can hold its models (`serving=lambda`): on ONNX, and in a few seconds."""
    found: Callable[[Answer], Sequence[Mapping[str, Any]]] = lambda _: ()
    """The labels of an answer, each with `label` and `confidence`: what drift counts."""
    rules: tuple[str, ...] = ()
    """The settings that a record is checked against (`Rules`)."""
    base: str | None = "base_model"
    """The field of Settings that names the default base model; None where training starts from nothing."""
    embeds: bool = False
    """Whether the loop keeps vectors of its records, which similar records and codes are found by."""
    gpu: bool = False
    """Whether a machine with a GPU (context generation_instance) answers in real time, scores, and transforms."""
    packages: tuple[str, ...] = ()
    """Distributions that the artifact carries, since no container has them."""
    tuning: Tuning | None = None
    """What a run may search before it gives its best to the gate; None: its hyper-parameters are as they are set."""

    def terms(self, chosen: TaskSettings) -> Terms:
        """What the settings say to the gate."""
        own, missed, wrong = self.measures.budget, chosen.cost_missed, chosen.cost_wrong
        return Terms(
            label_support=chosen.label_support,
            label_margin=chosen.label_margin,
            price=Price(missed, wrong, chosen.currency) if missed or wrong else None,
            budget=Budget(chosen.p95_ms or own.p95_ms, int((chosen.largest_mb or 0) * 1e6) or own.bytes),
            review_days=chosen.review_days,
        )

    @property
    def hyperparameters(self) -> type[Hyperparameters]:
        return type(self.settings().hyperparameters)

    def placed(self, settings: Settings) -> Settings:
        """The settings with the machine and the image of this task's endpoint and transforms."""
        if not self.on_gpu(settings):
            return settings
        own, image = settings.generation_instance, settings.gpu_inference_image
        return settings.model_copy(update={"instance_type": own, "transform_instance": own, "inference_image": image})

    def on_gpu(self, settings: Settings) -> bool:
        """Whether its models answer on a GPU of their own; those of a serverless endpoint have none."""
        return self.gpu and settings.serving == "realtime"

    def scored_on_gpu(self, settings: Settings) -> bool:
        """Whether its score jobs are on the endpoint's kind of machine too: what is judged there is what will be served."""
        return self.on_gpu(settings) and not settings.notebook

    def scored_on(self, settings: Settings) -> str:
        """The machine of its score jobs."""
        return settings.generation_instance if self.scored_on_gpu(settings) else settings.processing_instance

    @property
    def has_entities(self) -> bool:
        return "entities" in self.form.required
