"""The coalescer: requests that wait in one process are decided together and written as one transaction.

A commit costs the same for one request as for a hundred. So each *lane* (one event of one organizer, say) runs at most one
flush at a time; what arrives meanwhile waits and leaves together in the next one. Idle, a request is flushed at once, alone: no
timer, no added wait. Under load batches grow by themselves to what one flush takes.

A flush gets the requests of one lane, first come first served, and returns one outcome per request, in that order; an outcome that
is an exception is raised to its submitter alone. A flush that raises is run once more as a whole (a dropped connection, a
deadlock), then halved until the request that breaks it stands alone: one bad request never fails its neighbours. Flushes must
therefore be idempotent by request, as a transaction keyed by client-made ids is.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from prometheus_client import Counter, Histogram

from alltickets.kernel.errors import Trouble

__all__ = ["Coalescer", "Overloaded"]

Key = TypeVar("Key", bound=Hashable)
Request = TypeVar("Request")
Outcome = TypeVar("Outcome")

_batch_sizes = Histogram(
    "alltickets_coalescer_batch_size", "Requests per flush", ["coalescer"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
)
_retries = Counter("alltickets_coalescer_retries", "Flushes that failed and were tried again", ["coalescer"])


@dataclass(eq=False)
class Overloaded(Trouble):
    """More requests wait than can be served in good time; nothing was done."""

    message: str = "Too many requests are waiting. Nothing was changed; try again in a moment."
    retry_after_seconds: int | None = 1


@dataclass(slots=True)
class _Waiting(Generic[Request, Outcome]):
    request: Request
    answer: "asyncio.Future[Outcome]"


@dataclass(slots=True)
class _Lane(Generic[Request, Outcome]):
    waiting: "deque[_Waiting[Request, Outcome]]" = field(default_factory=deque)


class Coalescer(Generic[Key, Request, Outcome]):
    """Batches requests per lane.

    flush: decides and writes the requests of one lane; returns outcomes in their order, an exception for a refused one.
    batch_max: requests per flush; what exceeds it waits for the next.
    waiting_max: requests waiting in one lane before `Overloaded` is raised at once instead of queueing without bound.
    flushes_max: lanes that flush at the same time in this process (each holds a database connection).
    """

    def __init__(
        self,
        name: str,
        flush: Callable[[Key, Sequence[Request]], Awaitable[Sequence[Outcome | Exception]]],
        *,
        batch_max: int = 500,
        waiting_max: int = 20_000,
        flushes_max: int = 8,
    ) -> None:
        self._flush = flush
        self._batch_max = batch_max
        self._waiting_max = waiting_max
        self._slots = asyncio.Semaphore(flushes_max)
        self._lanes: dict[Key, _Lane[Request, Outcome]] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._sizes = _batch_sizes.labels(name)
        self._retried = _retries.labels(name)

    async def submit(self, key: Key, request: Request) -> Outcome:
        """Wait for this request's turn in its lane and return its outcome, or raise it if it is an exception.

        Raises `Overloaded` when the lane is full. A submitter that is cancelled is not waited for; its request may still be carried out.
        """
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = _Lane()
            task = asyncio.create_task(self._drain(key, lane))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        elif len(lane.waiting) >= self._waiting_max:
            raise Overloaded
        answer: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        lane.waiting.append(_Waiting(request, answer))
        return await answer

    async def drained(self) -> None:
        """Return once everything accepted so far has its outcome: the last step of a graceful shutdown."""
        while self._running:
            await asyncio.wait(self._running)

    async def _drain(self, key: Key, lane: _Lane[Request, Outcome]) -> None:
        # The lane exists exactly as long as this task: nothing awaits between finding it empty and removing it.
        while lane.waiting:
            async with self._slots:
                batch = [lane.waiting.popleft() for _ in range(min(self._batch_max, len(lane.waiting)))]
                self._sizes.observe(len(batch))
                await self._carry_out(key, batch)
        del self._lanes[key]

    async def _carry_out(self, key: Key, batch: list[_Waiting[Request, Outcome]]) -> None:
        try:
            outcomes = await self._outcomes(key, batch)
        except Exception:
            self._retried.inc()
            await self._again(key, batch)
        else:
            _answer(batch, outcomes)

    async def _outcomes(self, key: Key, batch: list[_Waiting[Request, Outcome]]) -> Sequence[Outcome | Exception]:
        # Checked here, where a fault reaches the submitters: raised later it would end the lane's task and leave them waiting for ever.
        outcomes = await self._flush(key, [waiting.request for waiting in batch])
        assert len(outcomes) == len(batch), "one outcome per request"
        return outcomes

    async def _again(self, key: Key, batch: list[_Waiting[Request, Outcome]]) -> None:
        try:
            outcomes = await self._outcomes(key, batch)
        except Exception as fault:
            # Trouble outside (the database is gone) would fail every half as well: all of them are told at once.
            if len(batch) == 1 or isinstance(fault, Trouble):
                _answer(batch, [fault] * len(batch))
                return
            middle = len(batch) // 2
            await self._again(key, batch[:middle])
            await self._again(key, batch[middle:])
        else:
            _answer(batch, outcomes)


def _answer(batch: list[_Waiting[Request, Outcome]], outcomes: Sequence[Outcome | Exception]) -> None:
    for waiting, outcome in zip(batch, outcomes, strict=True):
        if waiting.answer.done():
            continue
        if isinstance(outcome, Exception):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome)
