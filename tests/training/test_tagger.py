"""The tagger over windows: a model that looks at no context must answer the same however a text is cut."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training import pieces
from training.engines import TorchEngine
from training.pieces import WordPieces
from training.tagger import Tagger

LABELS = ["drug", "sign"]
TAGS = {"aspirin": 1, "insulin": 2, "fever": 3, "cough": 4}


class Lookup(torch.nn.Module):
    """Tags a piece by its id alone: aspirin B-drug, insulin I-drug, fever B-sign, cough I-sign."""

    def __init__(self, cutter: WordPieces) -> None:
        super().__init__()
        self.scores = torch.nn.Embedding(cutter.tokenizer.get_vocab_size(), 5)
        torch.nn.init.zeros_(self.scores.weight)
        with torch.no_grad():
            self.scores.weight[:, 0] = 9
            for word, tag in TAGS.items():
                self.scores.weight[cutter.tokenizer.token_to_id(word)] = 20 * torch.nn.functional.one_hot(torch.tensor(tag), 5)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> Any:
        return SimpleNamespace(logits=self.scores(input_ids))


@pytest.fixture(scope="module")
def cutter(base: Path) -> WordPieces:
    return pieces.load_base(str(base))


def tagger(cutter: WordPieces, *shape: Any) -> Tagger:
    return Tagger(TorchEngine(Lookup(cutter)), cutter, *shape)


words = st.lists(st.sampled_from([*TAGS, "the", "no", "\n", "."]), max_size=60).map(" ".join)


@given(text=words, length=st.integers(4, 20), stride=st.integers(0, 30))
def test_windows_leave_no_seams_and_no_duplicates(cutter: WordPieces, text: str, length: int, stride: int) -> None:
    whole = tagger(cutter, LABELS, 200, 0).find([text])
    assert tagger(cutter, LABELS, length, stride).find([text]) == whole


def test_an_entity_over_several_windows_is_one(cutter: WordPieces) -> None:
    text = "aspirin " + "insulin " * 50 + "the"
    [[found]] = tagger(cutter, LABELS, 10, 2).find([text])
    assert (found.start, found.end, found.label) == (0, len(text) - 4, "drug")


def test_texts_keep_their_order(cutter: WordPieces) -> None:
    texts = ["no " * size + "fever" for size in (7, 0, 30, 3, 0)]
    found = tagger(cutter, LABELS, 12, 4).find(texts)
    assert [[each.start for each in its] for its in found] == [[text.index("fever")] for text in texts]
