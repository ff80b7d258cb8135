"""What catalog tells the others."""

from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.platform.events import Event

__all__ = [
    "EventCancelled",
    "EventChanged",
    "EventPart",
    "EventPostponed",
    "EventPublished",
    "PerformanceCancelled",
    "PlannedPool",
    "StockPlanned",
]


class EventPart(StrEnum):
    """What of an event changed."""

    EVENT = "event"
    VENUE = "venue"
    PERFORMANCE = "performance"
    SECTOR = "sector"
    TICKET_TYPE = "ticket_type"
    QUESTION = "question"


class EventPublished(Event, frozen=True):
    """The event is public and on sale: for the first time, or again after a postponement."""

    event_id: UUID
    slug: str
    title: str
    currency: str
    timezone: str


class EventChanged(Event, frozen=True):
    """Something of an event that is no draft was added, changed, taken away or archived; the catalog says what it is now."""

    event_id: UUID
    event_version: int
    part: EventPart
    part_id: UUID


class EventPostponed(Event, frozen=True):
    """The event is not on sale and waits for a new date; its tickets stay valid. `reason` is for its ticket holders to read."""

    event_id: UUID
    reason: str


class EventCancelled(Event, frozen=True):
    """The event does not take place. `reason` is for its ticket holders to read."""

    event_id: UUID
    reason: str


class PerformanceCancelled(Event, frozen=True):
    """One performance does not take place, the event goes on. `reason` is for its ticket holders to read."""

    event_id: UUID
    performance_id: UUID
    reason: str


class PlannedPool(msgspec.Struct, frozen=True):
    """Stock to be counted under this id. `kind`: sector or ticket_type. `seats`: the labels of numbered places."""

    pool_id: UUID
    performance_id: UUID
    kind: str
    label: str
    capacity: int
    seats: tuple[str, ...]


class StockPlanned(Event, frozen=True):
    """The event has new stock, in a draft too. Each pool is planned once; a capacity is changed at inventory afterwards."""

    event_id: UUID
    pools: tuple[PlannedPool, ...]
