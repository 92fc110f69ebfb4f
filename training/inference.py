"""The served model: model_fn, input_fn, predict_fn and output_fn, as the SageMaker inference toolkits call them.

It stands in the artifact's `code/` folder beside what it imports, and needs numpy, tokenizers and the artifact's engine:
torch and transformers, or ONNX Runtime. The predict function, where it serves the model itself, calls the same functions.
Run as a program it answers one request a line: `python code/inference.py MODEL_DIR < requests.jsonl`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chartloop.errors import ChartloopError, InvalidRequest, TooLarge
from training import environment, lines

if TYPE_CHECKING:
    from training.pooling import Pooler
    from training.tagger import Tagger
    from training.tagging import Found

ENCODER = "encoder"
"""The folder in the artifact with the base encoder, as training/encoding.py made it."""
LONGEST = 1_000_000
"""Characters of one text, as in the data contract."""


@dataclass(frozen=True)
class Served:
    """A loaded artifact."""

    tagger: Tagger
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
    from training import engines, pieces
    from training.tagger import Tagger

    folder = Path(model_dir)
    about = json.loads((folder / "chartloop.json").read_bytes())
    engine = engines.load(folder, about["engine"]["name"], about["engine"]["precision"])
    shape = about["max_seq_length"], about["doc_stride"], about.get("temperature", 1.0)
    tagger = Tagger(engine, pieces.load(folder), about["labels"], *shape)
    return Served(tagger, about["version"], about["snapshot"], folder, _encoder(folder / ENCODER))


def _encoder(folder: Path) -> dict[str, str] | None:
    from training import pooling

    return pooling.key(folder) if (folder / pooling.CARD).exists() else None


def input_fn(input_data: str | bytes, content_type: str = "application/json") -> dict[str, Any]:
    """The request: `texts`, a list; `min_confidence`, 0 where it is not given; `uncalibrated`, which adds to each entity its
    confidence without temperature; `vectors`, which adds each text's vector. Of a batch transform, its lines. Raises
    InvalidRequest.
    """
    if content_type.startswith(lines.JSON_LINES):
        return {"lines": lines.read(input_data)}
    if not content_type.startswith("application/json"):
        raise InvalidRequest("the content type must be application/json", code="unsupported_content_type")
    try:
        request = json.loads(input_data)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is no JSON", code="invalid_json") from None
    if not isinstance(request, dict) or not isinstance(request.get("texts"), list):
        raise InvalidRequest("must be a list of texts", field="texts")
    least = request.get("min_confidence", 0.0)
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0 <= least <= 1:
        raise InvalidRequest("must be a number from 0 to 1", field="min_confidence")
    wanted = {name: request.get(name) is True for name in ("uncalibrated", "vectors")}
    return {"texts": request["texts"], "min_confidence": float(least), **wanted}


def predict_fn(data: dict[str, Any], model: Served) -> dict[str, Any]:
    """One result a text, in order: its entities, or the error that it alone has."""
    if "lines" in data:
        texts = {"texts": [line["text"] for line in data["lines"]], "min_confidence": 0.0}
        return {"lines": lines.answers(data["lines"], predict_fn(texts, model)["predictions"], model.version)}
    refused = [_refusal(text, place) for place, text in enumerate(data["texts"])]
    readable = [text for text, error in zip(data["texts"], refused, strict=True) if error is None]
    found = zip(readable, model.tagger.find(readable), strict=True)
    answers = [_prediction(text, its, data) for text, its in found]
    if data.get("vectors") and model.encoder and readable:
        rows = model.pooler.vectors(readable).tolist()
        answers = [{**answer, "vector": [round(value, 7) for value in row]} for answer, row in zip(answers, rows, strict=True)]
    given = iter(answers)
    predictions = [next(given) if error is None else error.to_json() for error in refused]
    known = {"model_version": model.version, "snapshot": model.snapshot, "encoder": model.encoder}
    return {**known, "predictions": predictions}


def output_fn(prediction: dict[str, Any], accept: str = "application/json") -> str:  # noqa: ARG001 (the toolkit passes it)
    """JSON, whatever the client says it accepts; of a batch transform one line for each of its own."""
    if "lines" in prediction:
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in prediction["lines"])
    return json.dumps(prediction, ensure_ascii=False)


def _refusal(text: Any, place: int) -> ChartloopError | None:
    """Why this text cannot be read; the message holds nothing of it."""
    field = f"texts[{place}]"
    if not isinstance(text, str):
        return InvalidRequest("must be a string", code="invalid_text", field=field)
    if len(text) > LONGEST:
        return TooLarge(f"has more than {LONGEST} characters", code="text_too_long", field=field)
    if any("\ud800" <= character <= "\udfff" for character in text):
        return InvalidRequest("holds half of a surrogate pair", code="lone_surrogate", field=field)
    return None


def _prediction(text: str, found: list[Found], data: Mapping[str, Any]) -> dict[str, Any]:
    entities = (_entity(text, entity, uncalibrated=bool(data.get("uncalibrated"))) for entity in found)
    return {"entities": [each for each in entities if each["confidence"] >= data["min_confidence"]], "characters": len(text)}


def _entity(text: str, found: Found, *, uncalibrated: bool) -> dict[str, Any]:
    sure = {"confidence": found.confidence, **({"uncalibrated": found.uncalibrated} if uncalibrated else {})}
    sure = {name: round(min(value, 1.0), 4) for name, value in sure.items()}
    return {"label": found.label, "start": found.start, "end": found.end, "surface": text[found.start : found.end], **sure}


def main(model_dir: str) -> None:
    """Answers requests on stdin, one a line, on stdout; the score job runs every artifact's own copy of this."""
    model = model_fn(model_dir)
    for line in sys.stdin:
        print(output_fn(predict_fn(input_fn(line), model)), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
