"""The typed client of the REST API: one method a route, to call (Api) or to await (AsyncApi)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar, Unpack

from client.calls import Call, keyed, path, route
from client.config import find
from client.contracts import (
    AuditPage,
    BatchReceipt,
    Cost,
    Health,
    KnownTask,
    Model,
    OffsetUnit,
    Run,
    RunPage,
    TaskSettings,
    TaskStatus,
)
from client.contracts_batches import ReadingOptions
from client.contracts_codes import Similar
from client.contracts_feedback import Correction, Drift, Review
from client.contracts_predict import Prediction
from client.contracts_report import Report
from client.contracts_transform import Transform
from client.contracts_tuning import TuningSettings
from client.files import pieces, with_length
from client.http import LIMITS, AsyncHttp, Http
from client.retries import Limits
from client.routes_batches import BatchRoutes, page
from client.routes_rows import RowRoutes
from client.routes_trust import TrustRoutes

T = TypeVar("T")


class Routes(BatchRoutes, RowRoutes, TrustRoutes):
    """Every route once: a method describes its Call, and `@route` sends it, as the kind of client does that it is asked of.

    Errors are those of chartloop/errors.py; `code` tells them apart.
    """

    @route
    def health(self) -> Call[Health]:
        return Call("GET", path("health"))

    @route
    def tasks(self) -> Call[list[KnownTask]]:
        """What each task is asked about, and judged by."""
        return Call("GET", path("tasks"), read=lambda answer: answer["tasks"])

    @route
    def task(self, task: str) -> Call[TaskStatus]:
        """Counts, what is missing to the next run, the active run and the champion."""
        return Call("GET", path("tasks", task))

    @route
    def cost(self, task: str, *, trials: int | None = None) -> Call[Cost]:
        """What a run would cost if it started now (with so many trials of a search), and whether the cap allows it."""
        return Call("GET", path("tasks", task, "cost"), params={} if trials is None else {"trials": trials})

    @route
    def settings(self, task: str) -> Call[TaskSettings]:
        return Call("GET", path("tasks", task, "settings"))

    @route
    def change_settings(self, task: str, changes: TaskSettings) -> Call[TaskSettings]:
        """A task's settings after `changes`, by name; a hyper-parameter is named without its group."""
        return Call("PATCH", path("tasks", task, "settings"), json=changes)

    @route
    def start_run(self, task: str, *, tuning: TuningSettings | None = None, idempotency_key: str | None = None) -> Call[Run]:
        """Waits for no new records; `tuning` is for this run alone."""
        body = None if tuning is None else {"tuning": tuning}
        return Call("POST", path("tasks", task, "runs"), json=body, headers=keyed(idempotency_key))

    @route
    def runs(self, task: str | None = None, *, limit: int = 20, before: str | None = None) -> Call[RunPage]:
        """Newest first."""
        return page(path("runs"), task=task, limit=limit, before=before)

    @route
    def run(self, run_id: str) -> Call[Run]:
        return Call("GET", path("runs", run_id))

    @route
    def cancel_run(self, run_id: str, reason: str) -> Call[Run]:
        """Ends a run and stops its jobs. Raises Conflict(run_ended) or, once it puts its model into service, PromotionActive."""
        return Call("POST", path("runs", run_id, "cancel"), json={"reason": reason})

    @route
    def report(self, task: str, run_id: str) -> Call[Report]:
        """All that there is to see of a run, its flips with text for who may write records; chartloop/report_page.py shows it."""
        return Call("GET", path("tasks", task, "runs", run_id, "report"))

    @route
    def audit(self, task: str, *, limit: int = 50, before: str | None = None) -> Call[AuditPage]:
        """Who did what, newest first."""
        return page(path("tasks", task, "audit"), limit=limit, before=before)

    @route
    def models(self, task: str) -> Call[list[Model]]:
        return Call("GET", path("tasks", task, "models"), read=lambda answer: answer["models"])

    @route
    def promote(self, task: str, version: str, reason: str, *, idempotency_key: str | None = None) -> Call[Run]:
        """Starts a promotion by hand; follow the run that it answers with."""
        where = path("tasks", task, "models", version, "promote")
        return Call("POST", where, json={"reason": reason}, headers=keyed(idempotency_key))

    @route
    def reject(self, task: str, version: str, reason: str) -> Call[Model]:
        return Call("POST", path("tasks", task, "models", version, "reject"), json={"reason": reason})

    @route
    def rollback(self, task: str, reason: str, version: str | None = None, *, idempotency_key: str | None = None) -> Call[Run]:
        """Starts a return to `version`, or to the champion before."""
        body = {"reason": reason} | ({"version": version} if version else {})
        return Call("POST", path("tasks", task, "rollback"), json=body, headers=keyed(idempotency_key))

    @route
    def predict(
        self, task: str, texts: Sequence[str | dict[str, str]], *,
        min_confidence: float = 0.0, offset_unit: OffsetUnit = "codepoint", keep: bool = False, codes: int = 0,
        sentences: int | None = None,
    ) -> Call[Prediction]:  # fmt: skip
        """`texts`: strings or `{"id", "text"}`; `codes`: how many to suggest; with `keep` they wait for review.

        `sentences`: how many to tell of those that spoke for a label. Only what differs from the service's defaults is sent.
        """
        unit = None if offset_unit == "codepoint" else offset_unit
        more = {"min_confidence": min_confidence or None, "offset_unit": unit, "keep": keep or None, "codes": codes or None}
        said = {name: value for name, value in {**more, "sentences": sentences}.items() if value is not None}
        return Call("POST", path("tasks", task, "predict"), json={"texts": list(texts), **said})

    @route
    def feedback(self, task: str, prediction_id: str, **right: Unpack[Correction]) -> Call[BatchReceipt]:
        """What is right of a prediction, as a labelled record; the same again has no second effect."""
        return Call("POST", path("tasks", task, "feedback"), json={"prediction_id": prediction_id, **right})

    @route
    def review(
        self, task: str, *, limit: int = 20, before: str | None = None, text: bool = False, offset_unit: OffsetUnit = "codepoint"
    ) -> Call[Review]:
        """The kept predictions that nobody has corrected, least sure first; with `text` where the token may write records."""
        asked = {"include": "text" if text else None, "offset_unit": offset_unit if text else None}
        return page(path("tasks", task, "review"), limit=limit, before=before, **asked)

    @route
    def drift(self, task: str, *, days: int = 30) -> Call[Drift]:
        """What each version answered, by day, and what corrections changed in it."""
        return Call("GET", path("tasks", task, "drift"), params={"days": days})

    @route
    def similar(self, task: str, text: str, *, most: int = 10, include: Sequence[Literal["text"]] = ()) -> Call[Similar]:
        """The stored records nearest to a text; `include=["text"]` is for who may write records."""
        body = {"text": text, "most": most, "include": list(include)}
        return Call("POST", path("tasks", task, "similar"), json=body)

    @route
    def transform_address(self, task: str) -> Call[Transform]:
        """A new batch transform, with the address for its input; `send_input` sends it, `start_transform` starts it."""
        return Call("POST", path("tasks", task, "transforms"))

    @route
    def start_transform(self, task: str, transform_id: str) -> Call[Transform]:
        """Asked again, it is the same job. Raises Unavailable(no_model), Conflict(not_uploaded), InvalidRequest(cost_cap)."""
        return Call("POST", path("tasks", task, "transforms", transform_id, "start"))

    @route
    def stop_transform(self, task: str, transform_id: str) -> Call[Transform]:
        return Call("POST", path("tasks", task, "transforms", transform_id, "stop"))

    @route
    def transform(self, task: str, transform_id: str) -> Call[Transform]:
        """How far it is; once done its counts, its score, and the address of its output for some minutes."""
        return Call("GET", path("tasks", task, "transforms", transform_id))

    @route
    def transforms(self, task: str, *, limit: int = 20) -> Call[list[Transform]]:
        """Newest first."""
        return Call("GET", path("tasks", task, "transforms"), params={"limit": limit}, read=lambda answer: answer["transforms"])


