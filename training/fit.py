"""The training loop: AdamW, warm-up and linear decay, clipped gradients, batches of like length."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from chartloop.hyperparameters import FineTuningHyperparameters
from training import encoder
from training.checkpoints import Checkpoints, State
from training.jobs import Progress, metric
from training.ranks import Ranks

ALONE = Ranks()
INTERRUPTED = 143
"""The exit code of a process that a SIGTERM ended."""
IGNORED = -100
"""The tag that the loss leaves out, torch's own default."""


@dataclass(frozen=True)
class Example:
    """A window: ids with the special ones, and a tag per id, IGNORED where it does not count."""

    ids: list[int]
    tags: list[int]


@dataclass(frozen=True)
class Plan:
    """How to train; the names are those of the hyper-parameters. `batch_size` is that of one update, over all devices."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    warmup_ratio: float
    seed: int
    bf16: bool


def plan_of(chosen: FineTuningHyperparameters, *, bf16: bool) -> Plan:
    return Plan(
        epochs=chosen.num_train_epochs,
        batch_size=chosen.per_device_train_batch_size,
        learning_rate=chosen.learning_rate,
        weight_decay=chosen.weight_decay,
        warmup_ratio=chosen.warmup_ratio,
        seed=chosen.seed,
        bf16=bf16,
    )


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


def fit(
    model: Any,
    examples: Sequence[Example],
    plan: Plan,
    each_epoch: Callable[[int], None],
    ranks: Ranks = ALONE,
    checkpoints: Checkpoints | None = None,
) -> None:
    """Trains in place; `each_epoch` is called with the number of epochs done, the model in evaluation mode.

    Several `ranks` share every batch, so that what is learned does not depend on how many they are; the first one alone calls
    `each_epoch`. With `checkpoints` it goes on where an interrupted training was, and raises SystemExit 143 when asked to end.
    """
    _Fit(model, examples, plan, ranks, checkpoints).run(each_epoch)


class _Fit:
    def __init__(
        self, model: Any, examples: Sequence[Example], plan: Plan, ranks: Ranks, checkpoints: Checkpoints | None
    ) -> None:
        self.model, self.examples, self.plan, self.ranks, self.checkpoints = model, examples, plan, ranks, checkpoints
        self.where = next(model.parameters()).device
        self.an_epoch = math.ceil(len(examples) / plan.batch_size)
        self.steps = plan.epochs * self.an_epoch
        self.warmup = max(1, round(plan.warmup_ratio * self.steps))
        self.optimizer = _optimizer(model, plan)
        self.done = self._resume()
        self.shared = ranks.wrap(model)
        self.losses: list[float] = []

    def run(self, each_epoch: Callable[[int], None]) -> None:
        chance = random.Random(self.plan.seed)  # noqa: S311 (an order, not a secret)
        progress = Progress(self.steps, aloud=self.ranks.first)
        lengths = [len(example.ids) for example in self.examples]
        for epoch in range(1, self.plan.epochs + 1):
            batches = shuffled_batches(lengths, self.plan.batch_size, chance)
            behind = self.done - (epoch - 1) * self.an_epoch
            if behind >= self.an_epoch:
                continue
            self.model.train()
            for batch in batches[behind:]:
                self._learn(batch, progress)
            self.model.eval()
            if self.ranks.first:
                metric(epoch=epoch)
                each_epoch(epoch)
            if epoch < self.plan.epochs:
                self._save()

    def _learn(self, batch: Sequence[int], progress: Progress) -> None:
        factor = warm_then_decay(self.done, total=self.steps, warmup=self.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate * factor
        chosen = [self.examples[index] for index in batch]
        self.losses.append(_step(self.shared, chosen, self.optimizer, self.ranks, self.where, bf16=self.plan.bf16))
        self.done += 1
        if progress.at(self.done):
            loss = self.ranks.total(sum(self.losses), self.where) / len(self.losses)
            self.losses = []
            if self.ranks.first:
                metric(train_loss=loss)
        if self.checkpoints is not None:
            self._heed(self.checkpoints)

    def _heed(self, checkpoints: Checkpoints) -> None:
        """All ranks do what one of them is due to do."""
        if self.ranks.total(checkpoints.due, self.where):
            self._save()
        if self.ranks.total(checkpoints.asked_to_stop, self.where):
            raise SystemExit(INTERRUPTED)

    def _save(self) -> None:
        if self.checkpoints is None:
            return
        chance = {"cpu": torch.get_rng_state()}
        if self.where.type == "cuda":
            chance["cuda"] = torch.cuda.get_rng_state(self.where)
        everyone = {
            f"{kind}.{rank}": one for kind in chance for rank, one in enumerate(self.ranks.each(chance[kind], self.where))
        }
        if self.ranks.first:
            tensors = {"model": _flat(_learned(self.model)), "optimizer": _of_optimizer(self.optimizer), "random": everyone}
            self.checkpoints.save(State(self.done, tensors))

    def _resume(self) -> int:
        """The updates that are done already. Ranks that see different checkpoints begin anew, all of them."""
        if not self.ranks.first:
            torch.manual_seed(self.plan.seed + self.ranks.rank)
        state = self.checkpoints.latest() if self.checkpoints is not None else None
        seen = self.ranks.each(torch.tensor([state.step if state else 0]), self.where)
        if state is None or any(int(one) != state.step for one in seen):
            return 0
        self.model.load_state_dict(state.tensors["model"], strict=not _frozen(self.model))
        _into_optimizer(self.optimizer, state.tensors["optimizer"])
        ours = {kind: state.tensors["random"].get(f"{kind}.{self.ranks.rank}") for kind in ("cpu", "cuda")}
        if ours["cpu"] is not None:
            torch.set_rng_state(ours["cpu"])
        if ours["cuda"] is not None and self.where.type == "cuda":
            torch.cuda.set_rng_state(ours["cuda"], self.where)
        if self.ranks.first:
            print(f"going on after {state.step} of {self.steps} updates", flush=True)  # noqa: T201
        return state.step


def _frozen(model: Any) -> set[str]:
    """What training leaves as it is: all of the base beside an adapter."""
    return {name for name, parameter in model.named_parameters(remove_duplicate=False) if not parameter.requires_grad}


def _learned(model: Any) -> dict[str, torch.Tensor]:
    """The state without what is frozen, which a resumed training loads from the base again."""
    frozen = _frozen(model)
    return {name: tensor for name, tensor in model.state_dict().items() if name not in frozen}


def _flat(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _of_optimizer(optimizer: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """AdamW's moments and counts as `{parameter}.{name}`."""
    state = optimizer.state_dict()["state"]
    return _flat({f"{number}.{name}": tensor for number, its in state.items() for name, tensor in its.items()})


