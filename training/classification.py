"""The task `classification` in jobs: what its snapshot counts, how it is trained and exported, and what its answers are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from chartloop.snapshots import StoredRecord
from training import dataset, serving
from training import golden as texts
from training.kinds import Answer, Answered, Judged, Training


def counts(records: Sequence[StoredRecord]) -> dict[str, Any]:
    labels = Counter(stored.record["label"] for stored in records)
    characters = sum(len(stored.record["text"]) for stored in records)
    return {"characters": characters, "labelled": dict(sorted(labels.items())), "labels": sorted(labels)}


def train(given: Training) -> None:
    from training import together

    with together.together(given) as (ours, kept):
        from training import classification_fit, tuned

        classifier = classification_fit.train(given.snapshot.records, given.base or "", given.chosen, ours, kept)
        if ours.first:
            held_back = dataset.held_back_percent(given.chosen)
            tuned.save(classifier, given.output, held_back_percent=held_back, **together.facts(given))


def export(trained: Path, snapshot: Path | None, folder: Path, engine: str) -> dict[str, Any]:
    from training import classification_fit, forms, tuned

    records = dataset.read(snapshot).records if snapshot else ()
    trial = classification_fit.trial(records, tuned.card(trained)["held_back_percent"])
    return forms.make(engine, trained, trial, folder)


def golden(_card: Mapping[str, Any]) -> Sequence[str]:
    return texts.TEXTS


def ask(judged: Judged, records: Sequence[StoredRecord]) -> list[Answer]:
    return serving.answers(judged.folder, [stored.record["text"] for stored in records], uncalibrated=True, sentences=0)


def figures(judged: Judged, settled: Sequence[Answered], fresh: Sequence[Answered], left_out: Collection[str]) -> dict[str, Any]:
    """Of the candidate also the cheaper model beside it, trained here on the same snapshot."""
    from training import bag_of_words, reports
    from training import classification_figures as found

    records = [stored for stored, _ in settled]
    ours = found.samples(records, [answer["probabilities"] for _, answer in settled], left_out)
    others = found.samples([stored for stored, _ in fresh], [answer["probabilities"] for _, answer in fresh])
    extras: dict[str, Any] = {"confusion": found.confusion(ours)}
    if judged.role == "candidate" and records:
        learned = dataset.read(judged.snapshot).records
        cheaper = bag_of_words.answers(
            [stored.record["text"] for stored in learned],
            [stored.record["label"] for stored in learned],
            [stored.record["text"] for stored in records],
        )
        extras["baselines"] = (found.baseline(bag_of_words.NAME, ours, found.samples(records, cheaper, left_out)),)
    return {
        "settled": found.part(ours),
        "fresh": found.part(others) if others else None,
        "calibration": reports.calibration(found.trusted(settled, left_out), judged.card.get("temperature", 1.0)),
        "extras": extras,
    }
