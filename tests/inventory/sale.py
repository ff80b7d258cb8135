"""A sale on the real database: one event of one organizer, its pools, and its books held against each other."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from alltickets.inventory.rules import ClaimRequest, Confirmation, Hold, seat_id_of
from alltickets.inventory.service import NewPool, claim, confirm, open_pools, release
from alltickets.kernel.ids import new_id
from alltickets.platform.database import Database

HOLD_FOR = timedelta(minutes=10)
UNLIMITED = 1_000_000


@contextlib.asynccontextmanager
async def opened(url: str, observe: Callable[[str], None] | None = None, *, pool_size: int = 4) -> AsyncIterator[Database]:
    """A database with connections of its own, as another process has them."""
    database = Database(url, pool_size=pool_size, observe=observe)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


class Sale:
    """Claims and confirmations of one event; what a test does not care about is filled in."""

    def __init__(self, database: Database, organizer_id: UUID, *, event_id: UUID | None = None, now: datetime | None = None) -> None:
        self.database = database
        self.organizer_id = organizer_id
        self.event_id = event_id or new_id()
        self.now = now or datetime.now(UTC)

    def of(self, database: Database) -> "Sale":
        """The same sale, seen from another process."""
        return Sale(database, self.organizer_id, event_id=self.event_id, now=self.now)

    async def open(self, capacity: int, *, labels: Sequence[str] = ()) -> UUID:
        """A new pool; with `labels`, of seats."""
        pool_id = new_id()
        seats = tuple((seat_id_of(pool_id, label), label) for label in labels)
        async with self.database.transaction(self.organizer_id) as tx:
            await open_pools(tx, [NewPool(pool_id, self.event_id, None, "sector", "Campo", capacity, seats)])
        return pool_id

    def claim_of(
        self,
        pool_id: UUID,
        quantity: int = 1,
        *,
        labels: Sequence[str] = (),
        hold_id: UUID | None = None,
        visitor: UUID | None = None,
        address: str = "198.51.100.7",
        lasts: timedelta = HOLD_FOR,
    ) -> ClaimRequest:
        """A claim of a visitor of its own; as many places as seats if these are named."""
        seats = tuple(seat_id_of(pool_id, label) for label in labels)
        draws = {pool_id: len(seats) or quantity}
        return ClaimRequest(hold_id or new_id(), draws, seats, visitor or new_id(), address, self.now + lasts)

    async def claim(self, *requests: ClaimRequest, limit: int = UNLIMITED) -> list[Hold | Exception]:
        async with self.database.transaction(self.organizer_id) as tx:
            return await claim(tx, self.event_id, requests, holds_per_address_max=limit, now=self.now)

    async def confirm(self, *hold_ids: UUID) -> list[Confirmation]:
        async with self.database.transaction(self.organizer_id) as tx:
            return await confirm(tx, hold_ids, now=self.now)

    async def release(self, *hold_ids: UUID) -> list[Hold]:
        async with self.database.transaction(self.organizer_id) as tx:
            return await release(tx, hold_ids)

    async def figures(self, pool_id: UUID) -> tuple[int, int]:
        """What the pool says is held and sold."""
        async with self.database.reading(self.organizer_id) as reader:
            [(held, sold)] = await reader.fetch_tuples(
                "SELECT held, sold FROM inventory.pools WHERE organizer_id = %(organizer_id)s AND pool_id = %(pool_id)s", pool_id=pool_id
            )
        return held, sold

    async def faults(self) -> list[str]:
        """Where pools, seats and holds of this organizer contradict each other; empty when the books are right."""
        async with self.database.reading(self.organizer_id) as reader:
            pools = await reader.fetch_tuples(
                """
                SELECT p.pool_id, p.capacity, p.held, p.sold,
                       coalesce(sum((h.draws ->> p.pool_id::text)::int) FILTER (WHERE h.state = 'held'), 0),
                       coalesce(sum((h.draws ->> p.pool_id::text)::int) FILTER (WHERE h.state = 'confirmed'), 0)
                  FROM inventory.pools p
                  LEFT JOIN inventory.holds h
                    ON h.organizer_id = p.organizer_id AND h.draws ? p.pool_id::text
                 WHERE p.organizer_id = %(organizer_id)s
                 GROUP BY p.organizer_id, p.pool_id
                """
            )
            owned = await reader.fetch_tuples(
                """
                SELECT s.seat_id, s.hold_id, s.state
                  FROM inventory.seats s
                 WHERE s.organizer_id = %(organizer_id)s AND s.hold_id IS NOT NULL
                """
            )
            claimed = await reader.fetch_tuples(
                """
                SELECT seat_id, h.hold_id, CASE h.state WHEN 'held' THEN 'held' ELSE 'sold' END
                  FROM inventory.holds h
                 CROSS JOIN unnest(h.seats) AS seat_id
                 WHERE h.organizer_id = %(organizer_id)s AND h.state IN ('held', 'confirmed')
                """
            )
        faults = [
            f"pool {pool_id}: {held} held and {sold} sold of {capacity}, its holds say {holds_held} and {holds_sold}"
            for pool_id, capacity, held, sold, holds_held, holds_sold in pools
            if (held, sold) != (holds_held, holds_sold) or held + sold > capacity
        ]
        return faults + [f"seat, hold and state not in both books: {row}" for row in set(owned) ^ set(claimed)]
