"""What tickets tells the others. No personal data: who holds a ticket is read, not told."""

from uuid import UUID

import msgspec

from alltickets.platform.events import Event

__all__ = ["EventKeyReplaced", "IssuedPart", "TicketReissued", "TicketRevoked", "TicketsIssued"]


class IssuedPart(msgspec.Struct, frozen=True):
    """One of the tickets that were issued together."""

    ticket_id: UUID
    number: int
    performance_id: UUID
    ticket_type_id: UUID
    sector_id: UUID
    price_minor: int


class TicketsIssued(Event, frozen=True):
    """These tickets of one order exist from now on. A repeated fulfilment does not tell of them again."""

    order_id: UUID
    event_id: UUID
    currency: str
    tickets: tuple[IssuedPart, ...]


class TicketRevoked(Event, frozen=True):
    """The ticket admits nobody any more."""

    ticket_id: UUID
    order_id: UUID
    event_id: UUID
    reason: str


class TicketReissued(Event, frozen=True):
    """The ticket has a new code; codes with a serial below `serial` admit nobody any more. `is_correction`: as its holder is another."""

    ticket_id: UUID
    order_id: UUID
    event_id: UUID
    serial: int
    reason: str
    is_correction: bool = False


class EventKeyReplaced(Event, frozen=True):
    """No code that was signed with the retired key admits anybody any more; the order pages show codes of the new one."""

    event_id: UUID
    retired_number: int
    number: int
