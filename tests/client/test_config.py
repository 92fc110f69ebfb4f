"""Which service is meant, and that a stored token never goes to another host."""

from __future__ import annotations

from pathlib import Path

import pytest

from chartloop.errors import Unauthorized, Unavailable
from client.config import Target, find, on_this_machine


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "url").write_text("http://127.0.0.1:8040/\n")
    (tmp_path / "token").write_text("stored\n")
    return tmp_path


def test_the_environment_comes_first(state: Path) -> None:
    assert find({"CHARTLOOP_URL": "https://api.example/prod/", "CHARTLOOP_TOKEN": "t"}, state) == Target(
        "https://api.example/prod", "t"
    )


def test_else_the_state_folder(state: Path) -> None:
    assert find({}, state) == Target("http://127.0.0.1:8040", "stored")
    assert find({"CHARTLOOP_TOKEN": "mine"}, state) == Target("http://127.0.0.1:8040", "mine")


def test_a_stored_token_stays_with_its_host(state: Path) -> None:
    with pytest.raises(Unauthorized, match="CHARTLOOP_TOKEN"):
        find({"CHARTLOOP_URL": "https://elsewhere.example"}, state)


def test_nothing_names_a_service(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="chartloop up"):
        find({}, tmp_path)
    (tmp_path / "url").write_text("http://127.0.0.1:8040")
    with pytest.raises(Unauthorized):
        find({}, tmp_path)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8040", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("https://localhost.example", False),
    ],
)
def test_the_local_cloud_is_told_by_its_address(url: str, expected: bool) -> None:
    assert on_this_machine(url) is expected


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Target("http://x", "secret"))
