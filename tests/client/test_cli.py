"""The command line, command by command: what it asks, what it prints, how it exits."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from adapters import diabetes130
from chartloop.errors import ChartloopError, Forbidden, Unauthorized, Unavailable
from client import exits
from client.cli import parser, run
from tests.client import examples
from tests.client.service import Service, error, noticed, printed

ROOT = Path(__file__).parent.parent.parent
BATCH = "GET /v1/tasks/ner/batches/b-1"
POST = "POST /v1/tasks/ner/records"
NO_ASPIRIN = examples.prediction(examples.found("no aspirin", drug="aspirin"))
IDLE = {"task": "ner", "progress": "1 of 100", "active_run": None, "blocked": None}


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    file = tmp_path / "notes.jsonl"
    file.write_text('{"record_id": "n-1", "text": "on aspirin"}\n{"record_id": "n-2", "text": "off aspirin"}\n')
    return file


def test_errors_are_one_line_and_no_traceback(tmp_path: Path) -> None:
    service = Service().on("GET /v1/runs/r-9", error(404, "not_found", "no such run\nat all", field="run"))
    session = service.session(tmp_path)
    assert run(["run", "r-9"], session) == exits.REFUSED
    assert noticed(session) == "not_found: run: no such run at all\n"
    assert printed(session) == ""


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["push"],
        ["push", "/no/such/file"],
        ["predict"],
        ["promote", "r-1"],
        ["settings", "--set", "epochs"],
        ["predict", "--file", __file__],
    ],
)
def test_wrong_usage_exits_with_two(tmp_path: Path, argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        run(argv, Service().session(tmp_path))
    assert raised.value.code == exits.USAGE
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (ChartloopError("x"), exits.REFUSED),
        (Unavailable("x"), exits.REFUSED),
        (Unavailable("x", code="unreachable"), exits.UNREACHABLE),
        (Unauthorized("x"), exits.UNREACHABLE),
        (Forbidden("x"), exits.UNREACHABLE),
    ],
)
def test_an_error_has_its_exit_code(raised: ChartloopError, code: int) -> None:
    assert exits.of_error(raised) == code


def test_no_service_exits_with_four(tmp_path: Path) -> None:
    session = Service().session(tmp_path, environ={})
    assert run(["status"], session) == exits.UNREACHABLE
    assert noticed(session).startswith("unreachable: ")


def test_the_state_folder_names_the_service(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("http://service.example")
    (tmp_path / "token").write_text("a-token")
    service = Service().on("GET /v1/tasks/ner", IDLE)
    session = service.session(tmp_path, environ={})
    assert run(["status", "--state", str(tmp_path)], session) == exits.OK
    assert "1 of 100" in printed(session)


@pytest.mark.parametrize(
    ("argv", "route", "answer", "expected"),
    [
        (["status"], "GET /v1/tasks/ner", IDLE, IDLE),
        (["settings"], "GET /v1/tasks/ner/settings", {"policy": "strict"}, {"policy": "strict"}),
        (["runs"], "GET /v1/runs", {"runs": [examples.run()], "next": None}, {"runs": [examples.run()], "next": None}),
        (["run", "r-1"], "GET /v1/runs/r-1", examples.run(), examples.run()),
        (["cancel", "r-1", "--reason", "x"], "POST /v1/runs/r-1/cancel", examples.run(), examples.run()),
        (["models"], "GET /v1/tasks/ner/models", {"models": [examples.model()]}, [examples.model()]),
        (["promote", "r-1", "--reason", "x"], "POST /v1/tasks/ner/models/r-1/promote", examples.run(), examples.run()),
        (["reject", "r-1", "--reason", "x"], "POST /v1/tasks/ner/models/r-1/reject", examples.model(), examples.model()),
        (["rollback", "--reason", "x"], "POST /v1/tasks/ner/rollback", examples.run(), examples.run()),
        (["predict", "no aspirin"], "POST /v1/tasks/ner/predict", NO_ASPIRIN, NO_ASPIRIN),
    ],
)  # fmt: skip
def test_json_is_the_answer_of_the_service(tmp_path: Path, argv: list[str], route: str, answer: Any, expected: Any) -> None:
    session = Service().on(route, answer).session(tmp_path)
    assert run([*argv, "--json"], session) == exits.OK
    assert json.loads(printed(session)) == expected


@pytest.mark.parametrize(
    ("argv", "route", "answer", "expected"),
    [
        (["settings"], "GET /v1/tasks/ner/settings", {"hyperparameters": {"seed": 42}}, "hyperparameters.seed"),
        (["runs", "--task", "ner"], "GET /v1/runs", {"runs": [examples.run()], "next": None}, "+0.100"),
        (["run", "r-1"], "GET /v1/runs/r-1", examples.run(), "Entity F1 is better."),
        (["models"], "GET /v1/tasks/ner/models", {"models": [examples.model()]}, "90.0 MB"),
        (
            ["reject", "r-1", "--reason", "x"],
            "POST /v1/tasks/ner/models/r-1/reject",
            examples.model(status="rejected"),
            "rejected",
        ),
        (["promote", "r-1", "--reason", "x"], "POST /v1/tasks/ner/models/r-1/promote", examples.run(kind="promote"), "promoted"),
    ],
)
def test_tables_for_people(tmp_path: Path, argv: list[str], route: str, answer: Any, expected: str) -> None:
    session = Service().on(route, answer).session(tmp_path)
    assert run(argv, session) == exits.OK
    assert expected in printed(session)


def test_settings_are_changed_by_name(tmp_path: Path) -> None:
    service = Service().on("PATCH /v1/tasks/ner/settings", {"minimum_records": 100})
    changes = ["minimum_records=100", "learning_rate=3e-4", "bf16=false", 'labels=["drug"]', "model_name_or_path=org/name"]
    assert run(["settings", *(part for change in changes for part in ("--set", change))], service.session(tmp_path)) == exits.OK
    assert service.sent() == {
        "minimum_records": 100, "learning_rate": 3e-4, "bf16": False, "labels": ["drug"], "model_name_or_path": "org/name",
    }  # fmt: skip


def test_push_shows_the_counts_and_every_bad_line(tmp_path: Path, notes: Path) -> None:
    entries = [
        {
            "line": 1,
            "record_id": "n-1",
            "verdict": "accepted",
            "notes": [{"code": "span_widened", "message": "entities[0] to 3..9"}],
        },
        {
            "line": 2,
            "record_id": "n-2",
            "verdict": "rejected",
            "code": "offset_past_end",
            "field": "entities[1].end",
            "message": "past 11",
        },
    ]
    service = (
        Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt(entries=entries, new_labels=["drug"]))
    )
    session = service.session(tmp_path)
    assert run(["push", str(notes), "--replace"], session) == exits.OK
    assert service.asked[0].url.params["replace"] == "true"
    assert service.asked[0].content == notes.read_bytes()
    lines = printed(session).splitlines()
    assert "line 1 (n-1): note: span_widened: entities[0] to 3..9" in lines
    assert "line 2 (n-2): rejected: offset_past_end: entities[1].end: past 11" in lines
    assert "new labels: drug" in lines
    assert "2 total, 1 accepted, 1 rejected" in lines


def test_push_counts_lines_through_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(("x" * 2_999_999 + "\n") * 3)
    rejected = [{"line": 1, "verdict": "rejected", "code": "invalid_json", "message": "column 1"}]
    service = Service().on(POST, *(examples.receipt(f"b-{number}", status="received") for number in (1, 2, 3)))
    for number in (1, 2, 3):
        service.on(f"GET /v1/tasks/ner/batches/b-{number}", examples.receipt(f"b-{number}", entries=rejected))
    session = service.session(tmp_path)
    assert run(["push", str(file)], session) == exits.REFUSED
    assert re.findall(r"line (\d)", printed(session)) == ["1", "2", "3"]
    assert "3 total, 3 rejected" in printed(session)


def test_push_of_a_compressed_file_goes_by_the_presigned_address(tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl.gz"
    file.write_bytes(b"zipped")
    place = {"batch_id": "b-1", "url": "http://bucket.example/x", "headers": {}, "key": "k", "expires_in": 60}
    quarantined = examples.receipt(status="quarantined", entries=[], code="truncated", message="the gzip stream ends early")
    service = Service().on("POST /v1/tasks/ner/uploads", place).on("PUT /x", httpx.Response(200)).on(BATCH, quarantined)
    session = service.session(tmp_path)
    assert run(["push", str(file)], session) == exits.REFUSED
    assert "quarantined: truncated: the gzip stream ends early" in printed(session)


def test_push_json_is_a_receipt_a_line(tmp_path: Path, notes: Path) -> None:
    session = Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt()).session(tmp_path)
    assert run(["push", str(notes), "--json"], session) == exits.OK
    assert [json.loads(line) for line in printed(session).splitlines()] == [examples.receipt()]


@pytest.mark.parametrize(("outcome", "code"), [("promoted", exits.OK), ("kept", 3), ("needs-review", 3), ("failed", 3)])
def test_push_and_wait_ends_as_its_last_run(tmp_path: Path, notes: Path, outcome: str, code: int) -> None:
    done = examples.run(status="failed" if outcome == "failed" else "succeeded", outcome=outcome)
    service = Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt())
    service.on("GET /v1/tasks/ner", IDLE, {**IDLE, "active_run": "r-1"}, IDLE).on(
        "GET /v1/runs/r-1", examples.training(50, 0.5), done
    )
    session = service.session(tmp_path)
    assert run(["push", str(notes), "--wait"], session) == code
    assert outcome in printed(session)
    assert "train running" in noticed(session)


def test_push_and_wait_says_when_no_run_starts(tmp_path: Path, notes: Path) -> None:
    service = Service().on(POST, examples.receipt(status="received")).on(BATCH, examples.receipt()).on("GET /v1/tasks/ner", IDLE)
    session = service.session(tmp_path)
    assert run(["push", str(notes), "--wait"], session) == exits.OK
    assert "no run was started" in printed(session)
    assert "1 of 100" in printed(session)


@pytest.mark.parametrize(
    ("argv", "route"),
    [
        (["promote", "r-1", "--reason", "x", "--wait"], "POST /v1/tasks/ner/models/r-1/promote"),
        (["rollback", "r-1", "--reason", "x", "--wait"], "POST /v1/tasks/ner/rollback"),
        (["run", "r-1", "--wait"], "GET /v1/runs/r-1"),
    ],
)
def test_waiting_for_a_run_that_fails_exits_with_three(tmp_path: Path, argv: list[str], route: str) -> None:
    failed = examples.run(status="failed", outcome="failed", error={"code": "endpoint_failed", "message": "rolled back"})
    service = Service().on("GET /v1/runs/r-1", failed).on(route, failed)
    session = service.session(tmp_path)
    assert run(argv, session) == exits.NOT_PROMOTED
    assert "endpoint_failed: rolled back" in printed(session)


def test_runs_are_watched_until_somebody_stops(tmp_path: Path) -> None:
    service = Service().on("GET /v1/runs", {"runs": [examples.training(10, 0.9)]}, {"runs": [examples.run()]})
    session = service.session(tmp_path)

    def stop_after_two(seconds: float) -> None:
        if len(service.asked) == 2:
            raise KeyboardInterrupt

    session.sleep = stop_after_two
    assert run(["runs", "--watch"], session) == exits.INTERRUPTED
    assert "train running" in printed(session)
    assert "train succeeded" in printed(session)


NOTE = "Start metformin 500 mg."
ANSWER = examples.prediction(examples.found(NOTE, drug="metformin", dose="500 mg"))


def test_a_note_is_annotated_in_plain_text(tmp_path: Path) -> None:
    service = Service().on("POST /v1/tasks/ner/predict", ANSWER)
    session = service.session(tmp_path)
    assert run(["predict", NOTE, "--min-confidence", "0.5"], session) == exits.OK
    assert printed(session) == "Start [metformin](drug) [500 mg](dose).\n"
    assert service.sent() == {"texts": [NOTE], "min_confidence": 0.5}


def test_a_label_is_told_with_the_sentences_that_spoke_for_it(tmp_path: Path) -> None:
    sentence = {"start": 0, "end": 13, "surface": "Wound closed.", "weight": 0.4}
    found = {"label": "Surgery", "probability": 0.9712, "probabilities": {"Surgery": 0.9712}, "sentences": [sentence]}
    service = Service().on("POST /v1/tasks/classification/predict", examples.prediction({**found, "characters": 23}))
    session = service.session(tmp_path)
    asked = ["predict", "Wound closed. Home now.", "--task", "classification", "--sentences", "1"]
    assert run(asked, session) == exits.OK
    assert printed(session) == "[Wound closed.](Surgery) Home now.\n"
    assert "Surgery (0.97) by" in noticed(session)
    assert service.sent() == {"texts": ["Wound closed. Home now."], "sentences": 1}


def test_a_note_is_coloured_on_a_terminal(tmp_path: Path) -> None:
    session = Service().on("POST /v1/tasks/ner/predict", ANSWER).session(tmp_path)
    session.out = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=100, markup=False)
    assert run(["predict", NOTE], session) == exits.OK
    assert re.search("\x1b\\[[0-9;]+mmetformin\x1b\\[0m", printed(session))


def test_a_note_comes_from_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(NOTE))
    service = Service().on("POST /v1/tasks/ner/predict", ANSWER)
    assert run(["predict", "-"], service.session(tmp_path)) == exits.OK
    assert service.sent()["texts"] == [NOTE]


def test_a_note_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    refused = examples.prediction({"error": {"code": "empty_text", "message": "the text is empty"}})
    session = Service().on("POST /v1/tasks/ner/predict", refused).session(tmp_path)
    assert run(["predict", ""], session) == exits.REFUSED
    assert "empty_text: the text is empty" in noticed(session)


def test_another_task_is_asked_with_its_own_input_and_options(tmp_path: Path) -> None:
    answer = {**examples.prediction({"prediction_id": "p", "value": 4.25, "unit": "days"}), "task": "regression"}
    service = Service().on("POST /v1/tasks/regression/predict", answer)
    session = service.session(tmp_path)
    words = ["predict", '{"age": 71}', "--task", "regression", "--option", "reasons=2"]
    assert run(words, session) == exits.OK
    assert service.sent() == {"features": {"age": 71}, "reasons": 2}
    assert printed(session) == "value: 4.25\nunit: days\n"
    assert run(["predict", "no object", "--task", "regression"], session) != exits.OK


def test_brat_files_become_records_and_what_is_set_aside_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "brat"
    folder.mkdir()
    (folder / "1.txt").write_text("severe chest pain, no fever")
    (folder / "1.ann").write_text("T1\tproblem 0 17\tsevere chest pain\nT2\tanatomy 7 12\tchest\n")
    output = tmp_path / "out.jsonl"
    session = Service().session(tmp_path)
    assert run(["import", "brat", str(folder), "-o", str(output)], session) == exits.OK
    (record,) = (json.loads(line) for line in output.read_text().splitlines())
    assert [(entity["start"], entity["end"], entity["label"]) for entity in record["entities"]] == [(0, 17, "problem")]
    assert "span_set_aside" in printed(session)
    assert printed(session).endswith(f"1 records with 1 entities in {output}, 1 span_set_aside\n")
    assert "chest" not in printed(session).replace(str(tmp_path), "")


def test_transcriptions_become_records_and_what_is_dropped_is_counted(tmp_path: Path) -> None:
    table, output = tmp_path / "notes.csv", tmp_path / "out.jsonl"
    rows = ["medical_specialty,transcription,sample_id", "Surgery,Wound closed.,1", "Consult,He coughs.,2", "Radiology,Film.,3"]
    table.write_text("\n".join([*rows, "Consult,Wound closed.,1"]))
    session = Service().session(tmp_path)
    assert run(["import", "mtsamples", str(table), "--labels", "Surgery,Consult", "-o", str(output)], session) == exits.OK
    assert [json.loads(line)["label"] for line in output.read_text().splitlines()] == ["Surgery", "Consult"]
    assert "1: listed_twice: is listed under Surgery and Consult" in printed(session)
    dropped = "1 listed_again, 1 listed_twice, 1 other_specialty"
    assert printed(session).endswith(f"2 records with 1 Surgery, 1 Consult in {output}, {dropped}\n")


def test_stays_become_records_and_what_is_left_out_is_told(tmp_path: Path) -> None:
    table, output = tmp_path / "stays.csv", tmp_path / "out.jsonl"
    columns = [*diabetes130.NEEDED, "num_medications"]
    table.write_text(
        ",".join(columns) + "\n" + ",".join(["9", "1", "3", *["?"] * (len(columns) - 7), "1", "0", "2", "18"]) + "\n"
    )
    session = Service().session(tmp_path)
    assert run(["import", "diabetes130", str(table), "-o", str(output)], session) == exits.OK
    (record,) = (json.loads(line) for line in output.read_text().splitlines())
    assert (record["target"], record["features"]["number_outpatient"]) == (3.0, 2.0)
    assert "left out, for it is known only at discharge: num_medications" in printed(session)
    assert "1 records in " in printed(session)


def test_a_folder_without_annotations_makes_no_file(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    output = tmp_path / "out.jsonl"
    session = Service().session(tmp_path)
    assert run(["import", "brat", str(tmp_path / "empty"), "-o", str(output)], session) == exits.REFUSED
    assert not output.exists()


def test_questions_become_records_and_other_documents_plain_texts(tmp_path: Path) -> None:
    source, output, texts = (tmp_path / name for name in ("in.jsonl", "out.jsonl", "texts.jsonl"))
    pairs = [{"focus": f"illness {n}", "question": f"What is {n}?", "answer": f"It is {n} of many."} for n in range(20)]
    source.write_text("".join(json.dumps(pair) + "\n" for pair in pairs))
    session = Service().session(tmp_path)
    ordered = ["import", "medquad", str(source), "-o", str(output)]
    assert run(ordered, session) == exits.OK
    assert len(output.read_text().splitlines()) == 20
    assert run([*ordered, "--texts", str(texts), "--texts-percent", "50"], session) == exits.OK
    records = [json.loads(line) for line in output.read_text().splitlines()]
    others = [json.loads(line)["text"] for line in texts.read_text().splitlines()]
    assert 0 < len(records) < 20
    assert {record["completion"] for record in records}.isdisjoint(others)
    assert printed(session).endswith(f"{len(records)} records in {output}, {len(others)} text\n")


def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr("sys.stdout", io.StringIO())
    session = Service().on("GET /v1/tasks/ner", IDLE).session(tmp_path)
    session.out = Console(file=Closed(), markup=False)
    assert run(["status", "--json"], session) == exits.OK
    assert noticed(session) == ""


def test_the_manual_names_every_command_and_exit_code() -> None:
    manual = (ROOT / "docs" / "cli.md").read_text()
    (commands,) = (action for action in parser()._actions if action.choices)
    assert commands.choices is not None
    for name in commands.choices:
        assert f"`chartloop {name}" in manual
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", manual, re.MULTILINE)} == codes
