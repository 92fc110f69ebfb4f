"""Word pieces of a text with their offsets, from the tokenizer that stands beside the weights."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pieces:
    """A text's word pieces without special ones: vocabulary ids, and half-open offsets in code points; all of one length."""

    ids: Ints
    starts: Ints
    ends: Ints

    def __len__(self) -> int:
        return len(self.ids)

    def line_starts(self, text: str) -> list[int]:
        """The pieces that begin a line of `text`, the first piece included."""
        breaks = [place for place, character in enumerate(text) if character == "\n"]
        starts = np.searchsorted(self.starts, [-1, *breaks], side="right")
        return sorted({int(start) for start in starts if start < len(self)})


class WordPieces:
    """Splits texts into pieces. `prefix` and `suffix` are the special ids that a window is wrapped in ([CLS], [SEP])."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_truncation()  # a published tokenizer may cut at 128 and pad by itself
        tokenizer.no_padding()
        special = tokenizer.encode("").ids
        self.tokenizer = tokenizer
        self.prefix = special[: len(special) // 2]
        self.suffix = special[len(special) // 2 :]

    def split(self, texts: Sequence[str]) -> list[Pieces]:
        """The whole of each text, whatever its length; a character that the normalizer drops has no piece."""
        return [_pieces(code.ids, code.offsets) for code in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def wrap(self, ids: Iterable[int]) -> list[int]:
        """The ids of a window as the encoder wants them."""
        return [*self.prefix, *ids, *self.suffix]


def _pieces(ids: list[int], offsets: list[tuple[int, int]]) -> Pieces:
    spans = np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
    return Pieces(np.asarray(ids, dtype=np.int64), spans[:, 0], spans[:, 1])


def load(folder: Path) -> WordPieces:
    """The tokenizer of an artifact: its `tokenizer.json`, as `save` wrote it."""
    from tokenizers import Tokenizer

    return WordPieces(Tokenizer.from_file(str(folder / "tokenizer.json")))


def load_base(source: str) -> WordPieces:
    """The tokenizer of a pretrained encoder, by folder or hub name.

    Some cased vocabularies (Bio_ClinicalBERT's) are published without `do_lower_case: false`; lower-casing would break every
    capitalised word into fragments, so a vocabulary that holds capitals and says nothing is read as cased.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source)
    if "do_lower_case" not in _configuration(Path(source)) and _is_cased(tokenizer.get_vocab()):
        tokenizer = AutoTokenizer.from_pretrained(source, do_lower_case=False)
    return WordPieces(tokenizer.backend_tokenizer)


def save(cutter: WordPieces, folder: Path) -> None:
    """Writes `tokenizer.json` and the `tokenizer_config.json` that makes AutoTokenizer read it as it is."""
    cutter.tokenizer.save(str(folder / "tokenizer.json"))
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    known = {role: name for role, name in names.items() if cutter.tokenizer.token_to_id(name) is not None}
    config = {"tokenizer_class": "PreTrainedTokenizerFast", **known}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _configuration(folder: Path) -> dict[str, Any]:
    path = folder / "tokenizer_config.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _is_cased(vocabulary: Iterable[str]) -> bool:
    return any(entry != entry.lower() and not entry.startswith(("[", "<")) for entry in vocabulary)
