"""The routes of batches, as methods of the client: posting records, uploads, receipts, what was not taken in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Unpack

from client.calls import Call, path, route
from client.contracts import BatchReceipt, Record
from client.contracts_batches import BatchPage, PostOptions, Quarantine, ReadingOptions, RecordPage, UploadAddress

JSON_LINES = "application/x-ndjson"


class BatchRoutes:
    """A part of client/api.py's Routes."""

    @route
    def post_records(
        self, task: str, records: Iterable[Record], *, idempotency_key: str | None = None, **options: Unpack[PostOptions]
    ) -> Call[BatchReceipt]:
        """Posts records as one batch, as `post_body` does."""
        lines = [json.dumps(record, ensure_ascii=False) for record in records]
        return _post(task, "\n".join(lines).encode(), JSON_LINES, idempotency_key, options)

    @route
    def post_body(
        self, task: str, body: bytes, content_type: str, *,
        idempotency_key: str | None = None, **options: Unpack[PostOptions],
    ) -> Call[BatchReceipt]:  # fmt: skip
        """Posts bytes of at most 5 MB. The same body twice is one batch, unless the posts' keys differ.

        The receipt judges each record's form; `batch` has the final verdicts.
        """
        return _post(task, body, content_type, idempotency_key, options)

    @route
    def upload_address(self, task: str, name: str, **options: Unpack[ReadingOptions]) -> Call[UploadAddress]:
        """Where to PUT a file of this name, with which headers, and the batch that it will be; `upload` does both."""
        return Call("POST", path("tasks", task, "uploads"), json={"name": name, **options})

    @route
    def batches(
        self, task: str, *, limit: int = 50, before: str | None = None,
        poster: str | None = None, since: str | None = None, until: str | None = None,
    ) -> Call[BatchPage]:  # fmt: skip
        """Newest first; those of one poster, of the days from `since` to `until` (`2026-11-21`)."""
        return page(path("tasks", task, "batches"), limit=limit, before=before, poster=poster, since=since, until=until)

    @route
    def records(
        self, task: str, *, limit: int = 50, before: str | None = None, verdict: str | None = None,
        poster: str | None = None, since: str | None = None, until: str | None = None,
        label: str | None = None, record_id: str | None = None,
    ) -> Call[RecordPage]:  # fmt: skip
        """As they came in, newest batch first: by id, with batch, poster, verdict and labels, without text.

        `record_id` finds those whose id has it in it. A page may be short, and still have a next one.
        """
        asked = {"poster": poster, "since": since, "until": until, "verdict": verdict, "label": label, "record_id": record_id}
        return page(path("tasks", task, "records"), limit=limit, before=before, **asked)

    @route
    def quarantine(self, task: str, *, before: str | None = None) -> Call[Quarantine]:
        """What of the newest batches was not taken in, by reason."""
        return page(path("tasks", task, "quarantine"), before=before)

    @route
    def discard(self, task: str, batch_id: str, reason: str) -> Call[BatchReceipt]:
        """Lets a batch's bad records go: they leave the quarantine."""
        return Call("POST", path("tasks", task, "batches", batch_id, "discard"), json={"reason": reason})

    @route
    def batch(self, task: str, batch_id: str, *, after: int = 0) -> Call[BatchReceipt]:
        """Every record's verdict as it stands; of very many, as many as fit in an answer, from the line after `after`."""
        return page(path("tasks", task, "batches", batch_id), after=after or None)

    @route
    def withdraw(self, task: str, batch_id: str, reason: str) -> Call[BatchReceipt]:
        return Call("POST", path("tasks", task, "batches", batch_id, "withdraw"), json={"reason": reason})


def _post(task: str, body: bytes, content_type: str, key: str | None, options: PostOptions) -> Call[BatchReceipt]:
    headers = {"content-type": content_type} | ({} if key is None else {"idempotency-key": key})
    params = {name: _text(value) for name, value in options.items()}
    return Call("POST", path("tasks", task, "records"), content=body, headers=headers, params=params)


def page(where: str, **params: str | int | None) -> Call[Any]:
    return Call("GET", where, params={name: value for name, value in params.items() if value is not None})


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
