"""The served model: model_fn, input_fn, predict_fn and output_fn, as the SageMaker inference toolkits call them.

It stands in the artifact's `code/` folder beside what it imports; what answers is the served module of the artifact's task
(training/kinds.py). The predict function, where it serves the model itself, calls the same functions.
Run as a program it answers one request a line: `python code/inference.py MODEL_DIR < requests.jsonl`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartloop.errors import InvalidRequest
from training import environment, lines

if TYPE_CHECKING:
    from training.pooling import Pooler

ENCODER = "encoder"
"""The folder in the artifact with the base encoder, as training/encoding.py made it."""


@dataclass(frozen=True)
class Served:
    """A loaded artifact."""

    model: Any
    """What answers: training/kinds.py's `Served`."""
    asked: str
    """The field of a transform's line that the model is asked about."""
    version: str
    snapshot: str
    folder: Path
    encoder: dict[str, str] | None
    """What makes the texts' vectors: hash, engine, precision; None where the artifact has no encoder."""

    @cached_property
    def pooler(self) -> Pooler:
        """The encoder, read when somebody first wants a vector."""
        from training.pooling import Pooler

        return Pooler.load(self.folder / ENCODER)


def model_fn(model_dir: str) -> Served:
    """Loads the artifact that was unpacked to `model_dir`."""
    environment.settle(os.environ)
    folder = Path(model_dir)
    card = json.loads((folder / "chartloop.json").read_bytes())
    model = import_module(f"training.{card['served']}").load(folder, card)
    return Served(model, card["asked"], card["version"], card["snapshot"], folder, _encoder(folder / ENCODER))


def _encoder(folder: Path) -> dict[str, str] | None:
    if not folder.exists():
        return None
    from training import pooling

    return pooling.key(folder)


def input_fn(input_data: str | bytes, content_type: str = "application/json") -> dict[str, Any]:
    """The request: `inputs`, a list; `vectors`, which adds each text's vector; and the options of the task. Of a batch
    transform, its lines. Raises InvalidRequest.
    """
    if content_type.startswith(lines.JSON_LINES):
        return {"lines": lines.read(input_data)}
    if not content_type.startswith("application/json"):
        raise InvalidRequest("the content type must be application/json", code="unsupported_content_type")
    try:
        request = json.loads(input_data)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is no JSON", code="invalid_json") from None
    if not isinstance(request, dict) or not isinstance(request.get("inputs"), list):
        raise InvalidRequest("must be a list of what is asked about", field="inputs")
    return request


def predict_fn(data: dict[str, Any], model: Served) -> dict[str, Any]:
    """One result an input, in order: its answer, or the error that it alone has. Raises InvalidRequest for an option."""
    if "lines" in data:
        return {"lines": lines.answers(data["lines"], model.asked, model.version, model.model.options, _ask(model))}
    predictions = _answers(model, data["inputs"], model.model.options(data), vectors=data.get("vectors") is True)
    known = {"model_version": model.version, "snapshot": model.snapshot, "encoder": model.encoder}
    return {**known, "predictions": predictions}


def output_fn(prediction: dict[str, Any], accept: str = "application/json") -> str:  # noqa: ARG001 (the toolkit passes it)
    """JSON, whatever the client says it accepts; of a batch transform one line for each of its own."""
    if "lines" in prediction:
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in prediction["lines"])
    return json.dumps(prediction, ensure_ascii=False)


def _ask(model: Served) -> lines.Ask:
    return lambda inputs, options: _answers(model, inputs, options)


def _answers(model: Served, inputs: Sequence[Any], options: Mapping[str, Any], *, vectors: bool = False) -> list[dict[str, Any]]:
    refused = [model.model.refusal(value, f"inputs[{place}]") for place, value in enumerate(inputs)]
    readable = [value for value, error in zip(inputs, refused, strict=True) if error is None]
    answers = model.model.answers(readable, options) if readable else []
    if vectors and model.encoder and readable:
        rows = model.pooler.vectors(readable).tolist()
        answers = [{**answer, "vector": [round(value, 7) for value in row]} for answer, row in zip(answers, rows, strict=True)]
    given = iter(answers)
    return [next(given) if error is None else error.to_json() for error in refused]


def main(model_dir: str) -> None:
    """Answers requests on stdin, one a line, on stdout; the score job runs every artifact's own copy of this."""
    model = model_fn(model_dir)
    for line in sys.stdin:
        print(output_fn(predict_fn(input_fn(line), model)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
