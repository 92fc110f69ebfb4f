"""The task `generation` in jobs: LoRA on a causal model, and what its answers are worth beside those of its base."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from chartloop.snapshots import StoredRecord
from training import comparison, serving
from training.kinds import Answer, Answered, Judged, Training

GOLDEN = (
    ("What is aspirin used for?", "Aspirin is used to relieve pain and fever."),
    ("Is the flu contagious?", "Yes. The flu spreads from person to person through the air."),
    ("Where does the train stop?", "It stops at the old bridge."),
)
"""Made up; what is compared is how likely their completions are (chartloop/generation.py)."""


def counts(records: Sequence[StoredRecord]) -> dict[str, Any]:
    """`characters` of both texts, and how many prompts there are."""
    texts = [stored.record[name] for stored in records for name in ("prompt", "completion")]
    return {"characters": sum(map(len, texts)), "prompts": len({stored.record["prompt"] for stored in records})}


def train(given: Training) -> None:
    from training import together

    with together.together(given) as (ours, kept):
        from training import generation_fit

        tuned = generation_fit.train(given.snapshot.records, given.base or "", given.chosen, ours, kept)
        if ours.first:
            generation_fit.save(tuned, given.output, **together.facts(given))


def export(trained: Path, snapshot: Path | None, folder: Path, engine: str) -> dict[str, Any]:  # noqa: ARG001 (there is one engine)
    """The trained folder as it is, on torch: in bfloat16 where a GPU multiplies it, else in float32, which a CPU is faster in."""
    from training import encoder

    shutil.copytree(trained, folder, dirs_exist_ok=True)
    where = encoder.device()
    return {"name": "torch", "precision": "bf16" if where.type == "cuda" and encoder.multiplies_bf16(where) else "fp32"}


def golden(card: Mapping[str, Any]) -> Sequence[dict[str, str]]:  # noqa: ARG001 (the same for every model)
    return [{"prompt": prompt, "completion": completion} for prompt, completion in GOLDEN]


def ask(judged: Judged, records: Sequence[StoredRecord]) -> list[Answer]:
    """Completions and losses. Pieces are counted by the base's tokenizer for every model, so that losses per piece compare.

    Beside the candidate's answer stands that of its base.
    """
    asked = [{name: stored.record[name] for name in ("prompt", "completion")} for stored in records]
    given = serving.answers(judged.folder, asked)
    if judged.base is None:
        return given
    pieces = comparison.pieces([each["completion"] for each in asked], judged.base)
    given = [{**answer, "pieces": count} for answer, count in zip(given, pieces, strict=True)]
    if judged.role != "candidate":
        return given
    others = serving.answers(comparison.base_artifact(judged.base, judged), asked)
    return [{**ours, "base": {**theirs, "pieces": ours["pieces"]}} for ours, theirs in zip(given, others, strict=True)]


def figures(judged: Judged, settled: Sequence[Answered], fresh: Sequence[Answered], left_out: Collection[str]) -> dict[str, Any]:  # noqa: ARG001 (no labels)
    with_base = judged.role == "candidate"
    found = {
        "settled": comparison.part(settled, with_base=with_base),
        "fresh": comparison.part(fresh, with_base=with_base) if fresh else None,
    }
    if with_base and judged.base is not None and settled:
        found["extras"] = {"comparison": comparison.comparison(judged, judged.base, settled)}
    return found
