"""Copies kept in a process: versioned, dropped by announcement, re-checked each second. Never a source of truth."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from alltickets.platform.notify import Listener

__all__ = ["Snapshots"]

Key = TypeVar("Key", bound=Hashable)
Copy = TypeVar("Copy")

FRESH_SECONDS = 1.0


@dataclass(slots=True)
class _Entry(Generic[Copy]):
    copy: Copy | None
    version: object
    checked_at: float


class Snapshots(Generic[Key, Copy]):
    """Copies by key, at most a second old.

    load: builds the copy from the database with its version; (None, None) when there is no such thing.
    version_of: the version as it stands in the database now: one cheap look instead of a load; None asks `load` each time.
    """

    def __init__(
        self,
        load: Callable[[Key], Awaitable[tuple[Copy | None, object]]],
        *,
        version_of: Callable[[Key], Awaitable[object]] | None = None,
        kept_max: int = 10_000,
    ) -> None:
        self._load = load
        self._version_of = version_of
        self._kept_max = kept_max
        self._entries: OrderedDict[Key, _Entry[Copy]] = OrderedDict()
        self._refreshing: dict[Key, asyncio.Task[_Entry[Copy]]] = {}

    def follow(self, listener: Listener, topic: str, key_of: Callable[[str], Key]) -> None:
        """Drop a copy as soon as its change is announced under this topic."""
        listener.on(topic, lambda key: self.drop_all() if key is None else self.drop(key_of(key)))

    def peek(self, key: Key) -> Copy | None:
        """The copy if it is here and fresh, without waiting; None otherwise: then `get` it."""
        entry = self._entries.get(key)
        if entry is None or time.monotonic() - entry.checked_at > FRESH_SECONDS:
            return None
        return entry.copy

    async def get(self, key: Key) -> Copy | None:
        """The copy, loaded or re-checked when it is older than a second; None when there is no such thing."""
        entry = self._entries.get(key)
        if entry is not None and time.monotonic() - entry.checked_at <= FRESH_SECONDS:
            return entry.copy
        refreshing = self._refreshing.get(key)
        if refreshing is None:
            refreshing = self._refreshing[key] = asyncio.create_task(self._refresh(key, entry))
            refreshing.add_done_callback(lambda _: self._refreshing.pop(key, None))
        return (await asyncio.shield(refreshing)).copy

    def drop(self, key: Key) -> None:
        """Forget one copy; a load under way does not bring the old one back for longer than a second."""
        self._entries.pop(key, None)

    def drop_all(self) -> None:
        """Forget everything, after announcements may have been missed."""
        self._entries.clear()

    async def _refresh(self, key: Key, known: _Entry[Copy] | None) -> _Entry[Copy]:
        checked_at = time.monotonic()
        if known is not None and self._version_of is not None and await self._version_of(key) == known.version:
            known.checked_at = checked_at
            return known
        copy, version = await self._load(key)
        entry = _Entry(copy, version, checked_at)
        self._entries[key] = entry
        self._entries.move_to_end(key)
        while len(self._entries) > self._kept_max:
            self._entries.popitem(last=False)
        return entry
