"""The event log read: subscriptions follow each organizer's stream, in order, each effect once.

Writing happens through `tx.publish` and stands in `database.py`. Here is all reading, so that a broker can carry it where one database is
outgrown. A subscription's effects and its cursor commit together. What a handler cannot digest after `TRIES_MAX` tries, or what alone ran
into a limit of the database `LIMIT_TRIES_MAX` times, is parked in the dead letters, loudly, and the others go on. While the database is
away everything waits.
"""

import asyncio
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import structlog
from prometheus_client import Counter

from alltickets.kernel.errors import Trouble
from alltickets.platform.database import Database, DatabaseBusy, Reader, Transaction, rows_as_json
from alltickets.platform.events import Event

__all__ = ["Event", "Follower", "Lag", "Parked", "Recorded", "Subscription", "cursor_and_end", "dead_letters", "lags", "replay"]

BATCH_MAX = 500
TRIES_MAX = 5
LIMIT_TRIES_MAX = 10
"""More than for a fault: a lock may be somebody else's, who lets go of it within the minute that these take."""
TRIES_APART_SECONDS_MAX = 0.8
RECHECK_SECONDS = 1.0
LOOKS_APART_SECONDS = 0.005
DELIVERIES_MAX = 6

_log = structlog.get_logger()
_handled = Counter("alltickets_events_handled", "Events handled", ["subscription"])
_parked = Counter("alltickets_events_parked", "Events parked in the dead letters", ["subscription"])


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it stands in its organizer's stream. Positions start at 1 and have no gaps."""

    organizer_id: UUID
    position: int
    occurred_at: datetime
    event: Event


Handler = Callable[[Transaction, Sequence[Recorded]], Awaitable[None]]


@dataclass(frozen=True)
class Subscription:
    """A named reader of some event types. `handle` gets events of one organizer in order and writes in the transaction it is given,
    which also moves the cursor; it does no network call. The name is the cursor's key: a new name reads from the beginning.
    Deliveries begin at least `apart_seconds` from each other, so that what nobody waits for comes in a few large batches.
    """

    name: str
    events: tuple[type[Event], ...]
    handle: Handler
    apart_seconds: float = 0.0

    def decoders(self) -> Mapping[str, "msgspec.json.Decoder[Any]"]:
        """A decoder per event type of this subscription, by the type's name in the log."""
        return {event_type.__name__: msgspec.json.Decoder(event_type) for event_type in self.events}


