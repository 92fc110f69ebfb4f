"""Fine-tuning a causal language model on prompts and completions: windows, the validation figures, and what is saved."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chartloop.errors import JobFailed
from chartloop.generation import GenerationHyperparameters
from chartloop.snapshots import StoredRecord
from training import dataset, encoder, lora
from training.checkpoints import Checkpoints
from training.decoding import Generator
from training.fit import ALONE, Example, fit, plan_of
from training.jobs import metric
from training.ranks import Ranks

MOST_WATCHED = 200
"""Pairs that validation asks for after each epoch."""


def train(
    records: Sequence[StoredRecord],
    base: str,
    chosen: GenerationHyperparameters,
    ranks: Ranks = ALONE,
    checkpoints: Checkpoints | None = None,
) -> Generator:
    """The base (folder or hub name) with what it learned merged into its weights. Raises JobFailed."""
    learned, watched, _ = dataset.left_out(records, chosen, 0)
    where = encoder.device()
    bf16 = chosen.bf16 and encoder.multiplies_bf16(where)
    plain, tokenizer = lora.load(base, bf16=bf16)
    length = min(chosen.max_seq_length, getattr(plain.config, "max_position_embeddings", chosen.max_seq_length))
    model = lora.adapted(
        plain,
        rank=chosen.lora_r,
        alpha=chosen.lora_alpha,
        dropout=chosen.lora_dropout,
        seed=chosen.seed,
    )
    ours = Generator(model, tokenizer, length=length, overlap=chosen.doc_stride)
    examples = [Example(cut.ids, cut.tags) for each in learned for cut in ours.windows(*_pair(each))]
    if not examples:
        raise JobFailed("the snapshot holds no pair to train on", code="no_training_data")
    fit(model, examples, plan_of(chosen, bf16=bf16), lambda _: metric(**_validate(ours, watched)), ranks, checkpoints)
    return Generator(lora.merged(model), tokenizer, length=length, overlap=chosen.doc_stride)


def _pair(stored: StoredRecord) -> tuple[str, str]:
    return stored.record["prompt"], stored.record["completion"]


def _validate(generator: Generator, watched: Sequence[StoredRecord]) -> dict[str, float]:
    """eval_loss, in nats a piece of a completion, and its exponential; nothing where nothing is watched."""
    losses = generator.losses([_pair(each) for each in watched[:MOST_WATCHED]])
    pieces = sum(count for _, count in losses)
    if not pieces:
        return {}
    loss = sum(total for total, _ in losses) / pieces
    return {"eval_loss": loss, "eval_perplexity": math.exp(loss)}


def save(generator: Generator, folder: Path, **about: Any) -> None:
    """Weights, tokenizer, and `chartloop.json`, written last."""
    folder.mkdir(parents=True, exist_ok=True)
    lora.save(generator.model, generator.tokenizer, folder)
    card = {"max_seq_length": generator.length, "doc_stride": generator.overlap, **about}
    (folder / "chartloop.json").write_text(json.dumps(card, indent=2, sort_keys=True) + "\n", encoding="utf-8")
