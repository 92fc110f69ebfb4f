"""A local cloud that keeps its state, with a bucket, a table and a package group: `python -m tests.local.kept STATE PORT`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from local import tables
from local.durability import Durability
from local.journal import Journal
from local.restore import restore
from local.sagemaker import SageMaker
from local.server import LocalCloud
from tests.local.conftest import ROOT, BareCloud, free_port, until

BUCKET, TABLE, GROUP = "data", "ledger", "chartloop-ner"
ROLE = "arn:aws:iam::123456789012:role/anything"
KEY = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


class KeptCloud(BareCloud):
    """The process, its state folder, and clients of it; `kill` and `restart` leave the state."""

    def __init__(self, state: Path, *, mounts: bool = True) -> None:
        self.state = state
        self.mounts = mounts
        self.restart()

    def restart(self) -> None:
        (self.state / "ready").unlink(missing_ok=True)
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        path = os.environ["PATH"] if self.mounts else f"{self._no_unshare()}:{os.environ['PATH']}"
        command = [sys.executable, "-m", "tests.local.kept", str(self.state), str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PATH": path})
        until(self._ready, 60)

    def _no_unshare(self) -> Path:
        """A folder for PATH that makes the kernel seem to refuse namespaces."""
        program = self.state / "refusing" / "unshare"
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\nexit 1\n")
        program.chmod(0o755)
        return program.parent

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def events(self) -> list[dict[str, Any]]:
        """Every event that SageMaker put on the bus, in order."""
        file = self.state / "events"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def settled(self, kind: str, name: str, seconds: float = 60) -> dict[str, Any]:
        """A job's description once it has ended."""
        describe = getattr(self.client("sagemaker"), f"describe_{kind.lower()}_job")
        end = time.monotonic() + seconds
        while (job := describe(**{f"{kind}JobName": name}))[f"{kind}JobStatus"] in ("InProgress", "Stopping"):
            assert time.monotonic() < end, job
            time.sleep(0.05)
        return dict(job)


def deploy(cloud: LocalCloud) -> None:
    """What a deployment would make: everything that has a name."""
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    cloud.client("s3").put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    cloud.client("dynamodb").create_table(
        TableName=TABLE, KeySchema=KEY, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
    )  # fmt: skip
    cloud.client("sagemaker").create_model_package_group(ModelPackageGroupName=GROUP)


def main(state: Path, port: int) -> None:
    cloud, journal = LocalCloud(state, port), Journal(state / "journal")
    Durability(cloud, journal).install()
    tables.install()
    sagemaker = SageMaker(cloud, journal, emit=lambda *event: record(state / "events", event))
    sagemaker.install()
    cloud.start()
    deploy(cloud)
    restore(cloud, journal, sagemaker)
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    (state / "ready").touch()
    stopped.wait()
    cloud.stop()
    journal.close()


def record(file: Path, event: tuple[Any, ...]) -> None:
    with file.open("a") as out:
        out.write(json.dumps(event[1:3], default=str) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