class Api(Routes):
    """The service as one token sees it."""

    def __init__(self, http: Http) -> None:
        self._http = http

    @classmethod
    def connect(cls, environ: Mapping[str, str] = os.environ, *, limits: Limits = LIMITS) -> Self:
        """The service that CHARTLOOP_URL and CHARTLOOP_TOKEN name, else the local cloud in the working directory."""
        return cls(Http(find(environ), limits=limits))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def send(self, call: Call[T]) -> T:
        return self._http.call(call)

    def upload(
        self, task: str, file: Path, *, progress: Callable[[int], None] | None = None, **options: Unpack[ReadingOptions]
    ) -> str:
        """Sends a file of any size by a presigned address; its batch id. `progress` gets the bytes of each piece sent."""
        place = self.upload_address(task, file.name, **options)
        self._http.put_file(place["url"], with_length(place["headers"], file), lambda: pieces(file, progress))
        return place["batch_id"]

    def send_input(self, made: Transform, file: Path, *, progress: Callable[[int], None] | None = None) -> None:
        """Sends a new transform its JSON Lines."""
        place = made["upload"]
        self._http.put_file(place["url"], with_length(place["headers"], file), lambda: pieces(file, progress))

    def fetch_output(self, done: Transform) -> Iterator[bytes]:
        """The output of a transform that is done, in pieces."""
        return self._http.pieces(done["output"]["url"])


class AsyncApi(Routes):
    """The same service, to await."""

    def __init__(self, http: AsyncHttp) -> None:
        self._http = http

    @classmethod
    def connect(cls, environ: Mapping[str, str] = os.environ, *, limits: Limits = LIMITS) -> Self:
        """As `Api.connect`."""
        return cls(AsyncHttp(find(environ), limits=limits))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.close()

    async def send(self, call: Call[T]) -> T:
        return await self._http.call(call)

    async def upload(
        self, task: str, file: Path, *, progress: Callable[[int], None] | None = None, **options: Unpack[ReadingOptions]
    ) -> str:
        place = await self.upload_address(task, file.name, **options)
        await self._http.put_file(place["url"], with_length(place["headers"], file), lambda: pieces(file, progress))
        return place["batch_id"]
