"""The two halves of a task in training/: what its module does in jobs, and what its served module does in the artifact.

`kinds.of(task)` is training/{task.module}.py, which has the functions of `Kind`; it imports what is heavy inside of them, since
every job asks it. `inference.py` loads training/{task.served}.py, which has `load`, and gives a `Served`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from chartloop.snapshots import StoredRecord
from chartloop.task import Task
from training.dataset import Snapshot

Answer = dict[str, Any]
Answered = tuple[StoredRecord, Answer]
"""A record of the holdout, and what an artifact answers to its input."""


@dataclass(frozen=True)
class Training:
    """What the training job is given. The trained model goes to the folder `output`, its `chartloop.json` last."""

    task: Task
    snapshot: Snapshot
    base: str | None
    """Folder or hub name of the base model; None where the task has none."""
    chosen: Any
    """The task's own hyper-parameters."""
    output: Path
    environ: MutableMapping[str, str]


@dataclass(frozen=True)
class Judged:
    """An unpacked artifact that is scored, with the hash and size of the archive that it came from."""

    role: str
    """`candidate` or `champion`."""
    folder: Path
    sha256: str
    bytes: int
    card: Mapping[str, Any]
    """Its chartloop.json."""
    snapshot: Path
    """What the candidate was trained on."""
    base: Path | None

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.card.get("labels", ()))


class Kind(Protocol):
    """What the module of a task does in jobs."""

    def counts(self, records: Sequence[StoredRecord]) -> dict[str, Any]:
        """What the snapshot's manifest says of its records beside their number and that of their groups."""
        ...

    def train(self, given: Training) -> None:
        """Leaves the trained model and a card: `labels` where it has any, `base_model`, and what `export` and `load` need."""
        ...

    def export(self, trained: Path, snapshot: Path | None, folder: Path, engine: str) -> dict[str, Any]:
        """Fills `folder` with what is served; gives the card's `engine`: its name, its precision, and what that cost.

        `engine` is what this deployment serves with (training/forms.py); a task that has but one engine leaves it alone.
        """
        ...

    def golden(self, card: Mapping[str, Any]) -> Sequence[Any]:
        """Inputs made up, that an artifact's answers are recorded for; it must answer so again once it is deployed."""
        ...

    def ask(self, judged: Judged, records: Sequence[StoredRecord]) -> list[Answer]:
        """What the artifact answers to the records' inputs (training/serving.py), with all that `figures` needs."""
        ...

    def figures(
        self, judged: Judged, settled: Sequence[Answered], fresh: Sequence[Answered], left_out: Collection[str]
    ) -> dict[str, Any]:
        """Of a score report `settled`, `fresh` (None where there is none) and what else the task has to tell.

        Labels that are `left_out`, since not all artifacts know them, do not count on the settled part.
        """
        ...


class Served(Protocol):
    """What the served module's `load(folder, card)` gives: a model that answers, in a container without pydantic."""

    def refusal(self, value: Any, place: str) -> Exception | None:
        """The ChartloopError of an input that cannot be read, with `place` as its field and nothing of the input in it."""
        ...

    def options(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """Of a request or a line those options that the model knows, checked, with their defaults. Raises InvalidRequest."""
        ...

    def answers(self, inputs: Sequence[Any], options: Mapping[str, Any]) -> list[Answer]:
        """One answer to each input, in order."""
        ...


def of(task: Task) -> Kind:
    return cast(Kind, import_module(f"training.{task.module}"))
