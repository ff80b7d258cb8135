"""PostgreSQL: transactions of one organizer, plain SQL in, typed rows out.

Why psycopg itself and not SQLAlchemy's engine stands in docs/decisions/0001. Statements name their parameters `%(name)s`;
`%(organizer_id)s` is supplied by the transaction, so a statement that names its organizer cannot name another one.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, TypeVar
from uuid import UUID

import msgspec
import psycopg
import psycopg_pool
from prometheus_client import Counter
from psycopg import errors as pg
from psycopg.rows import class_row, tuple_row

from alltickets.kernel.errors import Refusal, Trouble
from alltickets.platform.events import Event
from alltickets.platform.notify import Notifier

__all__ = ["Database", "DatabaseBusy", "DatabaseUnavailable", "Reader", "Transaction", "Unstorable", "rows_as_json", "uuid_array"]

Row = TypeVar("Row")
StatementObserver = Callable[[str], None]

# What a transaction waits for a lock is bounded well below what a buyer waits for an answer.
_LIMITS = {"lock_timeout": "4s", "statement_timeout": "10s", "idle_in_transaction_session_timeout": "15s"}
_CONNECTION: dict[str, Any] = {"autocommit": True, "application_name": "alltickets", "connect_timeout": 5}
# Statements are parsed once per connection, but planned each time: a plan made while a table was small would be kept while it grows.
_DIRECT = {
    "prepare_threshold": 2,
    "options": " ".join(f"-c {name}={value}" for name, value in {**_LIMITS, "plan_cache_mode": "force_custom_plan"}.items()),
}
# Behind PgBouncer in transaction mode nothing stays in a connection: no prepared statements, and limits set anew in each transaction, by
# the one message that begins it.
_POOLED = {"prepare_threshold": None}
_BEGIN_POOLED = "; ".join(["BEGIN", *(f"SET LOCAL {name} = '{value}'" for name, value in _LIMITS.items())])

_BUSY = (pg.LockNotAvailable, pg.QueryCanceled, pg.DeadlockDetected, pg.SerializationFailure, pg.IdleInTransactionSessionTimeout)

WAIT_SECONDS_MAX = 5.0
"""How long a request waits for a connection."""
WAIT_SECONDS_WHILE_AWAY = 0.5

_unavailable = Counter("alltickets_database_unavailable", "Operations that failed because the database could not be reached")


def rows_as_json(rows: Sequence[object]) -> str:
    """Rows (structs, dataclasses or dicts) as the parameter of `json_to_recordset(%(rows)s::json) AS x(…)`.

    A bulk insert this way costs Python a fifth of what parameter arrays cost: docs/decisions/0002.
    """
    return msgspec.json.encode(rows).decode()


def uuid_array(ids: Iterable[UUID]) -> str:
    """Ids as the text of a `uuid[]`, for `= ANY(%(ids)s::uuid[])` in hot statements."""
    # As JSON, its brackets replaced: `str` of a UUID is written in Python and takes five times as long.
    return "{" + msgspec.json.encode(list(ids))[1:-1].decode() + "}"


class DatabaseUnavailable(Trouble):
    """The database cannot be reached or went away. What was not acknowledged may be sent again under the same id."""


@dataclass(eq=False)
class Unstorable(Refusal):
    """A text holds the character NUL, which PostgreSQL cannot store, wherever it stands in the request."""

    def __str__(self) -> str:
        return "A text holds a character that cannot be stored (U+0000). Nothing was changed; leave it out and send again."


class DatabaseBusy(Trouble):
    """A lock or a statement took longer than is good for anyone; nothing was written."""


class Reader:
    """Reads: single statements, each seeing what was committed when it began."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], organizer_id: UUID | None, observe: StatementObserver | None) -> None:
        self.connection = connection
        self._organizer_id = organizer_id
        self._observe = observe

    @property
    def organizer_id(self) -> UUID:
        """The one organizer that this touches."""
        assert self._organizer_id is not None, "a directory look-up has no organizer"
        return self._organizer_id

    async def fetch_all(self, row_type: type[Row], sql: LiteralString, **params: object) -> list[Row]:
        """Every row, its columns given by name to `row_type`."""
        cursor = self.connection.cursor(row_factory=class_row(row_type))
        await self.run(cursor, sql, params)
        return await cursor.fetchall()

    async def fetch_first(self, row_type: type[Row], sql: LiteralString, **params: object) -> Row | None:
        """The first row, or None."""
        cursor = self.connection.cursor(row_factory=class_row(row_type))
        await self.run(cursor, sql, params)
        return await cursor.fetchone()

    async def fetch_tuples(self, sql: LiteralString, **params: object) -> list[tuple[Any, ...]]:
        """Every row as it comes, for hot statements."""
        cursor = self.connection.cursor(row_factory=tuple_row)
        await self.run(cursor, sql, params)
        return await cursor.fetchall()

    async def run(self, cursor: psycopg.AsyncCursor[Any], sql: LiteralString, params: dict[str, object]) -> None:
        if self._observe is not None:
            self._observe(sql)
        params["organizer_id"] = self._organizer_id
        await cursor.execute(sql, params)


