"""One process that finds itself in a container: a folder of its own as /opt/ml, the host name algo-1, no more environment than given."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from local.processes import Processes, mount_prefix

HOST = "algo-1"

ENTER = """
folder=$1; network=$2; shift 2
if [ ! -d /opt/ml ]; then
    mount --rbind /opt "$folder/opt"
    mount -t tmpfs tmpfs /opt
    for entry in "$folder"/opt/*; do
        name=${entry##*/}
        if [ -d "$entry" ] && [ ! -L "$entry" ]; then
            mkdir "/opt/$name"; mount --rbind "$entry" "/opt/$name"
        elif [ -e "$entry" ]; then
            cp -P "$entry" /opt/
        fi
    done
    mkdir /opt/ml
fi
mount --bind "$folder/ml" /opt/ml
mount --bind "$folder/hosts" /etc/hosts
hostname algo-1
[ "$network" = yes ] || ! command -v ip >/dev/null || ip link set lo up
cd /opt/ml
exec "$@"
"""
"""Run by sh in namespaces of its own, so nothing of it is seen outside; a missing /opt/ml is made in a copy of /opt."""


@dataclass(frozen=True)
class Container:
    """What to run and what it sees. `folder` holds `ml`, which is /opt/ml, and what it takes to put it there.

    `network` is false under network isolation. Without namespaces, paths below /opt/ml are rewritten to the folder, in the command
    and in the environment, and neither host name nor isolation is had.
    """

    folder: Path
    command: Sequence[str]
    environment: Mapping[str, str]
    network: bool = True
    prefix: Sequence[str] = field(default_factory=mount_prefix)

    @property
    def ml(self) -> Path:
        return self.folder / "ml"

    @property
    def host(self) -> str:
        return HOST if self.prefix else "localhost"

    def start(self, processes: Processes, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Starts the process; `output` takes what it prints."""
        environment = {**self.environment, **thread_limits()}
        if not self.prefix:
            here = {name: self.here(value) for name, value in environment.items()}
            return processes.start([self.here(word) for word in self.command], env=here, cwd=self.ml, output=output)
        (self.folder / "opt").mkdir(exist_ok=True)
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost {HOST}\n")
        isolated = [] if self.network else ["-n"]
        enter = ["-u", *isolated, "sh", "-euc", ENTER, "sh", str(self.folder), "yes" if self.network else "no"]
        return processes.start([*self.prefix, *enter, *self.command], env=environment, cwd=self.ml, output=output)

    def here(self, text: str) -> str:
        return text.replace("/opt/ml", str(self.ml))


def thread_limits() -> dict[str, str]:
    """All cores for each process, and no spinning while it waits, so that jobs that run side by side do not starve each other."""
    return {"OMP_NUM_THREADS": str(os.cpu_count() or 1), "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "true"}
