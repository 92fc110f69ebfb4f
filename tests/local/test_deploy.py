"""What must not happen at a start: a way to a real account, two clouds on one state; and when the app is synthesized anew."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from chartloop.errors import Conflict, JobFailed
from local import deploy
from local.cloud import take
from local.deploy import ROOT, Deployment, refuse_elsewhere
from local.server import LocalCloud, listen


@pytest.mark.parametrize("value", ["https://s3.amazonaws.com", "http://10.0.0.1:4566", "http://localhost.example.com:80"])
def test_an_endpoint_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(JobFailed, match="AWS_ENDPOINT_URL_S3"):
        refuse_elsewhere({"AWS_ENDPOINT_URL_S3": value})


def test_an_endpoint_on_this_machine_is_taken() -> None:
    refuse_elsewhere({"AWS_ENDPOINT_URL": "http://localhost:8040", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:8040", "HOME": "/x"})


def test_a_start_with_a_foreign_endpoint_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local", "--state", str(tmp_path)]
    environment = {**os.environ, "AWS_ENDPOINT_URL": "https://aws.example"}
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=120)
    assert ended.returncode == 1
    assert ended.stderr.startswith("foreign_endpoint: ") and ended.stderr.count("\n") == 1


def test_a_port_in_use_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Conflict, match="--port"):
            listen(taken.getsockname()[1])


def test_functions_and_jobs_inherit_nothing_that_could_lead_to_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    environment = LocalCloud(tmp_path, 4000).environment()
    assert not {"AWS_PROFILE", "AWS_SESSION_TOKEN"} & set(environment)
    assert environment["AWS_ENDPOINT_URL"] == "http://localhost:4000"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_a_state_folder_serves_one_cloud_at_a_time(tmp_path: Path) -> None:
    lock = take(tmp_path)
    with pytest.raises(Conflict, match="another local cloud"):
        take(tmp_path)
    lock.close()
    take(tmp_path).close()


def test_the_app_is_synthesized_anew_only_where_something_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "app.py"
    source.write_text("1")
    monkeypatch.setattr(deploy, "ROOT", tmp_path)
    digests = [Deployment(LocalCloud(tmp_path, 4000), {"bundle": bundle}).digest() for bundle in ("true", "false", "true")]
    source.write_text("2")
    digests.append(Deployment(LocalCloud(tmp_path, 4000), {"bundle": "true"}).digest())
    assert digests[0] == digests[2]
    assert len(set(digests)) == 3
