"""The processes that train one model together, as torchrun starts them: each takes its share of every batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

Item = TypeVar("Item")

PATIENCE = timedelta(hours=2)
"""How long the others wait while the first one validates or writes."""


@dataclass(frozen=True)
class Ranks:
    """`rank` of `size` processes. Every method but `share` is called by all of them together."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this process is the one that prints and writes."""
        return self.rank == 0

    def share(self, batch: Sequence[Item]) -> list[Item]:
        """Of a batch what this process computes; may be nothing."""
        return list(batch[self.rank :: self.size])

    def wrap(self, model: Any) -> Any:
        """The model with its gradients averaged over all processes, and the first one's weights in each."""
        return model if self.size == 1 else DistributedDataParallel(model, gradient_as_bucket_view=True)

    def total(self, value: float, where: torch.device) -> float:
        """The sum over all processes."""
        if self.size == 1:
            return value
        summed = torch.tensor(value, dtype=torch.float64, device=where)
        distributed.all_reduce(summed)
        return float(summed)

    def each(self, tensor: torch.Tensor, where: torch.device) -> list[torch.Tensor]:
        """Every process's tensor of this shape, by rank, on the CPU."""
        if self.size == 1:
            return [tensor]
        ours = tensor.to(where)
        gathered = [torch.empty_like(ours) for _ in range(self.size)]
        distributed.all_gather(gathered, ours)
        return [one.cpu() for one in gathered]


@contextmanager
def joined(environ: Mapping[str, str]) -> Iterator[Ranks]:
    """The group that torchrun's variables name, until the end; without them this process alone."""
    size = int(environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Ranks()
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(environ["LOCAL_RANK"]))
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo", timeout=PATIENCE)
    try:
        yield Ranks(int(environ["RANK"]), size)
    finally:
        distributed.destroy_process_group()
