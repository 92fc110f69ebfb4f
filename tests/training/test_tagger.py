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
REACH = 3
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


class Near(torch.nn.Module):
    """Tags a piece by what stands up to `REACH` pieces before and after it."""

    def __init__(self, cutter: WordPieces) -> None:
        super().__init__()
        torch.manual_seed(11)
        self.pieces = torch.nn.Embedding(cutter.tokenizer.get_vocab_size(), 8)
        self.around = torch.nn.Conv1d(8, 5, 2 * REACH + 1, padding=REACH)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> Any:
        return SimpleNamespace(logits=3 * self.around(self.pieces(input_ids).transpose(1, 2)).transpose(1, 2))


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


lines = st.lists(st.sampled_from([*TAGS, "the", "no", ".", "10"]), max_size=80).map(" ".join)


@given(text=lines, stride=st.integers(2 * REACH, 12), more=st.integers(1, 12))
def test_a_model_that_sees_as_far_as_windows_overlap_answers_as_over_the_whole(
    cutter: WordPieces, text: str, stride: int, more: int
) -> None:
    near = TorchEngine(Near(cutter).eval())
    [whole], [cut] = (
        Tagger(near, cutter, LABELS, length, overlap).find([text]) for length, overlap in ((200, 0), (stride + more + 2, stride))
    )
    assert [(e.start, e.end, e.label) for e in cut] == [(e.start, e.end, e.label) for e in whole]
    assert [each.confidence for each in cut] == pytest.approx([each.confidence for each in whole], abs=1e-4)


def test_an_entity_over_several_windows_is_one(cutter: WordPieces) -> None:
    text = "aspirin " + "insulin " * 50 + "the"
    [[found]] = tagger(cutter, LABELS, 10, 2).find([text])
    assert (found.start, found.end, found.label) == (0, len(text) - 4, "drug")


def test_texts_keep_their_order(cutter: WordPieces) -> None:
    texts = ["no " * size + "fever" for size in (7, 0, 30, 3, 0)]
    found = tagger(cutter, LABELS, 12, 4).find(texts)
    assert [[each.start for each in its] for its in found] == [[text.index("fever")] for text in texts]
