"""An event as others see it: frozen, whole, of one version; and whether what it offers is sold now."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.catalog.refusals import (
    AccessCodeNeeded,
    EventNotFound,
    NotOnSale,
    NotOnSaleReason,
    PerformanceNotFound,
    TicketTypeNotFound,
)
from alltickets.catalog.rules.states import PUBLIC, EventStatus, PerformanceStatus, Visibility
from alltickets.kernel.errors import Refusal
from alltickets.kernel.money import Money

__all__ = [
    "Appearance",
    "EventSnapshot",
    "Offer",
    "PerformanceSnapshot",
    "PictureSnapshot",
    "QuestionKind",
    "QuestionSnapshot",
    "SaleState",
    "SeatRow",
    "SectorSnapshot",
    "TicketTypeSnapshot",
    "VenueSnapshot",
    "code_digest",
    "is_unlocked",
    "sale_state_of",
    "sales_end",
    "visible_ticket_types",
    "why_unsellable",
    "why_withdrawn",
]

Offer = tuple[UUID, UUID]
"""What a buyer chooses: a performance's id and a ticket type's id, in this order."""

CODE_DIGEST_BYTES = 16


class QuestionKind(StrEnum):
    """What an answer to a holder question is."""

    TEXT = "text"
    CHOICE = "choice"
    """One of the question's options."""
    DOCUMENT = "document"
    """An identity document, such as the DNI."""
    MAIL = "mail"
    PHONE = "phone"
    CHECKBOX = "checkbox"
    """Yes or no; a required one must be yes."""


class VenueSnapshot(msgspec.Struct, frozen=True):
    """Where an event takes place. `capacity`: how many people the house takes, None when nobody said."""

    venue_id: UUID
    name: str
    address: str
    city: str
    capacity: int | None


class PictureSnapshot(msgspec.Struct, frozen=True):
    """A picture that an organizer has uploaded. The id never means another picture; width and height are the large size's."""

    picture_id: UUID
    width: int
    height: int


class Appearance(msgspec.Struct, frozen=True):
    """What the pages of an organizer's events look like. `accent`: `#rrggbb` as it was picked; None: the platform's own."""

    version: int
    """0: nothing was chosen yet."""
    accent: str | None
    logo: PictureSnapshot | None


class PerformanceSnapshot(msgspec.Struct, frozen=True):
    """One time that the event takes place. `doors_at` is never after `starts_at`; None: not said."""

    performance_id: UUID
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None
    status: PerformanceStatus


class SeatRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of numbered seats, `first` to `last`."""

    label: str
    first: int
    last: int

    @property
    def seat_labels(self) -> tuple[str, ...]:
        """What its seats are called: `A-1`, `A-2`, …"""
        return tuple(f"{self.label}-{number}" for number in range(self.first, self.last + 1))


class SectorSnapshot(msgspec.Struct, frozen=True):
    """A part of the house. `capacity` is what each new performance starts with; how many places there are now, inventory knows.

    With `rows` it is numbered, and each place is a seat.
    """

    sector_id: UUID
    name: str
    capacity: int
    rows: tuple[SeatRow, ...]

    @property
    def is_numbered(self) -> bool:
        """Whether a buyer takes named seats here."""
        return bool(self.rows)


class TicketTypeSnapshot(msgspec.Struct, frozen=True):
    """What can be bought. `price` is the base price; what a buyer pays, pricing knows.

    `sales_from` None: from publication on; `sales_until` None: until the performance starts.
    `codes` are digests (`code_digest`): a code itself never leaves catalog.
    """

    ticket_type_id: UUID
    sector_id: UUID
    name: str
    description: str
    price: Money
    sales_from: datetime | None
    sales_until: datetime | None
    per_order_max: int | None
    per_buyer_max: int | None
    quantity_max: int | None
    visibility: Visibility
    codes: frozenset[bytes] = frozenset()


class QuestionSnapshot(msgspec.Struct, frozen=True):
    """What each ticket holder is asked. `ticket_type_ids`: only holders of these; empty: all."""

    question_id: UUID
    key: str
    label: str
    kind: QuestionKind
    required: bool
    options: tuple[str, ...]
    ticket_type_ids: frozenset[UUID]

    def concerns(self, ticket_type_id: UUID) -> bool:
        """Whether a holder of that ticket type is asked."""
        return not self.ticket_type_ids or ticket_type_id in self.ticket_type_ids


class EventSnapshot(msgspec.Struct, frozen=True):
    """All of an event at one version. Performances are in order of start, sectors, ticket types and questions in the organizer's order."""

    organizer_id: UUID
    event_id: UUID
    version: int
    """Grows with every change of the event or of anything in it."""
    slug: str
    title: str
    description: str
    category: str
    status: EventStatus
    currency: str
    timezone: str
    venue: VenueSnapshot | None
    performances: Mapping[UUID, PerformanceSnapshot]
    sectors: Mapping[UUID, SectorSnapshot]
    ticket_types: Mapping[UUID, TicketTypeSnapshot]
    offers: Mapping[Offer, tuple[UUID, ...]]
    """Every performance with every ticket type, and the pools it draws from: the sector's, then the ticket type's own if it is limited."""
    questions: tuple[QuestionSnapshot, ...]
    summary: str = ""
    """One sentence for lists and previews; empty: the description begins well enough."""
    poster: PictureSnapshot | None = None
    holder_corrections_max: int = 1
    """How many times a buyer may correct who goes in with a ticket; 0: never."""
    holder_corrections_until_hours: int = 2
    """Until how many hours before the performance starts they may."""

    @property
    def is_public(self) -> bool:
        """Whether whoever has its address may see it."""
        return self.status in PUBLIC


