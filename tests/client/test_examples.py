"""The examples of README.md and docs/client.md, each one run against a service."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from client.api import AsyncApi, Routes
from client.calls import route
from tests.client import examples
from tests.client.service import Service, error
from tests.client.web import listening

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "client.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```(sh|python|javascript)\n(.*?)^```$", README + PAGE, re.MULTILINE | re.DOTALL)
NODE = Path(sys.executable).parent / "node"
COMMANDS = {
    "sh": ["sh", "-c"],
    "python": [sys.executable, "-c"],
    "javascript": [str(NODE), "--input-type=module", "-e"],
}
EXPECTED = [
    '"surface":"metoprolol"',
    "metoprolol drug 0.9",
    "metoprolol drug",
    '"surface":"metoprolol"',
    "metoprolol drug 0.9 r-1",
    "metoprolol drug 0.9 r-1",
    "[]\n['metoprolol']",
    "True",
    "not_found no such run",
]
"""What each prints, in the order of the pages."""


FIRST = ("sh", "python", "javascript")


def predict(request: httpx.Request) -> httpx.Response:
    """Every metoprolol, in the offsets that were asked for."""
    asked = json.loads(request.content)
    texts = asked.get("texts") or [asked["text"]]
    return httpx.Response(200, json=examples.prediction(*(_found(text, asked.get("offset_unit")) for text in texts)))


def _found(text: str, unit: str | None) -> dict[str, object]:
    if "metoprolol" not in text:
        return examples.found(text)
    result = examples.found(text, drug="metoprolol")
    if unit == "utf16":
        before = len(text[: text.index("metoprolol")].encode("utf-16-le")) // 2
        result["entities"][0] |= {"start": before, "end": before + len("metoprolol")}
    return result


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    service = Service()
    service.on("POST /v1/tasks/ner/predict", predict)
    service.on("POST /v1/tasks/ner/runs", examples.run())
    service.on("GET /v1/runs/ner-no-such-run", error(404, "not_found", "no such run", field="run"))
    with listening(service) as address:
        yield address


def test_every_example_says_what_it_prints() -> None:
    assert [language for language, _ in EXAMPLES] == [*FIRST, *FIRST, "python", "python", "python"]
    assert len(EXAMPLES) == len(EXPECTED)


@pytest.mark.parametrize(("example", "expected"), list(zip(EXAMPLES, EXPECTED, strict=True)), ids=range(len(EXPECTED)))
def test_an_example_does_what_it_says(url: str, example: tuple[str, str], expected: str) -> None:
    language, code = example
    settings = {"CHARTLOOP_URL": url, "CHARTLOOP_TOKEN": "a-token", "NO_PROXY": "127.0.0.1"}
    ran = subprocess.run(
        [*COMMANDS[language], code], cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert expected in ran.stdout


def test_every_method_is_named() -> None:
    described = (name for kind in Routes.__mro__ for name, method in vars(kind).items() if isinstance(method, route))
    methods = {*described, "upload"}
    assert methods == {name for name in re.findall(r"`(\w+)\(", PAGE) if hasattr(AsyncApi, name) and name != "connect"}
