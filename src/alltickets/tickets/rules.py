"""The values of tickets, what a ticket's code says, and what is refused. Pure.

Refusal
├── NoSuchTicket       not this organizer's, or not of that order
├── TicketIsRevoked    a revoked ticket gets no new code
└── ReplacedTooOften   serials and key numbers are bounded by the code's layout
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.kernel.errors import Refusal
from alltickets.kernel.money import Money
from alltickets.tickets.token import Token, short_event, short_id

__all__ = [
    "HolderCorrection",
    "IssueTicket",
    "NoSuchTicket",
    "ReplacedTooOften",
    "Revocation",
    "ShownTicket",
    "Ticket",
    "TicketIsRevoked",
    "TicketState",
    "TicketStatus",
    "ticket_of",
    "token_of",
]


class TicketStatus(StrEnum):
    """What a ticket is. Whether somebody went in with it is not the ticket's: access knows."""

    VALID = "valid"
    """Admits its holder."""
    REVOKED = "revoked"
    """Admits nobody; final."""


class Revocation(StrEnum):
    """Why a ticket was revoked."""

    REFUNDED = "refunded"
    """The money went back."""
    CANCELLED = "cancelled"
    """The order, the performance or the event was cancelled."""
    FRAUD = "fraud"
    """Bought or used against the rules; the organizer decided."""
    MISTAKE = "mistake"
    """Issued by mistake."""


class IssueTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket to be issued: the `number`-th of its order, counted from 1. Ids and names are the order's snapshot."""

    order_id: UUID
    number: int
    event_id: UUID
    performance_id: UUID
    ticket_type_id: UUID
    sector_id: UUID
    seat_label: str | None = None
    holder_name: str
    holder_document: str | None = None
    holder_mail: str | None = None
    price: Money


class Ticket(msgspec.Struct, frozen=True):
    """An issued ticket."""

    ticket_id: UUID
    order_id: UUID
    number: int
    event_id: UUID
    performance_id: UUID
    ticket_type_id: UUID
    sector_id: UUID
    seat_label: str | None
    holder_name: str
    holder_document: str | None
    holder_mail: str | None
    price_minor: int
    currency: str
    serial: int
    status: TicketStatus
    revoked_reason: Revocation | None
    revoked_at: datetime | None
    issued_at: datetime
    corrections: int = 0
    """How many times its buyer has corrected the holder."""


class HolderCorrection(msgspec.Struct, frozen=True, kw_only=True):
    """Who goes in with a ticket from now on. `made_on`: how many corrections whoever makes this one has seen.

    `is_other_person`: then the ticket gets a new code, and who has the old one stays outside.
    """

    ticket_id: UUID
    made_on: int
    corrections_max: int
    holder_name: str
    holder_document: str | None
    holder_mail: str | None
    is_other_person: bool


class ShownTicket(msgspec.Struct, frozen=True):
    """A ticket with the code that its QR symbol holds; None once it is revoked."""

    ticket: Ticket
    code: str | None


class TicketState(msgspec.Struct, frozen=True):
    """What a door has to know of a ticket besides its code."""

    serial: int
    is_revoked: bool
    performance_id: UUID
    ticket_type_id: UUID
    sector_id: UUID
    seat_label: str | None
    holder_name: str


def ticket_of(request: IssueTicket, ticket_id: UUID, now: datetime) -> Ticket:
    """The ticket that a request becomes."""
    return Ticket(
        ticket_id,
        request.order_id,
        request.number,
        request.event_id,
        request.performance_id,
        request.ticket_type_id,
        request.sector_id,
        request.seat_label,
        request.holder_name,
        request.holder_document,
        request.holder_mail,
        request.price.minor,
        request.price.currency,
        1,
        TicketStatus.VALID,
        None,
        None,
        now,
    )


def token_of(ticket: Ticket, key_number: int) -> Token:
    """What the ticket's code says."""
    return Token(
        key_number,
        short_event(ticket.event_id),
        ticket.ticket_id,
        ticket.serial,
        short_id(ticket.performance_id),
        short_id(ticket.ticket_type_id),
        short_id(ticket.sector_id),
    )


@dataclass(eq=False)
class NoSuchTicket(Refusal):
    """The organizer has no such ticket, or the order has not."""

    ticket_id: str

    def __str__(self) -> str:
        return "There is no such ticket. Check its id, or list the event's tickets to find it."


@dataclass(eq=False)
class TicketIsRevoked(Refusal):
    """The ticket was revoked, so it gets no new code."""

    ticket_id: str
    reason: str

    def __str__(self) -> str:
        return f"This ticket was revoked ({self.reason}) and stays so. Nothing was changed; sell or give out a new ticket instead."


@dataclass(eq=False)
class ReplacedTooOften(Refusal):
    """A code or a key was replaced as often as the code's layout can count."""

    replaced_max: int

    def __str__(self) -> str:
        return (
            f"This was replaced {self.replaced_max} times, which is the most. Nothing was changed; revoke the ticket and issue a new one."
        )
