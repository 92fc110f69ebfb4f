"""An artifact as a service: golden requests asked again and times taken, of a program that stands in for an artifact's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chartloop import tasks
from chartloop.errors import JobFailed
from training import service

NER = tasks.find("ner")
ANSWERS = """
import json, sys
for number, line in enumerate(sys.stdin):
    (asked,) = json.loads(line)["inputs"]
    if asked == "fall":
        sys.exit(3)
    if asked == "mute":
        break
    print(json.dumps({"predictions": [{"entities": [{"start": 0, "end": len(asked), "label": "drug"}]}]}), flush=True)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(ANSWERS)
    return tmp_path


def golden(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    """(text, end of the one entity that is recorded)."""
    return [{"input": text, "answer": {"entities": [{"start": 0, "end": end, "label": "drug"}]}} for text, end in pairs]


def test_golden_requests_are_asked_again_and_the_rest_is_timed(folder: Path) -> None:
    found = service.measure(folder, NER, golden(("aspirin", 7), ("ibuprofen", 8)), ["a", "b", "c"])
    assert (found.golden, found.wrong, found.requests) == (2, 1, 3)
    assert found.p50_ms is not None and found.p95_ms is not None and 0 < found.p50_ms <= found.p95_ms


def test_without_a_holdout_the_golden_requests_are_timed(folder: Path) -> None:
    assert service.measure(folder, NER, golden(("aspirin", 7)), []).requests == 1
    nothing = service.measure(folder, NER, [], [])
    assert (nothing.golden, nothing.requests, nothing.p95_ms) == (0, 0, None)


def test_so_many_requests_are_enough_and_so_much_time(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert service.measure(folder, NER, [], ["x"] * 100).requests == service.REQUESTS
    monkeypatch.setattr(service, "SECONDS", -1.0)
    assert service.measure(folder, NER, [], ["x"] * 100).requests == 0


@pytest.mark.parametrize("said", ["fall", "mute"])
def test_code_that_ends_fails_the_job(folder: Path, said: str) -> None:
    with pytest.raises(JobFailed) as caught:
        service.measure(folder, NER, [], [said, "x"])
    assert caught.value.code == "artifact_failed"
