"""Orders as rows: read together, written together, whatever their number."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money
from alltickets.orders.rules import Buyer, Holder, OrderStatus
from alltickets.platform.database import Reader, Transaction, rows_as_json, uuid_array

__all__ = [
    "ORDER_COLUMNS",
    "Order",
    "lock_orders",
    "open_orders_of_events",
    "open_orders_on",
    "order_of",
    "read_order",
    "read_orders",
    "write_buyer",
    "write_deadline",
    "write_holders",
    "write_orders",
    "write_progress",
    "write_returned",
]


class Order(msgspec.Struct, frozen=True):
    """An order as it stands. `payment_state` is what the buyer is told of the money:

    none (nothing to pay), open, pending (the gateway has not decided), failed (may be tried again), captured, returning, return_failed (its
    gateway refused to give it back, and nobody has had that made again), returned.
    """

    order_id: UUID
    event_id: UUID
    hold_id: UUID
    status: OrderStatus
    number: str
    buyer: Buyer
    holders: tuple[Holder, ...]
    quote_id: UUID
    total_minor: int
    currency: str
    campaign: str | None
    fingerprint: str
    payment_state: str
    pay_until: datetime
    placed_at: datetime
    paid_at: datetime | None
    refunded_minor: int
    discount_minor: int = 0
    """What a promotion of the buyer's bank took off the total, once it is paid."""
    returned_numbers: tuple[int, ...] = ()
    """Of tickets that were given back while the order goes on; their places are for sale again."""

    @property
    def total(self) -> Money:
        """What there is to pay."""
        return Money(self.total_minor, self.currency)

    @property
    def paid(self) -> Money:
        """What of it the buyer pays, or has paid."""
        return Money(self.total_minor - self.discount_minor, self.currency)


_buyer = msgspec.json.Decoder(Buyer)
_holders = msgspec.json.Decoder(tuple[Holder, ...])

ORDER_COLUMNS = """
    order_id, event_id, hold_id, status, number, buyer::text, holders::text, quote_id, total_minor, currency,
    campaign, fingerprint, payment_state, pay_until, placed_at, paid_at, refunded_minor, discount_minor,
    returned_numbers
"""
_SELECT_ORDERS = f"""
    SELECT {ORDER_COLUMNS}
      FROM orders.orders
     WHERE organizer_id = %(organizer_id)s
       AND (order_id = ANY(%(order_ids)s::uuid[]) OR hold_id = ANY(%(hold_ids)s::uuid[]))
     ORDER BY order_id
"""


