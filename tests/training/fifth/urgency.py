"""The module: a word that was nearly always seen with one level votes for it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training import inputs as texts

if TYPE_CHECKING:
    from chartloop.snapshots import StoredRecord
    from training.kinds import Answered, Judged, Training


def counts(records: Sequence[StoredRecord]) -> dict[str, Any]:
    return {"labels": sorted({stored.record["level"] for stored in records})}


def train(given: Training) -> None:
    from training import dataset
    from training.jobs import metric

    votes: dict[str, Counter[str]] = defaultdict(Counter)
    learned, watched = dataset.split_validation(given.snapshot.records, given.chosen.validation_percent)
    for stored in learned:
        for word in stored.record["letter"].lower().split():
            votes[word][stored.record["level"]] += 1
    telling = {word: its for word, its in votes.items() if its.total() >= given.chosen.minimum_count}
    kept = {word: dict(its) for word, its in telling.items() if max(its.values()) > 0.9 * its.total()}
    usual = Counter(stored.record["level"] for stored in given.snapshot.records).most_common(1)[0][0]
    seen = Votes(kept)
    right = [answer["level"] == stored.record["level"] for stored in watched
             for answer in seen.answers([stored.record["letter"]], {"shout": False})]  # fmt: skip
    metric(eval_accuracy=sum(right) / max(1, len(right)))
    card = {
        "task": given.task.name, "snapshot": given.snapshot.hash, "base_model": "", "usual": usual,
        "labels": counts(given.snapshot.records)["labels"],
    }  # fmt: skip
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "votes.json").write_text(json.dumps(kept))
    (given.output / "chartloop.json").write_text(json.dumps(card))


def export(trained: Path, _snapshot: Path | None, folder: Path, _engine: str) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "votes.json").write_bytes((trained / "votes.json").read_bytes())
    return {"name": "words", "precision": "fp32"}


def golden(_card: Mapping[str, Any]) -> Sequence[str]:
    return ("please come at once", "when it suits you")


def ask(judged: Judged, records: Sequence[StoredRecord]) -> list[dict[str, Any]]:
    from training import serving

    return serving.answers(judged.folder, [stored.record["letter"] for stored in records])


def figures(judged: Judged, settled: Sequence[Answered], fresh: Sequence[Answered], _left_out: Collection[str]) -> dict[str, Any]:
    usual = judged.card["usual"]
    return {"settled": _part(settled, usual), "fresh": _part(fresh, usual) if fresh else None}


def _part(answered: Sequence[Answered], usual: str) -> dict[str, Any]:
    from chartloop import statistics

    groups = [_group(stored, answer["level"]) for stored, answer in answered]
    trivial = [_group(stored, usual) for stored, _ in answered]
    figures = [{name: statistics.figure(name, its) for name in ("accuracy", "macro_f1")} for its in (groups, trivial)]
    return {
        "records": len(answered), "groups": len(groups), "metrics": figures[0], "baseline": figures[1],
        "labels": statistics.label_scores(groups), "per_group": groups,
    }  # fmt: skip


def _group(stored: StoredRecord, found: str) -> Any:
    from chartloop.scores import GroupCounts, LabelCounts

    gold = stored.record["level"]
    labels = {
        name: LabelCounts(tp=gold == found == name, fp=found == name != gold, fn=gold == name != found) for name in (gold, found)
    }
    return GroupCounts(group=stored.group, correct=gold == found, records=1, labels=labels)


def load(folder: Path, _card: Mapping[str, Any]) -> Votes:
    return Votes(json.loads((folder / "votes.json").read_text()))


class Votes:
    """The loaded model."""

    def __init__(self, votes: Mapping[str, Mapping[str, int]]) -> None:
        self._votes = votes

    def refusal(self, value: Any, place: str) -> Exception | None:
        return texts.refused_text(value, place)

    def options(self, said: Mapping[str, Any]) -> dict[str, Any]:
        return {"shout": said.get("shout") is True}

    def answers(self, inputs: Sequence[str], options: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{"level": self._level(text).upper() if options["shout"] else self._level(text)} for text in inputs]

    def _level(self, text: str) -> str:
        votes = Counter[str]()
        for word in text.lower().split():
            votes.update(self._votes.get(word, {}))
        return votes.most_common(1)[0][0] if votes else ""
