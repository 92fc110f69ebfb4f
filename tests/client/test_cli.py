"""The command line as a whole: errors, exit codes, tables, JSON, settings, the manual."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from chartloop.errors import ChartloopError, Forbidden, Unauthorized, Unavailable
from client import exits
from client.cli import parser, run
from tests.client import examples
from tests.client.service import Service, error, noticed, printed

ROOT = Path(__file__).parent.parent.parent
POST = "POST /v1/tasks/ner/records"
NO_ASPIRIN = examples.prediction(examples.found("no aspirin", drug="aspirin"))
IDLE = {"task": "ner", "progress": "1 of 100", "active_run": None, "blocked": None}


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
