"""A view of the ledger: items read in as few calls as possible, changed in memory, saved as one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from chartloop.seams import Item, Key, Ledger


class View:
    """What was read stays as it was read until `save`, which raises Stale where another writer was faster."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._items: dict[Key, Item | None] = {}
        self._changed: dict[Key, Item] = {}

    def load(self, keys: Iterable[Key]) -> None:
        """Reads those that were not read yet, together."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._items]
        if missing:
            found = self._ledger.get_many(missing)
            self._items |= {key: found.get(key) for key in missing}

    def get(self, key: Key) -> Item | None:
        self.load([key])
        return self._items[key]

    def put(self, item: Item) -> None:
        key = (item["pk"], item["sk"])
        self._items[key] = self._changed[key] = item

    def save(self, *more: Item) -> None:
        """Saves the changed items and `more`; nothing where nothing changed."""
        if self._changed:
            self._ledger.save(*self._changed.values(), *more)
            self._changed = {}
