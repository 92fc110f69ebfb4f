"""Judging a run: each look at the holdout is counted, and the verdict is kept where the run, the model and people find it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chartloop import alarms, findings, gate, keys, models, registration, scores, tasks, trail
from chartloop.case import Looks
from chartloop.errors import Conflict, JobFailed, NotFound
from chartloop.items import GATE, batch_key, change, hashed, holdout_key, model_key, new, require, run_key, task_item, until_first
from chartloop.runs import settings_of
from chartloop.scores import ScoreReport
from chartloop.seams import Item, Ledger, Objects, Registry
from chartloop.settings import Settings
from chartloop.steps import mark
from chartloop.verdicts import Verdict

LOOKS = 3
"""Every look at the same holdout weakens what it proves."""


def look(task: str, run_id: str, *, ledger: Ledger, objects: Objects) -> dict[str, Any]:
    """Whom the candidate is to be compared with now, and the count of this run's looks. Raises Conflict after the last one."""

    def count(run: dict[str, Any]) -> None:
        if run["looks"] >= LOOKS:
            raise Conflict(f"the champion changed again and again: {LOOKS} looks at the holdout are all that a run has")
        run["looks"] += 1

    champion = task_item(ledger, task)["champion"]
    run = change(ledger, lambda: require(ledger, run_key(task, run_id), "run"), count)
    version = champion["version"] if champion else ""
    uri = models.artifact_uri(objects, task, version) if champion else ""
    return {"champion": {"present": champion is not None, "version": version, "model_uri": uri}, "look": run["looks"]}


def judge(
    task: str, run_id: str, *, champion: Mapping[str, Any], ledger: Ledger, objects: Objects, registry: Registry,
    settings: Settings, now: datetime,
) -> Verdict:  # fmt: skip
    """Decides, notes the outcome on the run, its model and the registry, and writes runs/{run_id}/verdict.json.

    `champion` is what `look` said before the scoring. Raises JobFailed where there is no artifact, or not the scored one.
    """
    made = _manifest(objects, task, run_id)
    candidate = _report(objects, run_id, "candidate")
    if candidate.report and candidate.report.sha256 != made["sha256"]:
        raise JobFailed("the artifact is not the one that was scored", code="artifact_changed")
    theirs = _report(objects, run_id, "champion") if champion["present"] else NO_REPORT
    known, chosen = tasks.find(task), settings_of(task_item(ledger, task), settings)
    verdict = gate.decide(
        candidate.report,
        theirs.report,
        chosen.policy,
        task=known,
        run_id=run_id,
        now=now,
        champion_version=champion["version"] if champion["present"] else None,
        terms=known.terms(chosen),
        looks=_looks(task, run_id, candidate.report, ledger),
    )
    rung = (findings.of_run(run_id, objects) or {}).get("alarms", [])
    verdict = alarms.hold(verdict, rung, review=chosen.hold_on_alarm)
    judged = {"candidate": candidate.hashes(made["sha256"]), "champion": theirs.hashes(None)}
    model = _note(verdict, made, judged, ledger, settings.code_version, now)
    _warn(task, run_id, rung, ledger)
    registration.judged(model, verdict=verdict.verdict, reason=verdict.message, objects=objects, registry=registry)
    # Last: where the verdict lies, a run that is resumed finds all that it needs to promote.
    body = json.dumps(verdict.to_json(), indent=1, allow_nan=False).encode()
    objects.put(keys.run(run_id, "verdict.json"), body, content_type="application/json")
    return verdict


def _warn(task: str, run_id: str, rung: Sequence[alarms.Alarm], ledger: Ledger) -> None:
    """Notes on each batch the alarms that its records raised: its receipt shows them from now on."""
    for batch_id in sorted({batch_id for alarm in rung for batch_id in alarm["batches"]}):
        its = [alarm for alarm in rung if batch_id in alarm["batches"]]
        told = [{"code": a["code"], "label": a["label"], "found": a["found"], "run_id": run_id} for a in its][: alarms.LISTED]
        change(ledger, partial(require, ledger, batch_key(task, batch_id), "batch"), partial(dict.update, warnings=told))


def _looks(task: str, run_id: str, candidate: ScoreReport | None, ledger: Ledger) -> Looks:
    """Notes this run's looks at the holdout that was scored, beside those of every other run."""
    if candidate is None:
        return Looks()
    key = holdout_key(task, candidate.holdout)
    made = require(ledger, run_key(task, run_id), "run")["looks"]
    item = change(ledger, lambda: ledger.get(key) or new(key, looks={}), lambda seen: seen["looks"].update({run_id: made}))
    return Looks(sum(item["looks"].values()), len(item["looks"]))


def _note(
    verdict: Verdict, made: Mapping[str, Any], judged: Mapping[str, Any], ledger: Ledger, code_version: str, now: datetime
) -> Item:
    """The run, its model and the audit trail, in one save; `judged` says by hashes what the verdict is on."""
    task, run_id = verdict.task, verdict.run_id

    def attempt() -> Item:
        run, owner = require(ledger, run_key(task, run_id), "run"), task_item(ledger, task)
        mark(run, "judge", now, "succeeded", verdict.message)
        model = models.judged(
            ledger.get(model_key(task, run_id)),
            made,
            verdict=verdict.verdict,
            metrics=verdict.metrics["candidate"] or {},
            reason=verdict.message,
            code_version=code_version,
            now=now,
        )
        ledger.save(run, model, *_unless_told(ledger, owner, run, verdict, judged, now))
        return model

    return until_first(attempt)


def _unless_told(
    ledger: Ledger, owner: Item, run: Item, verdict: Verdict, judged: Mapping[str, Any], now: datetime
) -> list[Item]:
    """The audit item and the task, whose last one it is, unless a judge that was interrupted has left it already."""
    place = f"AUDIT#{run['marks']['judge']['started_at']}#{hashed(json.dumps(judged, sort_keys=True))[:8]}"
    if ledger.get((owner["pk"], place)):
        return []
    item = trail.enter(
        owner, now, action="verdict", by=GATE, run_id=verdict.run_id, model=verdict.run_id, reason=verdict.message,
        verdict=verdict.verdict, policy=verdict.policy, holdout=verdict.holdout, judged=dict(judged),
    )  # fmt: skip
    return [{**item, "sk": place}, owner]


def _manifest(objects: Objects, task: str, version: str) -> dict[str, Any]:
    try:
        return models.manifest(objects, task, version)
    except NotFound:
        raise JobFailed("the run left no artifact", code="no_artifact") from None


@dataclass(frozen=True)
class _Report:
    """A score report as it was read, and the hash of its bytes; None where there is none."""

    report: ScoreReport | None
    sha256: str | None

    def hashes(self, artifact: str | None) -> dict[str, str | None]:
        """Of the report and of the artifact that it is on."""
        return {"artifact": self.report.sha256 if self.report else artifact, "report": self.sha256}


NO_REPORT = _Report(None, None)


def _report(objects: Objects, run_id: str, role: str) -> _Report:
    """Without a report where there is none, or one that cannot be read: the gate keeps the champion then."""
    try:
        body = objects.get(keys.run(run_id, f"score/{role}.json")).body
    except NotFound:
        return NO_REPORT
    digest = hashlib.sha256(body).hexdigest()
    try:
        return _Report(scores.parse(body), digest)
    except JobFailed:
        return _Report(None, digest)
