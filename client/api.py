"""The typed client of the REST API: one method a route, answers as client/contracts.py types them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import quote

from client.contracts import BatchReceipt, Cost, Model, Prediction, Record, Run, TaskStatus
from client.http import Http

JSON_LINES = "application/x-ndjson"


class Api:
    """The service as one token sees it. Errors are those of chartloop/errors.py; `code` tells them apart."""

    def __init__(self, http: Http) -> None:
        self._http = http

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def health(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self._http.call("GET", path("health")))

    def post_records(self, task: str, records: Iterable[Record], **options: Any) -> BatchReceipt:
        """Posts records as one batch, as `post_body` does."""
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        return self.post_body(task, "\n".join(lines).encode(), JSON_LINES, **options)

    def post_body(
        self, task: str, body: bytes, content_type: str, *, idempotency_key: str | None = None, **options: str | bool
    ) -> BatchReceipt:
        """Posts bytes of at most 5 MB. The same body twice is one batch; an `idempotency_key` says so of unequal ones.

        `options`: `replace`, `span_policy`, `offset_unit`. The receipt judges each record's form; `batch` has the final verdicts.
        """
        headers = {"content-type": content_type}
        if idempotency_key is not None:
            headers["idempotency-key"] = idempotency_key
        params = {name: _text(value) for name, value in options.items()}
        answer = self._http.call("POST", path("tasks", task, "records"), content=body, headers=headers, params=params)
        return cast(BatchReceipt, answer)

    def upload(self, task: str, file: Path, *, progress: Callable[[int], None] | None = None, **options: str | bool) -> str:
        """Sends a file of any size by a presigned address; its batch id. `progress` gets the bytes of each piece sent."""
        place = self._http.call("POST", path("tasks", task, "uploads"), json={"name": file.name, **options})
        headers = {**place["headers"], "content-length": str(file.stat().st_size)}
        self._http.put_file(place["url"], headers, lambda: _pieces(file, progress))
        return cast(str, place["batch_id"])

    def batches(self, task: str, *, limit: int = 50, before: str | None = None) -> dict[str, Any]:
        return self._page(path("tasks", task, "batches"), limit=limit, before=before)

    def batch(self, task: str, batch_id: str) -> BatchReceipt:
        return cast(BatchReceipt, self._http.call("GET", path("tasks", task, "batches", batch_id)))

    def withdraw(self, task: str, batch_id: str, reason: str) -> BatchReceipt:
        where = path("tasks", task, "batches", batch_id, "withdraw")
        return cast(BatchReceipt, self._http.call("POST", where, json={"reason": reason}))

    def task(self, task: str) -> TaskStatus:
        """Counts, what is missing to the next run, the active run and the champion."""
        return cast(TaskStatus, self._http.call("GET", path("tasks", task)))

    def cost(self, task: str) -> Cost:
        """What a run would cost if it started now, and whether the cap allows it."""
        return cast(Cost, self._http.call("GET", path("tasks", task, "cost")))

    def settings(self, task: str) -> dict[str, Any]:
        return cast("dict[str, Any]", self._http.call("GET", path("tasks", task, "settings")))

    def change_settings(self, task: str, changes: dict[str, Any]) -> dict[str, Any]:
        """A task's settings after `changes`, by name; a hyper-parameter is named without its group."""
        return cast("dict[str, Any]", self._http.call("PATCH", path("tasks", task, "settings"), json=changes))

    def start_run(self, task: str) -> Run:
        return cast(Run, self._http.call("POST", path("tasks", task, "runs"), repeatable=False))

    def runs(self, task: str | None = None, *, limit: int = 20, before: str | None = None) -> dict[str, Any]:
        """`{"runs": [Run], "next"}`, newest first."""
        return self._page(path("runs"), task=task, limit=limit, before=before)

    def run(self, run_id: str) -> Run:
        return cast(Run, self._http.call("GET", path("runs", run_id)))

    def models(self, task: str) -> list[Model]:
        return cast("list[Model]", self._http.call("GET", path("tasks", task, "models"))["models"])

    def promote(self, task: str, version: str, reason: str) -> Run:
        """Starts a promotion by hand; follow the run that it answers with."""
        where = path("tasks", task, "models", version, "promote")
        return cast(Run, self._http.call("POST", where, json={"reason": reason}, repeatable=False))

    def reject(self, task: str, version: str, reason: str) -> Model:
        where = path("tasks", task, "models", version, "reject")
        return cast(Model, self._http.call("POST", where, json={"reason": reason}))

    def rollback(self, task: str, reason: str, version: str | None = None) -> Run:
        """Starts a return to `version`, or to the champion before."""
        body = {"reason": reason} | ({"version": version} if version else {})
        return cast(Run, self._http.call("POST", path("tasks", task, "rollback"), json=body, repeatable=False))

    def predict(self, task: str, texts: Sequence[str | dict[str, str]], **options: Any) -> Prediction:
        """`texts`: strings or `{"id", "text"}`; `options`: `min_confidence`, `offset_unit`. Raises Unavailable(no_model)."""
        answer = self._http.call("POST", path("tasks", task, "predict"), json={"texts": list(texts), **options})
        return cast(Prediction, answer)

    def _page(self, where: str, **params: Any) -> dict[str, Any]:
        given = {name: value for name, value in params.items() if value is not None}
        return cast("dict[str, Any]", self._http.call("GET", where, params=given))


def path(*parts: str) -> str:
    """The address of a resource; an id cannot leave its place in it."""
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


def _text(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _pieces(file: Path, progress: Callable[[int], None] | None) -> Iterable[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            yield piece
            if progress is not None:
                progress(len(piece))
