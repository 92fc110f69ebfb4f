"""Temperature scaling: fitted on notes that were not learned from, nearer to the truth on others, and careful with few."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chartloop.ner import NerHyperparameters
from training import calibration, dataset, ner_fit, tagging
from training.calibration import ENOUGH, Sample
from training.reports import calibration_error


def sample(temperature: float, count: int = 2000, *, tokens: int = 2, seed: int = 5) -> Sample:
    """Entities of a model whose logits are `temperature` times too large; it is right as often as they say without that."""
    chance = np.random.default_rng(seed)
    honest = np.full((count, tokens, 5), -4.0)
    honest[:, 0, 1], honest[:, 1:, 2] = 0.0, 0.0
    honest[:, 0, 0] = chance.uniform(-4, 0, count)  # the first token is the one in doubt
    sure = np.exp(honest[:, 0, 1]) / np.exp(honest[:, 0]).sum(-1)
    rows = np.exp(honest * temperature).reshape(-1, 5)
    tags = np.tile([1, *[2] * (tokens - 1)], count)
    return Sample((rows / rows.sum(-1, keepdims=True)).astype(np.float32), tags, chance.uniform(size=count) < sure)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.6, 3.0])
def test_the_temperature_of_overstated_logits_is_found(temperature: float) -> None:
    assert calibration.temperature(sample(temperature)) == pytest.approx(temperature, rel=0.15)


def test_other_entities_of_the_model_are_nearer_to_the_truth() -> None:
    fitted, other = calibration.temperature(sample(2.0)), sample(2.0, seed=6)
    right = other.right.astype(np.float64)
    before, after = (
        calibration_error(tagging.least_sure(other.probabilities, other.tags, each).astype(np.float64), right)
        for each in (1.0, fitted)
    )
    assert after < before / 3


def test_a_few_entities_leave_the_temperature_alone() -> None:
    assert calibration.temperature(sample(3.0, ENOUGH - 1)) == 1.0


def test_a_few_that_are_all_right_do_not_make_certain() -> None:
    few = sample(1.0, ENOUGH)
    fitted = calibration.temperature(Sample(few.probabilities, few.tags, np.ones(ENOUGH, dtype=bool)))
    assert tagging.least_sure(few.probabilities, few.tags, fitted).mean() < 0.99


def test_what_it_is_fitted_on_was_not_learned_from(snapshot: Path, base: Path) -> None:
    read = dataset.documents(dataset.read(snapshot))
    kept = [group for group in {each.group for each in read} if held_back(group)]
    assert 0 < len(kept) < 10
    shuffled = tuple(absurd(each) for each in read)
    chosen = {"num_train_epochs": 1, "max_seq_length": 32}
    for off in ({"validation_percent": 0}, {"do_eval": False}):
        settings = NerHyperparameters.model_validate({**chosen, **off})
        one, other = (ner_fit.train(each, str(base), settings) for each in (read, shuffled))
        pairs = zip(one.engine.model.parameters(), other.engine.model.parameters(), strict=True)
        assert all(bool((a == b).all()) for a, b in pairs)


def held_back(group: str) -> bool:
    return bool(dataset.split_validation([dataset.Document("", [], group)], dataset.HELD_BACK_PERCENT)[1])


def absurd(document: dataset.Document) -> dataset.Document:
    """Without its labels, where it is held back: nothing that is learned may change."""
    return replace(document, entities=[]) if held_back(document.group) else document


def test_a_model_that_finds_nothing_keeps_its_temperature(base: Path) -> None:
    tagger = ner_fit.new_tagger(str(base), ["drug", "sign"], NerHyperparameters(max_seq_length=32))
    assert calibration.calibrated(tagger, []).temperature == 1.0
