"""Background work that comes back by itself: sweepers and pollers, one loop each, none of which can take another down."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from alltickets.kernel.errors import Trouble

__all__ = ["Loop", "run_loops"]

_log = structlog.get_logger()
_done = Counter("alltickets_loop_items", "Things done by a background loop", ["loop"])
_failed = Counter("alltickets_loop_failures", "Rounds of a background loop that failed", ["loop"])


@dataclass(frozen=True)
class Loop:
    """`run` does a bounded piece of work and returns how much it did: again at once while that is more than 0, else after a pause."""

    name: str
    every_seconds: float
    run: Callable[[], Awaitable[int]]


async def run_loops(loops: list[Loop], stopping: asyncio.Event) -> None:
    """Run every loop until `stopping`; a round under way is finished."""
    await asyncio.gather(*(_run(loop, stopping) for loop in loops))


async def _run(loop: Loop, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        done = 0
        try:
            done = await loop.run()
            _done.labels(loop.name).inc(done)
        except Trouble as trouble:
            _failed.labels(loop.name).inc()
            _log.warning("loop interrupted", loop=loop.name, trouble=str(trouble))
        except Exception:
            _failed.labels(loop.name).inc()
            _log.exception("loop failed", loop=loop.name)
        if done == 0:
            # Jitter keeps the same loops of many processes from asking the database in step.
            await _pause(loop.every_seconds * random.uniform(0.8, 1.2), stopping)  # noqa: S311


async def _pause(seconds: float, stopping: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        pass
