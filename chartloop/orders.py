"""A caller's order for a run, known by its Idempotency-Key: sent again it is the same run, never a second one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chartloop.errors import Conflict
from chartloop.items import hashed, new, require, run_key
from chartloop.seams import Item, Key, Ledger


@dataclass(frozen=True)
class Order:
    """What `by` asked for under `idempotency_key`. Its note is saved together with the run: one is never without the other."""

    task: str
    by: str
    idempotency_key: str
    asked: dict[str, Any]

    @property
    def _key(self) -> Key:
        return f"TASK#{self.task}", f"ORDER#{hashed(self.by)}#{hashed(self.idempotency_key)}"

    def run(self, ledger: Ledger) -> Item | None:
        """The RUN item that this order has started. Raises Conflict where its key came with another order."""
        noted = ledger.get(self._key)
        if noted is None:
            return None
        if noted["asked"] != self.asked:
            raise Conflict("this Idempotency-Key came with another request before", field="Idempotency-Key")
        return require(ledger, run_key(self.task, noted["run_id"]), "run")

    def note(self, run: Item) -> Item:
        """The item to be saved with the run."""
        return new(self._key, asked=self.asked, run_id=run["run_id"], at=run["started_at"])


def order(task: str, by: str, idempotency_key: str | None, **asked: Any) -> Order | None:
    """Without a key there is nothing to know an order by."""
    return Order(task, by, idempotency_key, asked) if idempotency_key else None