class SaleState(msgspec.Struct, frozen=True):
    """All that decides whether a purchase that was begun goes on: what the event is, and which performances do not take place."""

    status: EventStatus
    cancelled: frozenset[UUID]

    def may_be_paid(self, performance_ids: Iterable[UUID]) -> bool:
        """Whether money for places at these performances still buys them.

        A postponement stops new orders and lets those that stand be paid, as what was sold a minute earlier keeps its tickets.
        """
        return self.status in (EventStatus.PUBLISHED, EventStatus.POSTPONED) and self.cancelled.isdisjoint(performance_ids)


def sale_state_of(event: EventSnapshot) -> SaleState:
    """The state of sale as this copy of the event has it."""
    cancelled = (one.performance_id for one in event.performances.values() if one.status == PerformanceStatus.CANCELLED)
    return SaleState(event.status, frozenset(cancelled))


def code_digest(code: str) -> bytes:
    """What is kept of an access code in memory: neither case nor blanks at its ends matter."""
    return hashlib.blake2b(code.strip().casefold().encode(), digest_size=CODE_DIGEST_BYTES).digest()


def is_unlocked(ticket_type: TicketTypeSnapshot, code: str | None) -> bool:
    """Whether somebody who gives `code` may have the ticket type: always, unless it is sold by code."""
    return ticket_type.visibility != Visibility.CODE or (code is not None and code_digest(code) in ticket_type.codes)


def visible_ticket_types(event: EventSnapshot, code: str | None) -> list[TicketTypeSnapshot]:
    """What the shop lists for somebody who gives this access code, or none: in the organizer's order, the hidden ones never."""
    return [one for one in event.ticket_types.values() if one.visibility != Visibility.HIDDEN and is_unlocked(one, code)]


def why_unsellable(event: EventSnapshot, offer: Offer, now: datetime, *, code: str | None = None) -> Refusal | None:
    """Why `offer` is not sold at `now` to somebody with this access code; None when it is. Says nothing of stock or limits.

    In this order: `EventNotFound`, `PerformanceNotFound`, `TicketTypeNotFound`, `AccessCodeNeeded`, `NotOnSale`.
    """
    if not event.is_public:
        return EventNotFound(str(event.event_id))
    performance_id, ticket_type_id = offer
    performance = event.performances.get(performance_id)
    if performance is None:
        return PerformanceNotFound(performance_id)
    ticket_type = event.ticket_types.get(ticket_type_id)
    if ticket_type is None:
        return TicketTypeNotFound(ticket_type_id)
    if not is_unlocked(ticket_type, code):
        return AccessCodeNeeded(ticket_type_id)
    withdrawn = why_withdrawn(event, offer)
    if withdrawn is not None:
        return withdrawn
    if ticket_type.sales_from is not None and now < ticket_type.sales_from:
        return NotOnSale(NotOnSaleReason.NOT_YET, ticket_type_id, since=ticket_type.sales_from)
    until = sales_end(performance, ticket_type)
    if now >= until:
        return NotOnSale(NotOnSaleReason.OVER, ticket_type_id, until=until)
    return None


def why_withdrawn(event: EventSnapshot, offer: Offer) -> Refusal | None:
    """Why a place that is held is not sold after all; None when it is. That its sales window has closed meanwhile is no reason.

    `EventNotFound` when the event was put away, `NotOnSale` when it, or the performance, does not take place or waits for a new date.
    """
    if not event.is_public:
        return EventNotFound(str(event.event_id))
    performance_id, ticket_type_id = offer
    if event.status != EventStatus.PUBLISHED:
        return NotOnSale(NotOnSaleReason(event.status.value), ticket_type_id)
    performance = event.performances.get(performance_id)
    if performance is not None and performance.status == PerformanceStatus.CANCELLED:
        return NotOnSale(NotOnSaleReason.PERFORMANCE_CANCELLED, ticket_type_id)
    return None


def sales_end(performance: PerformanceSnapshot, ticket_type: TicketTypeSnapshot) -> datetime:
    """When the ticket type's sale for the performance ends: when it says, but not after the performance's end; else when that starts."""
    if ticket_type.sales_until is None:
        return performance.starts_at
    return min(ticket_type.sales_until, performance.ends_at)
