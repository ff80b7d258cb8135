"""Buyers who wait for news of their order: told as soon as it moves, by one look at the database for all of an organizer's.

Whoever watches costs no statement of their own. A commit of the organizer's is announced to every process (`events`), and then all of
its orders that are watched here are read together, at most four times a second; behind the announcements they are read every other second.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from prometheus_client import Gauge

from alltickets.kernel.errors import Trouble
from alltickets.orders.queries import OrderState, read_states
from alltickets.platform.coalescer import Overloaded
from alltickets.platform.database import Database
from alltickets.platform.notify import Listener

__all__ = ["Watching"]

WATCHED_SECONDS_MAX = 300.0
"""Then whoever still waits comes back: nobody holds a place for ever, and a restart is not waited for by anybody for long."""
QUIET_SECONDS_MAX = 15.0
"""A proxy takes a connection on which nothing moves for dead."""
LOOKS_APART_SECONDS = 0.25
RECHECK_SECONDS = 2.0
WATCHERS_MAX = 500
WATCHERS_OF_ORDER_MAX = 6

_log = structlog.get_logger()
_watchers = Gauge("alltickets_order_watchers", "Buyers who wait for news of their order", multiprocess_mode="livesum")


@dataclass(eq=False, slots=True)
class _Watcher:
    """One who waits. `state` is the newest, `news` set while it was not taken."""

    order_id: UUID
    state: OrderState | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, state: OrderState | None) -> None:
        if state != self.state:
            self.state = state
            self.news.set()


@dataclass(eq=False, slots=True)
class _Desk:
    """Those who watch orders of one organizer, and what has them looked after."""

    watchers: set[_Watcher] = field(default_factory=set)
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Watching:
    """The states of orders as they change, for whoever may see them; one per process, which bounds how many watch."""

    def __init__(
        self,
        database: Database,
        *,
        watched_seconds_max: float = WATCHED_SECONDS_MAX,
        quiet_seconds_max: float = QUIET_SECONDS_MAX,
        recheck_seconds: float = RECHECK_SECONDS,
        watchers_max: int = WATCHERS_MAX,
    ) -> None:
        self._database = database
        self._watched_seconds_max = watched_seconds_max
        self._quiet_seconds_max = quiet_seconds_max
        self._recheck_seconds = recheck_seconds
        self._watchers_max = watchers_max
        self._desks: dict[str, _Desk] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._of_order: Counter[UUID] = Counter()
        self._is_stopping = False

    def follow(self, listener: Listener) -> None:
        """Look as soon as something of an organizer was committed."""
        listener.on("events", self._heard)

    def stop(self) -> None:
        """Let everybody go who watches, and take nobody in: the process ends as soon as nobody is being answered."""
        self._is_stopping = True
        for desk in self._desks.values():
            desk.wake.set()
            for watcher in desk.watchers:
                watcher.news.set()

    def require_room(self, order_id: UUID) -> None:
        """Raise `Overloaded` where one more would be too many: of this order, or in this process."""
        is_full = self._of_order.total() >= self._watchers_max or self._of_order[order_id] >= WATCHERS_OF_ORDER_MAX
        if self._is_stopping or is_full:
            raise Overloaded("Too many wait for news right now. Nothing is lost: look at the order again in a moment.", 5)

    async def states(self, organizer_id: UUID, order_id: UUID) -> AsyncGenerator[OrderState | None, None]:
        """How the order stands now, and each time that this changes, for some minutes; None now and then where nothing does."""
        watcher = _Watcher(order_id)
        now = asyncio.get_running_loop().time
        until = now() + self._watched_seconds_max
        told: OrderState | None = None
        self._enter(organizer_id, watcher)
        try:
            while not self._is_stopping and (left := until - now()) > 0:
                try:
                    async with asyncio.timeout(min(left, self._quiet_seconds_max)):
                        await watcher.news.wait()
                except TimeoutError:
                    yield None
                    continue
                watcher.news.clear()
                if watcher.state not in (None, told):
                    told = watcher.state
                    yield told
        finally:
            self._leave(organizer_id, watcher)

    def _heard(self, key: str | None) -> None:
        for organizer, desk in self._desks.items():
            if key in (None, organizer):
                desk.wake.set()

    def _enter(self, organizer_id: UUID, watcher: _Watcher) -> None:
        desk = self._desks.get(str(organizer_id))
        if desk is None:
            desk = self._desks[str(organizer_id)] = _Desk()
            task = asyncio.create_task(self._look(organizer_id, desk))
            self._looking.add(task)
            task.add_done_callback(self._looking.discard)
        desk.watchers.add(watcher)
        desk.wake.set()
        self._of_order[watcher.order_id] += 1
        _watchers.inc()

    def _leave(self, organizer_id: UUID, watcher: _Watcher) -> None:
        desk = self._desks[str(organizer_id)]
        desk.watchers.discard(watcher)
        if not desk.watchers:
            # Whoever comes after gets a desk of their own: this one has nobody to look for and ends.
            del self._desks[str(organizer_id)]
            desk.wake.set()
        self._of_order.subtract([watcher.order_id])
        if not self._of_order[watcher.order_id]:
            del self._of_order[watcher.order_id]
        _watchers.dec()

    async def _look(self, organizer_id: UUID, desk: _Desk) -> None:
        """Read the orders of a desk for as long as anybody watches one."""
        while desk.watchers and not self._is_stopping:
            desk.wake.clear()
            try:
                await self._look_once(organizer_id, desk)
            except Trouble as trouble:
                _log.info("orders cannot be watched", trouble=str(trouble))
            except Exception:
                _log.exception("orders cannot be watched")
            await asyncio.sleep(LOOKS_APART_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._recheck_seconds):
                    await desk.wake.wait()

    async def _look_once(self, organizer_id: UUID, desk: _Desk) -> None:
        async with self._database.reading(organizer_id) as reader:
            states = await read_states(reader, {watcher.order_id for watcher in desk.watchers})
        for watcher in desk.watchers:
            if watcher.order_id in states:
                watcher.tell(states[watcher.order_id])
