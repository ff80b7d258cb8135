"""The background work of the gateway: sends callbacks, sends them again, and makes payments change when their time has come."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

import httpx

from simulators.chassis.errors import Refused
from simulators.chassis.outgoing import Callback, Outgoing, Sent
from simulators.chassis.settings import Settings

__all__ = ["Sender"]

SENDING_MAX = 24
"""Callbacks under way at the same time. The client's pool takes time by the square of it: measured, 100 send half as many a second."""

Sign = Callable[[Callback, int], Mapping[str, str]]
"""The headers of a try that is made now (unix seconds), its signature among them as `Callback.signing` says."""
ApplyDue = Callable[[], float | None]
"""Makes the changes whose time has come; when the next one is due (unix), None when there is none."""

_log = logging.getLogger(__name__)


class Sender:
    """Runs until cancelled. A callback whose try was cut off by the end of the process is sent again after the next start."""

    def __init__(self, settings: Settings, outgoing: Outgoing, *, sign: Sign, apply_due: ApplyDue) -> None:
        self._settings = settings
        self._outgoing = outgoing
        self._sign = sign
        self._apply_due = apply_due
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look, send, and sleep until something is due or `Outgoing.wake` is called."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=SENDING_MAX)
        # trust_env is off: a proxy of the environment would carry loopback traffic away.
        async with httpx.AsyncClient(limits=limits, trust_env=False, timeout=self._settings.callback_answer_seconds) as client:
            try:
                while True:
                    self._outgoing.woken.clear()
                    try:
                        wake_at = self._start_due(client)
                    except sqlite3.Error:
                        _log.exception("the queue of callbacks could not be read; trying again")
                        wake_at = time.time() + 1.0
                    with suppress(TimeoutError):
                        async with asyncio.timeout(None if wake_at is None else max(0.0, wake_at - time.time())):
                            await self._outgoing.woken.wait()
            finally:
                tasks = list(self._sending.values())
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _start_due(self, client: httpx.AsyncClient) -> float | None:
        """Start what is due; when to look again (unix), None to wait for being woken."""
        change_due_at = self._apply_due()
        free = SENDING_MAX - len(self._sending)
        if free == 0:
            return change_due_at
        for callback in self._outgoing.take_due(free):
            task = asyncio.create_task(self._send(client, callback))
            self._sending[callback.id] = task
            task.add_done_callback(partial(self._finished, callback.id))
        free = SENDING_MAX - len(self._sending)
        callback_due_at = self._outgoing.next_due_at() if free else None
        return min((at for at in (change_due_at, callback_due_at) if at is not None), default=None)

    def _finished(self, callback_id: str, task: "asyncio.Task[None]") -> None:
        del self._sending[callback_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("callback %s could not be sent", callback_id, exc_info=error)
        self._outgoing.wake()

    async def _send(self, client: httpx.AsyncClient, callback: Callback) -> None:
        copies = callback.copies if callback.tries == 0 else 1
        sent = await asyncio.gather(*(self._post(client, callback) for _ in range(copies)))
        self._outgoing.record(callback, sent, self._settings.callback_retry_seconds)

    async def _post(self, client: httpx.AsyncClient, callback: Callback) -> Sent:
        started = time.time()
        headers = {"content-type": "application/json", **self._sign(callback, int(started))}
        answer: int | None = None
        error: str | None = None
        try:
            self._settings.require_allowed("callback_url", callback.url)
            async with asyncio.timeout(self._settings.callback_answer_seconds):
                answer = (await client.post(callback.url, content=callback.body, headers=headers)).status_code
        except (TimeoutError, httpx.TimeoutException):
            error = f"no answer within {self._settings.callback_answer_seconds:g} s"
        except (httpx.HTTPError, httpx.InvalidURL) as cause:
            error = f"{type(cause).__name__}: {cause}"
        except Refused as refusal:
            error = refusal.message
        return Sent(started, answer, error, round((time.time() - started) * 1000))
