"""Hearing early that the process is to stop, in a server that tells its application only once every answer has ended."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType

__all__ = ["on_told_to_stop"]


def on_told_to_stop(tell: Callable[[], None]) -> None:
    """Have `tell` called in the running loop at SIGTERM and SIGINT, beside whatever handles them now: the server, which closes its door.

    Without it an answer that goes on by itself would keep the process until it is killed, and others' answers with it.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _both(signal.getsignal(number), lambda: loop.call_soon_threadsafe(tell)))


def _both(before: object, tell: Callable[[], object]) -> Callable[[int, FrameType | None], None]:
    def handle(number: int, frame: FrameType | None) -> None:
        tell()
        if callable(before):
            before(number, frame)

    return handle
