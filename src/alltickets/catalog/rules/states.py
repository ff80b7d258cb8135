"""What an event can be, and what it can become."""

from collections.abc import Mapping
from enum import StrEnum

from alltickets.catalog.refusals import IllegalMove

__all__ = ["MOVES", "PUBLIC", "EventStatus", "PerformanceStatus", "Visibility", "check_move", "is_editable"]


class EventStatus(StrEnum):
    """What an event is."""

    DRAFT = "draft"
    """Being prepared: nobody but its organizer sees it, and anything in it can be deleted."""
    PUBLISHED = "published"
    """Public, and sold within the sales windows of its ticket types."""
    POSTPONED = "postponed"
    """Public and not sold: its tickets stay valid for a date to come. Published again, it is on sale again."""
    CANCELLED = "cancelled"
    """Public and never sold again: it does not take place."""
    ARCHIVED = "archived"
    """Put away by its organizer: out of every public list."""


MOVES: Mapping[EventStatus, frozenset[EventStatus]] = {
    EventStatus.DRAFT: frozenset({EventStatus.PUBLISHED}),
    EventStatus.PUBLISHED: frozenset({EventStatus.POSTPONED, EventStatus.CANCELLED, EventStatus.ARCHIVED}),
    EventStatus.POSTPONED: frozenset({EventStatus.PUBLISHED, EventStatus.CANCELLED}),
    EventStatus.CANCELLED: frozenset({EventStatus.ARCHIVED}),
    EventStatus.ARCHIVED: frozenset(),
}
"""The legal moves. A postponed event is not archived: its ticket holders still wait for an answer."""

PUBLIC = frozenset({EventStatus.PUBLISHED, EventStatus.POSTPONED, EventStatus.CANCELLED})
"""Whoever has the address of an event in one of these sees it."""


class PerformanceStatus(StrEnum):
    """What a performance is."""

    SCHEDULED = "scheduled"
    """Takes place, unless its event does not."""
    CANCELLED = "cancelled"
    """Does not take place. Final."""


class Visibility(StrEnum):
    """Who is offered a ticket type."""

    PUBLIC = "public"
    """Everybody."""
    HIDDEN = "hidden"
    """Nobody: it is in no list, and sold to whoever was given its link."""
    CODE = "code"
    """Whoever knows one of its access codes."""


def check_move(status: EventStatus, wanted: EventStatus) -> None:
    """Raises `IllegalMove` unless an event may go from `status` to `wanted`."""
    if wanted not in MOVES[status]:
        raise IllegalMove(status.value, wanted.value, tuple(sorted(move.value for move in MOVES[status])))


def is_editable(status: EventStatus) -> bool:
    """Whether the event's facts can still be changed: what is over stays as it was sold."""
    return status in (EventStatus.DRAFT, EventStatus.PUBLISHED, EventStatus.POSTPONED)
