"""What is shown of two models' answers to the settled holdout, by what an answer holds: entities, a label, words."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chartloop.extras import Flips
from chartloop.items import stamp
from chartloop.predictions import KEPT_DAYS
from chartloop.snapshots import StoredRecord
from training import flips
from training.flips import Answered, Flip

MOST_BESIDE = 8
"""Answers in words that are shown side by side."""
MOST_WORDS = 1200
"""Characters of a prompt or an answer."""

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A settled record with both answers; the champion's is None where nothing is in service yet."""

    stored: StoredRecord
    candidate: Answer
    champion: Answer | None


def cases(candidate: Sequence[tuple[StoredRecord, Answer]], champion: Sequence[tuple[StoredRecord, Answer]] | None) -> list[Case]:
    """Both asked the same records in the same order."""
    theirs = [answer for _, answer in champion] if champion is not None else [None] * len(candidate)
    return [Case(stored, ours, other) for (stored, ours), other in zip(candidate, theirs, strict=True)]


def between(asked: Sequence[Case], left_out: Collection[str]) -> list[Flip]:
    """Every flip of tasks whose answers are right or wrong; labels that are `left_out` take no part."""
    compared = [case for case in asked if case.champion is not None]
    entities = [_entities(case, left_out) for case in compared if "entities" in case.candidate]
    return [*flips.of_entities(entities), *(flip for case in compared for flip in _of_label(case, left_out))]


def _entities(case: Case, left_out: Collection[str]) -> Answered:
    record = case.stored.record
    sides = (record["entities"], case.candidate["entities"], (case.champion or {})["entities"])
    truth, ours, theirs = ([entity for entity in side if entity["label"] not in left_out] for side in sides)
    return Answered(case.stored.record_id, record["text"], truth, ours, theirs)


def _of_label(case: Case, left_out: Collection[str]) -> Iterator[Flip]:
    """Of a text with one label: shown by how it begins."""
    if "label" not in case.candidate or case.champion is None or case.stored.record["label"] in left_out:
        return
    record = case.stored.record
    truth = record["label"]
    right = {role: answer["label"] == truth for role, answer in (("candidate", case.candidate), ("champion", case.champion))}
    if right["candidate"] == right["champion"]:
        return
    told = {role: {"value": f"{its['label']} ({its['probability']:.2f})"} for role, its in _roles(case)}
    winner = case.candidate if right["candidate"] else case.champion
    text = _cut(record["text"], 2 * flips.ROOM)
    way: Any = "fixed" if right["candidate"] else "broken"
    yield Flip(way, truth, case.stored.record_id, text, {"truth": {"value": truth}, **told}, winner["probability"], text)


def _roles(case: Case) -> Iterator[tuple[str, Answer]]:
    yield "candidate", case.candidate
    if case.champion is not None:
        yield "champion", case.champion


def beside(asked: Sequence[Case]) -> list[Flip]:
    """Answers in words, which are more or less good and not right or wrong: some of them next to each other, evenly chosen."""
    said = [case for case in asked if "completion" in case.candidate]
    chosen = said[:: max(1, len(said) // MOST_BESIDE)][:MOST_BESIDE]
    return [_beside(case) for case in chosen]


def _beside(case: Case) -> Flip:
    record = case.stored.record
    told = {"truth": record["completion"], **{role: its["completion"] for role, its in _roles(case)}}
    if "base" in case.candidate:
        told["base"] = case.candidate["base"]["completion"]
    answers = {who: {"value": _cut(words, MOST_WORDS)} for who, words in told.items()}
    return Flip("beside", "", case.stored.record_id, _cut(record["prompt"], MOST_WORDS), answers)


def _cut(text: str, most: int) -> str:
    """As much as may be shown, to the end of a word."""
    return text if len(text) <= most else text[:most].rpartition(" ")[0] or text[:most]


def document(run: Mapping[str, str], found: Sequence[Flip], asked: Sequence[Case], now: datetime) -> dict[str, Any]:
    """flips.json: what is shown, and until when; `run` names the run, its task and its models."""
    shown = [*flips.shown(found), *beside(asked)]
    until = stamp(now + timedelta(days=KEPT_DAYS))
    return {**run, "created_at": stamp(now), "expires_at": until, "shown": [flip.to_json() for flip in shown]}


def counted(found: Sequence[Flip], asked: Sequence[Case]) -> Flips | None:
    """None where no answer is right or wrong, or there is nobody to be compared with."""
    judged = any(case.champion is not None and ("entities" in case.candidate or "label" in case.candidate) for case in asked)
    return flips.counted(found) if judged else None
