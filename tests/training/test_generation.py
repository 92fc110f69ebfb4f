"""The task `generation` through the jobs' own mains: an artifact that answers, and a report beside its base."""

from __future__ import annotations

import json
import math
import tarfile
from pathlib import Path
from typing import Any

import pytest

from chartloop import generation
from chartloop.errors import InvalidRequest, TooLarge
from chartloop.scores import parse
from tests.contracts import validate
from tests.training import questions, tiny
from training import artifact, generation_served, inference, serving
from training.decoding import Generator

CHOSEN = {
    "num_train_epochs": 5, "per_device_train_batch_size": 4, "learning_rate": 0.01, "max_seq_length": 64, "doc_stride": 8,
    "validation_percent": 10,
}  # fmt: skip


@pytest.fixture(scope="module")
def scored(causal_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the three jobs left: `snapshot`, `model`, `score`, `served`."""
    folder = tmp_path_factory.mktemp("generation")
    made = questions.build_run(folder)
    done = tiny.job("prepare", "--request", made.request, "--records", made.records, "--output", folder / "snapshot")
    assert done.returncode == 0, done.stderr
    done = tiny.train(folder / "snapshot", causal_base, folder, **CHOSEN)
    assert done.returncode == 0, done.stderr
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "model", arcname=".")
    done = tiny.job(
        "score", "--request", made.request, "--holdout", made.holdout, "--candidate", folder, "--model", causal_base,
        "--snapshot", folder / "snapshot", "--output", folder / "score", "--model-output", folder / "served",
        "--engine", "torch", "--version", "generation-1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def served(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    artifact.unpack(scored / "served" / artifact.ARCHIVE, folder)
    return folder


def test_the_candidate_is_better_than_its_base_and_the_report_says_so_with_intervals(scored: Path) -> None:
    body = (scored / "score" / "candidate.json").read_bytes()
    validate("score_report", json.loads(body))
    settled = parse(body).settled
    assert (settled.records, settled.groups) == (36, 12)
    ours, base = settled.metrics, settled.baseline
    assert ours["loss"] < base["loss"] and ours["rouge_l"] > base["rouge_l"]
    assert ours["perplexity"] == pytest.approx(math.exp(ours["loss"]))
    found = parse(body).extras.comparison
    by_name = {each.metric: each for each in found.figures}
    assert by_name.keys() == {"loss", "perplexity", "rouge_l", "exact_match"}
    assert by_name["perplexity"].base == base["perplexity"]
    assert by_name["loss"].interval["high"] < 0 < by_name["rouge_l"].interval["low"]
    assert found.general.base > 0 and found.general.candidate > 0
    assert found.general.interval["low"] <= found.general.candidate - found.general.base <= found.general.interval["high"]
    assert found.made_here["texts"] > 0


def test_the_figures_are_those_of_the_artifacts_answers(scored: Path, served: Path) -> None:
    settled = parse((scored / "score" / "candidate.json").read_bytes()).settled
    known = [json.loads(line)["record"] for line in (scored / "holdout" / "holdout1.jsonl").read_text().splitlines()]
    found = serving.answers(served, [{name: each[name] for name in ("prompt", "completion")} for each in known])
    assert sum(group.loss for group in settled.per_group) == pytest.approx(sum(each["loss"] for each in found), rel=1e-6)
    assert sum(group.tokens for group in settled.per_group) == sum(each["tokens_given"] for each in found)
    tally = generation.AnswerTally()
    for record, answer in zip(known, found, strict=True):
        tally.add(record, answer)
    scored_here = tally.score()
    assert scored_here is not None
    for name in ("rouge_l", "exact_match"):
        assert scored_here["metrics"][name] == pytest.approx(settled.metrics[name])


def test_golden_answers_are_recorded_and_recognised(scored: Path, served: Path) -> None:
    golden = json.loads((scored / "served" / "manifest.json").read_text())["golden"]
    model = inference.model_fn(str(served))
    again = inference.predict_fn({"inputs": [each["input"] for each in golden]}, model)["predictions"]
    assert all(generation.same(answer, each["answer"]) for answer, each in zip(again, golden, strict=True))
    other = {**again[0], "loss": again[0]["loss"] + again[0]["tokens_given"]}
    assert not generation.same(other, golden[0]["answer"])
    assert not generation.same({"error": {}}, golden[0]["answer"])


def test_a_prompt_is_answered_with_options_and_one_that_cannot_be_read_has_an_error_of_its_own(served: Path) -> None:
    model = inference.model_fn(str(served))
    asked = {"inputs": ["Is Delta palsy type 1 inherited?", "", 7, "x" * 5000], "max_new_tokens": 5, "stop": ["zzz"], "seed": 1}
    answer, *refused = inference.predict_fn(asked, model)["predictions"]
    assert answer["finish"] == "length" and answer["tokens"] == 5
    assert [each["error"]["code"] for each in refused] == ["empty_text", "invalid_text", "text_too_long"]
    assert "half of what this model reads" in refused[2]["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_new_tokens", 513), ("max_new_tokens", True), ("temperature", 3), ("stop", "a"), ("stop", [""]), ("stop", ["a"] * 5),
        ("seed", -1),
    ],
)  # fmt: skip
def test_options_that_are_none_are_refused_by_name(causal_base: Path, field: str, value: Any) -> None:
    model = generation_served.Completions(Generator.load(causal_base, precision="fp32", length=64, overlap=8))
    assert model.options({}) == {"max_new_tokens": 128, "temperature": 0.0, "stop": [], "seed": None}
    with pytest.raises(InvalidRequest) as error:
        model.options({field: value})
    assert error.value.field == field


def test_more_than_can_be_written_in_time_is_refused_with_the_rule() -> None:
    generation.GenerationOptions(max_new_tokens=512).check(8)
    with pytest.raises(TooLarge, match=r"prompts times max_new_tokens may be 4,096"):
        generation.GenerationOptions(max_new_tokens=512).check(9)
