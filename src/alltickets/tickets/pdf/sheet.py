"""The facts that a printed ticket states."""

from datetime import datetime

import msgspec

from alltickets.kernel.money import Money

__all__ = ["PrintedOrder", "PrintedTicket"]


class PrintedTicket(msgspec.Struct, frozen=True, kw_only=True):
    """One page. `number` of `count` tickets of the order, those that are not printed included; `doors_at` None: not said."""

    code: str
    number: int
    count: int
    holder_name: str
    ticket_type: str
    sector: str
    seat: str | None = None
    starts_at: datetime
    doors_at: datetime | None = None
    price: Money


class PrintedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A document: tickets of one order, in the order of their pages.

    `timezone` is the venue's (IANA), in which times are stated. `locale` es-AR, en or pt-BR; any other is read as es-AR.
    `poster`: the bytes of a JPEG, PNG or SVG; without one, or with one that cannot be drawn, a page is set in type alone.
    """

    number: str
    event_title: str
    venue_name: str
    venue_address: str
    timezone: str
    organizer_name: str
    locale: str
    tickets: tuple[PrintedTicket, ...]
    poster: bytes | None = None
