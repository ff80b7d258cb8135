"""Naming the pools of new performances, sectors and limited ticket types, and telling inventory to open them."""

from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from alltickets.catalog.events import PlannedPool, StockPlanned
from alltickets.catalog.queries import EventFacts
from alltickets.catalog.refusals import TooManyParts
from alltickets.catalog.rules.details import EVENT_SEATS_MAX, POOLS_MAX, SEATS_MAX
from alltickets.catalog.rules.stock import Counted, NamedPool, PoolKind, name_pools, seat_labels
from alltickets.catalog.schemas.organizer import SectorRead, TicketTypeRead
from alltickets.platform.database import Transaction

__all__ = ["counted_in", "counted_sector", "counted_ticket_type", "plan_stock"]


def counted_sector(sector: SectorRead) -> Counted:
    """A sector as something that has a pool at each performance."""
    return Counted(PoolKind.SECTOR, sector.sector_id, sector.name, sector.capacity, sector.rows)


def counted_ticket_type(ticket_type: TicketTypeRead) -> list[Counted]:
    """A ticket type likewise, if it has a limit of its own."""
    if ticket_type.quantity_max is None:
        return []
    return [Counted(PoolKind.TICKET_TYPE, ticket_type.ticket_type_id, ticket_type.name, ticket_type.quantity_max)]


def counted_in(facts: EventFacts) -> list[Counted]:
    """Everything in the event that has a pool at each performance."""
    sectors = [counted_sector(one) for one in facts.event.sectors]
    return sectors + [counted for one in facts.event.ticket_types for counted in counted_ticket_type(one)]


async def plan_stock(tx: Transaction, facts: EventFacts, performance_ids: Iterable[UUID], counted: Sequence[Counted]) -> None:
    """Name a pool for each of these at each performance and publish `StockPlanned`. One statement.

    Raises `TooManyParts` when the event would have more pools or numbered seats than can be opened in one go.
    """
    pools = name_pools(performance_ids, counted)
    if len(facts.pools) + len(pools) > POOLS_MAX:
        raise TooManyParts("pools (performances times sectors and limited ticket types)", POOLS_MAX)
    seats_before = len(facts.event.performances) * sum(one.capacity for one in facts.event.sectors if one.rows)
    if seats_before + sum(pool.counted.capacity for pool in pools if pool.counted.rows) > EVENT_SEATS_MAX:
        raise TooManyParts("numbered seats over all performances", EVENT_SEATS_MAX)
    if not pools:
        return
    await _insert(tx, facts.event.event_id, pools)
    tx.publish(*(StockPlanned(event_id=facts.event.event_id, pools=portion) for portion in _portions(pools)))


def _portions(pools: Sequence[NamedPool]) -> Iterator[tuple[PlannedPool, ...]]:
    # A stadium's seats over a whole season do not travel as one event: each carries at most one great sector's seats.
    portion: list[PlannedPool] = []
    seats_count = 0
    for pool in pools:
        seats = seat_labels(pool.counted.rows)
        if portion and seats_count + len(seats) > SEATS_MAX:
            yield tuple(portion)
            portion, seats_count = [], 0
        counted = pool.counted
        portion.append(PlannedPool(pool.pool_id, pool.performance_id, counted.kind.value, counted.label, counted.capacity, seats))
        seats_count += len(seats)
    yield tuple(portion)


async def _insert(tx: Transaction, event_id: UUID, pools: Sequence[NamedPool]) -> None:
    def subject(pool: NamedPool, kind: PoolKind) -> UUID | None:
        return pool.counted.subject_id if pool.counted.kind == kind else None

    await tx.execute(
        """
        INSERT INTO catalog.pools (organizer_id, event_id, pool_id, performance_id, sector_id, ticket_type_id, initial_capacity)
        SELECT o.organizer_id, %(event_id)s, x.pool_id, x.performance_id, x.sector_id, x.ticket_type_id, x.initial_capacity
          FROM platform.organizers o,
               unnest(%(ids)s::uuid[], %(performances)s::uuid[], %(sectors)s::uuid[], %(ticket_types)s::uuid[], %(capacities)s::int[])
                   AS x(pool_id, performance_id, sector_id, ticket_type_id, initial_capacity)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        event_id=event_id,
        ids=[pool.pool_id for pool in pools],
        performances=[pool.performance_id for pool in pools],
        sectors=[subject(pool, PoolKind.SECTOR) for pool in pools],
        ticket_types=[subject(pool, PoolKind.TICKET_TYPE) for pool in pools],
        capacities=[pool.counted.capacity for pool in pools],
    )
