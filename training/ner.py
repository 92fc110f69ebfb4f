"""The task `ner` in jobs: what its snapshot counts, how it is trained and exported, and what its answers are worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chartloop.extras import Extras
from chartloop.snapshots import StoredRecord
from training import dataset, serving
from training import golden as texts
from training.dataset import Document
from training.kinds import Answer, Answered, Judged, Training


def counts(records: Sequence[StoredRecord]) -> dict[str, Any]:
    labels = Counter(entity["label"] for stored in records for entity in stored.record["entities"])
    return {
        "characters": sum(len(stored.record["text"]) for stored in records),
        "entities": dict(sorted(labels.items())),
        "labels": sorted(labels),
    }


def train(given: Training) -> None:
    from training import together

    with together.together(given) as (ours, kept):
        from training import ner_fit, tuned

        documents = dataset.documents(given.snapshot)
        tagger = ner_fit.train(documents, given.base or "", given.chosen, ours, kept)
        if ours.first:
            held_back = dataset.held_back_percent(given.chosen)
            tuned.save(tagger, given.output, held_back_percent=held_back, **together.facts(given))


def export(trained: Path, snapshot: Path | None, folder: Path, engine: str) -> dict[str, Any]:
    from training import forms, quality, tuned

    documents = dataset.documents(dataset.read(snapshot)) if snapshot else ()
    notes = dataset.notes(documents, tuned.card(trained)["held_back_percent"])
    return forms.make(engine, trained, quality.tagging(notes), folder)


def golden(_card: Mapping[str, Any]) -> Sequence[str]:
    return texts.TEXTS


def ask(judged: Judged, records: Sequence[StoredRecord]) -> list[Answer]:
    return serving.answers(judged.folder, [stored.record["text"] for stored in records], uncalibrated=True)


def figures(judged: Judged, settled: Sequence[Answered], fresh: Sequence[Answered], left_out: Collection[str]) -> dict[str, Any]:
    """Labels that are left out count neither as annotated nor as found."""
    from training import confusion, reports
    from training.measure import as_annotated, measure

    common = [_without(left_out, *each) for each in settled]
    others = [_without((), *each) for each in fresh]
    trusted = [pair for document, found in common for pair in zip(found, as_annotated(document, found), strict=True)]
    return {
        "settled": reports.part([measure(*each) for each in common]),
        "fresh": reports.part([measure(*each) for each in others]) if others else None,
        "calibration": reports.calibration(trusted, judged.card.get("temperature", 1.0)),
        "extras": Extras(confusion=confusion.of_entities((document.entities, found) for document, found in common)),
    }


def _without(labels: Collection[str], stored: StoredRecord, answer: Answer) -> tuple[Document, list[dict[str, Any]]]:
    document = dataset.document(stored)
    kept = [[each for each in its if each["label"] not in labels] for its in (document.entities, answer["entities"])]
    return replace(document, entities=kept[0]), kept[1]