async def write_orders(tx: Transaction, orders: Sequence[Order]) -> None:
    """Insert new orders, one statement for all. A second order of the same id or hold is refused by the database (23505)."""
    await tx.execute(
        """
        INSERT INTO orders.orders
               (organizer_id, order_id, event_id, hold_id, status, number, buyer, holders, quote_id, total_minor, currency,
                campaign, fingerprint, payment_state, pay_until, placed_at, paid_at, refunded_minor)
        SELECT o.organizer_id, x.order_id, x.event_id, x.hold_id, x.status, x.number, x.buyer, x.holders, x.quote_id,
               x.total_minor, x.currency, x.campaign, x.fingerprint, x.payment_state, x.pay_until, x.placed_at, x.paid_at, x.refunded_minor
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(order_id uuid, event_id uuid, hold_id uuid, status text, number text, buyer jsonb, holders jsonb, quote_id uuid,
                        total_minor bigint, currency text, campaign text, fingerprint text, payment_state text,
                        pay_until timestamptz, placed_at timestamptz, paid_at timestamptz, refunded_minor bigint)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(orders),
    )


async def read_orders(reader: Reader, *, order_ids: Iterable[UUID] = (), hold_ids: Iterable[UUID] = ()) -> list[Order]:
    """Orders of these ids or on these holds, in id order."""
    rows = await reader.fetch_tuples(_SELECT_ORDERS, order_ids=uuid_array(order_ids), hold_ids=uuid_array(hold_ids))
    return [order_of(row) for row in rows]


async def lock_orders(tx: Transaction, *, order_ids: Iterable[UUID] = (), hold_ids: Iterable[UUID] = ()) -> list[Order]:
    """Orders of these ids or on these holds, locked in id order until `tx` ends. Orders are locked before holds."""
    rows = await tx.fetch_tuples(_SELECT_ORDERS + " FOR UPDATE", order_ids=uuid_array(order_ids), hold_ids=uuid_array(hold_ids))
    return [order_of(row) for row in rows]


async def open_orders_on(reader: Reader, hold_ids: Iterable[UUID]) -> list[UUID]:
    """The ids of orders that await payment on these holds."""
    rows = await reader.fetch_tuples(
        """
        SELECT order_id
          FROM orders.orders
         WHERE organizer_id = %(organizer_id)s AND hold_id = ANY(%(hold_ids)s::uuid[]) AND status = 'awaiting_payment'
        """,
        hold_ids=uuid_array(hold_ids),
    )
    return [order_id for (order_id,) in rows]


async def open_orders_of_events(reader: Reader, event_ids: Iterable[UUID]) -> list[UUID]:
    """The ids of orders that await payment for places at these events, by orders_by_event."""
    rows = await reader.fetch_tuples(
        """
        SELECT order_id
          FROM orders.orders
         WHERE organizer_id = %(organizer_id)s AND event_id = ANY(%(event_ids)s::uuid[]) AND status = 'awaiting_payment'
        """,
        event_ids=uuid_array(event_ids),
    )
    return [order_id for (order_id,) in rows]


async def read_order(reader: Reader, order_id: UUID) -> Order | None:
    """One order as it stands; None when the organizer has no such order."""
    rows = await reader.fetch_tuples(
        f"SELECT {ORDER_COLUMNS} FROM orders.orders WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s",
        order_id=order_id,
    )
    return order_of(rows[0]) if rows else None


async def write_progress(tx: Transaction, orders: Sequence[Order]) -> None:
    """Write back what moved on locked orders: status, what is told of the money, and when it was paid."""
    await tx.execute(
        """
        UPDATE orders.orders t
           SET status = x.status, payment_state = x.payment_state, paid_at = x.paid_at, refunded_minor = x.refunded_minor,
               discount_minor = x.discount_minor
          FROM json_to_recordset(%(rows)s::json)
                   AS x(order_id uuid, status text, payment_state text, paid_at timestamptz, refunded_minor bigint,
                        discount_minor bigint)
         WHERE t.organizer_id = %(organizer_id)s AND t.order_id = x.order_id
        """,
        rows=rows_as_json(
            [
                {
                    "order_id": order.order_id,
                    "status": order.status,
                    "payment_state": order.payment_state,
                    "paid_at": order.paid_at,
                    "refunded_minor": order.refunded_minor,
                    "discount_minor": order.discount_minor,
                }
                for order in orders
            ]
        ),
    )


async def write_returned(tx: Transaction, order: Order) -> None:
    """Write back which tickets of a locked order were given back."""
    await tx.execute(
        "UPDATE orders.orders SET returned_numbers = %(numbers)s WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s",
        order_id=order.order_id,
        numbers=list(order.returned_numbers),
    )


async def write_deadline(tx: Transaction, order: Order) -> None:
    """Write back until when a locked order may be paid."""
    await tx.execute(
        "UPDATE orders.orders SET pay_until = %(until)s WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s",
        order_id=order.order_id,
        until=order.pay_until,
    )


async def write_holders(tx: Transaction, order_id: UUID, holders: Sequence[Holder]) -> None:
    """Write the holders of a locked order anew, in the order of its places."""
    await tx.execute(
        "UPDATE orders.orders SET holders = %(holders)s::jsonb WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s",
        order_id=order_id,
        holders=msgspec.json.encode(holders).decode(),
    )


async def write_buyer(tx: Transaction, order_id: UUID, buyer: Buyer) -> None:
    """Write the buyer of a locked order anew."""
    await tx.execute(
        "UPDATE orders.orders SET buyer = %(buyer)s::jsonb WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s",
        order_id=order_id,
        buyer=msgspec.json.encode(buyer).decode(),
    )


def order_of(row: tuple[Any, ...]) -> Order:
    """An order from the columns of `ORDER_COLUMNS`."""
    order_id, event_id, hold_id, status, number, buyer, holders, *rest = row
    rest[-1] = tuple(rest[-1])
    return Order(
        order_id,
        event_id,
        hold_id,
        OrderStatus(status),
        number,
        _buyer.decode(buyer),
        _holders.decode(holders),
        *rest,
    )