class Follower:
    """Delivers the log to subscriptions for as long as it runs; any number of processes may follow the same ones."""

    def __init__(self, database: Database, subscriptions: Iterable[Subscription]) -> None:
        self._database = database
        self._subscriptions = {subscription.name: subscription for subscription in subscriptions}
        self._decoders = {name: subscription.decoders() for name, subscription in self._subscriptions.items()}
        assert self._subscriptions, "a follower has something to follow"
        self._wake = asyncio.Event()
        self._stopping = False
        self._slots = asyncio.Semaphore(DELIVERIES_MAX)
        self._delivering: dict[tuple[str, UUID], asyncio.Task[None]] = {}
        self._again: set[tuple[str, UUID]] = set()
        self._moved_at: dict[tuple[str, UUID], float] = {}

    def wake(self, _key: str | None = None) -> None:
        """Something was published: look now instead of at the next re-check."""
        self._wake.set()

    async def run(self) -> None:
        """Follow until `stop`; then finish what is being delivered."""
        while not self._stopping:
            self._wake.clear()
            try:
                for name, organizer_id, is_wanted in await self._behind():
                    # A cursor that has nothing to read moves all the same, but so seldom that it costs no commit per event.
                    apart_seconds = self._subscriptions[name].apart_seconds if is_wanted else RECHECK_SECONDS
                    if self._is_due((name, organizer_id), apart_seconds):
                        self._deliver_soon(name, organizer_id)
            except Trouble as trouble:
                _log.warning("event log cannot be read", trouble=str(trouble))
            # In a rush something is published every other millisecond: looking less often makes larger batches of it.
            await asyncio.sleep(LOOKS_APART_SECONDS)
            try:
                async with asyncio.timeout(RECHECK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
        if self._delivering:
            await asyncio.wait(self._delivering.values())

    def stop(self) -> None:
        """Let `run` return."""
        self._stopping = True
        self._wake.set()

    async def catch_up(self) -> int:
        """Deliver everything that is in the log now; how many deliveries that took. For tests, tools and the demo."""
        rounds = 0
        while behind := await self._behind():
            for name, organizer_id, _ in behind:
                rounds += 1
                while await self._deliver_batch(self._subscriptions[name], organizer_id):
                    pass
        return rounds

    async def _behind(self) -> list[tuple[str, UUID, bool]]:
        """Subscriptions that have not read a stream to its end: name, organizer, and whether something for them is in the rest."""
        async with self._database.reading(None) as reader:
            rows = await reader.fetch_tuples(
                """
                /* across organizers: finds whose stream has moved; reads only, each delivery names its organizer */
                SELECT n.name, s.organizer_id,
                       EXISTS (SELECT 1
                                 FROM platform.events e
                                WHERE e.organizer_id = s.organizer_id AND e.position > coalesce(c.position, 0) AND e.type = ANY(n.types))
                  FROM platform.streams s
                 CROSS JOIN json_to_recordset(%(subscriptions)s::json) AS n(name text, types text[])
                  LEFT JOIN platform.cursors c
                    ON c.organizer_id = s.organizer_id AND c.subscription = n.name
                 WHERE s.position > coalesce(c.position, 0)
                """,
                subscriptions=rows_as_json([{"name": name, "types": list(decoders)} for name, decoders in self._decoders.items()]),
            )
        return [(name, organizer_id, is_wanted) for name, organizer_id, is_wanted in rows]

    def _is_due(self, key: tuple[str, UUID], apart_seconds: float) -> bool:
        """Whether so much time has passed since it was last found due. What is not yet due is looked at again at the next re-check."""
        if not apart_seconds:
            return True
        now = time.monotonic()
        if now - self._moved_at.get(key, 0.0) < apart_seconds:
            return False
        self._moved_at[key] = now
        return True

    def _deliver_soon(self, name: str, organizer_id: UUID) -> None:
        key = (name, organizer_id)
        if key in self._delivering:
            # It may have read to the end just before this was published: whoever looks again after it has ended misses nothing.
            self._again.add(key)
            return
        task = self._delivering[key] = asyncio.create_task(self._deliver(name, organizer_id))
        task.add_done_callback(lambda _: self._delivered(key))

    def _delivered(self, key: tuple[str, UUID]) -> None:
        del self._delivering[key]
        if key in self._again:
            self._again.discard(key)
            self._wake.set()

    async def _deliver(self, name: str, organizer_id: UUID) -> None:
        async with self._slots:
            try:
                while not self._stopping and await self._deliver_batch(self._subscriptions[name], organizer_id):
                    pass
            except Trouble as trouble:
                _log.warning("delivery interrupted", subscription=name, trouble=str(trouble))
            except Exception:
                _log.exception("delivery failed", subscription=name)

    async def _deliver_batch(self, subscription: Subscription, organizer_id: UUID) -> int:
        """Deliver the next events in one transaction; how many stream positions that moved. 0: none left, or another process is at it."""
        try:
            return await self._advance(subscription, organizer_id, BATCH_MAX)
        except DatabaseBusy:
            _log.warning("a batch ran into a limit of the database; going one by one", subscription=subscription.name)
        except Trouble:
            raise
        except Exception:
            _log.exception("a handler failed on a batch; going one by one", subscription=subscription.name)
        began = await _read_cursor(self._database, subscription.name, organizer_id)
        position = began
        for _ in range(BATCH_MAX):
            step = await self._advance_by_one(subscription, organizer_id, position)
            position += step
            if step == 0 or self._stopping:
                break
        return position - began

    async def _advance_by_one(self, subscription: Subscription, organizer_id: UUID, after: int) -> int:
        """Deliver or park the event that follows `after`; 0 when another process has meanwhile done so."""
        fault = ""
        faults = 0
        for tried in range(LIMIT_TRIES_MAX):
            if tried:
                await asyncio.sleep(min(0.05 * 2**tried, TRIES_APART_SECONDS_MAX))
            if self._stopping:
                return 0
            try:
                return await self._advance(subscription, organizer_id, 1, after=after)
            except Exception as failure:
                if isinstance(failure, Trouble) and not isinstance(failure, DatabaseBusy):
                    raise
                fault = traceback.format_exc(limit=-8)
                if isinstance(failure, DatabaseBusy):
                    # Lists show the last line: which limit it was, not that it was one.
                    fault += f"{type(failure).__name__} {tried + 1} times, at last: {str(failure.__cause__).partition(chr(10))[0]}"
                else:
                    faults += 1
            if faults == TRIES_MAX:
                break
        return await self._park(subscription, organizer_id, after, fault)

    async def _advance(self, subscription: Subscription, organizer_id: UUID, limit: int, *, after: int | None = None) -> int:
        async with self._database.transaction(organizer_id) as tx:
            position = await lock_cursor(tx, subscription.name)
            if position is None or after not in (None, position):
                return 0
            rows, until = await self._read(tx, subscription.name, position, limit)
            if rows:
                await subscription.handle(tx, [self._recorded(subscription.name, organizer_id, row) for row in rows])
            await _move_cursor(tx, subscription.name, until)
        _handled.labels(subscription.name).inc(len(rows))
        # A batch that is not full has read to the end: a look that only finds that out would cost a commit for every delivery.
        return until - position if len(rows) == limit else 0

    async def _park(self, subscription: Subscription, organizer_id: UUID, after: int, fault: str) -> int:
        async with self._database.transaction(organizer_id) as tx:
            # Another process that failed on the same event may have parked it meanwhile: what follows it has done nothing wrong.
            if await lock_cursor(tx, subscription.name) != after:
                return 0
            # Read without decoding: that may be what failed.
            [(parked, *_)], until = await self._read(tx, subscription.name, after, 1)
            await tx.execute(
                """
                INSERT INTO platform.dead_letters (organizer_id, subscription, position, fault, parked_at)
                VALUES (%(organizer_id)s, %(subscription)s, %(position)s, %(fault)s, now())
                ON CONFLICT (organizer_id, subscription, position) DO UPDATE SET fault = excluded.fault, replayed_at = NULL
                """,
                subscription=subscription.name,
                position=parked,
                fault=fault.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            )
            await _move_cursor(tx, subscription.name, until)
        _parked.labels(subscription.name).inc()
        _log.error("event parked in the dead letters", subscription=subscription.name, position=until, organizer=str(organizer_id))
        return until - after

    def _recorded(self, name: str, organizer_id: UUID, row: tuple[Any, ...]) -> Recorded:
        position, kind, payload, occurred_at = row
        return Recorded(organizer_id, position, occurred_at, self._decoders[name][kind].decode(payload))

    async def _read(self, tx: Transaction, name: str, after: int, limit: int) -> tuple[list[tuple[Any, ...]], int]:
        """The next events that the subscription wants, as rows, and the position up to which the log is then read."""
        [(end,)] = await tx.fetch_tuples("SELECT position FROM platform.streams WHERE organizer_id = %(organizer_id)s")
        rows = await tx.fetch_tuples(
            """
            SELECT position, type, payload::text, occurred_at
              FROM platform.events
             WHERE organizer_id = %(organizer_id)s AND position > %(after)s AND position <= %(end)s AND type = ANY(%(types)s)
             ORDER BY position
             LIMIT %(limit)s
            """,
            after=after,
            end=end,
            types=list(self._decoders[name]),
            limit=limit,
        )
        return rows, rows[-1][0] if len(rows) == limit else end


async def lock_cursor(tx: Transaction, subscription: str) -> int | None:
    """The cursor's position, locked until the transaction ends; None while another process delivers.

    Also for whoever writes what the subscription writes: nothing is delivered meanwhile.
    """
    statement = (
        "SELECT position FROM platform.cursors WHERE organizer_id = %(organizer_id)s AND subscription = %(subscription)s"
        " FOR UPDATE SKIP LOCKED"
    )
    rows = await tx.fetch_tuples(statement, subscription=subscription)
    if not rows:
        await tx.execute(
            """
            INSERT INTO platform.cursors (organizer_id, subscription, position)
            VALUES (%(organizer_id)s, %(subscription)s, 0)
            ON CONFLICT (organizer_id, subscription) DO NOTHING
            """,
            subscription=subscription,
        )
        rows = await tx.fetch_tuples(statement, subscription=subscription)
    return rows[0][0] if rows else None


async def _read_cursor(database: Database, subscription: str, organizer_id: UUID) -> int:
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            "SELECT position FROM platform.cursors WHERE organizer_id = %(organizer_id)s AND subscription = %(subscription)s",
            subscription=subscription,
        )
    return rows[0][0] if rows else 0


