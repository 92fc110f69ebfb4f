"""The models of the model folder, loaded and asked in this process: what answers where no endpoint of SageMaker does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import finalize

from adapters.efs import EfsModelFolder
from adapters.function_endpoint import config_name
from chartloop.errors import ChartloopError, JobFailed, ModelError, Unavailable
from chartloop.seams import EndpointState
from training import inference

WAIT_SECONDS = 20.0
"""How long a request waits for a model that is being read: the rest of API Gateway's 29 s is for the answer."""
Load = Callable[[str], inference.Served]
ENGINE = "onnx"
"""What this process can run; an artifact that was made for SageMaker's containers needs torch."""


class FolderModels:
    """Answers by the version that the pointer names, or by another of the folder where it is asked for by configuration.

    A model is read once, by hash (`EfsModelFolder.take`), in the background, and kept until the pointer moves on.
    """

    def __init__(self, root: Path, prefix: str, *, wait_seconds: float = WAIT_SECONDS, load: Load = inference.model_fn) -> None:
        self._folder = EfsModelFolder(root)
        self._prefix = prefix
        self._wait_seconds = wait_seconds
        self._load = load
        self._reader = ThreadPoolExecutor(1, "model")
        self._models: dict[tuple[str, str], Future[inference.Served]] = {}

    def state(self, task: str, wanted: str | None = None) -> EndpointState:
        """Of the pointer's version; of another one that is `wanted`, whether it can be read and run here."""
        live = self._live(task)
        if wanted is None or wanted == live:
            return EndpointState("InService" if live else "Missing", live)
        try:
            self._model(task, wanted)
        except Unavailable as error:
            return EndpointState("Updating" if error.code == "waking" else "Failed", live, error.message)
        except ModelError as error:
            return EndpointState("Failed", live, error.message)
        return EndpointState("InService", wanted)

    def invoke(self, task: str, payload: Mapping[str, Any], *, config: str | None = None) -> dict[str, Any]:
        """Raises Unavailable (`no_model`, `waking`) or ModelError."""
        asked = config or self._live(task)
        if asked is None:
            raise Unavailable("no model is in service yet: post records, or wait for the first run to promote one")
        model = self._model(task, asked)
        try:
            return inference.predict_fn(dict(payload), model)
        except Exception as error:  # of the runtime, whatever it is: its text may quote what was sent
            raise ModelError("the model failed", details={"type": type(error).__name__}) from None

    def _live(self, task: str) -> str | None:
        pointer = self._folder.pointer(task)
        return config_name(self._prefix, pointer["version"], pointer["sha256"]) if pointer else None

    def _model(self, task: str, config: str) -> inference.Served:
        """Waits for it; one that could not be read is read anew when it is asked for again."""
        name = task, config
        if name not in self._models:
            live = task, self._live(task)
            self._models = {other: kept for other, kept in self._models.items() if other[0] != task or other == live}
            self._models[name] = self._reader.submit(self._read, task, config)
        model = self._models[name]
        wait([model], self._wait_seconds)
        if not model.done():
            raise Unavailable("the model is waking; try again in a few seconds", code="waking")
        if error := model.exception():
            del self._models[name]
            raise _told(error) from None
        return model.result()

    def _read(self, task: str, config: str) -> inference.Served:
        version, sha256 = self._named(task, config)
        with ExitStack() as stack:
            scratch = stack.enter_context(TemporaryDirectory())
            copy = Path(scratch)
            self._folder.take(task, version, sha256, copy)
            if json.loads((copy / "chartloop.json").read_bytes())["engine"]["name"] != ENGINE:
                raise Unavailable("the model in the folder was made for another way of serving: the next run makes one for this")
            served = self._load(scratch)
            finalize(served, stack.pop_all().close)  # until then its encoder may have to be read from there
            return served

    def _named(self, task: str, config: str) -> tuple[str, str]:
        """(version, sha256) of a configuration. Raises JobFailed where the folder has none of that name."""
        for version in self._folder.versions(task):
            sha256 = self._folder.sha256(task, version)
            if sha256 and config_name(self._prefix, version, sha256) == config:
                return version, sha256
        raise JobFailed("the model folder has no such version", code="artifact_missing")


def _told(error: BaseException) -> ChartloopError:
    """What a caller is told of a model that could not be read."""
    if isinstance(error, Unavailable):
        return error
    if isinstance(error, OSError):  # the file system's, for a moment
        return Unavailable("the model cannot be read now; try again in a few seconds", code="waking")
    if isinstance(error, ChartloopError):
        return ModelError(f"the model cannot be loaded: {error.message}", details={"code": error.code})
    return ModelError("the model cannot be loaded", details={"type": type(error).__name__})
