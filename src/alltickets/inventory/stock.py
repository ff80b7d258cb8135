"""Locking, reading and writing stock: the only statements that touch it.

The one order of locks of the whole product stands here: holds by id, then pools by id, then seats by id, and last the stream's row.
Whoever locks in this order, and only what gets scarcer or is given back, never deadlocks with another.

Rows to change are named by `= ANY(ids)`, and many of them find their new values in a map, not by a join: with statistics that know nothing
of an organizer who has just begun, the planner would join by walking through everything of that organizer (measured: 50 ms for 100 of
100,000 holds, against 1).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.inventory.rules import Hold, HoldState, PoolLevel, Stock
from alltickets.platform.database import Transaction, rows_as_json, uuid_array

__all__ = [
    "HoldRaced",
    "count_held_by_address",
    "find_held_by_visitors",
    "lock_holds",
    "lock_stock",
    "set_ends",
    "set_places",
    "set_seats",
    "set_states",
    "write_holds",
    "write_stock",
]

_draws_decoder = msgspec.json.Decoder(dict[UUID, int])


class HoldRaced(Exception):
    """Another process placed a hold of the same id in between: the batch is decided again and finds it."""


async def lock_holds(tx: Transaction, hold_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """Lock holds in id order; those that exist, by id."""
    rows = await tx.fetch_tuples(
        """
        SELECT hold_id, event_id, state, draws::text, seats, visitor, address, placed_at, expires_at, memo
          FROM inventory.holds
         WHERE organizer_id = %(organizer_id)s AND hold_id = ANY(%(hold_ids)s::uuid[])
         ORDER BY hold_id
           FOR UPDATE
        """,
        hold_ids=uuid_array(hold_ids),
    )
    return {row[0]: _hold_of(row) for row in rows}


async def find_held_by_visitors(tx: Transaction, event_id: UUID, visitors: Iterable[UUID]) -> list[UUID]:
    """Unswept holds of these visitors on the event that a new one replaces, a few of each at the most. Index: holds_live_by_visitor.

    One look into the index per visitor, spelled out, so that the plan does not depend on statistics, which lag behind a sale that has just
    opened.
    """
    rows = await tx.fetch_tuples(
        """
        SELECT live.hold_id
          FROM unnest(%(visitors)s::uuid[]) AS x(visitor)
         CROSS JOIN LATERAL (
               SELECT h.hold_id
                 FROM inventory.holds h
                WHERE h.organizer_id = %(organizer_id)s AND h.event_id = %(event_id)s AND h.visitor = x.visitor AND h.state = 'held'
                  AND NOT h.is_patient
                LIMIT 10) AS live
        """,
        event_id=event_id,
        visitors=uuid_array(visitors),
    )
    return [hold_id for (hold_id,) in rows]


async def count_held_by_address(tx: Transaction, event_id: UUID, addresses: Collection[str], *, count_max: int) -> dict[str, int]:
    """How many unswept holds each of these addresses has on the event, counted up to `count_max`. Index: holds_live_by_address."""
    rows = await tx.fetch_tuples(
        """
        SELECT x.address, live.holds
          FROM unnest(%(addresses)s::text[]) AS x(address)
         CROSS JOIN LATERAL (
               SELECT count(*) AS holds
                 FROM (SELECT 1
                         FROM inventory.holds h
                        WHERE h.organizer_id = %(organizer_id)s AND h.event_id = %(event_id)s AND h.address = x.address
                          AND h.state = 'held'
                        LIMIT %(count_max)s) AS counted) AS live
         WHERE live.holds > 0
        """,
        event_id=event_id,
        addresses=list(addresses),
        count_max=count_max,
    )
    return dict(rows)


async def lock_stock(tx: Transaction, pool_ids: Iterable[UUID], seat_ids: Iterable[UUID] = ()) -> Stock:
    """Lock pools, then seats, each in id order; those that exist.

    The lock on a pool closes the race between processes that decide about the same places at once.
    """
    rows = await tx.fetch_tuples(
        """
        SELECT pool_id, capacity, held, sold
          FROM inventory.pools
         WHERE organizer_id = %(organizer_id)s AND pool_id = ANY(%(pool_ids)s::uuid[])
         ORDER BY pool_id
           FOR UPDATE
        """,
        pool_ids=uuid_array(set(pool_ids)),
    )
    stock = Stock({row[0]: PoolLevel(*row) for row in rows})
    wanted = list(set(seat_ids))
    if wanted:
        taken = await tx.fetch_tuples(
            """
            SELECT seat_id, hold_id
              FROM inventory.seats
             WHERE organizer_id = %(organizer_id)s AND seat_id = ANY(%(seat_ids)s::uuid[])
             ORDER BY seat_id
               FOR UPDATE
            """,
            seat_ids=uuid_array(wanted),
        )
        stock.seats = dict(taken)
    return stock


async def write_stock(tx: Transaction, stock: Stock) -> None:
    """Write back what was decided about the locked pools: one statement for all of them, whatever their number."""
    await tx.execute(
        """
        UPDATE inventory.pools p
           SET held = x.held, sold = x.sold
          FROM unnest(%(ids)s::uuid[], %(held)s::int[], %(sold)s::int[]) AS x(pool_id, held, sold)
         WHERE p.organizer_id = %(organizer_id)s AND p.pool_id = ANY(%(ids)s::uuid[]) AND p.pool_id = x.pool_id
        """,
        ids=[level.pool_id for level in stock.pools.values()],
        held=[level.held for level in stock.pools.values()],
        sold=[level.sold for level in stock.pools.values()],
    )


async def set_seats(tx: Transaction, seats: dict[UUID, UUID | None], state: str) -> None:
    """Put seats into a state with the hold that has them; a free seat has none."""
    if seats:
        await tx.execute(
            """
            UPDATE inventory.seats
               SET state = %(state)s, hold_id = (%(holds)s::jsonb ->> seat_id::text)::uuid
             WHERE organizer_id = %(organizer_id)s AND seat_id = ANY(%(seat_ids)s::uuid[])
            """,
            state=state,
            seat_ids=uuid_array(seats),
            holds=_map_as_json(seats),
        )


async def write_holds(tx: Transaction, holds: Sequence[Hold]) -> None:
    """Insert new holds, one statement for all. Raises `HoldRaced` when an id was taken by another process meanwhile.

    In id order: whoever meets an id that another is just inserting waits for the other, and two must not wait for one another.
    """
    in_order = sorted(holds, key=lambda hold: hold.hold_id.int)
    written = await tx.execute(
        """
        INSERT INTO inventory.holds
               (organizer_id, hold_id, event_id, state, draws, seats, visitor, address, placed_at, expires_at, memo)
        SELECT o.organizer_id, x.hold_id, x.event_id, x.state, x.draws, x.seats, x.visitor, x.address,
               x.placed_at, x.expires_at, x.memo
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(hold_id uuid, event_id uuid, state text, draws jsonb, seats uuid[], visitor uuid, address text,
                        placed_at timestamptz, expires_at timestamptz, memo text)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, hold_id) DO NOTHING
        """,
        rows=rows_as_json(in_order),
    )
    if written != len(holds):
        raise HoldRaced


async def set_states(tx: Transaction, hold_ids: Collection[UUID], state: HoldState) -> None:
    """Put locked holds into a state."""
    if hold_ids:
        await tx.execute(
            """
            UPDATE inventory.holds
               SET state = %(state)s
             WHERE organizer_id = %(organizer_id)s AND hold_id = ANY(%(hold_ids)s::uuid[])
            """,
            state=state.value,
            hold_ids=uuid_array(hold_ids),
        )


async def set_places(tx: Transaction, hold_id: UUID, draws: Mapping[UUID, int], seats: Sequence[UUID]) -> None:
    """Give a locked hold other places."""
    await tx.execute(
        """
        UPDATE inventory.holds
           SET draws = %(draws)s::jsonb, seats = %(seats)s::uuid[]
         WHERE organizer_id = %(organizer_id)s AND hold_id = %(hold_id)s
        """,
        hold_id=hold_id,
        draws=_map_as_json(draws),
        seats=uuid_array(seats),
    )


async def set_ends(tx: Transaction, ends: Mapping[UUID, datetime]) -> None:
    """Give locked holds new ends."""
    if ends:
        await tx.execute(
            """
            UPDATE inventory.holds
               SET expires_at = (%(ends)s::jsonb ->> hold_id::text)::timestamptz
             WHERE organizer_id = %(organizer_id)s AND hold_id = ANY(%(hold_ids)s::uuid[])
            """,
            hold_ids=uuid_array(ends),
            ends=_map_as_json(ends),
        )


async def set_patient(tx: Transaction, ends: Mapping[UUID, datetime]) -> None:
    """Give locked holds new ends, and have their visitors' next holds leave them alone."""
    if ends:
        await tx.execute(
            """
            UPDATE inventory.holds
               SET expires_at = (%(ends)s::jsonb ->> hold_id::text)::timestamptz, is_patient = true
             WHERE organizer_id = %(organizer_id)s AND hold_id = ANY(%(hold_ids)s::uuid[])
            """,
            hold_ids=uuid_array(ends),
            ends=_map_as_json(ends),
        )


def _map_as_json(values: Mapping[UUID, object]) -> str:
    return msgspec.json.encode(values).decode()


def _hold_of(row: tuple[UUID, UUID, str, str, list[UUID], UUID, str, datetime, datetime, str]) -> Hold:
    hold_id, event_id, state, draws, seats, visitor, address, placed_at, expires_at, memo = row
    places = _draws_decoder.decode(draws)
    return Hold(hold_id, event_id, HoldState(state), places, tuple(seats), visitor, address, placed_at, expires_at, memo)
