"""The command line of the local cloud: settings of the deployment by name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

import local.__main__ as command


def test_settings_reach_the_deployment_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []
    monkeypatch.setattr(command, "up", lambda *arguments: given.extend(arguments))
    words = ["--state", str(tmp_path), "--context", "compute=notebook", "--context", "issuer=http://a/?b=c"]
    monkeypatch.setattr("sys.argv", ["local", *words])
    assert command.main() == 0
    assert given[-1] == {"compute": "notebook", "issuer": "http://a/?b=c"}


@pytest.mark.parametrize("text", ["compute", "=notebook", ""])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="NAME=VALUE"):
        command.setting(text)


def test_a_vector_index_is_refused_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr("sys.argv", ["local", "--state", str(tmp_path), "--context", "library=s3vectors"])
    assert command.main() == 1
    assert "library=s3vectors is for AWS" in capsys.readouterr().err
