"""The steps of a run as people see them, from its marks in the ledger and from the jobs; frozen into the run when it ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from chartloop import tasks, tuning
from chartloop.costs import of_jobs
from chartloop.items import stamp
from chartloop.seams import Item, Jobs, JobState

JOBS = {"prepare": "processing", "embed": "processing", "train": "training", "tune": "tuning", "score": "processing"}
SHOWN = {
    "Missing": "waiting",
    "InProgress": "running",
    "Stopping": "running",
    "Completed": "succeeded",
    "Failed": "failed",
    "Stopped": "failed",
}

NO_ROOM = ("CapacityError", "MaxWaitTimeExceeded")
"""What stands in the failure of a job that got no machine; it is tried again under another name."""
PLACING = ("Pending", "Interrupted", "MaxWaitTimeExceeded")
"""Stages of a training job in which it waits for a machine."""
WAITING = "waiting for capacity: SageMaker has not placed the job yet and is asked again"
NO_MACHINE = "SageMaker had no machine for it"

Step = dict[str, Any]


def execution_name(run: Item, attempt: int | None = None) -> str:
    return f"{run['run_id']}-{attempt or run['attempt']}"


def score_name(look: int) -> str:
    """The last part of a score job's name: every look at the holdout is a job of its own."""
    return "score" if look <= 1 else f"score{look}"


def try_name(part: str, number: int) -> str:
    """The last part of a job's name where SageMaker had no room for the tries before: `train`, `train-try2`..."""
    return part if number <= 1 else f"{part}-try{number}"


def mark(run: Item, step: str, now: datetime, status: str, message: str = "") -> None:
    """Notes on the run item that `step`, which is no job, has now come to `status`; running again keeps its first start."""
    known = run["marks"].get(step, {"started_at": stamp(now)})
    ended = None if status == "running" else stamp(now)
    run["marks"][step] = {**known, "status": status, "ended_at": ended, "message": message}


def frozen(run: Item, jobs: Jobs) -> dict[str, Any]:
    """`steps` and `orchestration_seconds` of a run that has its `ended_at`, to be kept when SageMaker has forgotten its jobs."""
    return {"steps": [_ended(step) for step in steps(run, jobs)], "orchestration_seconds": orchestration_seconds(run, jobs)}


def steps(run: Item, jobs: Jobs) -> list[Step]:
    """The steps of docs/contracts/run.schema.json, in order; a person's promotion has the last one only.

    Where a task keeps no vectors, embed is skipped; tune is there where the run searches.
    """
    promote = _marked("promote", run["marks"].get("promote"))
    if run["kind"] != "retrain":
        return [promote]
    judge = _marked("judge", run["marks"].get("judge"))
    shown = _told_what_they_wait_for(run, [_step(run, step, jobs) for step in _jobs_of(run)])
    if not tasks.find(run["task"]).embeds:
        shown = [_timed("embed", "skipped", None, None) if step["name"] == "embed" else step for step in shown]
    return [*shown, judge, promote]


def orchestration_seconds(run: Item, jobs: Jobs) -> float | None:
    """Seconds of an ended run in which none of its jobs' own processes ran, or None while it goes on."""
    if run["ended_at"] is None:
        return None
    start, end = seconds_of(run["started_at"]), seconds_of(run["ended_at"])
    states = (state for step in _jobs_of(run) for name in _names(run, step) for _, state in _tries(jobs, step, name))
    ran = ((max(s.started, start), min(s.ended or end, end)) for s in states if s.started is not None)
    return round(max(0.0, end - start - _covered(ran)), 3)


def seconds_of(stamped: str) -> float:
    return datetime.fromisoformat(stamped).timestamp()


def _jobs_of(run: Item) -> list[str]:
    return [step for step in JOBS if step != "tune" or run.get("trials")]


