"""Canary strings go in by every way in, broken and whole: no log, error or metric of any function repeats one."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chartloop import failures, items, keys
from chartloop.predictions import identified
from lambdas import api, authorizer, begin, finish, janitor, judge, logs, on_upload, predict, promote, publish, sweep
from tests.lambdas.gateway import Caller
from tests.lambdas.test_on_upload import created, queued
from tests.worlds import TASK, FakeWorld

CANARIES = ("Quixano", "MRN-00427731", "zyklotroph")
TEXT = "Zebulon Quixano, MRN-00427731, has zyklotroph fever."
RECORD = {"record_id": "r-1", "text": TEXT, "entities": [{"start": 0, "end": 15, "label": "sign"}]}


class Leaky(Exception):
    """As a library's: its words quote what it failed on."""

    def __init__(self) -> None:
        super().__init__(f"cannot parse {TEXT!r}")


class Sinks:
    """Everything that leaves a function beside a good answer."""

    def __init__(self, lines: io.StringIO) -> None:
        self.lines, self.texts = lines, list[str]()

    def add(self, *texts: str) -> None:
        self.texts += texts

    def leaks(self) -> list[str]:
        whole = [*self.texts, self.lines.getvalue()]
        return [line for text in whole for line in text.splitlines() if any(canary in line for canary in CANARIES)]


@pytest.fixture
def sinks(capsys: pytest.CaptureFixture[str]) -> Iterator[Sinks]:
    """The functions' own log, every other logger, standard output and error."""
    stream = io.StringIO()
    mine, theirs = logging.StreamHandler(stream), logging.StreamHandler(stream)
    mine.setFormatter(logs.logger().registered_formatter)
    ours, root = logging.getLogger("chartloop"), logging.getLogger()
    before, ours.handlers = ours.handlers, [mine]
    root.addHandler(theirs)
    found = Sinks(stream)
    yield found
    ours.handlers = before
    root.removeHandler(theirs)
    out, err = capsys.readouterr()
    found.add(out, err)
    assert not found.leaks()


def broken(world: FakeWorld, name: str) -> None:
    """The seam `name` fails from now on with an error that quotes clinical text."""

    class Broken:
        bucket = "data"

        def __getattr__(self, _name: str) -> Any:
            raise Leaky

    setattr(world, name, Broken())


BODIES: dict[str, Any] = {
    "a span past the end": [{**RECORD, "entities": [{"start": 0, "end": 900, "label": "sign"}]}],
    "another surface": [{**RECORD, "entities": [{"start": 0, "end": 4, "label": "sign", "surface": "Quixano"}]}],
    "a field too many": [{**RECORD, "diagnosis": TEXT}],
    "text that is a list": [{**RECORD, "text": [TEXT]}],
    "labels that are text": [{**RECORD, "entities": TEXT}],
    "half a line": json.dumps(RECORD)[:-9],
    "no JSON": TEXT,
    "bytes that are no UTF-8": TEXT.encode() + b"\xff",
    "an option of one's own": {"records": [RECORD], "replace": TEXT},
}


@pytest.mark.parametrize("name", BODIES)
def test_posted_records(sinks: Sinks, name: str) -> None:
    answer = Caller(api.handle, FakeWorld())("POST", "/v1/tasks/ner/records", BODIES[name])
    sinks.add(answer.text)


@pytest.mark.parametrize("route", ["records", "uploads", "predict", "rollback", "runs", "batches", "feedback", "review", "drift"])
@pytest.mark.parametrize("seam", ["objects", "ledger", "endpoints"])
def test_crashes_behind_the_api(sinks: Sinks, route: str, seam: str) -> None:
    world = FakeWorld()
    broken(world, seam)
    call = Caller(predict.handle if route == "predict" else api.handle, world)
    bodies: dict[str, Any] = {
        "records": [RECORD],
        "predict": {"text": TEXT, "keep": True},
        "feedback": {"prediction_id": identified("ner", "v-1", [TEXT], [{}])[0]["prediction_id"], "entities": [], "text": TEXT},
        "rollback": {"reason": "x"},
        "uploads": {"name": "a.csv"},
    }
    answer = call("GET" if route in ("batches", "review", "drift") else "POST", f"/v1/tasks/ner/{route}", bodies.get(route))
    sinks.add(answer.text)


@pytest.mark.parametrize(
    "body",
    [{"text": [TEXT]}, {"texts": {"a": TEXT}}, {"text": TEXT, "extra": TEXT}, TEXT, {"text": TEXT, "min_confidence": TEXT}],
)
def test_predictions_that_break_a_rule(sinks: Sinks, body: Any) -> None:
    answer = Caller(predict.handle, FakeWorld())("POST", "/v1/tasks/ner/predict", body)
    assert answer.status >= 400
    sinks.add(answer.text)


