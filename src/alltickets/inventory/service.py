"""The use cases of stock. Each takes a batch and joins the caller's transaction, except those at the end, which are whole by themselves."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record
from alltickets.inventory import stock as table
from alltickets.inventory.events import CapacityChanged, HoldsExpired, PoolsOpened
from alltickets.inventory.queries import PoolFacts, read_pools
from alltickets.inventory.rules import (
    CapacityTaken,
    ClaimRequest,
    Confirmation,
    Hold,
    HoldGone,
    HoldState,
    PoolLevel,
    PoolNotFound,
    decide_claims,
    decide_confirmations,
    decide_extension,
)
from alltickets.kernel.time import Clock
from alltickets.platform.database import Database, DatabaseUnavailable, Transaction

__all__ = [
    "Inventory",
    "NewPool",
    "claim",
    "confirm",
    "extend",
    "keep_patiently",
    "open_pools",
    "read_holds",
    "release",
    "resize",
    "return_places",
    "return_sold",
]

SWEPT_MAX = 1_000


async def claim(
    tx: Transaction, event_id: UUID, requests: Sequence[ClaimRequest], *, holds_per_address_max: int, now: datetime
) -> list[Hold | Exception]:
    """Take every place of each request, or none of it; first come first served. One outcome per request, in order.

    Called again with the same hold id and content it returns the first answer and takes nothing more. A refused one is `HoldConflict`,
    `HoldGone`, `StockNotReady`, `TooManyHolds`, `SeatsTaken` or `SoldOut`. Locks holds, pools and seats until `tx` ends.
    Six statements, at most ten with seats and replaced holds, whatever the number of requests. Raises `HoldRaced` when another process
    placed the same id: run the batch again.
    """
    visitors = {request.visitor for request in requests}
    addresses = {request.address for request in requests}
    former_ids = await table.find_held_by_visitors(tx, event_id, visitors)
    known = await table.lock_holds(tx, {request.hold_id for request in requests}.union(former_ids))
    former = [known[hold_id] for hold_id in former_ids if known[hold_id].state == HoldState.HELD]
    held_of_visitor: dict[UUID, list[Hold]] = {}
    for hold in former:
        held_of_visitor.setdefault(hold.visitor, []).append(hold)
    pool_ids = {pool for request in requests for pool in request.draws} | {pool for hold in former for pool in hold.draws}
    seat_ids = {seat for request in requests for seat in request.seats} | {seat for hold in former for seat in hold.seats}
    stock = await table.lock_stock(tx, pool_ids, seat_ids)
    # Counted behind the lock: whoever claimed from the same pools at the same time is through by now, and counts.
    by_address = await table.count_held_by_address(tx, event_id, addresses, count_max=holds_per_address_max)
    outcomes, new, replaced = decide_claims(
        stock,
        requests,
        known=known,
        held_of_visitor=held_of_visitor,
        held_of_address=by_address,
        holds_per_address_max=holds_per_address_max,
        event_id=event_id,
        now=now,
    )
    if new:
        await table.write_stock(tx, stock)
        await table.write_holds(tx, new)
        await table.set_states(tx, [hold.hold_id for hold in replaced], HoldState.RELEASED)
        await table.set_seats(tx, dict.fromkeys(stock.seats_freed), "free")
        await table.set_seats(tx, dict(stock.seats_held), "held")
    return outcomes


async def confirm(tx: Transaction, hold_ids: Sequence[UUID], *, now: datetime) -> list[Confirmation]:
    """Sell the places of these holds, in order, once each; a late one gets the same places if they are still free.

    Raises `HoldGone` for an id that never was. Four statements, six with seats, whatever the number of holds.
    """
    known = await table.lock_holds(tx, hold_ids)
    holds = [_known(known, hold_id) for hold_id in hold_ids]
    stock = await table.lock_stock(tx, _pools_of(holds), _seats_of(holds))
    outcomes = decide_confirmations(stock, holds, now)
    confirmed = [hold for hold, outcome in zip(holds, outcomes, strict=True) if outcome in (Confirmation.CONFIRMED, Confirmation.RECLAIMED)]
    if confirmed:
        await table.write_stock(tx, stock)
        await table.set_states(tx, [hold.hold_id for hold in confirmed], HoldState.CONFIRMED)
        await table.set_seats(tx, {seat: hold.hold_id for hold in confirmed for seat in hold.seats}, "sold")
    return outcomes


async def release(tx: Transaction, hold_ids: Collection[UUID]) -> list[Hold]:
    """Give the places of these holds back; those that were held until now. Confirmed or ended ones are left as they are."""
    return await _end(tx, hold_ids, HoldState.RELEASED)


async def return_sold(tx: Transaction, hold_ids: Collection[UUID]) -> list[Hold]:
    """Put sold places of these holds back on sale, after a refund or a cancellation; those that were sold until now."""
    known = await table.lock_holds(tx, hold_ids)
    sold = [hold for hold in known.values() if hold.state == HoldState.CONFIRMED]
    if sold:
        stock = await table.lock_stock(tx, _pools_of(sold), _seats_of(sold))
        for hold in sold:
            for pool_id, quantity in hold.draws.items():
                stock.pools[pool_id].sold -= quantity
        await table.write_stock(tx, stock)
        await table.set_states(tx, [hold.hold_id for hold in sold], HoldState.RETURNED)
        await table.set_seats(tx, dict.fromkeys(_seats_of(sold)), "free")
    return sold


async def return_places(tx: Transaction, hold_id: UUID, draws: Mapping[UUID, int], seats: Collection[UUID]) -> None:
    """Put some of the sold places of a hold back on sale; the hold keeps the others, and ends with the last one.

    What the hold does not have, because its offer has drawn on other pools since, is left alone. Nothing for a hold that is not sold.
    """
    hold = (await table.lock_holds(tx, [hold_id])).get(hold_id)
    if hold is None or hold.state != HoldState.CONFIRMED:
        return
    freed = {pool_id: min(quantity, hold.draws[pool_id]) for pool_id, quantity in draws.items() if pool_id in hold.draws}
    freed_seats = [seat for seat in hold.seats if seat in seats]
    stock = await table.lock_stock(tx, freed, freed_seats)
    for pool_id, quantity in freed.items():
        stock.pools[pool_id].sold -= quantity
    left = {pool_id: quantity - freed.get(pool_id, 0) for pool_id, quantity in hold.draws.items()}
    await table.write_stock(tx, stock)
    kept_seats = [seat for seat in hold.seats if seat not in seats]
    await table.set_places(tx, hold_id, {pool_id: quantity for pool_id, quantity in left.items() if quantity}, kept_seats)
    if not any(left.values()):
        await table.set_states(tx, [hold_id], HoldState.RETURNED)
    await table.set_seats(tx, dict.fromkeys(freed_seats), "free")


async def extend(
    tx: Transaction, hold_ids: Sequence[UUID], *, until: datetime, kept_at_most: timedelta, now: datetime
) -> list[Hold | HoldGone]:
    """Keep live holds until `until`, never further than `kept_at_most` after they were placed: stock cannot be parked by asking again.

    One outcome per hold, in order: the hold with its new end, or `HoldGone`. Two statements, whatever the number of holds.
    """
    known = await table.lock_holds(tx, hold_ids)
    outcomes: list[Hold | HoldGone] = []
    extended: list[Hold] = []
    for hold_id in hold_ids:
        hold = known.get(hold_id)
        try:
            if hold is None:
                raise HoldGone(str(hold_id))
            ends = decide_extension(hold, until, kept_at_most=kept_at_most, now=now)
        except HoldGone as gone:
            outcomes.append(gone)
            continue
        if ends > hold.expires_at:
            hold.expires_at = ends
            extended.append(hold)
        outcomes.append(hold)
    await table.set_ends(tx, {hold.hold_id: hold.expires_at for hold in extended})
    return outcomes


async def keep_patiently(tx: Transaction, ends: Mapping[UUID, datetime], *, now: datetime) -> None:
    """Keep live holds each until its own end, however far, for money that their buyers bring by themselves.

    The caller has locked them, and bounds the ends: hours of somebody's choice are the organizer's stock. A visitor's next hold leaves
    such a one alone, since its order may be paid at any moment. Two statements, whatever the number of holds.
    """
    known = await table.lock_holds(tx, ends)
    assert all(known[hold_id].is_live(now) for hold_id in ends), "whoever keeps a hold longer has found it alive"
    await table.set_patient(tx, {hold_id: max(until, known[hold_id].expires_at) for hold_id, until in ends.items()})


@dataclass(frozen=True)
class NewPool:
    """A pool to open. `kind`: sector, ticket_type, performance or product. `seats`: labels, where places have names."""

    pool_id: UUID
    event_id: UUID
    performance_id: UUID | None
    kind: str
    label: str
    capacity: int
    seats: tuple[tuple[UUID, str], ...] = ()


async def open_pools(tx: Transaction, pools: Sequence[NewPool]) -> None:
    """Open pools that are not open yet; those that are stay as they are, with what they sold."""
    await tx.execute(
        """
        INSERT INTO inventory.pools (organizer_id, pool_id, event_id, performance_id, kind, label, capacity)
        SELECT o.organizer_id, x.pool_id, x.event_id, x.performance_id, x.kind, x.label, x.capacity
          FROM platform.organizers o,
               unnest(%(ids)s::uuid[], %(events)s::uuid[], %(performances)s::uuid[], %(kinds)s::text[], %(labels)s::text[],
                      %(capacities)s::int[])
                   AS x(pool_id, event_id, performance_id, kind, label, capacity)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, pool_id) DO NOTHING
        """,
        ids=[pool.pool_id for pool in pools],
        events=[pool.event_id for pool in pools],
        performances=[pool.performance_id for pool in pools],
        kinds=[pool.kind for pool in pools],
        labels=[pool.label for pool in pools],
        capacities=[pool.capacity for pool in pools],
    )
    seats = [(seat_id, pool.event_id, pool.pool_id, label) for pool in pools for seat_id, label in pool.seats]
    if seats:
        await tx.execute(
            """
            INSERT INTO inventory.seats (organizer_id, seat_id, event_id, pool_id, label)
            SELECT o.organizer_id, x.seat_id, x.event_id, x.pool_id, x.label
              FROM platform.organizers o,
                   unnest(%(ids)s::uuid[], %(events)s::uuid[], %(pools)s::uuid[], %(labels)s::text[])
                       AS x(seat_id, event_id, pool_id, label)
             WHERE o.organizer_id = %(organizer_id)s
            ON CONFLICT (organizer_id, seat_id) DO NOTHING
            """,
            ids=[seat[0] for seat in seats],
            events=[seat[1] for seat in seats],
            pools=[seat[2] for seat in seats],
            labels=[seat[3] for seat in seats],
        )
    for event_id in {pool.event_id for pool in pools}:
        tx.publish(PoolsOpened(event_id=event_id, pool_ids=tuple(pool.pool_id for pool in pools if pool.event_id == event_id)))


async def resize(tx: Transaction, event_id: UUID, pool_id: UUID, capacity: int) -> PoolLevel | None:
    """Set a pool's capacity; None when the event has no such pool. Raises `CapacityTaken` below what is held and sold."""
    levels = await tx.fetch_all(
        PoolLevel,
        """
        SELECT pool_id, capacity, held, sold
          FROM inventory.pools
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s AND pool_id = %(pool_id)s
           FOR UPDATE
        """,
        event_id=event_id,
        pool_id=pool_id,
    )
    if not levels:
        return None
    [level] = levels
    if capacity < level.held + level.sold:
        raise CapacityTaken(level.held, level.sold)
    await tx.execute(
        "UPDATE inventory.pools SET capacity = %(capacity)s WHERE organizer_id = %(organizer_id)s AND pool_id = %(pool_id)s",
        pool_id=pool_id,
        capacity=capacity,
    )
    tx.publish(CapacityChanged(event_id=event_id, pool_id=pool_id, capacity_before=level.capacity, capacity=capacity))
    level.capacity = capacity
    return level