async def _move_cursor(tx: Transaction, subscription: str, position: int) -> None:
    await tx.execute(
        """
        UPDATE platform.cursors
           SET position = %(position)s
         WHERE organizer_id = %(organizer_id)s AND subscription = %(subscription)s
        """,
        subscription=subscription,
        position=position,
    )


@dataclass(frozen=True)
class Lag:
    """How far a subscription is behind the streams, over all organizers."""

    subscription: str
    events: int
    oldest_seconds: float


async def lags(database: Database, names: Sequence[str]) -> list[Lag]:
    """The lag of each named subscription: events not read yet, and the age of the oldest of them."""
    async with database.reading(None) as reader:
        return await reader.fetch_all(
            Lag,
            """
            /* across organizers: a figure for operators; reads only */
            SELECT n.name AS subscription,
                   coalesce(sum(s.position - coalesce(c.position, 0)), 0)::bigint AS events,
                   coalesce(extract(epoch FROM now() - min(e.occurred_at)), 0)::float8 AS oldest_seconds
              FROM unnest(%(names)s::text[]) AS n(name)
              LEFT JOIN platform.streams s
                ON true
              LEFT JOIN platform.cursors c
                ON c.organizer_id = s.organizer_id AND c.subscription = n.name
              LEFT JOIN platform.events e
                ON e.organizer_id = s.organizer_id AND e.position = coalesce(c.position, 0) + 1
             GROUP BY n.name
             ORDER BY n.name
            """,
            names=list(names),
        )


