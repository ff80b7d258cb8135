"""What keeps an event from being published."""

from collections.abc import Iterator
from datetime import datetime

from alltickets.catalog.refusals import Blocker, BlockerCode
from alltickets.catalog.rules.snapshot import EventSnapshot, PerformanceSnapshot, TicketTypeSnapshot, sales_end
from alltickets.catalog.rules.states import PerformanceStatus, Visibility

__all__ = ["publishing_blockers"]


def publishing_blockers(event: EventSnapshot, now: datetime) -> tuple[Blocker, ...]:
    """Everything that is missing or wrong, in the order in which an organizer would mend it; empty when the event can be published."""
    coming = [one for one in event.performances.values() if one.status == PerformanceStatus.SCHEDULED and one.ends_at > now]
    return (*_missing(event), *_performances_over(event, now), *_ticket_types(event, coming, now))


def _missing(event: EventSnapshot) -> Iterator[Blocker]:
    if event.venue is None:
        yield Blocker(BlockerCode.VENUE_MISSING, "venue_id", "Say where it takes place.")
    if not any(one.status == PerformanceStatus.SCHEDULED for one in event.performances.values()):
        yield Blocker(BlockerCode.PERFORMANCE_MISSING, "performances", "Add at least one performance.")
    if not event.sectors:
        yield Blocker(BlockerCode.SECTOR_MISSING, "sectors", "Add at least one sector.")
    if not event.ticket_types:
        yield Blocker(BlockerCode.TICKET_TYPE_MISSING, "ticket_types", "Add at least one ticket type.")


def _performances_over(event: EventSnapshot, now: datetime) -> Iterator[Blocker]:
    scheduled = [one for one in event.performances.values() if one.status == PerformanceStatus.SCHEDULED]
    # A run that has begun can be published again after a postponement: only an event that is wholly over cannot.
    if scheduled and all(one.ends_at <= now for one in scheduled):
        for one in scheduled:
            sentence = "All performances are over. Move this one to a coming date or add another."
            yield Blocker(BlockerCode.PERFORMANCE_OVER, f"performances/{one.performance_id}", sentence)


def _ticket_types(event: EventSnapshot, coming: list[PerformanceSnapshot], now: datetime) -> Iterator[Blocker]:
    unsold = [one for one in event.ticket_types.values() if coming and not any(_is_sold_sometime(one, each, now) for each in coming)]
    for one in event.ticket_types.values():
        where = f"ticket_types/{one.ticket_type_id}"
        # An early price whose time is over is no fault while something else is sold; a window that opens too late always is.
        if one in unsold and (len(unsold) == len(event.ticket_types) or (one.sales_from is not None and one.sales_from > now)):
            sentence = f"“{one.name}” is never on sale before its performances are over. Change its sales window."
            yield Blocker(BlockerCode.NEVER_ON_SALE, where, sentence)
        if one.visibility == Visibility.CODE and not one.codes:
            yield Blocker(BlockerCode.CODE_MISSING, where, f"“{one.name}” is sold by code and has no code yet. Add one.")


def _is_sold_sometime(ticket_type: TicketTypeSnapshot, performance: PerformanceSnapshot, now: datetime) -> bool:
    opens_at = now if ticket_type.sales_from is None else max(now, ticket_type.sales_from)
    return opens_at < sales_end(performance, ticket_type)
