"""A local cloud with nothing deployed, as a process: `python -m tests.local.bare STATE PORT`."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

from local.journal import Journal
from local.sagemaker import SageMaker
from local.server import LocalCloud
from local.services import Services


def main(state: Path, port: int) -> None:
    (state / "logs").mkdir(parents=True, exist_ok=True)
    logging.basicConfig(filename=state / "logs" / "cloud.log", level=logging.INFO)
    cloud = LocalCloud(state, port)
    services = Services(cloud)
    SageMaker(cloud, Journal(cloud.state / "journal")).install()
    cloud.start()
    services.open()
    services.scheduler.start()
    services.alarms.start()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    (state / "ready").touch()
    stopped.wait()
    cloud.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
