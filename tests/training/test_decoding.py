"""Answers and losses of a causal model: batched as one by one, stopped where it was asked for, and every piece counted."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from tests.training import questions
from training import completions
from training.decoding import Generator, Options

RECORDS = list(questions.pairs(21, seed=5))
PROMPTS = [record["prompt"] for record in RECORDS]
PAIRS = [(record["prompt"], record["completion"]) for record in RECORDS]


@pytest.fixture(scope="module")
def generator(causal_base: Path) -> Generator:
    return Generator.load(causal_base, precision="fp32", length=128, overlap=16)


def test_answers_together_are_those_one_by_one(generator: Generator) -> None:
    options = Options(max_new_tokens=12)
    together = generator.answers(PROMPTS, options)
    assert together == [generator.answers([prompt], options)[0] for prompt in PROMPTS]
    assert all(answer.tokens <= 12 for answer in together)


def test_an_answer_is_the_likeliest_piece_each_time(generator: Generator) -> None:
    ids = completions.prompt_ids(generator.tokenizer, PROMPTS[0])
    for _ in range(12):
        logits = generator.model(input_ids=torch.tensor([ids])).logits[0, -1]
        ids.append(int(logits.argmax()))
        if ids[-1] == generator.tokenizer.eos_token_id:
            break
    own = ids[generator.pieces(PROMPTS[0]) :]
    expected = generator.tokenizer.decode(own, skip_special_tokens=True)
    [answer] = generator.answers(PROMPTS[:1], Options(max_new_tokens=12))
    assert answer.completion == expected
    assert answer.finish == ("stop" if own[-1] == generator.tokenizer.eos_token_id else "length")


def test_it_stops_at_a_stop_string_which_is_not_in_the_answer(generator: Generator) -> None:
    chance = {"max_new_tokens": 40, "temperature": 1.0, "seed": 3}
    whole = generator.answers(PROMPTS[:4], Options(**chance))
    longest = max(whole, key=lambda answer: len(answer.completion))
    ending = longest.completion[len(longest.completion) // 2 :][:3]
    stopped = generator.answers(PROMPTS[:4], Options(**chance, stop=(ending, "never said")))
    own = stopped[whole.index(longest)]
    assert own.completion == longest.completion[: longest.completion.index(ending)]
    assert own.finish == "stop"
    assert own.tokens < longest.tokens
    assert not any(ending in answer.completion for answer in stopped)


def test_a_seed_repeats_chance_and_another_one_does_not(generator: Generator) -> None:
    def drawn(seed: int) -> list[str]:
        found = generator.answers(PROMPTS[:6], Options(max_new_tokens=20, temperature=1.5, seed=seed))
        return [answer.completion for answer in found]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_what_a_models_authors_sample_with_does_not_come_into_answers_but_their_end_marks_do(
    causal_base: Path, generator: Generator, tmp_path: Path
) -> None:
    folder = tmp_path / "chosen"
    shutil.copytree(causal_base, folder)
    marks = [generator.tokenizer.eos_token_id, 7]
    chosen = {"do_sample": True, "temperature": 0.1, "top_p": 0.01, "repetition_penalty": 9.0, "eos_token_id": marks}
    (folder / "generation_config.json").write_text(json.dumps({**chosen, "transformers_version": "5.0.0"}))
    other = Generator.load(folder, precision="fp32", length=128, overlap=16)
    assert other._ends() == sorted(marks)
    other.model.generation_config.eos_token_id = generator.tokenizer.eos_token_id
    for options in (Options(max_new_tokens=12), Options(max_new_tokens=12, temperature=1.5, seed=4)):
        assert other.answers(PROMPTS[:4], options) == generator.answers(PROMPTS[:4], options)


def test_losses_are_those_of_each_piece_of_the_completion(generator: Generator) -> None:
    found = generator.losses(PAIRS)
    for (prompt, completion), (loss, pieces) in zip(PAIRS, found, strict=True):
        asked = completions.prompt_ids(generator.tokenizer, prompt)
        answered = completions.completion_ids(generator.tokenizer, completion)
        with torch.inference_mode():
            logits = generator.model(input_ids=torch.tensor([[*asked, *answered]])).logits[0, len(asked) - 1 : -1]
        expected = -logits.log_softmax(-1)[range(len(answered)), answered].sum()
        assert pieces == len(answered)
        assert loss == pytest.approx(float(expected), rel=1e-4)


def test_a_long_completion_is_counted_whole(generator: Generator) -> None:
    long = " ".join(completion for _, completion in PAIRS)
    [(loss, pieces)] = generator.losses([("Tell all.", long)])
    assert pieces == len(generator.tokenizer(long)["input_ids"]) + 1 > 3 * generator.length
    assert 0 < loss / pieces < 10
