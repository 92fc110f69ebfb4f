"""A process that finds itself in a container: a folder of its own as /opt/ml, the host name algo-1, and a given environment."""

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
folder=$1; network=$2; directory=$3; host=$4; shift 4
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
hostname "$host"
[ "$network" = yes ] || ! command -v ip >/dev/null || ip link set lo up
cd "$directory"
exec "$@"
"""
"""Run by sh in namespaces of its own, so nothing of it is seen outside; a missing /opt/ml is made in a copy of /opt."""


@dataclass(frozen=True)
class Container:
    """What to run and what it sees. `folder` holds `ml`, which is /opt/ml, and what it takes to put it there.

    `network` is false under network isolation; `directory` is where the command runs. Without namespaces, paths below /opt/ml are
    rewritten to the folder, in the command and in the environment, and neither host name nor isolation is had.
    """

    folder: Path
    command: Sequence[str]
    environment: Mapping[str, str]
    network: bool = True
    directory: str = "/opt/ml"
    host: str = HOST
    prefix: Sequence[str] = field(default_factory=mount_prefix)

    @property
    def ml(self) -> Path:
        return self.folder / "ml"

    def start(self, processes: Processes, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        """Starts the process; `output` takes what it prints."""
        environment = {**thread_limits(), **self.environment}
        if not self.prefix:
            here = {name: self.here(value) for name, value in environment.items()}
            command = [self.here(word) for word in self.command]
            return processes.start(command, env=here, cwd=Path(self.here(self.directory)), output=output)
        (self.folder / "opt").mkdir(exist_ok=True)
        (self.folder / "hosts").write_text(f"127.0.0.1 localhost {self.host}\n")
        isolated, network = ([], "yes") if self.network else (["-n"], "no")
        enter = ["-u", *isolated, "sh", "-euc", ENTER, "sh", str(self.folder), network, self.directory, self.host]
        return processes.start([*self.prefix, *enter, *self.command], env=environment, cwd=self.ml, output=output)

    def here(self, text: str) -> str:
        return text.replace("/opt/ml", str(self.ml))


def host_name() -> str:
    """What a container's process finds as its host."""
    return HOST if mount_prefix() else "localhost"


def thread_limits() -> dict[str, str]:
    """All cores for each process, and no spinning while it waits, so that jobs that run side by side do not starve each other."""
    return {"OMP_NUM_THREADS": str(os.cpu_count() or 1), "OMP_WAIT_POLICY": "PASSIVE"}
