"""A fine-tuned model beside its base: the figures of a part of the holdout, and what lies between the two, with intervals."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from chartloop import bootstrap, rouge
from chartloop.extras import Compared, Comparison
from chartloop.scores import GroupCounts, Part
from chartloop.statistics import STATISTICS, Statistic, figure
from training import completions, probe, serving
from training.kinds import Answered, Judged

METRICS = ("loss", "rouge_l", "exact_match")
PERPLEXITY = Statistic(("loss", "tokens"), lambda sums: np.exp(STATISTICS["loss"].value(sums)))
BASE = "base"
"""Who answered, in an Answer: under this name what the base model said."""


def base_artifact(base: Path, judged: Judged) -> Path:
    """The base model as an artifact of its own, beside that of the candidate: with the same code, asked the same way."""
    folder = judged.folder.parent / BASE
    if not folder.exists():
        shutil.copytree(base, folder, ignore=shutil.ignore_patterns("manifest.json"))
        shutil.copytree(judged.folder / "code", folder / "code")
        (folder / "chartloop.json").write_text(json.dumps({**judged.card, "version": BASE}), encoding="utf-8")
    return folder


def pieces(texts: Sequence[str], base: Path) -> list[int]:
    """Of each completion, its end mark too, by the base's tokenizer."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(base))
    return [len(completions.completion_ids(tokenizer, text)) for text in texts]


def part(answered: Sequence[Answered], *, with_base: bool) -> Part:
    """`baseline` is the base model; empty without it."""
    ours = groups(answered)
    theirs = groups(of_base(answered)) if with_base else ()
    return Part(
        records=len(answered), groups=len(ours), metrics=metrics(ours), baseline=metrics(theirs) if theirs else {}, labels={},
        per_group=ours,
    )  # fmt: skip


def of_base(answered: Sequence[Answered]) -> list[Answered]:
    return [(stored, answer[BASE]) for stored, answer in answered]


def groups(answered: Sequence[Answered]) -> tuple[GroupCounts, ...]:
    """Sufficient statistics, by split group."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(("loss", "tokens", "rouge_l", "exact", "records"), 0))
    for stored, answer in answered:
        said, known = answer["completion"], stored.record["completion"]
        each = {"loss": answer["loss"], "tokens": answer["pieces"], "rouge_l": rouge.rouge_l(said, known)}
        for name, value in {**each, "exact": int(rouge.exact(said, known)), "records": 1}.items():
            sums[stored.group][name] += value
    return tuple(GroupCounts.model_validate({"group": name, **its}) for name, its in sorted(sums.items()))


def metrics(counted: Sequence[GroupCounts]) -> dict[str, float | None]:
    found = {name: figure(name, counted) for name in METRICS}
    return {**found, "perplexity": None if found["loss"] is None else float(np.exp(found["loss"]))}


def comparison(judged: Judged, base: Path, settled: Sequence[Answered]) -> Comparison:
    """On the settled holdout; and on the probe, which neither is about health nor was learned from."""
    ours, theirs = groups(settled), groups(of_base(settled))
    own, others = metrics(ours), metrics(theirs)
    statistics = {"perplexity": PERPLEXITY, **{name: STATISTICS[name] for name in METRICS}}
    intervals = {name: bootstrap.compare(name, each, ours, theirs) for name, each in statistics.items()}
    config = json.loads((base / "config.json").read_bytes())
    made = config.get("pretrained_on")
    general = [_general(folder) for folder in (judged.folder, base_artifact(base, judged))]
    between = bootstrap.paired("loss", *general)
    return Comparison(
        base=str(judged.card["base_model"]),
        made_here=made,
        figures=tuple(
            Compared(metric=name, base=others[name], candidate=own[name], interval=found.to_json() if found else None)
            for name, found in intervals.items()
        ),
        general=Compared(
            metric="loss",
            base=figure("loss", general[1]),
            candidate=figure("loss", general[0]),
            interval=between.to_json() if between else None,
        ),
        passages=len(probe.PASSAGES),
    )


def _general(folder: Path) -> list[GroupCounts]:
    """What each passage of the probe cost, a group by itself."""
    asked = [{"prompt": begins, "completion": goes_on} for begins, goes_on in probe.PASSAGES]
    found = serving.answers(folder, asked, max_new_tokens=0)
    return [
        GroupCounts(group=str(number), loss=float(each["loss"]), tokens=int(each["tokens_given"]))
        for number, each in enumerate(found)
    ]
