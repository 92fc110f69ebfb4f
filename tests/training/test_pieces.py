"""Word pieces: offsets into the raw text, nothing cut off, and cased vocabularies that do not say so."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training import pieces

DATA = Path(os.environ.get("CLINICAL_DATA_DIR", Path(__file__).resolve().parents[3] / "shared" / "data"))


@pytest.fixture(scope="module")
def cutter(base: Path) -> pieces.WordPieces:
    return pieces.load_base(str(base))


def test_nothing_is_cut_off(cutter: pieces.WordPieces) -> None:
    text = "the patient takes aspirin daily . " * 4000
    [cut] = cutter.split([text])
    assert len(cut) == 6 * 4000
    assert text[cut.starts[-1] : cut.ends[-1]] == "."


@given(text=st.text(st.sampled_from("aB5 \n\r\té😀°-\u0301\u200b\x00"), max_size=60))
def test_offsets_are_code_points_in_order(cutter: pieces.WordPieces, text: str) -> None:
    [cut] = cutter.split([text])
    assert (cut.starts < cut.ends).all()
    assert (cut.ends[:-1] <= cut.starts[1:]).all()
    assert len(cut) == 0 or cut.ends[-1] <= len(text)
    assert not any(text[start:end].isspace() for start, end in zip(cut.starts, cut.ends, strict=True))


def test_lines_start_at_their_first_piece(cutter: pieces.WordPieces) -> None:
    text = "\nthe plan\n\n  no fever\r\ncough\n"
    [cut] = cutter.split([text])
    assert [text[cut.starts[place] :].split()[0] for place in cut.line_starts(text)] == ["the", "no", "cough"]


def test_windows_are_wrapped_in_special_pieces(cutter: pieces.WordPieces) -> None:
    vocabulary = cutter.tokenizer.get_vocab()
    assert cutter.wrap([7]) == [vocabulary["[CLS]"], 7, vocabulary["[SEP]"]]


def test_published_truncation_and_padding_are_ignored(cutter: pieces.WordPieces, tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    limited = Tokenizer.from_str(cutter.tokenizer.to_str())
    limited.enable_truncation(8)
    limited.enable_padding(length=8)
    limited.save(str(tmp_path / "tokenizer.json"))
    [cut] = pieces.load(tmp_path).split(["the patient takes aspirin daily . " * 3])
    assert len(cut) == 18


def test_saved_and_loaded_it_is_the_same(cutter: pieces.WordPieces, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    pieces.save(cutter, tmp_path)
    text = "Aspirin 80 mg, CHEST pain"
    ids = cutter.split([text])[0].ids.tolist()
    assert pieces.load(tmp_path).split([text])[0].ids.tolist() == ids
    assert AutoTokenizer.from_pretrained(str(tmp_path))(text)["input_ids"] == cutter.wrap(ids)


def test_a_cased_vocabulary_that_says_nothing_stays_cased(tmp_path: Path) -> None:
    source = DATA / "bert-base-cased-vocab"
    if not source.exists():
        pytest.skip("needs bert-base-cased-vocab in CLINICAL_DATA_DIR")
    shutil.copyfile(source / "vocab.txt", tmp_path / "vocab.txt")
    config = json.loads((source / "Bio_ClinicalBERT.config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config))
    cutter = pieces.load_base(str(tmp_path))
    names = {number: name for name, number in cutter.tokenizer.get_vocab().items()}
    assert [names[number] for number in cutter.split(["Patient denies Pain"])[0].ids] == ["Pat", "##ient", "denies", "Pain"]
