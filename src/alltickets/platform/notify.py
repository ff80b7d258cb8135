"""NOTIFY and LISTEN: a hint from process to process that something changed. Correctness never rests on it.

Announcements leave after the commit, gathered, on a connection of their own: a NOTIFY inside a writing transaction takes a lock of
the whole database cluster until that transaction is durable, so it would line up all commits one behind the other.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import psycopg_pool
import structlog

__all__ = ["Listener", "Notifier"]

CHANNEL = "alltickets"
_log = structlog.get_logger()


class Notifier:
    """Sends announcements (`topic:key`), each at most once per gathering of a few milliseconds."""

    def __init__(self, pool: "psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[Any]]", *, gather_seconds: float = 0.002) -> None:
        self._pool = pool
        self._gather_seconds = gather_seconds
        self._pending: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    def say(self, announcements: Iterable[str]) -> None:
        """Send these soon; returns at once."""
        self._pending.update(announcements)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())

    async def close(self) -> None:
        """Send what is pending."""
        while self._sending is not None:
            await asyncio.wait([self._sending])

    async def _send(self) -> None:
        try:
            while self._pending:
                await asyncio.sleep(self._gather_seconds)
                payloads, self._pending = list(self._pending), set()
                async with self._pool.connection() as connection:
                    await connection.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", (CHANNEL, payloads))
        except (psycopg.Error, psycopg_pool.PoolTimeout, psycopg_pool.TooManyRequests):
            # Lost hints cost their readers a second: everybody re-checks.
            _log.info("announcements lost")
        finally:
            self._sending = None


class Listener:
    """Hears announcements and calls who asked for their topic. Needs a direct connection (no transaction pooler)."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._callbacks: dict[str, list[Callable[[str | None], None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def on(self, topic: str, callback: Callable[[str | None], None]) -> None:
        """Call back with the key of each announcement of this topic, and with None when some may have been missed."""
        self._callbacks.setdefault(topic, []).append(callback)

    def start(self) -> None:
        """Listen until `stop`, through any number of lost connections."""
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _listen(self) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True, application_name="alltickets listener")
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._missed()
                    async for notice in connection.notifies():
                        topic, _, key = notice.payload.partition(":")
                        self._tell(topic, key)
            except psycopg.Error:
                _log.info("listener lost its connection")
                await asyncio.sleep(1)

    def _missed(self) -> None:
        for topic in self._callbacks:
            self._tell(topic, None)

    def _tell(self, topic: str, key: str | None) -> None:
        for callback in self._callbacks.get(topic, ()):
            try:
                callback(key)
            except Exception:
                # Anybody who may connect may announce anything: a key that nobody can read must not make this process deaf.
                _log.exception("an announcement could not be followed", topic=topic)
