"""The command before `cdk destroy`, against moto."""

from __future__ import annotations

import pytest
from moto import mock_aws

from infra.destroy import main


def test_it_says_what_it_stops_costing_and_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        main(["--name", "chartloop"])
    said = capsys.readouterr().out
    assert "stop costing 0.00 USD a month" in said and "kept" in said
