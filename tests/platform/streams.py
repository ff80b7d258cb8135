"""What the tests of the event log share: an event, a table that effects are written to, and readers of both."""

from collections.abc import Sequence
from uuid import UUID

import psycopg

from alltickets.platform.database import Database, Transaction
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded, Subscription

# Not one of ours: no key keeps an effect from happening twice, and `number` tells in which order they happened.
EFFECTS = """
CREATE SCHEMA proof;
CREATE TABLE proof.effects (
    number bigint GENERATED ALWAYS AS IDENTITY, organizer_id uuid, subscription text, position bigint, value int, process int
)
"""


class Counted(Event, frozen=True):
    """An event that carries a number."""

    value: int


class Noted(Event, frozen=True):
    """An event of another type."""

    text: str = ""


async def write_effects(tx: Transaction, subscription: str, recorded: Sequence[Recorded], *, process: int = 0) -> None:
    """One row for each event."""
    for entry in recorded:
        assert isinstance(entry.event, Counted)
        await tx.execute(
            """
            INSERT INTO proof.effects (organizer_id, subscription, position, value, process)
            VALUES (%(organizer_id)s, %(subscription)s, %(position)s, %(value)s, %(process)s)
            """,
            subscription=subscription,
            position=entry.position,
            value=entry.event.value,
            process=process,
        )


def counting(name: str, *, process: int = 0) -> Subscription:
    """A subscription that writes an effect for each `Counted`."""

    async def handle(tx: Transaction, recorded: Sequence[Recorded]) -> None:
        await write_effects(tx, name, recorded, process=process)

    return Subscription(name, (Counted,), handle)


async def publish(database: Database, organizer_id: UUID, *events: Event) -> None:
    """Publish these in a transaction of their own."""
    async with database.transaction(organizer_id) as tx:
        tx.publish(*events)


async def effects(database: Database, organizer_id: UUID, subscription: str) -> list[int]:
    """The positions whose effects are there, in the order in which they happened."""
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            """
            SELECT position
              FROM proof.effects
             WHERE organizer_id = %(organizer_id)s AND subscription = %(subscription)s
             ORDER BY number
            """,
            subscription=subscription,
        )
    return [position for (position,) in rows]


async def cursor(database: Database, organizer_id: UUID, subscription: str) -> int:
    """How far the subscription has read; 0 before it began."""
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            "SELECT position FROM platform.cursors WHERE organizer_id = %(organizer_id)s AND subscription = %(subscription)s",
            subscription=subscription,
        )
    return rows[0][0] if rows else 0


async def log_of(database: Database, organizer_id: UUID) -> list[tuple[int, str]]:
    """Position and type of every event of the stream."""
    async with database.reading(organizer_id) as reader:
        rows = await reader.fetch_tuples(
            "SELECT position, type FROM platform.events WHERE organizer_id = %(organizer_id)s ORDER BY position"
        )
    return [(position, kind) for position, kind in rows]


def make_effects_table(url: str) -> None:
    """Make the table."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(EFFECTS)
