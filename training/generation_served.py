"""The task `generation` in the artifact: prompts in, completions out, with torch and transformers alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartloop.errors import ChartloopError, InvalidRequest, TooLarge
from training import inputs

if TYPE_CHECKING:
    from training.decoding import Generator, Options

MOST_NEW_TOKENS, MOST_STOPS, LONGEST_STOP = 512, 4, 64


def load(folder: Path, card: Mapping[str, Any]) -> Completions:
    from training.decoding import Generator

    shape = {"length": card["max_seq_length"], "overlap": card["doc_stride"]}
    return Completions(Generator.load(folder, precision=card["engine"]["precision"], **shape))


class Completions:
    """A loaded model. An input is a prompt; or, as the score job asks, `{"prompt", "completion"}`: its loss is answered too."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def refusal(self, value: Any, place: str) -> ChartloopError | None:
        """A prompt has half of what the model can read, so that its answer always finds room."""
        if isinstance(value, dict):
            refused = (inputs.refused_text(value.get(name), f"{place}.{name}") for name in ("prompt", "completion"))
            return next((error for error in refused if error), None)
        if error := inputs.refused_text(value, place):
            return error
        if not value.strip():
            return InvalidRequest("the prompt is empty", code="empty_text", field=place)
        most = self._generator.room
        if self._generator.pieces(value) > most:
            return TooLarge(f"has more than {most} pieces, half of what this model reads", code="text_too_long", field=place)
        return None

    def options(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """`max_new_tokens` (0: nothing is written), `temperature`, `stop`, `seed`."""
        return {
            "max_new_tokens": _whole(said.get("max_new_tokens", 128), "max_new_tokens", MOST_NEW_TOKENS),
            "temperature": _temperature(said.get("temperature", 0.0)),
            "stop": _stop(said.get("stop") or ()),
            "seed": None if said.get("seed") is None else _whole(said["seed"], "seed", 2**31 - 1),
        }

    def answers(self, inputs: Sequence[Any], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        prompts = [value["prompt"] if isinstance(value, dict) else value for value in inputs]
        found: list[dict[str, Any]] = [{} for _ in inputs]
        if options["max_new_tokens"]:
            found = [vars(answer) for answer in self._generator.answers(prompts, _options(options))]
        given = [(value["prompt"], value["completion"]) if isinstance(value, dict) else None for value in inputs]
        losses = iter(self._generator.losses([pair for pair in given if pair]))
        return [answer if pair is None else {**answer, **_loss(*next(losses))} for answer, pair in zip(found, given, strict=True)]


def _loss(total: float, pieces: int) -> dict[str, Any]:
    """Of the completion that was given: the sum over its pieces, in nats, and how many they are."""
    return {"loss": round(total, 6), "tokens_given": pieces}


def _options(chosen: Mapping[str, Any]) -> Options:
    from training.decoding import Options

    return Options(**{**chosen, "stop": tuple(chosen["stop"])})


def _whole(value: Any, name: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise InvalidRequest(f"{name} must be a whole number from 0 to {most}", field=name)
    return value


def _temperature(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 2:
        raise InvalidRequest("temperature must be a number from 0 to 2", field="temperature")
    return float(value)


def _stop(value: Any) -> list[str]:
    known = isinstance(value, list | tuple) and len(value) <= MOST_STOPS
    if not known or not all(isinstance(one, str) and 0 < len(one) <= LONGEST_STOP for one in value):
        raise InvalidRequest(f"stop must be at most {MOST_STOPS} strings of 1 to {LONGEST_STOP} characters", field="stop")
    return list(value)
