"""A causal language model that answers prompts and says how likely given completions are; what an artifact serves."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from training import completions, encoder
from training.completions import IGNORED, Window

LONGEST_READ = 8192
"""Pieces of prompt and answer together, however much more a model could read: what it remembers of them has to fit its memory."""
ROWS = 16
"""Prompts, or windows, that are computed together."""


@dataclass(frozen=True)
class Options:
    """How to answer. A temperature of 0 takes the likeliest piece each time; `seed` makes chance repeat itself."""

    max_new_tokens: int = 128
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True)
class Answer:
    """`tokens` were generated; `finish` is `stop` where the model or a stop string ended it, else `length`."""

    completion: str
    tokens: int
    finish: str


class Generator:
    """A model with its tokenizer, of at most `length` pieces for prompt and answer together."""

    def __init__(self, model: Any, tokenizer: Any, *, length: int, overlap: int) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.length, self.overlap = length, overlap
        self.where = next(model.parameters()).device

    @classmethod
    def load(cls, folder: Path, *, precision: str, length: int, overlap: int) -> Generator:
        encoder.quiet()
        encoder.use_cores(os.environ)
        from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

        dtype = torch.bfloat16 if precision == "bf16" else torch.float32
        model = AutoModelForCausalLM.from_pretrained(str(folder), dtype=dtype).eval().to(encoder.device())
        # What else its authors chose (sampling, a least probability) would come into answers that did not ask for it.
        model.generation_config = GenerationConfig(eos_token_id=model.generation_config.eos_token_id)
        return cls(model, AutoTokenizer.from_pretrained(str(folder)), length=length, overlap=overlap)

    @property
    def room(self) -> int:
        """Pieces that a prompt may have, and as many for its answer."""
        return int(min(self.model.config.max_position_embeddings, LONGEST_READ)) // 2

    def pieces(self, prompt: str) -> int:
        """Of a prompt, with the marks around it."""
        return len(completions.prompt_ids(self.tokenizer, prompt))

    def answers(self, prompts: Sequence[str], options: Options) -> list[Answer]:
        """One each, in order; those of like length together, so that little is padded. Of a longer prompt the end counts."""
        asked = [completions.prompt_ids(self.tokenizer, prompt)[-self.room :] for prompt in prompts]
        found: dict[int, Answer] = {}
        if options.seed is not None:
            torch.manual_seed(options.seed)
        for batch in _batches([len(ids) for ids in asked]):
            found.update(zip(batch, self._generate([asked[place] for place in batch], options), strict=True))
        return [found[place] for place in range(len(prompts))]

    def losses(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[float, int]]:
        """Of each (prompt, completion): the sum of its pieces' losses, in nats, and how many they are."""
        cut = [(place, window) for place, pair in enumerate(pairs) for window in self.windows(*pair)]
        sums = [(0.0, 0)] * len(pairs)
        for batch in _batches([len(window.ids) for _, window in cut]):
            for number, loss in zip(batch, self._losses([cut[number][1] for number in batch]), strict=True):
                place, window = cut[number]
                total, counted = sums[place]
                sums[place] = (total + loss, counted + window.counted)
        return sums

    def windows(self, prompt: str, completion: str) -> list[Window]:
        ids = completions.prompt_ids(self.tokenizer, prompt), completions.completion_ids(self.tokenizer, completion)
        return completions.windows(*ids, length=self.length, overlap=self.overlap)

    def _generate(self, rows: Sequence[list[int]], options: Options) -> list[Answer]:
        """Padded on the left, so that all of them go on at the same place."""
        from transformers import GenerationConfig

        width, end = max(map(len, rows)), self.tokenizer.eos_token_id
        ids = torch.tensor([[end] * (width - len(row)) + row for row in rows], device=self.where)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=self.where)
        chance = {"temperature": options.temperature, "top_k": 0} if options.temperature else {}
        chosen = GenerationConfig(
            max_new_tokens=min(options.max_new_tokens, self.room),
            eos_token_id=self._ends(),
            pad_token_id=end,
            use_cache=True,
            do_sample=bool(chance),
            **chance,
        )
        stops = [_Stops(self.tokenizer, options.stop, width)] if options.stop else []
        with torch.inference_mode():
            found = self.model.generate(ids, attention_mask=mask, generation_config=chosen, stopping_criteria=stops)
        return [self._answer(row, options.stop) for row in found[:, width:].tolist()]

    def _ends(self) -> list[int]:
        """The tokenizer's end mark, and those that the model's own configuration adds (a chat's end of turn)."""
        own = getattr(self.model.generation_config, "eos_token_id", None)
        others = own if isinstance(own, list) else [own]
        return sorted({self.tokenizer.eos_token_id, *(one for one in others if one is not None)})

    def _answer(self, row: list[int], stop: Sequence[str]) -> Answer:
        ends = [place for place, one in enumerate(row) if one in self._ends()]
        own = row[: ends[0]] if ends else row
        text = self.tokenizer.decode(own, skip_special_tokens=True)
        cuts = [place for one in stop if (place := text.find(one)) >= 0]
        if cuts:
            return Answer(text[: min(cuts)], len(own), "stop")
        return Answer(text, len(own), "stop" if ends else "length")

    def _losses(self, cut: Sequence[Window]) -> list[float]:
        tags = encoder.pad([window.tags for window in cut], IGNORED).to(self.where)
        with torch.inference_mode():
            logits = self.model(**encoder.inputs([window.ids for window in cut], self.where)).logits
        each = cross_entropy(logits.float().transpose(1, 2), tags, ignore_index=IGNORED, reduction="none")
        return [float(loss) for loss in each.double().sum(dim=1)]


class _Stops:
    """Ends a row whose newest text holds a stop string; a piece has a byte at least, so that many pieces are looked at."""

    def __init__(self, tokenizer: Any, stop: Sequence[str], width: int) -> None:
        self._tokenizer, self._stop, self._width = tokenizer, stop, width
        self._reach = max(len(one.encode()) for one in stop) + 1

    def __call__(self, ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:  # noqa: ARG002 (transformers passes them)
        newest = ids[:, self._width :][:, -self._reach :].tolist()
        ended = [any(one in text for one in self._stop) for text in self._tokenizer.batch_decode(newest)]
        return torch.tensor(ended, device=ids.device)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for start in range(0, len(order), ROWS):
        yield order[start : start + ROWS]
