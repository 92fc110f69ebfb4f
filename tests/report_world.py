"""A world whose runs leave all that a report can show: labels, bins, a matrix, flips, curves."""

from __future__ import annotations

import io
import json
import random
import tarfile
from typing import Any

from chartloop import keys
from chartloop.extras import Comparison, Confusion, Extras, Flipped, Flips
from chartloop.scores import Bin, Calibration, Engine, GroupCounts, LabelScore, ScoreReport
from tests import reports
from tests.worlds import TASK, FakeWorld

LABELS = {"drug": 312, "dose": 141, "problem": 268, "test": 74, "allergy": 12}
HOSTILE = "Denies </blockquote><script>alert('x')</script> \u202e\x1b[31m chest pain \u05db\u05d0\u05d1 \U0001f912."


def groups(quality: float, seed: int, count: int = 90) -> list[GroupCounts]:
    """As of a model that finds `quality` of the entities; the same seed is the same holdout."""
    chance, made = random.Random(seed), []
    for number in range(count):
        entities = chance.randint(3, 14)
        hard = [chance.random() for _ in range(entities)]
        tp = sum(each < quality for each in hard)
        made.append(reports.group(f"g{number:03d}", tp, (entities - tp) // 2, entities - tp, 90 + round(9 * tp / entities)))
    return made


def label_score(support: int, f1: float) -> LabelScore:
    tp = round(support * f1)
    return LabelScore(tp=tp, fp=support - tp, fn=support - tp, support=support, precision=f1, recall=f1, f1=tp / support)


def confused() -> Confusion:
    names = tuple(sorted(LABELS))
    chance = random.Random(3)
    rows = [
        tuple(LABELS[row] - 20 if row == column and LABELS[row] > 20 else chance.randint(0, 9) for column in (*names, ""))
        for row in names
    ]
    invented = (3, 1, 8, 5, 2, 0)
    return Confusion(
        annotated=(*names, "not annotated"), found=(*names, "not found"), counts=(*rows, invented), note="Entities that overlap."
    )


class RichWorld(FakeWorld):
    """`right` is a model's quality in tenths, as in FakeWorld."""

    def _report(self, report: ScoreReport) -> None:
        quality = self.right / 10 if report.role == "candidate" else self.before / 10
        self.before = self.right if report.role == "champion" else getattr(self, "before", self.right)
        rows = groups(quality, seed=5)
        scores = {label: label_score(support, quality + (0.02 if support % 2 else -0.01)) for label, support in LABELS.items()}
        bins = tuple(
            Bin(low=n / 15, high=(n + 1) / 15, count=20 + 9 * n, confidence=(n + 0.5) / 15, accuracy=min(1, (n + 0.2) / 15))
            for n in range(6, 15)
        )
        flips = Flips(fixed=41, broken=17, labels={"drug": Flipped(fixed=30, broken=5), "dose": Flipped(fixed=11, broken=12)})
        rich = {
            "settled": reports.part(rows, labels=scores),
            "calibration": Calibration(temperature=1.31, entities=712, ece=0.021, ece_uncalibrated=0.054, bins=bins),
            "engine": Engine(name="openvino", precision="int8", quality={"notes": 200, "f1_fp32": 0.8123, "f1_int8": 0.8101}),
            "extras": Extras(confusion=confused(), flips=flips if report.role == "candidate" else None),
            "bytes": 23_812_345,
        }
        super()._report(report.model_copy(update=rich))

    def job(self, kind: str, name: str, state: dict[str, Any]) -> Any:
        done = super().job(kind, name, state)
        run_id = state["run_id"]
        if kind == "train":
            self.stores["objects"].put(keys.run(run_id, f"train/{name}/output/output.tar.gz"), curves())
        if kind == "score" and state["standing"]["champion"]["present"]:
            self.put(keys.flips(TASK, run_id, "flips.json"), {"shown": shown(), "expires_at": "2026-12-21T08:00:00.000Z"})
        return done


def curves() -> bytes:
    """The output of a training job."""
    lines = [{"name": "train_loss", "value": 2.2 * 0.93**n + 0.05} for n in range(50)]
    lines += [{"name": "eval_loss", "value": 2.0 * 0.6**n + 0.16 + 0.01 * n} for n in range(8)]
    body = "".join(json.dumps(line) + "\n" for line in [*lines, {"name": "epoch", "value": 8}]).encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        about = tarfile.TarInfo("metrics.jsonl")
        about.size = len(body)
        archive.addfile(about, io.BytesIO(body))
    return packed.getvalue()


def shown() -> list[dict[str, Any]]:
    text = "Pt was started on metoprolol 25 mg BID for rate control of AF."
    drug = {"start": 18, "end": 28, "label": "drug"}
    dose = {"start": 29, "end": 38, "label": "dose"}
    pain = HOSTILE.index("chest")
    return [
        {
            "way": "broken", "label": "dose", "record_id": "note-118", "text": text,
            "answers": {
                "truth": {"spans": [dose]}, "candidate": {"spans": [{"start": 29, "end": 34, "label": "dose"}]},
                "champion": {"spans": [dose]},
            },
        },
        {
            "way": "fixed", "label": "drug", "record_id": "note-031", "text": text,
            "answers": {"truth": {"spans": [drug]}, "candidate": {"spans": [drug]}, "champion": {"spans": []}},
        },
        {
            "way": "fixed", "label": "problem", "record_id": "<b>evil</b>", "text": HOSTILE,
            "answers": {
                "truth": {"spans": [{"start": pain, "end": pain + 10, "label": "problem"}]},
                "candidate": {"spans": [{"start": pain, "end": pain + 10, "label": "problem"}]},
                "champion": {"spans": [{"start": 7, "end": 20, "label": "drug"}]},
            },
        },
    ]  # fmt: skip


def interval(low: float, high: float) -> dict[str, Any]:
    return {"metric": "x", "difference": (low + high) / 2, "low": low, "high": high, "level": 0.95}


def comparison() -> dict[str, Any]:
    """As the score job writes it of a base that was made on the spot."""
    figures = [
        {"metric": "loss", "base": 3.584, "candidate": 3.482, "interval": interval(-0.2, -0.05)},
        {"metric": "perplexity", "base": 36.01, "candidate": 32.52, "interval": interval(-6.0, -1.5)},
        {"metric": "rouge_l", "base": 0.061, "candidate": 0.167, "interval": interval(0.09, 0.12)},
        {"metric": "exact_match", "base": 0.0, "candidate": 0.0, "interval": interval(0.0, 0.0)},
    ]
    general = {"metric": "loss", "base": 4.994, "candidate": 4.912, "interval": interval(-0.12, -0.04)}
    made = {"texts": 2148, "pieces": 1_204_000, "sha256": "ab" * 32}
    found = {"base": "small-llama", "made_here": made, "figures": figures, "general": general, "passages": 24}
    return Comparison.model_validate(found).model_dump(mode="json")


def world(*rights: int, **settings: Any) -> RichWorld:
    """After a run of each quality, to its end."""
    made = RichWorld(**settings)
    for right in rights:
        made.right = right
        made.add_batch(train=80 + 40 * right, holdout=20)
        assert made.consider()
        made.to_end()
    return made