@pytest.mark.parametrize("body", [
    {"prediction_id": TEXT, "entities": []}, {"prediction_id": "p", "entities": [], "text": TEXT, TEXT: 1},
    {"prediction_id": identified("ner", "v-1", [TEXT], [{}])[0]["prediction_id"], "entities": [{TEXT: TEXT}], "text": TEXT},
])  # fmt: skip
def test_corrections_that_break_a_rule(sinks: Sinks, body: Any) -> None:
    world = FakeWorld()
    world.stores["ledger"].save(items.new(items.model_key("ner", "v-1")))
    answer = Caller(api.handle, world)("POST", "/v1/tasks/ner/feedback", body)
    assert answer.status in (400, 404)
    sinks.add(answer.text)


def test_a_path_and_a_query_that_hold_text(sinks: Sinks) -> None:
    call = Caller(api.handle, FakeWorld())
    for path in (f"/v1/runs/ner-{CANARIES[1]}", f"/v1/tasks/ner/batches/{CANARIES[1]}", f"/v1/tasks/{CANARIES[0]}"):
        sinks.add(call("GET", path, query={"before": TEXT}).text)


@pytest.mark.parametrize("body", [json.dumps(RECORD).encode(), b'{"text": "' + TEXT.encode(), TEXT.encode() + b"\xff"])
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.xlsx"])
def test_dropped_files(sinks: Sinks, body: bytes, name: str) -> None:
    world = FakeWorld()
    world.stores["objects"].put(keys.incoming(TASK, "b-1") if name == "a.jsonl" else f"incoming/ner/{name}", body)
    on_upload.handle(queued(created(f"incoming/ner/{name}"), created("incoming/ner/b-1.jsonl")), None, world)


def test_a_crash_while_a_file_is_taken_in(sinks: Sinks) -> None:
    world = FakeWorld()
    broken(world, "objects")
    answer = on_upload.handle(queued(created("incoming/ner/a.jsonl")), None, world)
    assert answer["batchItemFailures"]
    sinks.add(json.dumps(answer))


def test_what_a_run_says_of_a_failure(sinks: Sinks) -> None:
    world = FakeWorld()
    world.add_batch()
    run_id = str(world.consider())
    causes = [
        {"Error": "States.TaskFailed", "Cause": json.dumps({"FailureReason": f"AlgorithmError: ExecuteUserScriptError: {TEXT}"})},
        {"Error": "States.TaskFailed", "Cause": json.dumps({"ExitMessage": TEXT})},
        {"Error": "Leaky", "Cause": json.dumps({"errorType": "Leaky", "errorMessage": str(Leaky())})},
        {"Error": TEXT[:70], "Cause": TEXT},
    ]
    for cause in causes[:3]:
        sinks.add(json.dumps(failures.coded(cause)))
    finish.handle({"task": TASK, "run_id": run_id, "outcome": "failed", "error": causes[1]}, world)
    sinks.add(json.dumps(world.run(run_id)))


def test_a_whole_run_the_sweep_and_the_janitor(sinks: Sinks) -> None:
    world = FakeWorld()
    world.stores["objects"].put(keys.incoming(TASK, "b-1"), json.dumps(RECORD).encode())
    world.add_batch()
    world.to_end()
    sweep.handle({}, world)
    janitor.handle({}, world)
    assert world.owner()["champion"]


@pytest.mark.parametrize(
    "step", [begin.handle, judge.handle_champion, judge.handle, promote.handle, publish.handle, finish.handle]
)
def test_steps_of_a_run_let_errors_rise_and_say_nothing(sinks: Sinks, step: Any) -> None:
    world = FakeWorld()
    broken(world, "ledger")
    broken(world, "objects")
    event = {
        "task": TASK,
        "run_id": "r",
        "step": "copy" if step is publish.handle else "register",
        "champion": {},
        "outcome": "kept",
    }
    with pytest.raises(Leaky):
        step(event, world)


def test_a_token_that_holds_text(sinks: Sinks) -> None:
    class Refuses:
        def verify(self, _token: str) -> None:
            raise Leaky

    event = {"type": "TOKEN", "authorizationToken": f"Bearer {CANARIES[1]}", "methodArn": "arn:aws:execute-api:r:1:a/prod/GET/v1"}
    with pytest.raises(Exception) as refused:
        authorizer.handle(event, Refuses())  # type: ignore[arg-type]
    assert isinstance(refused.value, Leaky) or CANARIES[1] not in str(refused.value)


def test_a_field_that_is_not_on_the_list_is_no_field_of_the_log() -> None:
    with pytest.raises(ValueError, match="not a field of the log: text"):
        logs.info("said", text=TEXT)
