"""A file of notes predicted: streamed in order, each error in its place, and taken up again after whatever ended it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from client import bulk, exits
from client.bulk import Note
from client.cli import run
from tests.client import examples
from tests.client.service import Service, error, noticed, printed
from tests.client.web import listening

ROOT = Path(__file__).parent.parent.parent
PREDICT = "POST /v1/tasks/ner/predict"


def echo(request: httpx.Request) -> httpx.Response:
    """One entity, the first word, for each text; an error for a text of nothing; 413 over 200,000 characters."""
    texts = json.loads(request.content)["texts"]
    if sum(map(len, texts)) > 200_000:
        return error(413, "payload_too_large", "at most 200,000 characters")
    return httpx.Response(200, json=examples.prediction(*(_first_word(text) for text in texts)))


def _first_word(text: str) -> dict[str, Any]:
    return examples.found(text, word=text.split()[0]) if text else {"error": {"code": "empty_text", "message": "empty"}}


class Folder:
    """An input, and what its prediction wrote."""

    def __init__(self, path: Path) -> None:
        self.source, self.output = path / "in.jsonl", path / "out.jsonl"
        self.argv = ["predict", "--file", str(self.source), "-o", str(self.output)]

    def notes(self, *texts: str) -> None:
        lines = [json.dumps({"record_id": f"n-{number}", "text": text}) for number, text in enumerate(texts)]
        self.source.write_text("\n".join(lines) + "\n\n")

    @property
    def results(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def asked(service: Service) -> list[str]:
    return [text for number in range(len(service.asked)) for text in service.sent(number)["texts"]]


def test_a_file_is_predicted_in_order(folder: Folder, tmp_path: Path) -> None:
    folder.notes(*(f"note{number} " + "w " * (number % 3 * 30_000) for number in range(200)))
    service = Service().on(PREDICT, echo)
    assert run(folder.argv, service.session(tmp_path)) == exits.OK
    assert [result["id"] for result in folder.results] == [f"n-{number}" for number in range(200)]
    assert [result["entities"][0]["surface"] for result in folder.results] == [f"note{number}" for number in range(200)]
    assert {result["model_version"] for result in folder.results} == {examples.prediction()["model_version"]}
    for number in range(len(service.asked)):
        sizes = [len(text) for text in service.sent(number)["texts"]]
        assert len(sizes) <= 64
        assert len(sizes) == 1 or sum(sizes) <= 100_000


def test_prompts_and_rows_are_asked_as_their_task_asks(folder: Folder, tmp_path: Path) -> None:
    lines = [{"record_id": f"q{number}", "prompt": f"Why {number}?", "completion": "So."} for number in range(40)]
    folder.source.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"id": "none", "text": "Why?"}]))

    def completed(request: httpx.Request) -> httpx.Response:
        said = json.loads(request.content)
        assert said.keys() == {"prompts", "max_new_tokens"} and said["max_new_tokens"] == 16 and len(said["prompts"]) <= 32
        found = [{"completion": f"Because of {prompt}", "tokens": 4, "finish": "stop"} for prompt in said["prompts"]]
        return httpx.Response(200, json=examples.prediction(*found))

    session = Service().on("POST /v1/tasks/generation/predict", completed).session(tmp_path)
    assert run([*folder.argv, "--task", "generation", "--option", "max_new_tokens=16"], session) == exits.REFUSED
    assert [result["id"] for result in folder.results] == [*(f"q{number}" for number in range(40)), "41"]
    assert folder.results[7]["completion"] == "Because of Why 7?"
    assert folder.results[40]["error"] == {"code": "missing_field", "message": "line 41 has no prompt"}
    assert "40 of 41 prompts" in printed(session)


def test_a_file_of_rows_is_asked_about_its_features(folder: Folder, tmp_path: Path) -> None:
    folder.source.write_text('{"record_id": "a", "patient_id": "p", "features": {"age": 71}, "target": 3}\n')
    service = Service().on("POST /v1/tasks/regression/predict", examples.prediction({"value": 4.5, "unit": "days"}))
    assert run([*folder.argv, "--task", "regression", "--option", "reasons=0"], service.session(tmp_path)) == exits.OK
    assert service.sent() == {"rows": [{"age": 71}], "reasons": 0}
    assert [(result["id"], result["value"]) for result in folder.results] == [("a", 4.5)]


def test_what_it_writes_is_for_its_owner_alone(folder: Folder, tmp_path: Path) -> None:
    folder.notes("one")
    run(folder.argv, Service().on(PREDICT, echo).session(tmp_path))
    assert folder.output.stat().st_mode & 0o077 == 0


def test_a_text_that_fails_has_its_error_in_its_place(folder: Folder, tmp_path: Path) -> None:
    folder.source.write_text('{"id": "a", "text": "one"}\n{"id": "b", "text": ""}\n{"text": "three"}\n')
    session = Service().on(PREDICT, echo).session(tmp_path)
    assert run(folder.argv, session) == exits.REFUSED
    assert [result["id"] for result in folder.results] == ["a", "b", "3"]
    assert folder.results[1] == {"id": "b", "error": {"code": "empty_text", "message": "empty"}}
    assert "2 of 3 texts" in printed(session)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"{", "invalid_json"),
        (b'{"id": "a"}', "missing_field"),
        (b'{"id": "a", "text": null}', "missing_field"),
        (b"7", "missing_field"),
        (b"\xff", "invalid_json"),
        (b"[" * 200_000, "invalid_json"),
    ],
)
def test_a_line_that_is_no_note_has_its_error_in_its_place(folder: Folder, tmp_path: Path, line: bytes, code: str) -> None:
    folder.source.write_bytes(b'{"text": "secret one"}\n' + line + b'\n{"text": "two"}')
    service = Service().on(PREDICT, echo)
    assert run(folder.argv, service.session(tmp_path)) == exits.REFUSED
    assert [result.get("error", {}).get("code") for result in folder.results] == [None, code, None]
    assert asked(service) == ["secret one", "two"]


def test_a_lone_surrogate_is_the_error_of_its_text(folder: Folder, tmp_path: Path) -> None:
    folder.source.write_text('{"id": "\\ud800", "text": "\\ud800"}\n')
    refused = {"error": {"code": "lone_surrogate", "message": "the text holds a lone surrogate"}}
    service = Service().on(PREDICT, examples.prediction(refused))
    assert run(folder.argv, service.session(tmp_path)) == exits.REFUSED
    assert asked(service) == ["\ud800"]
    assert folder.results == [{"id": "\ud800", **refused}]


def test_a_text_over_the_limit_is_that_text_s_error(folder: Folder, tmp_path: Path) -> None:
    folder.notes("w" * 300_000, "two")
    assert run(folder.argv, Service().on(PREDICT, echo).session(tmp_path)) == exits.REFUSED
    assert folder.results[0]["error"] == {"code": "payload_too_large", "message": "at most 200,000 characters"}
    assert folder.results[1]["entities"]


def test_a_call_that_is_too_large_is_halved(folder: Folder, tmp_path: Path) -> None:
    def narrow(request: httpx.Request) -> httpx.Response:
        return echo(request) if len(json.loads(request.content)["texts"]) < 3 else error(413, "payload_too_large")

    folder.notes(*(f"note{number}" for number in range(9)))
    assert run(folder.argv, Service().on(PREDICT, narrow).session(tmp_path)) == exits.OK
    assert [result["entities"][0]["surface"] for result in folder.results] == [f"note{number}" for number in range(9)]


def test_no_more_is_read_than_is_in_flight() -> None:
    read = 0

    def endless() -> Iterator[list[Note]]:
        nonlocal read
        while True:
            read += 1
            yield [Note(str(read), "", 0)]

    async def ask(group: list[Note]) -> list[bulk.Result]:
        return [note.placed({}) for note in group]

    async def take(count: int) -> None:
        done = 0
        predicted = bulk.in_order(endless(), ask, in_flight=3)
        async for _, results in predicted:
            done += 1
            assert results == [{"id": str(done)}]
            assert read <= done + 2
            if done == count:
                break
        await predicted.aclose()

    asyncio.run(take(50))


def test_several_requests_are_under_way_and_the_order_is_kept() -> None:
    async def go() -> list[str]:
        released = asyncio.Event()

        async def ask(group: list[Note]) -> list[bulk.Result]:
            if group[0].id == "0":
                await released.wait()  # the first is answered last: by the third
            if group[0].id == "2":
                released.set()
            return [note.placed({}) for note in group]

        groups = ([Note(str(number), "", 0)] for number in range(5))
        return [results[0]["id"] async for _, results in bulk.in_order(groups, ask, in_flight=3)]

    assert asyncio.run(go()) == ["0", "1", "2", "3", "4"]


def test_an_error_of_the_service_ends_it_and_keeps_what_was_written(folder: Folder, tmp_path: Path) -> None:
    def until_64(request: httpx.Request) -> httpx.Response:
        return echo(request) if "note0" in json.loads(request.content)["texts"] else error(503, "no_model")

    folder.notes(*(f"note{number}" for number in range(100)))
    service = Service().on(PREDICT, until_64)
    session = service.session(tmp_path)
    assert run(folder.argv, session) == exits.REFUSED
    assert noticed(session).startswith("no_model: ")
    assert len(folder.results) == 64
    service.on(PREDICT, echo).asked.clear()
    assert run(folder.argv, service.session(tmp_path)) == exits.OK
    assert asked(service) == [f"note{number}" for number in range(64, 100)]
    assert len(folder.results) == 100


def test_what_is_whole_is_not_asked_again_unless_it_is_asked_for(folder: Folder, tmp_path: Path) -> None:
    folder.notes("one", "")
    service = Service().on(PREDICT, echo)
    assert run(folder.argv, service.session(tmp_path)) == exits.REFUSED
    session = service.session(tmp_path)
    assert run(folder.argv, session) == exits.REFUSED
    assert "1 of 2 texts" in printed(session)
    assert len(service.asked) == 1
    assert run([*folder.argv, "--again"], service.session(tmp_path)) == exits.REFUSED
    assert len(service.asked) == 2
    assert len(folder.results) == 2


@pytest.mark.parametrize("other", ['{"id": "m-0"}\n', "no JSON\n", "[]\n", '{"id": "n-0"}\n{"id": "n-1"}\n{"id": "n-2"}\n'])
def test_results_of_another_file_are_left_as_they_are(folder: Folder, tmp_path: Path, other: str) -> None:
    folder.notes("one", "two")
    folder.output.write_text(other)
    session = Service().session(tmp_path)
    assert run(folder.argv, session) == exits.REFUSED
    assert noticed(session).startswith("conflict: output: line ")
    assert folder.output.read_text() == other


def test_a_killed_prediction_goes_on_where_it_was(folder: Folder, tmp_path: Path) -> None:
    folder.notes(*(f"note{number}" for number in range(1000)))
    reached, gate = threading.Event(), threading.Event()

    def slow_at_the_tenth(request: httpx.Request) -> httpx.Response:
        if int(json.loads(request.content)["texts"][0].removeprefix("note")) >= 640:
            reached.set()
            gate.wait()
        return echo(request)

    service = Service().on(PREDICT, slow_at_the_tenth)
    with listening(service) as url:
        settings = {"CHARTLOOP_URL": url, "CHARTLOOP_TOKEN": "a-token"}
        process = subprocess.Popen([sys.executable, "-m", "client.cli", *folder.argv], cwd=ROOT, env={**os.environ, **settings})
        assert reached.wait(120)
        process.kill()
        process.wait()
        gate.set()
        before = folder.results
        assert 7 * 64 <= len(before) < 1000  # the eleventh call is sent when the seventh is written
        with folder.output.open("ab") as output:
            output.write(b'{"id": "n-')  # what a kill in the middle of a line leaves
        again = Service().on(PREDICT, echo)
        assert run(folder.argv, again.session(tmp_path)) == exits.OK
    assert asked(again) == [f"note{number}" for number in range(len(before), 1000)]
    assert folder.results[: len(before)] == before
    assert [result["entities"][0]["surface"] for result in folder.results] == [f"note{number}" for number in range(1000)]


def test_a_file_that_cannot_be_written_is_wrong_usage(folder: Folder, tmp_path: Path) -> None:
    folder.notes("one")
    session = Service().session(tmp_path)
    assert run([*folder.argv[:-1], str(tmp_path / "nowhere" / "out.jsonl")], session) == exits.USAGE
    assert noticed(session).startswith("file_error: No such file or directory")
