"""What a score report holds beside its figures, for people to look at: a matrix, bins, flips, a cheaper model. No text."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(ge=0)]
MOST_NAMES = 40
"""Rows and columns of a confusion matrix; more could not be read."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Confusion(_Model):
    """`counts[row][column]`: how often what is annotated as `annotated[row]` was answered as `found[column]`."""

    annotated: tuple[str, ...]
    found: tuple[str, ...]
    counts: tuple[tuple[Count, ...], ...]
    note: str = ""
    """What is counted, in a sentence."""


class Grid(_Model):
    """How often a true value between two `edges` (row) was predicted between two (column); edges are one more than rows."""

    edges: tuple[float, ...]
    counts: tuple[tuple[Count, ...], ...]
    unit: str = ""


class Histogram(_Model):
    """How often an error, predicted minus true, lay between two `edges`, which are one more than the counts."""

    edges: tuple[float, ...]
    counts: tuple[Count, ...]
    unit: str = ""


class Flipped(_Model):
    """Answers that the candidate has right and the champion had wrong (`fixed`), or the other way round (`broken`)."""

    fixed: Count
    broken: Count


class Flips(Flipped):
    """On the settled holdout, in all and by label."""

    labels: dict[str, Flipped] = {}


class Baseline(_Model):
    """A cheaper model that was trained beside the candidate, scored on the same settled holdout."""

    name: str
    metrics: dict[str, float | None]
    interval: dict[str, Any] | None = None
    """Of candidate minus this one, as chartloop/bootstrap.py gives it; None where there are too few groups."""
    proposed: bool = False
    """Whether this one should serve instead: the candidate is not proven better."""
    message: str = ""
    """The comparison in one sentence."""


class Compared(_Model):
    """A figure of the base model and of the one that was fine-tuned from it; `interval` of the second minus the first."""

    metric: str
    base: float | None
    candidate: float | None
    interval: dict[str, Any] | None = None


class Comparison(_Model):
    """A fine-tuned model beside the base that it was made from."""

    base: str
    made_here: dict[str, Any] | None = None
    """What a base that was not published learned from: how many texts and pieces, and their hash."""
    figures: tuple[Compared, ...]
    """On the settled holdout."""
    general: Compared
    """Loss per piece on passages about anything but health: how much of what it could before it has lost."""
    passages: Count


class Extras(_Model):
    """Each part where the task has it."""

    confusion: Confusion | None = None
    predicted_true: Grid | None = None
    errors: Histogram | None = None
    flips: Flips | None = None
    """Of the candidate's report alone, where there is a champion."""
    baselines: tuple[Baseline, ...] = ()
    comparison: Comparison | None = None
