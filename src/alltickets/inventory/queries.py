"""Reads of stock, at most a second old: for availability and for prices that depend on what is sold."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from alltickets.inventory.rules import PoolLevel
from alltickets.platform.cache import Snapshots
from alltickets.platform.database import Database, Reader

__all__ = ["Levels", "PoolFacts", "TakenSeats", "read_pools"]


class Levels:
    """The levels of an event's pools, read at most once a second per process however many ask."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshots: Snapshots[tuple[UUID, UUID], Mapping[UUID, PoolLevel]] = Snapshots(self._load)

    async def of(self, organizer_id: UUID, event_id: UUID) -> Mapping[UUID, PoolLevel]:
        """The event's pools by id; empty when it has none yet."""
        return await self._snapshots.get((organizer_id, event_id)) or {}

    async def _load(self, key: tuple[UUID, UUID]) -> tuple[Mapping[UUID, PoolLevel], None]:
        organizer_id, event_id = key
        async with self._database.reading(organizer_id) as reader:
            rows = await reader.fetch_tuples(
                """
                SELECT pool_id, capacity, held, sold
                  FROM inventory.pools
                 WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
                """,
                event_id=event_id,
            )
        return {row[0]: PoolLevel(*row) for row in rows}, None


class TakenSeats:
    """Which seats of a pool are held or sold, read at most once a second per process however many ask."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._snapshots: Snapshots[tuple[UUID, UUID], frozenset[str]] = Snapshots(self._load)

    async def of(self, organizer_id: UUID, pool_id: UUID) -> frozenset[str]:
        """Their labels."""
        return await self._snapshots.get((organizer_id, pool_id)) or frozenset()

    async def _load(self, key: tuple[UUID, UUID]) -> tuple[frozenset[str], None]:
        organizer_id, pool_id = key
        async with self._database.reading(organizer_id) as reader:
            rows = await reader.fetch_tuples(
                """
                SELECT label
                  FROM inventory.seats
                 WHERE organizer_id = %(organizer_id)s AND pool_id = %(pool_id)s AND state <> 'free'
                """,
                pool_id=pool_id,
            )
        return frozenset(row[0] for row in rows), None


@dataclass(frozen=True)
class PoolFacts:
    """A pool as its organizer sees it."""

    pool_id: UUID
    performance_id: UUID | None
    kind: str
    label: str
    capacity: int
    held: int
    sold: int
    awaiting: int
    """Of those held, the ones in orders that wait for a transfer or cash."""


async def read_pools(reader: Reader, event_id: UUID) -> list[PoolFacts]:
    """The pools of an event as they stand, in the order in which they were opened. Indexes: pools_by_event, holds_patient."""
    return await reader.fetch_all(
        PoolFacts,
        """
        SELECT p.pool_id, p.performance_id, p.kind, p.label, p.capacity, p.held, p.sold, coalesce(w.places, 0)::int AS awaiting
          FROM inventory.pools p
          LEFT JOIN (SELECT d.pool_id::uuid AS pool_id, sum(d.places::int) AS places
                       FROM inventory.holds h, jsonb_each_text(h.draws) AS d(pool_id, places)
                      WHERE h.organizer_id = %(organizer_id)s AND h.event_id = %(event_id)s AND h.state = 'held' AND h.is_patient
                      GROUP BY d.pool_id) AS w
            ON w.pool_id = p.pool_id
         WHERE p.organizer_id = %(organizer_id)s AND p.event_id = %(event_id)s
         ORDER BY p.pool_id
        """,
        event_id=event_id,
    )
