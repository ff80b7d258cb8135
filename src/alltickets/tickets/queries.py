"""Reads of tickets."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from alltickets.platform.database import Reader, uuid_array
from alltickets.platform.paging import Page, decode_cursor, page_of
from alltickets.tickets.rules import Revocation, Ticket, TicketState, TicketStatus

__all__ = ["list_of_event", "read_of_order", "read_of_orders", "read_states", "read_ticket"]

_COLUMNS = """
    ticket_id, order_id, number, event_id, performance_id, ticket_type_id, sector_id, seat_label, holder_name, holder_document, holder_mail,
    price_minor, currency, serial, status, revoked_reason, revoked_at, issued_at, corrections
"""


async def read_ticket(reader: Reader, ticket_id: UUID) -> Ticket | None:
    """A ticket of the reader's organizer, or None. The primary key carries it."""
    rows = await reader.fetch_tuples(
        f"SELECT {_COLUMNS} FROM tickets.tickets WHERE organizer_id = %(organizer_id)s AND ticket_id = %(ticket_id)s",
        ticket_id=ticket_id,
    )
    return _ticket_of(rows[0]) if rows else None


async def read_of_order(reader: Reader, order_id: UUID) -> list[Ticket]:
    """The tickets of one order, by number."""
    return await read_of_orders(reader, [order_id])


async def read_of_orders(reader: Reader, order_ids: Collection[UUID]) -> list[Ticket]:
    """The tickets of these orders, by order and number. The unique index on both carries it."""
    rows = await reader.fetch_tuples(
        f"""
        SELECT {_COLUMNS}
          FROM tickets.tickets
         WHERE organizer_id = %(organizer_id)s AND order_id = ANY(%(order_ids)s::uuid[])
         ORDER BY order_id, number
        """,
        order_ids=uuid_array(order_ids),
    )
    return [_ticket_of(row) for row in rows]


async def list_of_event(reader: Reader, event_id: UUID, *, status: TicketStatus | None, cursor: str | None, size: int) -> Page[Ticket]:
    """An event's tickets, the oldest first, of that status or of any. Index: tickets_by_event. Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, UUID)
    rows = await reader.fetch_tuples(
        f"""
        SELECT {_COLUMNS}
          FROM tickets.tickets
         WHERE organizer_id = %(organizer_id)s AND event_id = %(event_id)s
           AND (%(status)s::text IS NULL OR status = %(status)s::text)
           AND (%(after)s::uuid IS NULL OR ticket_id > %(after)s::uuid)
         ORDER BY ticket_id
         LIMIT %(limit)s
        """,
        event_id=event_id,
        status=None if status is None else status.value,
        after=after[0] if after else None,
        limit=size + 1,
    )
    return page_of([_ticket_of(row) for row in rows], size, lambda ticket: [str(ticket.ticket_id)])


async def read_states(reader: Reader, ticket_ids: Collection[UUID]) -> dict[UUID, TicketState]:
    """What a door has to know of these tickets, by id; those that exist. One statement for all, on the primary key."""
    rows = await reader.fetch_tuples(
        """
        SELECT ticket_id, serial, status = 'revoked', performance_id, ticket_type_id, sector_id, seat_label, holder_name
          FROM tickets.tickets
         WHERE organizer_id = %(organizer_id)s AND ticket_id = ANY(%(ticket_ids)s::uuid[])
        """,
        ticket_ids=uuid_array(ticket_ids),
    )
    return {row[0]: TicketState(*row[1:]) for row in rows}


def _ticket_of(row: tuple[Any, ...]) -> Ticket:
    *facts, status, reason, revoked_at, issued_at, corrections = row
    return Ticket(*[*facts, TicketStatus(status), None if reason is None else Revocation(reason), revoked_at, issued_at, corrections])
