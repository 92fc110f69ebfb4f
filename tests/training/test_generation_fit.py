"""LoRA on a tiny Llama: only adapters learn, what is saved is a whole model, and an interruption costs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from chartloop.errors import JobFailed
from chartloop.generation import GenerationHyperparameters
from tests.training import questions
from training import generation_fit, lora
from training.checkpoints import Checkpoints
from training.decoding import Generator, Options

CHOSEN = GenerationHyperparameters(
    num_train_epochs=5, per_device_train_batch_size=4, learning_rate=0.01, max_seq_length=64, doc_stride=8, validation_percent=20
)
PAIRS = questions.stored(90, seed=1)
OTHERS = [(each["prompt"], each["completion"]) for each in questions.pairs(30, seed=2)]


def loss(generator: Generator) -> float:
    found = generator.losses(OTHERS)
    return sum(total for total, _ in found) / sum(pieces for _, pieces in found)


@pytest.fixture(scope="module")
def tuned(causal_base: Path) -> Generator:
    return generation_fit.train(PAIRS, str(causal_base), CHOSEN)


def test_it_answers_like_the_pairs_that_it_learned(tuned: Generator, causal_base: Path) -> None:
    base = Generator.load(causal_base, precision="fp32", length=64, overlap=8)
    assert loss(tuned) < loss(base) - 0.4
    answers = tuned.answers([prompt for prompt, _ in OTHERS], Options(max_new_tokens=40))
    assert sum(answer.finish == "stop" for answer in answers) > len(answers) / 2


def test_what_is_saved_is_a_whole_model_without_adapters(tuned: Generator, tmp_path: Path) -> None:
    expected = loss(tuned)
    generation_fit.save(tuned, tmp_path, task="generation")
    assert json.loads((tmp_path / "chartloop.json").read_text()) == {"doc_stride": 8, "max_seq_length": 64, "task": "generation"}
    assert not list(tmp_path.glob("adapter*"))
    assert loss(Generator.load(tmp_path, precision="fp32", length=64, overlap=8)) == pytest.approx(expected, abs=1e-4)


def test_nothing_but_adapters_learns_and_is_kept(causal_base: Path, tmp_path: Path) -> None:
    plain, _ = lora.load(str(causal_base), bf16=False)
    before = {name: tensor.clone() for name, tensor in plain.state_dict().items()}
    model = lora.adapted(plain, rank=4, alpha=8, dropout=0.0, seed=1)
    learned = [name for name, each in model.named_parameters() if each.requires_grad]
    assert learned and all("lora_" in name for name in learned)
    merged = lora.merged(model).state_dict()
    assert merged.keys() == before.keys()
    assert all(torch.equal(merged[name], before[name]) for name in before)  # a fresh adapter adds nothing


def test_an_interrupted_training_goes_on_to_the_same_weights(causal_base: Path, tmp_path: Path) -> None:
    chosen = CHOSEN.model_copy(update={"num_train_epochs": 2, "do_eval": False})
    whole = generation_fit.train(PAIRS[:24], str(causal_base), chosen)
    stopped = Checkpoints(tmp_path, "one", 1e9)
    stopped.asked_to_stop = True
    with pytest.raises(SystemExit):
        generation_fit.train(PAIRS[:24], str(causal_base), chosen, checkpoints=stopped)
    state = Checkpoints(tmp_path, "one", 1e9).latest()
    assert state is not None and state.step == 1
    assert all("lora_" in name for name in state.tensors["model"])
    resumed = generation_fit.train(PAIRS[:24], str(causal_base), chosen, checkpoints=Checkpoints(tmp_path, "one", 1e9))
    ours, theirs = whole.model.state_dict(), resumed.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_nothing_to_learn_from_fails_by_name(causal_base: Path) -> None:
    with pytest.raises(JobFailed, match="no pair to train on"):
        generation_fit.train([], str(causal_base), CHOSEN)
