"""The local cloud beside the client: awaited, stopped, and its failure told."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from chartloop.errors import Unavailable
from client import cloud

STAND_IN = """
import http.server, pathlib, sys
state = pathlib.Path(sys.argv[1])
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/v1/health" else 404)
        self.end_headers()
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Health)
(state / "token").write_text("a-token")
(state / "url").write_text(f"http://127.0.0.1:{server.server_port}")
print("ready", flush=True)
server.serve_forever()
"""


def test_it_is_up_while_the_block_runs(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("http://127.0.0.1:1")  # of a cloud that was killed
    start = [sys.executable, "-c", STAND_IN, str(tmp_path)]
    with cloud.running(start, tmp_path, tmp_path / "up.log", time.sleep) as target:
        assert target.token == "a-token"
        assert cloud._answers(target.url)
    assert not cloud._answers(target.url)
    assert (tmp_path / "up.log").read_text() == "ready\n"


def test_one_that_does_not_start_is_an_error_that_names_its_log(tmp_path: Path) -> None:
    start = [sys.executable, "-c", "import sys; sys.exit('no port')"]
    log = tmp_path / "up.log"
    with pytest.raises(Unavailable, match=r"status 1; see .*up\.log"), cloud.running(start, tmp_path, log, time.sleep):
        pass
    assert log.read_text() == "no port\n"


def test_an_error_in_the_block_stops_it_too(tmp_path: Path) -> None:
    start = [sys.executable, "-c", STAND_IN, str(tmp_path)]
    seen: list[str] = []
    with pytest.raises(KeyError), cloud.running(start, tmp_path, tmp_path / "up.log", time.sleep) as target:
        seen.append(target.url)
        raise KeyError
    assert not cloud._answers(seen[0])


LEASHED = """
import pathlib, sys
from local.__main__ import stop_after
pathlib.Path(sys.argv[1], "running").write_text("")
stop_after(sys.stdin.buffer)
"""
STARTER = """
import pathlib, sys, time
from client import cloud
state = pathlib.Path(sys.argv[1])
with cloud.running([sys.executable, "-c", sys.argv[2], str(state)], state, state / "up.log", time.sleep): pass
"""


def test_it_ends_when_its_starter_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, str(tmp_path), LEASHED], stderr=subprocess.PIPE)
    try:
        while not (tmp_path / "running").exists():
            assert starter.poll() is None
            time.sleep(0.05)
        children = Path(f"/proc/{starter.pid}/task/{starter.pid}/children").read_text().split()
    finally:
        starter.kill()
        starter.communicate()
    assert len(children) == 1
    end = time.monotonic() + 60
    while alive(int(children[0])):
        assert time.monotonic() < end, "it outlived its starter"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_one_that_ignores_the_wish_to_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "SECONDS_TO_STOP", 0.1)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        cloud.stop(process)
    assert process.returncode == -9


def test_the_command_names_what_was_given(tmp_path: Path) -> None:
    assert cloud.command(tmp_path, None, None)[1:] == ["-m", "local", "--state", str(tmp_path)]
    assert cloud.command(tmp_path, 80, "org/name")[-4:] == ["--port", "80", "--base-model", "org/name"]
    settings = ("compute=notebook", "serving=lambda")
    assert cloud.command(tmp_path, None, None, settings)[-4:] == ["--context", settings[0], "--context", settings[1]]
    assert cloud.free_port() > 1023
