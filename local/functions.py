"""Lambda: moto keeps the functions, real worker processes run them."""

from __future__ import annotations

import base64
import io
import json
import logging
import shutil
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend
from moto.efs.models import efs_backends

from local import metrics
from local.patches import Method, wrap
from local.runtime import Answer
from local.server import LocalCloud
from local.workers import Function, Pool

ASYNC_WAITS = (1.0, 2.0)
"""Seconds before each retry of an asynchronous invocation; AWS waits one and two minutes."""

log = logging.getLogger(__name__)


class Functions:
    """Invokes the functions that moto knows. `install` puts it in place of moto's containers."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._pool = Pool(cloud)
        self._unpacking = threading.Lock()
        cloud.on_stop(self._pool.close)

    def install(self) -> None:
        def remember_file_systems(own: Method) -> Method:
            def create(function: Any, account_id: str, spec: dict[str, Any], *rest: Any, **named: Any) -> None:
                own(function, account_id, spec, *rest, **named)
                function.file_system_configs = spec.get("FileSystemConfigs", [])

            return create

        wrap(LambdaFunction, "__init__", remember_file_systems)
        wrap(LambdaFunction, "invoke", lambda _: lambda function, *request: self.answer_api(function, *request))

    def answer_api(self, function: Any, body: Any, request: Any, response: dict[str, str]) -> bytes:
        """The Invoke operation, by invocation type."""
        payload = body.encode() if isinstance(body, str) else bytes(body or b"{}")
        kind = request.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return b""
        if kind == "Event":
            self.invoke_later(function.function_arn, json.loads(payload))
            return b""
        answer = self._run(function, payload)
        if answer.error:
            response["x-amz-function-error"] = answer.error
        return answer.payload

    def invoke(self, arn: str, event: Any) -> Answer:
        """Runs the function and waits for its answer."""
        return self._run(find(arn), json.dumps(event).encode())

    def invoke_later(self, arn: str, event: Any) -> None:
        """Runs the function in the background, and again twice where it fails."""
        threading.Thread(target=self._with_retries, args=(arn, event), name="invoke-later", daemon=True).start()

    def _with_retries(self, arn: str, event: Any) -> None:
        for wait in (0.0, *ASYNC_WAITS):
            time.sleep(wait)
            answer = self.invoke(arn, event)
            if answer.error is None:
                return
        log.error("%s failed three times with %s; the event is dropped", arn, error_type(answer))

    def _run(self, function: Any, payload: bytes) -> Answer:
        started = time.monotonic()
        answer = self._pool.invoke(self._describe(function), payload)
        taken = (time.monotonic() - started) * 1000
        metrics.put(
            "AWS/Lambda", {"FunctionName": function.function_name},
            Invocations=1, Errors=int(answer.error is not None), Throttles=0, Duration=taken,
        )  # fmt: skip
        return answer

    def _describe(self, function: Any) -> Function:
        mounts = tuple(
            (folder_of(self._cloud, config["Arn"]), config["LocalMountPath"]) for config in function.file_system_configs
        )
        return Function(
            name=function.function_name,
            arn=function.function_arn,
            handler=function.handler,
            version=str(function.version),
            runtime=function.run_time,
            role=function.role,
            memory_mb=int(function.memory_size),
            timeout_seconds=int(function.timeout),
            code=self._unpack(function),
            variables=tuple(sorted(function.environment_vars.items())),
            mounts=mounts,
        )

    def _unpack(self, function: Any) -> Path:
        digest = base64.b64decode(function.code_sha_256).hex()
        folder: Path = self._cloud.state / "code" / digest
        with self._unpacking:
            if not folder.is_dir():
                aside = folder.with_suffix(".new")
                shutil.rmtree(aside, ignore_errors=True)
                zipfile.ZipFile(io.BytesIO(function.code_bytes)).extractall(aside)
                aside.rename(folder)
        return folder


def folder_of(cloud: LocalCloud, access_point: str) -> Path:
    """The folder behind an access point, by its id or ARN: below the state, by its root path, so that a restart finds it."""
    point = efs_backends[cloud.account][cloud.region].access_points[access_point.rsplit("/", 1)[-1]]
    folder = cloud.efs / str(point.root_directory.get("Path", "/")).strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def find(arn: str) -> Any:
    """moto's function of an ARN."""
    _, _, _, region, account, *_ = arn.split(":")
    return get_backend(account, region).get_function(arn)


def error_type(answer: Answer) -> str:
    """The error's class of an answer that tells of one; its message may hold what was sent, so it is left out."""
    return str(json.loads(answer.payload or b"{}").get("errorType", "unknown"))
