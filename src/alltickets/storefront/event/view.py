"""What the event's page shows at an instant: decided here, without input or output, and compared to tell whether the page changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from alltickets.catalog.interface import (
    EventSnapshot,
    EventStatus,
    Offer,
    PerformanceSnapshot,
    PerformanceStatus,
    TicketTypeSnapshot,
    Visibility,
    visible_ticket_types,
)
from alltickets.kernel.money import Money
from alltickets.orders.interface import OfferState
from alltickets.storefront.organizers import Face

__all__ = ["EventView", "OfferView", "PerformanceView", "SaleState", "lowest_price", "view_of"]

CHOICES_MAX = 10
NEAR = timedelta(seconds=45)
"""So long before something changes by the clock, caches keep the page for a second only."""


class SaleState(StrEnum):
    """What can be done about tickets."""

    ON_SALE = "on_sale"
    FEW = "few"
    """On sale, and a tenth or less is left."""
    NOT_YET = "not_yet"
    SOLD_OUT = "sold_out"
    CLOSED = "closed"
    """The sale is over; what is sold takes place."""
    ENDED = "ended"
    CANCELLED = "cancelled"
    POSTPONED = "postponed"
    """Of an event."""


@dataclass(frozen=True, slots=True)
class OfferView:
    """A ticket type at a performance. `price`: what a buyer pays for one; `left`: so many can be chosen; `opens_at`: of a sale to come."""

    ticket_type_id: UUID
    name: str
    description: str
    sector: str
    is_numbered: bool
    state: SaleState
    price: Money | None
    left: int
    opens_at: datetime | None


@dataclass(frozen=True, slots=True)
class PerformanceView:
    """One time that the event takes place."""

    performance_id: UUID
    starts_at: datetime
    ends_at: datetime
    doors_at: datetime | None
    state: SaleState
    opens_at: datetime | None
    offers: tuple[OfferView, ...]


@dataclass(frozen=True, slots=True)
class EventView:
    """The page's content. Performances that are over are left out unless all are; two equal views are the same page."""

    event: EventSnapshot
    face: Face
    state: SaleState
    opens_at: datetime | None
    performances: tuple[PerformanceView, ...]
    has_codes: bool
    """Whether there is something that is sold by code."""
    is_near_change: bool

    @property
    def waited_for(self) -> list[tuple[PerformanceView, OfferView]]:
        """What is sold out and may come back."""
        if self.event.status != EventStatus.PUBLISHED:
            return []
        shown = (one for one in self.performances if one.state not in (SaleState.CANCELLED, SaleState.ENDED))
        return [(performance, offer) for performance in shown for offer in performance.offers if offer.state == SaleState.SOLD_OUT]


def view_of(event: EventSnapshot, face: Face, states: Sequence[OfferState], prices: Mapping[Offer, Money], now: datetime) -> EventView:
    """The page at `now`. `states` and `prices` are of the offers that anybody may see."""
    by_performance: dict[UUID, dict[UUID, OfferState]] = {}
    for one in states:
        by_performance.setdefault(one.performance_id, {})[one.ticket_type_id] = one
    types = visible_ticket_types(event, None)
    all_of_them = [
        _performance(event, performance, types, by_performance.get(performance.performance_id, {}), prices, now)
        for performance in event.performances.values()
    ]
    to_come = [one for one in all_of_them if one.state != SaleState.ENDED]
    state = _event_state(event, to_come)
    return EventView(
        event=event,
        face=face,
        state=state,
        opens_at=min((one.opens_at for one in to_come if one.opens_at), default=None) if state == SaleState.NOT_YET else None,
        performances=tuple(to_come or all_of_them),
        has_codes=any(one.visibility == Visibility.CODE for one in event.ticket_types.values()),
        is_near_change=any(now < at <= now + NEAR for at in _changes(event)),
    )


def lowest_price(view: EventView) -> Money | None:
    """The least that a ticket costs that is on sale, or will be; None when none is."""
    prices = [
        offer.price
        for performance in view.performances
        for offer in performance.offers
        if offer.price is not None and offer.state in (SaleState.ON_SALE, SaleState.FEW, SaleState.NOT_YET)
    ]
    return min(prices, key=lambda price: price.minor, default=None)


def _performance(
    event: EventSnapshot,
    performance: PerformanceSnapshot,
    types: Sequence[TicketTypeSnapshot],
    states: Mapping[UUID, OfferState],
    prices: Mapping[Offer, Money],
    now: datetime,
) -> PerformanceView:
    offers = tuple(
        _offer(event, one, states[one.ticket_type_id], prices.get((performance.performance_id, one.ticket_type_id)))
        for one in types
        if one.ticket_type_id in states
    )
    state = _performance_state(performance, offers, now)
    opens_at = min((offer.opens_at for offer in offers if offer.opens_at), default=None) if state == SaleState.NOT_YET else None
    return PerformanceView(
        performance.performance_id, performance.starts_at, performance.ends_at, performance.doors_at, state, opens_at, offers
    )


def _offer(event: EventSnapshot, ticket_type: TicketTypeSnapshot, state: OfferState, price: Money | None) -> OfferView:
    sector = event.sectors[ticket_type.sector_id]
    shown = SaleState.CLOSED if state.state == "over" else SaleState(state.state)
    return OfferView(
        ticket_type_id=ticket_type.ticket_type_id,
        name=ticket_type.name,
        description=ticket_type.description,
        # Said only where it says something: many ticket types are named for their sector.
        sector="" if sector.name.casefold() in ticket_type.name.casefold() or len(event.sectors) == 1 else sector.name,
        is_numbered=sector.is_numbered,
        state=shown,
        price=price,
        left=min(state.left, CHOICES_MAX),
        opens_at=ticket_type.sales_from if shown == SaleState.NOT_YET else None,
    )


def _performance_state(performance: PerformanceSnapshot, offers: Sequence[OfferView], now: datetime) -> SaleState:
    if now >= performance.ends_at:
        return SaleState.ENDED
    if performance.status == PerformanceStatus.CANCELLED:
        return SaleState.CANCELLED
    return _best(offer.state for offer in offers)


def _event_state(event: EventSnapshot, to_come: Sequence[PerformanceView]) -> SaleState:
    if event.status == EventStatus.CANCELLED:
        return SaleState.CANCELLED
    if event.status == EventStatus.POSTPONED:
        return SaleState.POSTPONED
    if not to_come:
        return SaleState.ENDED
    return _best(one.state for one in to_come)


_ORDER = (SaleState.ON_SALE, SaleState.FEW, SaleState.NOT_YET, SaleState.SOLD_OUT, SaleState.CLOSED, SaleState.CANCELLED)


def _best(states: Iterable[SaleState]) -> SaleState:
    """What is best for a buyer among these; closed when there is nothing."""
    return min(states, key=_ORDER.index, default=SaleState.CLOSED)


def _changes(event: EventSnapshot) -> list[datetime]:
    """When the page changes by itself."""
    windows = [at for one in event.ticket_types.values() for at in (one.sales_from, one.sales_until) if at is not None]
    return [*windows, *(at for one in event.performances.values() for at in (one.starts_at, one.ends_at))]
