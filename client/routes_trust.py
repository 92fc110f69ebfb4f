"""The client's methods of what can be trusted: the quality of records, where they come from, and the gold set."""

from __future__ import annotations

from client.calls import Call, path, route
from client.contracts import BatchReceipt
from client.contracts_trust import Changes, Posters, Provenance, Quality


class TrustRoutes:
    """A part of client/api.py's Routes."""

    @route
    def quality(self, task: str) -> Call[Quality]:
        """What the last run found in the task's records: set aside, contradicting, giving their label away."""
        return Call("GET", path("tasks", task, "quality"))

    @route
    def changes(self, task: str, batch_id: str) -> Call[Changes]:
        """A batch's counts and labels beside those of all that was there before it."""
        return Call("GET", path("tasks", task, "batches", batch_id, "changes"))

    @route
    def posters(self, task: str) -> Call[Posters]:
        """What each poster sent, what of it waits, and who wrote the gold set."""
        return Call("GET", path("tasks", task, "posters"))

    @route
    def provenance(self, task: str, record_id: str) -> Call[Provenance]:
        """Who posted each version of a record."""
        return Call("GET", path("tasks", task, "provenance"), params={"record_id": record_id})

    @route
    def add_gold(self, task: str, body: bytes, content_type: str, *, idempotency_key: str | None = None) -> Call[BatchReceipt]:
        """Records for the gold set, as `post_body` sends them; the same body twice is one batch."""
        key = {} if idempotency_key is None else {"idempotency-key": idempotency_key}
        return Call("POST", path("tasks", task, "gold"), content=body, headers={"content-type": content_type} | key)
