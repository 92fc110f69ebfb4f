"""What every task that trains with torch does first: its environment, its share of the processes, its checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from training import base_model, environment
from training.kinds import Training

if TYPE_CHECKING:
    from training.checkpoints import Checkpoints
    from training.ranks import Ranks


@contextmanager
def together(given: Training) -> Iterator[tuple[Ranks, Checkpoints | None]]:
    """The processes that train one model, and where an interrupted training goes on from, if anywhere."""
    environment.settle(given.environ)
    from training import checkpoints, encoder, ranks

    encoder.quiet()
    encoder.use_cores(given.environ)
    base = base_model.named(given.base) if given.base else None
    identity = {"snapshot": given.snapshot.hash, "base": base, **given.chosen.model_dump(mode="json")}
    kept = checkpoints.of(given.environ, identity)
    if kept is not None:
        kept.listen()
    with ranks.joined(given.environ) as ours:
        yield ours, kept


def facts(given: Training) -> dict[str, Any]:
    """What the card of every task says."""
    return {"task": given.task.name, "snapshot": given.snapshot.hash, "base_model": given.chosen.base_model}
