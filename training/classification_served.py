"""The task `classification` in the artifact: texts in, labels out with the sentences that spoke for them.

It needs numpy, tokenizers and the artifact's engine alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartloop import spans
from chartloop.errors import ChartloopError, InvalidRequest
from training import inputs

if TYPE_CHECKING:
    from training.classifier import Classifier
    from training.pieces import Pieces
    from training.tagging import Floats

MOST_SENTENCES = 8


def load(folder: Path, card: Mapping[str, Any]) -> Labels:
    from training import engines
    from training.classifier import Classifier

    return Labels(Classifier.load(folder, card, engines.load(folder, card["engine"]["name"], card["engine"]["precision"])))


class Labels:
    """A loaded classifier."""

    def __init__(self, classifier: Classifier) -> None:
        self._classifier = classifier

    def refusal(self, value: Any, place: str) -> ChartloopError | None:
        return inputs.refused_text(value, place)

    def options(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """`sentences`, how many at most, in `offset_unit`; `uncalibrated` adds the probabilities without temperature."""
        most = said.get("sentences", 3)
        if isinstance(most, bool) or not isinstance(most, int) or not 0 <= most <= MOST_SENTENCES:
            raise InvalidRequest(f"sentences must be a whole number from 0 to {MOST_SENTENCES}", field="sentences")
        unit = said.get("offset_unit", "codepoint")
        if unit not in ("codepoint", "utf16"):
            raise InvalidRequest("offset_unit must be codepoint or utf16", field="offset_unit")
        return {"sentences": most, "offset_unit": unit, "uncalibrated": said.get("uncalibrated") is True}

    def answers(self, inputs: Sequence[str], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        pieces = self._classifier.cutter.split(inputs)
        scored = self._classifier.probabilities(inputs, pieces)
        return [self._answer(*each, options) for each in zip(inputs, pieces, scored, strict=True)]

    def _answer(self, text: str, cut: Pieces, scored: Floats, options: Mapping[str, Any]) -> dict[str, Any]:
        from training import evidence

        classifier, most = self._classifier, options["sentences"]
        likely = classifier.by_label(classifier.shares(scored))
        label, probability = next(iter(likely.items()))
        plain = {"uncalibrated": classifier.by_label(classifier.shares(scored, 1.0))} if options["uncalibrated"] else {}
        found = evidence.speaking(classifier, text, cut, scored, most) if most else []
        edges = [len(text), *(edge for each in found for edge in (each.start, each.end))]
        counted = spans.to_utf16(text, edges) if options["offset_unit"] == "utf16" else edges
        return {
            "label": label,
            "probability": probability,
            "probabilities": likely,
            **plain,
            "sentences": [
                {"start": start, "end": end, "surface": text[each.start : each.end], "weight": round(each.weight, 4)}
                for each, start, end in zip(found, counted[1::2], counted[2::2], strict=True)
            ],
            "characters": counted[0],
        }