def _into_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    state: dict[int, dict[str, torch.Tensor]] = {}
    for place, tensor in tensors.items():
        number, _, name = place.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _optimizer(model: Any, plan: Plan) -> torch.optim.Optimizer:
    """Biases and layer norms are not decayed."""
    learned = [p for p in model.parameters() if p.requires_grad]
    weights = [p for p in learned if p.dim() > 1]
    others = [p for p in learned if p.dim() <= 1]
    groups = [{"params": weights, "weight_decay": plan.weight_decay}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=plan.learning_rate, fused=True)


def _step(
    model: Any, batch: Sequence[Example], optimizer: torch.optim.Optimizer, ranks: Ranks, where: torch.device, *, bf16: bool
) -> float:
    """One update over the batch; gives this rank's part of the mean loss per counted piece."""
    counted = sum(tag != IGNORED for example in batch for tag in example.tags)
    ours = ranks.share(batch) or [Example(batch[0].ids, [IGNORED] * len(batch[0].ids))]
    with encoder.autocast(where, bf16=bf16):
        logits = model(**encoder.inputs([example.ids for example in ours], where)).logits
    tags = encoder.pad([example.tags for example in ours], IGNORED).to(where)
    total = cross_entropy(logits.float().flatten(0, 1), tags.flatten(), ignore_index=IGNORED, reduction="sum")
    loss = total / max(counted, 1)
    (loss * ranks.size).backward()  # gradients are averaged over the ranks
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())
