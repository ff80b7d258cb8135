"""Waiting for what is about to be true, instead of for a time that is hoped to be long enough."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable

__all__ = ["until"]


async def until(condition: Callable[[], bool | Awaitable[bool]], *, seconds: float = 5.0) -> float:
    """Return as soon as the condition holds, with the seconds that took; fail when it does not within `seconds`."""
    started = time.monotonic()
    while True:
        holds = condition()
        if inspect.isawaitable(holds):
            holds = await holds
        waited = time.monotonic() - started
        if holds:
            return waited
        assert waited < seconds, f"not within {seconds} s: {inspect.getsource(condition).strip()}"
        await asyncio.sleep(0.005)
