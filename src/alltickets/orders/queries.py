"""Reads of orders: many together for their organizer, how they stand for whoever waits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from alltickets.orders.records import ORDER_COLUMNS, Order, order_of
from alltickets.orders.rules import OrderStatus
from alltickets.platform.database import Reader, uuid_array
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["OrderState", "list_orders", "read_states"]


@dataclass(frozen=True, slots=True)
class OrderState:
    """What of an order changes while its buyer waits; see `Order`."""

    status: OrderStatus
    payment_state: str


async def list_orders(reader: Reader, *, event_id: UUID | None, status: OrderStatus | None, cursor: str | None, size: int) -> Page[Order]:
    """Orders, newest first (their ids sort by time). The primary key or orders_by_event carries it. Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, UUID)
    rows = await reader.fetch_tuples(
        f"""
        SELECT {ORDER_COLUMNS}
          FROM orders.orders
         WHERE organizer_id = %(organizer_id)s
           AND (%(event_id)s::uuid IS NULL OR event_id = %(event_id)s::uuid)
           AND (%(status)s::text IS NULL OR status = %(status)s::text)
           AND (%(after)s::uuid IS NULL OR order_id < %(after)s::uuid)
         ORDER BY order_id DESC
         LIMIT %(limit)s
        """,
        event_id=event_id,
        status=None if status is None else status.value,
        after=after[0] if after else None,
        limit=size + 1,
    )
    return page_of([order_of(row) for row in rows], size, lambda order: [str(order.order_id)])


async def read_states(reader: Reader, order_ids: Iterable[UUID]) -> Mapping[UUID, OrderState]:
    """How these orders stand; those that the organizer does not have are left out."""
    rows = await reader.fetch_tuples(
        """
        SELECT order_id, status, payment_state
          FROM orders.orders
         WHERE organizer_id = %(organizer_id)s AND order_id = ANY(%(order_ids)s::uuid[])
        """,
        order_ids=uuid_array(order_ids),
    )
    return {order_id: OrderState(OrderStatus(status), payment_state) for order_id, status, payment_state in rows}
