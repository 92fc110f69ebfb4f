"""The task `ner` in the artifact: texts in, entities out, with numpy, tokenizers and the artifact's engine alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartloop.errors import ChartloopError, InvalidRequest
from training import inputs

if TYPE_CHECKING:
    from training.tagger import Tagger
    from training.tagging import Found


def load(folder: Path, card: Mapping[str, Any]) -> Entities:
    from training import engines, pieces
    from training.tagger import Tagger

    engine = engines.load(folder, card["engine"]["name"], card["engine"]["precision"])
    shape = card["max_seq_length"], card["doc_stride"], card.get("temperature", 1.0)
    return Entities(Tagger(engine, pieces.load(folder), card["labels"], *shape))


class Entities:
    """A loaded tagger."""

    def __init__(self, tagger: Tagger) -> None:
        self.tagger = tagger

    def refusal(self, value: Any, place: str) -> ChartloopError | None:
        return inputs.refused_text(value, place)

    def options(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """`min_confidence`, and `uncalibrated`, which adds to each entity its confidence without temperature."""
        least = said.get("min_confidence", 0.0)
        if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
            raise InvalidRequest("min_confidence must be a number from 0 to 1", field="min_confidence")
        return {"min_confidence": float(least), "uncalibrated": said.get("uncalibrated") is True}

    def answers(self, inputs: Sequence[str], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [_answer(text, found, options) for text, found in zip(inputs, self.tagger.find(inputs), strict=True)]


def _answer(text: str, found: Sequence[Found], options: Mapping[str, Any]) -> dict[str, Any]:
    entities = (_entity(text, entity, uncalibrated=options["uncalibrated"]) for entity in found)
    return {"entities": [each for each in entities if each["confidence"] >= options["min_confidence"]], "characters": len(text)}


def _entity(text: str, found: Found, *, uncalibrated: bool) -> dict[str, Any]:
    sure = {"confidence": found.confidence, **({"uncalibrated": found.uncalibrated} if uncalibrated else {})}
    sure = {name: round(min(value, 1.0), 4) for name, value in sure.items()}
    return {"label": found.label, "start": found.start, "end": found.end, "surface": text[found.start : found.end], **sure}
