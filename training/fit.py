"""The training loop: AdamW, warm-up and linear decay, clipped gradients, batches of like length."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from training import encoder
from training.jobs import Progress, metric

IGNORED = -100
"""The tag that the loss leaves out, torch's own default."""


@dataclass(frozen=True)
class Example:
    """A window: ids with the special ones, and a tag per id, IGNORED where it does not count."""

    ids: list[int]
    tags: list[int]


@dataclass(frozen=True)
class Plan:
    """How to train; the names are those of the hyper-parameters."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_ratio: float
    seed: int
    bf16: bool


CHUNK = 20
"""Batches that are sorted by length together: enough that little is padded, few enough that the order stays random."""


def shuffled_batches(lengths: Sequence[int], size: int, chance: random.Random) -> list[list[int]]:
    """Every index once, in batches of like length: sorted within shuffled chunks, the batches shuffled again."""
    order = list(range(len(lengths)))
    chance.shuffle(order)
    chunks = [order[start : start + size * CHUNK] for start in range(0, len(order), size * CHUNK)]
    batches = []
    for chunk in chunks:
        chunk.sort(key=lengths.__getitem__)
        batches += [chunk[start : start + size] for start in range(0, len(chunk), size)]
    chance.shuffle(batches)
    return batches


def warm_then_decay(step: int, *, total: int, warmup: int) -> float:
    """The learning rate's factor at `step` (from 0): up to 1 over `warmup` steps, then down to 0 at `total`."""
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (total - step) / max(1, total - warmup))


def fit(model: Any, examples: Sequence[Example], plan: Plan, each_epoch: Callable[[int], None]) -> None:
    """Trains in place; `each_epoch` is called with the number of epochs done, the model in evaluation mode."""
    chance = random.Random(plan.seed)  # noqa: S311 (an order, not a secret)
    steps = plan.epochs * math.ceil(len(examples) / plan.batch_size)
    optimizer = _optimizer(model, plan)
    warmup = max(1, round(plan.warmup_ratio * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warm_then_decay(step, total=steps, warmup=warmup))
    progress, done, losses = Progress(steps), 0, [0.0]
    lengths = [len(example.ids) for example in examples]
    for epoch in range(1, plan.epochs + 1):
        model.train()
        for batch in shuffled_batches(lengths, plan.batch_size, chance):
            losses.append(_step(model, [examples[index] for index in batch], optimizer, bf16=plan.bf16))
            schedule.step()
            done += 1
            if progress.at(done):
                metric(train_loss=sum(losses) / len(losses))
                losses = []
        metric(epoch=epoch)
        model.eval()
        each_epoch(epoch)


def _optimizer(model: Any, plan: Plan) -> torch.optim.Optimizer:
    """Biases and layer norms are not decayed."""
    weights = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": weights, "weight_decay": plan.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=plan.learning_rate, fused=True)


def _step(model: Any, batch: Sequence[Example], optimizer: torch.optim.Optimizer, *, bf16: bool) -> float:
    """One update; gives the mean loss per counted piece."""
    where = next(model.parameters()).device
    with encoder.autocast(where, bf16=bf16):
        logits = model(**encoder.inputs([example.ids for example in batch], where)).logits
    tags = encoder.pad([example.tags for example in batch], IGNORED).to(where)
    loss = cross_entropy(logits.float().flatten(0, 1), tags.flatten(), ignore_index=IGNORED)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())
