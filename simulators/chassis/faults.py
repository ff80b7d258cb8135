"""What the gateway is told to do badly, and the layer in front of the API that does it."""

import asyncio
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from simulators.chassis.database import Database

__all__ = ["CallbackFaults", "Copies", "DelayMs", "FaultSwitch", "Faults", "FaultyApi", "NoticeDials"]

DelayMs = Annotated[int, Meta(ge=0, le=600_000)]
Copies = Annotated[int, Meta(ge=1, le=20)]
Calls = Annotated[int, Meta(ge=0, le=10_000)]

HELD_SECONDS = 60.0
Message = MutableMapping[str, Any]


class CallbackFaults(Struct, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with callbacks. repeat: copies of each; shuffle: a later change overtakes an earlier one."""

    repeat: Copies = 1
    lose: bool = False
    shuffle: bool = False
    delay_ms: DelayMs = 0


class Faults(Struct, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with calls of the API; the counters say for how many more calls.

    fail_status: what `fail_5xx` answers with; such a call is not processed.
    timeout_after_processing: such a call is processed, its answer held back.
    """

    latency_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    timeout_after_processing: Calls = 0
    fail_5xx: Calls = 0
    fail_status: Literal[500, 502, 503, 504] = 503
    callbacks: CallbackFaults = CallbackFaults()


class NoticeDials(CallbackFaults, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with the notices of one payment."""

    forge_signature: bool = False
    omit_signature: bool = False


class FaultSwitch:
    """The faults that are set, kept over a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.first("SELECT value FROM settings WHERE name = 'faults'")
        self.now = Faults() if row is None else msgspec.json.decode(row["value"], type=Faults)

    def set(self, faults: Faults) -> None:
        """Replace all of them."""
        self.now = faults
        self._database.execute(
            "INSERT INTO settings (name, value) VALUES ('faults', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            value=msgspec.json.encode(faults),
        )

    def take_failure(self) -> bool:
        """Whether this call fails; counts it."""
        if not self.now.fail_5xx:
            return False
        self.set(msgspec.structs.replace(self.now, fail_5xx=self.now.fail_5xx - 1))
        return True

    def take_timeout(self) -> bool:
        """Whether this call's answer is held back; counts it."""
        if not self.now.timeout_after_processing:
            return False
        self.set(msgspec.structs.replace(self.now, timeout_after_processing=self.now.timeout_after_processing - 1))
        return True


class FaultyApi:
    """ASGI, in front of the application: calls under its prefixes suffer the faults that are set, everything else passes.

    failure: the body of an answer that says that the call was not processed, in the provider's own form.
    """

    def __init__(self, app: Any, switch: FaultSwitch, closing: asyncio.Event, *, prefixes: tuple[str, ...], failure: object) -> None:
        self._app = app
        self._switch = switch
        self._closing = closing
        self._prefixes = prefixes
        self._failure = msgspec.json.encode(failure)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        if latency_ms := self._switch.now.latency_ms:
            await self._until_closing(asyncio.sleep(latency_ms / 1000))
        if self._switch.take_failure():
            await _answer(send, self._switch.now.fail_status, self._failure)
        elif self._switch.take_timeout():
            await self._answer_late(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _answer_late(self, scope: Any, receive: Any, send: Any) -> None:
        held: list[Message] = []

        async def hold(message: Message) -> None:
            held.append(message)

        await self._app(scope, receive, hold)
        with suppress(TimeoutError):
            async with asyncio.timeout(HELD_SECONDS):
                await self._until_closing(_caller_gone(receive))
        for message in held:
            await send(message)

    async def _until_closing(self, waiting: Any) -> None:
        tasks = [asyncio.ensure_future(waiting), asyncio.ensure_future(self._closing.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


async def _caller_gone(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
