"""The training loop: its order, its schedule, and that equal seeds give equal weights."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import torch
from hypothesis import given
from hypothesis import strategies as st

from chartloop.ner import NerHyperparameters
from training import dataset, ner_fit
from training.fit import IGNORED, shuffled_batches, warm_then_decay
from training.tagger import Tagger


@given(lengths=st.lists(st.integers(1, 50), max_size=200), size=st.integers(1, 16), seed=st.integers(0, 99))
def test_an_epoch_sees_every_window_once(lengths: list[int], size: int, seed: int) -> None:
    batches = shuffled_batches(lengths, size, random.Random(seed))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    assert all(len(batch) <= size for batch in batches)


def test_batches_are_of_like_length_and_shuffled() -> None:
    lengths = list(range(100))
    batches = shuffled_batches(lengths, 10, random.Random(1))
    assert all(max(batch) - min(batch) == 9 for batch in batches)
    assert batches != sorted(batches)


@given(total=st.integers(1, 500), part=st.floats(0, 0.9))
def test_the_rate_rises_once_and_falls_to_nothing(total: int, part: float) -> None:
    warmup = max(1, round(part * total))
    rates = [warm_then_decay(step, total=total, warmup=warmup) for step in range(total + 1)]
    assert all(0 <= rate <= 1 for rate in rates)
    assert rates[:warmup] == sorted(rates[:warmup])
    assert rates[warmup:] == sorted(rates[warmup:], reverse=True)
    assert rates[warmup - 1] == 1
    assert rates[total] == 0


def trained(documents: Sequence[dataset.Document], base: Path, **chosen: object) -> Tagger:
    settings = NerHyperparameters.model_validate({"num_train_epochs": 1, "learning_rate": 0.005, "max_seq_length": 32, **chosen})
    return ner_fit.train(documents, str(base), settings)


def test_equal_seeds_give_equal_weights(snapshot: Path, base: Path) -> None:
    read = dataset.documents(dataset.read(snapshot))
    one, same, other = (trained(read, base, seed=seed) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(one.engine.model.parameters(), same.engine.model.parameters(), strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(one.engine.model.parameters(), other.engine.model.parameters(), strict=True))


def test_what_windows_share_counts_once(snapshot: Path, base: Path) -> None:
    tagger = ner_fit.new_tagger(str(base), ["drug", "sign"], NerHyperparameters(max_seq_length=16, doc_stride=6))
    document = dataset.documents(dataset.read(snapshot))[0]
    long = dataset.Document(document.text.replace("\n", " ") * 5, [], document.group)
    examples = ner_fit.windows_of(long, tagger)
    counted = sum(tag != IGNORED for example in examples for tag in example.tags)
    assert counted == len(tagger.cutter.split([long.text])[0])
    assert sum(len(example.ids) - 2 for example in examples) > counted