class Transaction(Reader):
    """Reads and writes of one organizer that take effect together, with the events that tell of them."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], organizer_id: UUID | None, observe: StatementObserver | None) -> None:
        super().__init__(connection, organizer_id, observe)
        self._events: list[Event] = []
        self._announcements: list[str] = []

    async def execute(self, sql: LiteralString, **params: object) -> int:
        """Run a statement that returns no rows; how many rows it touched."""
        cursor = self.connection.cursor()
        await self.run(cursor, sql, params)
        return cursor.rowcount

    def publish(self, *events: Event) -> None:
        """Append to the organizer's stream when this commits. The stream position is taken last, so positions follow commits."""
        self._events += events

    def announce(self, topic: str, key: str) -> None:
        """Tell every process, after the commit, that its copy of this thing is out of date. A hint: copies re-check by themselves."""
        self._announcements.append(f"{topic}:{key}")

    async def append_published(self) -> None:
        """Append what was published now, not at the end. Of all that publish for the organizer, whoever did so before has committed, and
        is seen by the next statement; whoever comes after stands behind this one in the stream. Locks nothing else after that.
        """
        if self._events:
            await _append_events(self, self._events)
            self._events.clear()
            self._announcements.append(f"events:{self.organizer_id}")

    async def _finish(self) -> list[str]:
        """Append what was published; the announcements to make once this is committed."""
        await self.append_published()
        return self._announcements