def _names(run: Item, step: str) -> Iterator[str]:
    """Names of the jobs that this step may have had, the newest first."""
    if step == "tune":
        yield from (tuning.job_name(run["task"], run["run_id"], attempt) for attempt in range(run["attempt"], 0, -1))
        return
    parts = [score_name(look) for look in range(max(run["looks"], 1), 0, -1)] if step == "score" else [step]
    if run["kind"] == "retrain":
        yield from (f"{execution_name(run, attempt)}-{part}" for attempt in range(run["attempt"], 0, -1) for part in parts)


def _tries(jobs: Jobs, step: str, name: str) -> Iterator[tuple[str, JobState]]:
    """Names and states of a job and of its further tries; nothing where there was none."""
    for number in itertools.count(1):
        job = try_name(name, number)
        state = jobs.describe(JOBS[step], job)
        if state.status == "Missing":
            return
        yield job, state
        if step == "tune" or not out_of_room(state):
            return


def out_of_room(state: JobState) -> bool:
    """Whether the job ended because there was no machine for it, which is no failure of the job's own."""
    return state.status in ("Failed", "Stopped") and any(word in f"{state.stage} {state.failure}" for word in NO_ROOM)


def _step(run: Item, step: str, jobs: Jobs) -> Step:
    """What the newest of the step's jobs shows, with what all of them have cost."""
    tried = [tries for name in _names(run, step) if (tries := list(_tries(jobs, step, name)))]
    if not tried:
        return _of_job(step, JobState("Missing"))
    job, state = tried[0][-1]
    cost = of_jobs((state for tries in tried for _, state in tries), run.get("rates", {}).get(step))
    shown = {**_of_job(step, state), "job": job}
    return shown if cost is None else {**shown, "cost_usd": cost}


def _of_job(name: str, state: JobState) -> Step:
    """A job without a machine waits, unless its run has ended."""
    if out_of_room(state):
        return {**_timed(name, "waiting", None, None), "message": WAITING}
    step = _timed(name, SHOWN.get(state.status, "running"), _stamp(state.started), _stamp(state.ended))
    if state.status == "InProgress" and state.stage in PLACING:
        step["message"] = WAITING
    progress = {metric: value for metric, value in state.metrics.items() if math.isfinite(value)}
    return {**step, "progress": progress} if progress else step


def _told_what_they_wait_for(run: Item, shown: list[Step]) -> list[Step]:
    """A job that has its input and is not there yet waits for SageMaker to take it, which a quota may delay for hours."""
    by_name = {step["name"]: step for step in shown}
    tune = by_name.get("tune", by_name["train"])
    after = {"embed": by_name["prepare"], "train": by_name["prepare"], "tune": by_name["train"], "score": tune}
    for step, before in ((by_name[name], before) for name, before in after.items() if name in by_name):
        ready = before["status"] == "succeeded" and run["ended_at"] is None
        if step["status"] == "waiting" and ready and "message" not in step:
            step["message"] = WAITING
    return shown


def _marked(name: str, mark: dict[str, Any] | None) -> Step:
    if mark is None:
        return _timed(name, "waiting", None, None)
    step = _timed(name, mark["status"], mark["started_at"], mark["ended_at"])
    return {**step, "message": mark["message"]} if mark["message"] else step


def _timed(name: str, status: str, started: str | None, ended: str | None) -> Step:
    seconds = round(seconds_of(ended) - seconds_of(started), 3) if started and ended else None
    return {"name": name, "status": status, "started_at": started, "ended_at": ended, "seconds": seconds}


def _ended(step: Step) -> Step:
    """A run that has ended waits for nothing and runs nothing: the rest of a failed Parallel was stopped."""
    if step.get("message") == WAITING:  # until the end, in vain
        return {**step, "status": "failed", "message": NO_MACHINE}
    return {**step, "status": {"waiting": "skipped", "running": "failed"}.get(step["status"], step["status"])}


def _stamp(seconds: float | None) -> str | None:
    return None if seconds is None else stamp(datetime.fromtimestamp(seconds, UTC))


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """The length of the union of the spans."""
    total, reached = 0.0, -math.inf
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
