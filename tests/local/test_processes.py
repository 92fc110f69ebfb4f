"""Process groups of the local cloud: what `end` ends, and what the warden kills when its parent is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from local.processes import Processes
from local.warden import family, watch
from tests.local.conftest import until

FAMILY = "import subprocess, sys, time; subprocess.Popen(['sleep', '60']); print('up', flush=True); time.sleep(60)"


APART = FAMILY.replace("['sleep', '60']", "['sleep', '61'], start_new_session=True")
"""A child in a session of its own, as torchrun starts its ranks."""


def group_alive(group: int) -> bool:
    """Whether any process of a group still runs."""
    states = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(") ")[-1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group:
            states.append(fields[0])
    return any(state not in "ZX" for state in states)


def start(processes: Processes, tmp_path: Path, program: str = FAMILY) -> subprocess.Popen[bytes]:
    """A process with a child of its own, both running."""
    with (tmp_path / "output").open("wb") as output:
        process = processes.start([sys.executable, "-c", program], env=dict(os.environ), cwd=tmp_path, output=output)
    until(lambda: (tmp_path / "output").read_text() == "up\n")
    return process


def test_a_process_is_ended_with_its_children(tmp_path: Path) -> None:
    processes = Processes()
    process = start(processes, tmp_path)
    processes.end(process)
    until(lambda: not group_alive(process.pid))
    processes.end_all()


def test_a_child_that_went_its_own_way_is_ended_too(tmp_path: Path) -> None:
    processes = Processes()
    process = start(processes, tmp_path, APART)
    ((child, _),) = {each for each in family(process.pid) if each[0] != process.pid}
    processes.end(process)
    until(lambda: not group_alive(child))
    processes.end_all()


def test_a_process_that_is_asked_may_end_by_itself(tmp_path: Path) -> None:
    processes = Processes()
    process = start(processes, tmp_path)
    processes.end(process, grace_seconds=10)
    assert process.returncode == -signal.SIGTERM
    processes.end_all()


def test_all_are_ended_together(tmp_path: Path) -> None:
    processes = Processes()
    process = start(processes, tmp_path)
    processes.end_all()
    until(lambda: not group_alive(process.pid))


def test_a_killed_parent_takes_its_processes_with_it(tmp_path: Path) -> None:
    source = (
        "import os, pathlib, sys; from local.processes import Processes; "
        f"p = Processes().start([sys.executable, '-c', {FAMILY!r}], env=dict(os.environ), cwd=pathlib.Path('.'), output=1); "
        "print(p.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    parent = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, timeout=60)
    group = next(int(line) for line in parent.stdout.splitlines() if line.isdigit())
    assert parent.returncode == -signal.SIGKILL
    until(lambda: not group_alive(group))


def test_the_warden_forgets_who_ended_before() -> None:
    assert watch(["+1\n", "+2\n", "-1\n", "+3\n"]) == {2, 3}