class Database:
    """A pool of connections and the only place where transactions begin and end."""

    def __init__(
        self,
        url: str,
        *,
        pool_size: int,
        is_pooled: bool = False,
        notifier: Notifier | None = None,
        observe: StatementObserver | None = None,
    ) -> None:
        """is_pooled: a pooler in transaction mode is in between, so nothing may be kept in a connection.

        `observe` sees the text of every statement: tests hold each against the rules of SQL in design section 8.
        """
        self._pool = psycopg_pool.AsyncConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            open=False,
            max_waiting=2_000,
            # A chain of attempts waits twice as long after each: short chains, begun anew by the next request, find a database within two
            # seconds of its return; one of 60 s would look again up to half a minute after (measured: 11 s after an outage of 20 s).
            reconnect_timeout=2,
            kwargs=_CONNECTION | (_POOLED if is_pooled else _DIRECT),
        )
        self._notifier = notifier or Notifier(self._pool)
        self._observe = observe
        self._begin = _BEGIN_POOLED if is_pooled else "BEGIN"
        self._mending: asyncio.Task[None] | None = None
        self._wait_seconds = WAIT_SECONDS_MAX

    async def open(self) -> None:
        """Start the pool without waiting for a connection: a process may start while its database is away."""
        await self._pool.open(wait=False)

    async def close(self) -> None:
        """Send the last announcements and give every connection back."""
        await self._notifier.close()
        await self._pool.close()

    @contextlib.asynccontextmanager
    async def transaction(self, organizer_id: UUID | None) -> AsyncIterator[Transaction]:
        """A transaction of one organizer, committed when the block ends and rolled back when it raises.

        None is for rows of nobody's: directories. Raises `DatabaseUnavailable` or `DatabaseBusy` for trouble of the database.
        """
        async with self._connection() as connection:
            await connection.execute(self._begin, prepare=False)
            tx = Transaction(connection, organizer_id, self._observe)
            try:
                yield tx
                announcements = await tx._finish()
                done = await connection.execute("COMMIT")
                # PostgreSQL answers the COMMIT of a transaction in which a statement failed with a ROLLBACK, and without an error.
                assert done.statusmessage == "COMMIT", "a statement failed and its error was swallowed: nothing was written"
            except BaseException:
                await _roll_back(connection)
                raise
        if announcements:
            self._notifier.say(announcements)

    @contextlib.asynccontextmanager
    async def reading(self, organizer_id: UUID | None) -> AsyncIterator[Reader]:
        """A connection for single statements; None for directory look-ups, which find out whose a thing is."""
        async with self._connection() as connection:
            yield Reader(connection, organizer_id, self._observe)

    @contextlib.asynccontextmanager
    async def snapshot(self, organizer_id: UUID) -> AsyncIterator[Reader]:
        """Reads of one organizer that all see the same instant, however many they are and whoever writes meanwhile."""
        async with self._connection() as connection:
            await connection.execute(self._begin, prepare=False)
            try:
                await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", prepare=False)
                yield Reader(connection, organizer_id, self._observe)
            finally:
                await _roll_back(connection)

    async def is_reachable(self) -> bool:
        """Whether a statement gets an answer now."""
        try:
            async with self.reading(None) as reader:
                await reader.fetch_tuples("SELECT 1")
        except Trouble:
            return False
        return True

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        try:
            async with self._pool.connection(self._wait_seconds) as connection:
                self._wait_seconds = WAIT_SECONDS_MAX
                yield connection
        except psycopg_pool.PoolTimeout as fault:
            # Whoever comes now would wait in vain as well: until somebody gets a connection again, everybody is told soon.
            self._wait_seconds = WAIT_SECONDS_WHILE_AWAY
            raise self._unavailable() from fault
        except (pg.UntranslatableCharacter, pg.CharacterNotInRepertoire) as fault:
            raise Unstorable from fault
        except psycopg.DataError as fault:
            # Of this class itself are only the driver's own refusals of a NUL; what PostgreSQL finds has a class of its own.
            if type(fault) is psycopg.DataError:
                raise Unstorable from fault
            raise
        except _BUSY as fault:
            raise DatabaseBusy("The database is busy. Nothing was changed; try again in a moment.", 1) from fault
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.TooManyRequests) as fault:
            raise self._unavailable() from fault

    def _unavailable(self) -> DatabaseUnavailable:
        _unavailable.inc()
        self.mend()
        return DatabaseUnavailable("The database cannot be reached. Try again in a few seconds with the same id.", 3)

    def mend(self) -> None:
        """Check every connection soon, and replace the broken ones; returns at once.

        One broken connection means that the others are broken too: they are checked at once, not each at the cost of a request.
        """
        if self._mending is None or self._mending.done():
            self._mending = asyncio.create_task(self._check())

    async def _check(self) -> None:
        with contextlib.suppress(psycopg.Error, psycopg_pool.PoolTimeout):
            await self._pool.check()


async def _roll_back(connection: psycopg.AsyncConnection[Any]) -> None:
    with contextlib.suppress(psycopg.Error):
        if not connection.closed:
            await connection.execute("ROLLBACK")


async def _append_events(tx: Transaction, events: Sequence[Event]) -> None:
    """Write events to the stream of the transaction's organizer, in their order. Two statements in one message, whatever their number.

    The row of `platform.streams` stays locked until the commit: positions have no gap and follow the order of commits, so a reader that
    goes by position misses nothing. An identity column would: it is handed out before the commit (design section 2, measured).
    """
    rows = [
        {"number": number, "type": type(event).__name__, "version": event.version, "payload": event}
        for number, event in enumerate(events, 1)
    ]
    # Every transaction of the organizer that publishes waits for this row: what follows the lock is under way before it is granted.
    async with tx.connection.pipeline():
        await tx.execute(
            "UPDATE platform.streams SET position = position + %(count)s WHERE organizer_id = %(organizer_id)s",
            count=len(events),
        )
        appending = tx.connection.cursor()
        await tx.run(
            appending,
            """
            INSERT INTO platform.events (organizer_id, position, type, version, payload, occurred_at)
            SELECT s.organizer_id, s.position - %(count)s + x.number, x.type, x.version, x.payload, now()
              FROM platform.streams s,
                   json_to_recordset(%(rows)s::json) AS x(number bigint, type text, version int, payload jsonb)
             WHERE s.organizer_id = %(organizer_id)s
            """,
            {"count": len(events), "rows": rows_as_json(rows)},
        )
    assert appending.rowcount == len(events), "the organizer is enrolled, so that it has a stream"
