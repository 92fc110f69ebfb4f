"""What the encoders of all tasks that fine-tune one share: a fresh head in training, and the folder that training leaves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chartloop.hyperparameters import EncoderHyperparameters
from training import encoder, pieces
from training.classifier import Classifier
from training.engines import TorchEngine
from training.pieces import WordPieces
from training.tagger import Tagger

CARD = "chartloop.json"


def fresh(base: str, names: Sequence[str], chosen: EncoderHyperparameters) -> tuple[TorchEngine, WordPieces, int]:
    """(the encoder with a seeded head that tells a piece's class, one of `names`; its tokenizer; the longest window)."""
    where = encoder.device()
    bf16 = chosen.bf16 and encoder.multiplies_bf16(where)
    model = encoder.load_token_classifier(base, names, seed=chosen.seed).to(where)
    length = min(chosen.max_seq_length, getattr(model.config, "max_position_embeddings", chosen.max_seq_length))
    return TorchEngine(model, bf16=bf16), pieces.load_base(base), length


def save(reader: Tagger | Classifier, folder: Path, **about: object) -> None:
    """Weights as safetensors, the tokenizer, and the card, written last."""
    folder.mkdir(parents=True, exist_ok=True)
    reader.engine.model.float().cpu().save_pretrained(folder)
    pieces.save(reader.cutter, folder)
    shape = {name: getattr(reader, name) for name in ("max_seq_length", "doc_stride", "temperature")}
    written = {"labels": list(reader.labels), **shape, **about}
    (folder / CARD).write_text(json.dumps(written, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def card(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / CARD).read_bytes())
    return found