async def read_holds(tx: Transaction, hold_ids: Collection[UUID]) -> dict[UUID, Hold]:
    """Holds by id, locked until `tx` ends; those that exist."""
    return await table.lock_holds(tx, hold_ids)


async def _end(tx: Transaction, hold_ids: Collection[UUID], state: HoldState) -> list[Hold]:
    known = await table.lock_holds(tx, hold_ids)
    held = [hold for hold in known.values() if hold.state == HoldState.HELD]
    if held:
        stock = await table.lock_stock(tx, _pools_of(held))
        for hold in held:
            stock.give_back(hold.draws, hold.seats)
        await table.write_stock(tx, stock)
        await table.set_states(tx, [hold.hold_id for hold in held], state)
        await table.set_seats(tx, dict.fromkeys(_seats_of(held)), "free")
    return held


def _known(known: dict[UUID, Hold], hold_id: UUID) -> Hold:
    hold = known.get(hold_id)
    if hold is None:
        raise HoldGone(str(hold_id))
    return hold


def _pools_of(holds: Collection[Hold]) -> set[UUID]:
    return {pool_id for hold in holds for pool_id in hold.draws}


def _seats_of(holds: Collection[Hold]) -> list[UUID]:
    return [seat for hold in holds for seat in hold.seats]


class Inventory:
    """Use cases of stock that are a transaction of their own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def pools(self, organizer_id: UUID, event_id: UUID) -> list[PoolFacts]:
        """The event's pools as they stand; none for another organizer's event."""
        async with self._database.reading(organizer_id) as reader:
            return await read_pools(reader, event_id)

    async def resize(self, actor: Actor, event_id: UUID, pool_id: UUID, capacity: int) -> PoolFacts:
        """Set a pool's capacity. Raises `PoolNotFound`, or `CapacityTaken` below what is held and sold."""
        async with self._database.transaction(actor.organizer_id) as tx:
            if await resize(tx, event_id, pool_id, capacity) is None:
                raise PoolNotFound(str(pool_id))
            await record(tx, actor, "pool.resized", Subject("pool", pool_id), {"capacity": capacity})
            return next(pool for pool in await read_pools(tx, event_id) if pool.pool_id == pool_id)

    async def sweep(self) -> int:
        """Give back the places of holds whose time is over; how many holds. Each organizer by itself, a bounded number at a time.

        Holds that another process is busy with are left to it. An organizer whose holds cannot be swept does not keep the others waiting:
        what went wrong is raised after the last one.
        """
        now = self._clock()
        async with self._database.reading(None) as reader:
            found = await reader.fetch_tuples(
                """
                /* across organizers: finds whose holds are due; reads only, each sweep names its organizer */
                SELECT DISTINCT organizer_id FROM inventory.holds WHERE state = 'held' AND expires_at <= %(now)s LIMIT 1000
                """,
                now=now,
            )
        swept = 0
        faults: list[Exception] = []
        for (organizer_id,) in found:
            try:
                async with self._database.transaction(organizer_id) as tx:
                    swept += await _sweep_one(tx, now)
            except DatabaseUnavailable:
                raise
            except Exception as fault:
                faults.append(fault)
        if faults:
            raise ExceptionGroup("the holds of some organizers could not be swept", faults)
        return swept


async def _sweep_one(tx: Transaction, now: datetime) -> int:
    due = await tx.fetch_tuples(
        """
        SELECT hold_id
          FROM inventory.holds
         WHERE organizer_id = %(organizer_id)s AND state = 'held' AND expires_at <= %(now)s
         ORDER BY expires_at
         LIMIT %(limit)s
           FOR UPDATE SKIP LOCKED
        """,
        now=now,
        limit=SWEPT_MAX,
    )
    ended = await _end(tx, [hold_id for (hold_id,) in due], HoldState.EXPIRED)
    by_event: dict[UUID, list[UUID]] = {}
    for hold in ended:
        by_event.setdefault(hold.event_id, []).append(hold.hold_id)
    for event_id, hold_ids in by_event.items():
        tx.publish(HoldsExpired(event_id=event_id, hold_ids=tuple(hold_ids)))
    return len(ended)
