"""A small Llama architecture pretrained on given texts, where no hub can be reached: tokenizer, weights, manifest.

It is no stand-in for a published model: it has a few million parameters and has read nothing but what it was given.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chartloop.errors import InvalidRequest
from training import base_model
from training.jobs import Reporting, metric

BEGIN, END = "<|begin|>", "<|end|>"
WATCHED_PERCENT = 5
"""Of the texts, by hash: not learned from, their loss is told after each epoch."""


@dataclass(frozen=True)
class Shape:
    """The architecture, and how it is trained. About 4.3 million parameters as it stands."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    heads: int = 4
    length: int = 512
    """Pieces that the model reads at once."""
    epochs: int = 4
    batch_size: int = 8
    learning_rate: float = 2e-3
    seed: int = 42


def read(files: Iterable[Path]) -> list[str]:
    """The `text` of each line of JSON Lines files. Raises InvalidRequest."""
    texts = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1):
            if line.strip():
                texts.append(_text(line, f"{file.name}, line {number}"))
    return list(dict.fromkeys(texts))


def _text(line: str, place: str) -> str:
    try:
        value = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest(f"{place}: not an object with a text", code="not_the_format", field=place)
    return value


def pretrain(texts: Sequence[str], output: Path, shape: Shape) -> None:
    """Leaves a folder for any base model's place: safetensors, tokenizer, a configuration that says what it was made from."""
    from training import encoder, fit

    encoder.quiet()
    encoder.use_cores(os.environ)
    learned, watched = _apart(texts)
    tokenizer = make_tokenizer(learned, shape)
    model = make_model(tokenizer, shape)
    examples, seen = blocks(tokenizer, learned, shape.length), blocks(tokenizer, watched, shape.length)
    if not examples:
        raise InvalidRequest("there is no text to learn from", code="no_training_data", field="texts")
    where = encoder.device()
    plan = fit.Plan(
        epochs=shape.epochs, batch_size=shape.batch_size, learning_rate=shape.learning_rate, weight_decay=0.1,
        warmup_ratio=0.05, seed=shape.seed, bf16=encoder.multiplies_bf16(where),
    )  # fmt: skip
    model.to(where)
    fit.fit(model, examples, plan, lambda _: metric(**_watch(model, seen)))
    model.config.pretrained_on = {
        "texts": len(learned), "pieces": sum(len(one.tags) for one in examples), "sha256": _hash(learned), **_watch(model, seen)
    }  # fmt: skip
    _save(model.float().cpu(), tokenizer, output, asdict(shape))


def _apart(texts: Iterable[str]) -> tuple[list[str], list[str]]:
    """(to learn from, watched), by each text's hash."""
    sides: tuple[list[str], list[str]] = ([], [])
    for text in texts:
        sides[int(hashlib.sha256(text.encode()).hexdigest(), 16) % 100 < WATCHED_PERCENT].append(text)
    return sides


def _hash(texts: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(hashlib.sha256(text.encode()).hexdigest() for text in texts).encode()).hexdigest()


def make_tokenizer(texts: Sequence[str], shape: Shape) -> Any:
    """Byte-level BPE, so that there is no text that it cannot say."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=shape.vocabulary, special_tokens=[BEGIN, END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=END, pad_token=END, clean_up_tokenization_spaces=False
    )


def make_model(tokenizer: Any, shape: Shape) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(shape.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=shape.width, intermediate_size=shape.width * 8 // 3 // 16 * 16,
            num_hidden_layers=shape.layers, num_attention_heads=shape.heads, num_key_value_heads=shape.heads,
            max_position_embeddings=2 * shape.length, tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip


def blocks(tokenizer: Any, texts: Sequence[str], length: int) -> list[Any]:
    """All texts in a row, each between its marks, cut into examples of `length` pieces and what follows each."""
    from training.fit import Example

    row = []
    for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"] if texts else ():
        row += [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
    starts = range(0, len(row) - 1, length)
    cut = (row[start : start + length + 1] for start in starts)
    return [Example(ids[:-1], ids[1:]) for ids in cut]


def _watch(model: Any, examples: Sequence[Any]) -> dict[str, float]:
    """eval_loss, in nats a piece; nothing where nothing is watched."""
    import torch
    from torch.nn.functional import cross_entropy

    where = next(model.parameters()).device
    total, pieces = 0.0, 0
    with torch.inference_mode():
        for example in examples:
            logits = model(input_ids=torch.tensor([example.ids], device=where)).logits[0]
            total += float(cross_entropy(logits.float(), torch.tensor(example.tags, device=where), reduction="sum"))
            pieces += len(example.tags)
    return {"eval_loss": total / pieces} if pieces else {}


def _save(model: Any, tokenizer: Any, output: Path, shape: dict[str, Any]) -> None:
    """The manifest last: a folder without one is not whole."""
    output.mkdir(parents=True, exist_ok=True)
    (output / base_model.MANIFEST).unlink(missing_ok=True)
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    base_model.write_manifest(output, name=output.resolve().name, shape=shape)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    for name, value in asdict(Shape()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    given = vars(parser.parse_args(arguments))
    files, output = given.pop("texts"), given.pop("output")
    with Reporting(Path(os.devnull)):
        pretrain(read(files), output, Shape(**given))


if __name__ == "__main__":
    main()
