"""A model of two words as an artifact on ONNX: made in no time and without torch; each version finds a word of its own."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from training import artifact

WORDS = ("[UNK]", "aspirin", "fever", "takes", "no")


def artifact_of(folder: Path, version: str, finds: str, *, engine: str = "onnx") -> Path:
    """`folder/{version}.tar.gz` of a model that calls the word `finds` a drug."""
    place = folder / version
    (place / "code").mkdir(parents=True)
    (place / "code" / "inference.py").write_text("raise SystemExit('nobody runs this here')\n")
    _tokenizer().save(str(place / "tokenizer.json"))
    onnx.save(_graph(finds), place / "model.onnx")
    card = {
        "task": "ner", "version": version, "snapshot": "0" * 64, "labels": ["drug"], "max_seq_length": 16, "doc_stride": 4,
        "engine": {"name": engine, "precision": "int8"},
    }  # fmt: skip
    (place / "chartloop.json").write_text(json.dumps(card))
    archive = folder / f"{version}.tar.gz"
    artifact.pack(place, archive)
    return archive


def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def _graph(finds: str) -> onnx.ModelProto:
    """O, B-drug and I-drug by the word alone."""
    table = np.zeros((len(WORDS), 3), dtype=np.float32)
    table[:, 0] = 5
    table[WORDS.index(finds)] = (0, 9, 0)
    return lookup(table)


def lookup(table: npt.NDArray[np.float32]) -> onnx.ModelProto:
    """A graph that looks the logits of each id up in `table` (ids x tags)."""
    found = helper.make_node("Gather", ["table", "input_ids"], ["logits"], axis=0)
    graph = helper.make_graph(
        [found],
        "lookup",
        [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "length"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, "length", table.shape[1]])],
        [numpy_helper.from_array(table, "table")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