async def cursor_and_end(reader: Reader, subscription: str) -> tuple[int, int]:
    """Up to which position the subscription has read the organizer's stream, and where that ends."""
    [(position, end)] = await reader.fetch_tuples(
        """
        SELECT coalesce(c.position, 0), s.position
          FROM platform.streams s
          LEFT JOIN platform.cursors c
            ON c.organizer_id = s.organizer_id AND c.subscription = %(subscription)s
         WHERE s.organizer_id = %(organizer_id)s
        """,
        subscription=subscription,
    )
    return position, end


@dataclass(frozen=True)
class Parked:
    """A dead letter."""

    organizer_id: UUID
    subscription: str
    position: int
    type: str
    fault: str
    parked_at: datetime


async def dead_letters(database: Database, *, limit: int = 100) -> list[Parked]:
    """The oldest dead letters that were not replayed, of all organizers: for operators."""
    async with database.reading(None) as reader:
        return await reader.fetch_all(
            Parked,
            """
            /* across organizers: a list for operators; reads only */
            SELECT d.organizer_id, d.subscription, d.position, e.type, d.fault, d.parked_at
              FROM platform.dead_letters d
              JOIN platform.events e
                ON e.organizer_id = d.organizer_id AND e.position = d.position
             WHERE d.replayed_at IS NULL
             ORDER BY d.parked_at, d.organizer_id, d.subscription, d.position
             LIMIT %(limit)s
            """,
            limit=limit,
        )


async def replay(database: Database, subscription: Subscription, organizer_id: UUID, position: int) -> bool:
    """Hand one dead letter to its subscription again; False when it was replayed before. Raises what the handler raises."""
    async with database.transaction(organizer_id) as tx:
        claimed = await tx.execute(
            """
            UPDATE platform.dead_letters
               SET replayed_at = now()
             WHERE organizer_id = %(organizer_id)s AND subscription = %(subscription)s AND position = %(position)s AND replayed_at IS NULL
            """,
            subscription=subscription.name,
            position=position,
        )
        if claimed == 0:
            return False
        [(kind, payload, occurred_at)] = await tx.fetch_tuples(
            """
            SELECT type, payload::text, occurred_at
              FROM platform.events
             WHERE organizer_id = %(organizer_id)s AND position = %(position)s
            """,
            position=position,
        )
        event = subscription.decoders()[kind].decode(payload)
        await subscription.handle(tx, [Recorded(organizer_id, position, occurred_at, event)])
    return True
