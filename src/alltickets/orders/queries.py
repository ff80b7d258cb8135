"""Reads of orders for their organizer."""

from uuid import UUID

from alltickets.orders.records import ORDER_COLUMNS, Order, order_of
from alltickets.orders.rules import OrderStatus
from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["list_orders"]


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
