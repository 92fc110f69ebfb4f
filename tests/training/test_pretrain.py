"""Pretraining a small Llama: it learns, says what it was made from, and is staged like any base model."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from chartloop.errors import InvalidRequest
from client import exits, stage
from client.cli import run
from client.session import open_session
from tests.training import questions, tiny
from training import base_model, completions, pretrain


def test_it_learns_and_its_configuration_says_from_what(causal_base: Path) -> None:
    about = json.loads((causal_base / "config.json").read_text())
    assert about["architectures"] == ["LlamaForCausalLM"]
    made = about["pretrained_on"]
    assert made["eval_loss"] < math.log(about["vocab_size"]) - 1
    assert 0.85 * 240 < made["texts"] < 240
    assert len(made["sha256"]) == 64


def test_it_is_a_base_model_that_can_be_staged_and_verified(causal_base: Path) -> None:
    base_model.verify(causal_base)
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= set(stage.files_of(stage.local_folder(str(causal_base))))
    manifest = json.loads((causal_base / "manifest.json").read_text())
    assert manifest["files"] == [stage.described(file["path"], causal_base / file["path"]) for file in manifest["files"]]


def test_a_base_in_shards_with_a_chat_template_is_the_same_model_once_it_is_staged(causal_base: Path, tmp_path: Path) -> None:
    from training.decoding import Generator

    whole = Generator.load(causal_base, precision="fp32", length=64, overlap=8)
    folder, staged = tmp_path / "sharded", tmp_path / "staged"
    whole.model.save_pretrained(folder, max_shard_size="40KB")
    whole.tokenizer.chat_template = "{% for said in messages %}Q: {{ said.content }} A: {% endfor %}"
    whole.tokenizer.save_pretrained(folder)
    staged.mkdir()
    for name, path in stage.files_of(stage.local_folder(str(folder))).items():
        (staged / name).write_bytes(path.read_bytes())
    assert {stage.INDEX, "chat_template.jinja"} <= {path.name for path in staged.iterdir()}
    again = Generator.load(staged, precision="fp32", length=64, overlap=8)
    pairs = [("Is Delta palsy inherited?", "It is inherited in an X-linked pattern.")]
    assert again.tokenizer.decode(completions.prompt_ids(again.tokenizer, "Why?")) == "Q: Why? A: "
    assert again.losses(pairs) == whole.losses(pairs)


def test_a_tokenizer_that_can_say_everything() -> None:
    tokenizer = pretrain.make_tokenizer(questions.texts(60), questions.TINY)
    for text in ("Fièvre élevée, 39,5 °C\n- 💊 thrice", "rare."):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert {tokenizer.bos_token, tokenizer.eos_token} == {pretrain.BEGIN, pretrain.END}


def test_texts_stand_in_a_row_and_every_piece_follows_another() -> None:
    tokenizer = pretrain.make_tokenizer(questions.texts(60), questions.TINY)
    cut = pretrain.blocks(tokenizer, ["One.", "Two and more."], length=5)
    row = [cut[0].ids[0], *(tag for one in cut for tag in one.tags)]
    assert tokenizer.decode(row) == "<|begin|>One.<|end|><|begin|>Two and more.<|end|>"
    assert [len(one.ids) for one in cut[:-1]] == [5] * (len(cut) - 1)


def test_the_command_makes_a_base_and_refuses_what_is_no_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tiny.ROOT)
    file, output = tmp_path / "texts.jsonl", tmp_path / "base"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in questions.texts(30)))
    small = ("vocabulary=300", "width=16", "heads=2", "layers=1", "length=32", "epochs=1")
    ordered = ["pretrain-base", str(file), "-o", str(output), *(part for one in small for part in ("--set", one))]
    assert run(ordered, open_session({})) == exits.OK
    base_model.verify(output)
    file.write_text('{"text": "well"}\n{"txt": "no"}\n')
    with pytest.raises(InvalidRequest, match=r"texts\.jsonl, line 2"):
        pretrain.read([file])
