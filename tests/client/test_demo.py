"""The demo's story against a service that answers as the real one would, or otherwise."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from chartloop import alarms
from chartloop.errors import JobFailed
from chartloop.snapshots import StoredRecord
from client import notes
from client.config import Target
from client.demo import FIRST, MORE, SETTINGS, SPOILED, Demo
from tests.client import examples
from tests.client.service import Service, printed

PROMOTE_FIRST = examples.run("r-1", verdict=examples.verdict("promote", 0.8, None))
PROMOTE_BETTER = examples.run("r-2", verdict=examples.verdict("promote", 0.9, 0.8, low=0.06))
KEEP = examples.run("r-3", outcome="kept", verdict=examples.verdict("keep", 0.85, 0.9, low=-0.09))


def service(runs: list[dict[str, Any]]) -> Service:
    """Starts the next of `runs` after each batch."""
    made = Service().on("PATCH /v1/tasks/ner/settings", {}).on("POST /v1/tasks/ner/predict", predicted)
    made.on("POST /v1/tasks/ner/records", examples.receipt(status="received")).on(
        "GET /v1/tasks/ner/batches/b-1", examples.receipt()
    )

    def status(request: httpx.Request) -> httpx.Response:
        posted = made.routes.count("POST /v1/tasks/ner/records")
        active = runs[posted - 1]["run_id"] if posted <= len(runs) else None
        return httpx.Response(200, json={"active_run": active, "blocked": {"message": "the base model is not staged"}})

    made.on("GET /v1/tasks/ner", status)
    for run in runs:
        made.on(f"GET /v1/runs/{run['run_id']}", {**examples.training(50, 0.4), "run_id": run["run_id"]}, run)
    return made


def predicted(request: httpx.Request) -> httpx.Response:
    (text,) = json.loads(request.content)["texts"]
    return httpx.Response(200, json=examples.prediction(examples.found(text, word=text.split()[0])))


def told(answers: Service, tmp_path: Path) -> tuple[bool, str]:
    session = answers.session(tmp_path)
    return Demo(session, Target("http://service.example", "a-token"), seed=7).tell(), printed(session)


@pytest.mark.parametrize("seed", [7, 11])
def test_in_the_demos_notes_no_word_looks_planted(seed: int) -> None:
    """Else the better model would wait for a person."""
    stored = [
        StoredRecord(name := each["record_id"], "b", 1, 1, name, "0" * 64, dict(each)) for each in notes.write(FIRST + MORE, seed)
    ]
    assert not alarms.rare_words(stored[:FIRST], stored[FIRST:])


def test_three_batches_three_runs_three_verdicts(tmp_path: Path) -> None:
    answers = service([PROMOTE_FIRST, PROMOTE_BETTER, KEEP])
    well, text = told(answers, tmp_path)
    assert well
    posts = [request for request in answers.asked if request.url.path.endswith("/records")]
    assert [len(post.content.splitlines()) for post in posts] == [FIRST, MORE, SPOILED]
    assert next(json.loads(r.content) for r in answers.asked if r.method == "PATCH") == SETTINGS
    assert len(re.findall(r" expected *$", text, re.MULTILINE)) == 3
    assert "+0.100 (+0.060 to +0.150)" in text
    assert "](word)" in text
    assert "http://service.example" in text


def test_no_note_is_posted_twice_and_the_unseen_one_never(tmp_path: Path) -> None:
    answers = service([PROMOTE_FIRST, PROMOTE_BETTER, KEEP])
    told(answers, tmp_path)
    posted = [json.loads(line) for r in answers.asked if r.url.path.endswith("/records") for line in r.content.splitlines()]
    texts = [note["text"] for note in posted]
    assert len(set(texts)) == len({note["record_id"] for note in posted}) == FIRST + MORE + SPOILED
    (unseen,) = next(json.loads(r.content) for r in answers.asked if r.url.path.endswith("/predict"))["texts"]
    assert unseen not in texts


@pytest.mark.parametrize(
    ("number", "instead"),
    [
        (0, examples.run("r-1", outcome="kept", verdict=examples.verdict("keep", 0.4, None))),
        (1, examples.run("r-2", outcome="needs-review", verdict=examples.verdict("needs-review", 0.81, 0.8, low=-0.01))),
        (1, examples.run("r-2", verdict=examples.verdict("promote", 0.81, 0.8, low=-0.01))),
        (2, examples.run("r-3", outcome="needs-review", verdict=examples.verdict("needs-review", 0.91, 0.9, low=-0.01))),
        (2, examples.run("r-3", verdict=examples.verdict("promote", 0.95, 0.9))),
        (2, examples.run("r-3", status="failed", outcome="failed", verdict=None)),
    ],
)
def test_another_verdict_is_no_success(tmp_path: Path, number: int, instead: dict[str, Any]) -> None:
    runs = [PROMOTE_FIRST, PROMOTE_BETTER, KEEP]
    runs[number] = instead
    well, text = told(service(runs), tmp_path)
    assert not well
    assert len(re.findall(r" expected *$", text, re.MULTILINE)) == 2


def test_a_run_that_does_not_start_ends_the_demo_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(JobFailed, match="the base model is not staged"):
        told(service([]), tmp_path)
