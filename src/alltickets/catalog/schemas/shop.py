"""What anybody may read."""

from datetime import datetime
from uuid import UUID

import msgspec

from alltickets.catalog.rules.snapshot import QuestionKind
from alltickets.catalog.rules.states import EventStatus, PerformanceStatus

__all__ = [
    "EventListing",
    "PublicEvent",
    "PublicPerformance",
    "PublicQuestion",
    "PublicSector",
    "PublicTicketType",
    "PublicVenue",
]


class EventListing(msgspec.Struct, frozen=True):
    """An event in the public list; the times are those of its first and last performance."""

    event_id: UUID
    slug: str
    title: str
    category: str
    status: EventStatus
    timezone: str
    venue_name: str
    city: str
    starts_at: datetime
    ends_at: datetime


class PublicVenue(msgspec.Struct, frozen=True):
    """Where it takes place."""

    name: str
    address: str
    city: str


class PublicPerformance(msgspec.Struct, frozen=True):
    """One time that it takes place."""

    performance_id: UUID
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None
    status: PerformanceStatus


class PublicSector(msgspec.Struct, frozen=True):
    """A part of the house; in a numbered one, seats are chosen."""

    sector_id: UUID
    name: str
    is_numbered: bool


class PublicTicketType(msgspec.Struct, frozen=True):
    """Something to buy. It has no price here: what a buyer pays, with everything in it, is a quote."""

    ticket_type_id: UUID
    sector_id: UUID
    name: str
    description: str
    sales_from: datetime | None
    sales_until: datetime | None
    per_order_max: int | None
    by_code: bool


class PublicQuestion(msgspec.Struct, frozen=True):
    """What each ticket holder is asked; `ticket_type_ids` empty: every one of them."""

    key: str
    label: str
    kind: QuestionKind
    required: bool
    options: tuple[str, ...]
    ticket_type_ids: tuple[UUID, ...]


class PublicEvent(msgspec.Struct, frozen=True):
    """What anybody may know of an event, and whoever gave an access code of the ticket types that it opens."""

    event_id: UUID
    slug: str
    title: str
    description: str
    category: str
    status: EventStatus
    currency: str
    timezone: str
    venue: PublicVenue | None
    performances: tuple[PublicPerformance, ...]
    sectors: tuple[PublicSector, ...]
    ticket_types: tuple[PublicTicketType, ...]
    questions: tuple[PublicQuestion, ...]
