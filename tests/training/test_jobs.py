"""The edges of a job: one line that says why it failed, without a word of any record; progress in small steps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chartloop.errors import JobFailed
from training.jobs import Progress, Reporting, metric, processing_message, training_failure


def test_an_error_raised_on_purpose_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as raised, Reporting(tmp_path / "output" / "message"):
        raise JobFailed("the shard is gone", code="shard_missing")
    assert raised.value.code == 1
    assert (tmp_path / "output" / "message").read_text() == "shard_missing: the shard is gone\n"


def test_of_any_other_error_only_its_type(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), Reporting(tmp_path / "message"):
        raise ValueError("Jane Roe, 54, has a fever")
    line = (tmp_path / "message").read_text()
    assert re.fullmatch(r"internal_error: ValueError at test_jobs\.py:\d+\n", line)
    assert "Roe" not in line + "".join(capsys.readouterr())


def test_success_leaves_nothing(tmp_path: Path) -> None:
    with Reporting(tmp_path / "message"):
        pass
    assert not (tmp_path / "message").exists()


def test_where_reasons_are_left() -> None:
    assert processing_message({}) == Path("/opt/ml/output/message")
    assert processing_message({"SAGEMAKER_BASE_DIR": "/x"}) == Path("/x/output/message")
    assert training_failure({}) == Path("/opt/ml/output/failure")
    assert training_failure({"SM_OUTPUT_DIR": "/y"}) == Path("/y/failure")


def test_a_metric_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    metric(eval_f1=0.5123456789, epoch=3)
    assert capsys.readouterr().out == "metric eval_f1=0.512346\nmetric epoch=3\n"


@given(total=st.integers(1, 1000), stride=st.integers(1, 50))
def test_progress_never_keeps_silent_for_long_and_ends_at_100(total: int, stride: int) -> None:
    progress = Progress(total)
    for done in [*range(stride, total, stride), total]:
        progress.at(done)
        assert 100 * done / total - progress.told < 2
    assert progress.told == 100
    assert not progress.at(total)
