"""What buyers read: what is left of an event, and their order by its secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.catalog.interface import (
    Catalog,
    EventNotFound,
    EventSnapshot,
    NotOnSale,
    NotOnSaleReason,
    SectorNotFound,
    visible_ticket_types,
    why_unsellable,
)
from alltickets.inventory.interface import Levels, PoolLevel, TakenSeats
from alltickets.kernel.time import Clock
from alltickets.orders.quotes import KeptQuotes, priced
from alltickets.orders.records import Order, read_order
from alltickets.orders.refusals import OrderNotFound
from alltickets.orders.rules import PLACES_MAX, OrderStatus
from alltickets.orders.secrets import OrderSecrets
from alltickets.orders.withdrawals import Withdrawal, withdrawal_of_order
from alltickets.payments.interface import NextStep, Payments
from alltickets.platform.database import Database
from alltickets.pricing.interface import Quote
from alltickets.tickets.interface import ShownTicket, Tickets

__all__ = ["Availability", "OfferState", "SeatRowState", "SeatState", "Shop", "ShownOrder"]

FEW_SHARE = 10
"""Few are left when a tenth of the capacity or less is."""


@dataclass(frozen=True, slots=True)
class OfferState:
    """What is left of an offer. `state`: on_sale, few, sold_out, not_yet or over; `left` is at most what one order may take."""

    performance_id: UUID
    ticket_type_id: UUID
    state: str
    left: int


@dataclass(frozen=True, slots=True)
class Availability:
    """What is left of an event at an instant."""

    event_id: UUID
    at: datetime
    offers: tuple[OfferState, ...]


@dataclass(frozen=True, slots=True)
class SeatState:
    """A seat, and whether nobody has it now."""

    label: str
    is_free: bool


@dataclass(frozen=True, slots=True)
class SeatRowState:
    """A row with its seats from one end to the other."""

    label: str
    seats: tuple[SeatState, ...]


@dataclass(frozen=True, slots=True)
class ShownOrder:
    """An order with all that its buyer sees."""

    order: Order
    quote: Quote
    event: EventSnapshot
    step: NextStep | None
    tickets: tuple[ShownTicket, ...]
    withdrawal: Withdrawal | None = None


class Shop:
    """Public reads of orders."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalog: Catalog,
        levels: Levels,
        taken_seats: TakenSeats,
        payments: Payments,
        tickets: Tickets,
        quotes: KeptQuotes,
        secrets: OrderSecrets,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._levels = levels
        self._taken_seats = taken_seats
        self._payments = payments
        self._tickets = tickets
        self._quotes = quotes
        self._secrets = secrets

    async def availability(self, event_id: UUID) -> Availability:
        """What is left of the event's offers that anybody may see. Raises `EventNotFound`."""
        event = self._catalog.peek(event_id) or await self._catalog.snapshot(event_id)
        if event is None or not event.is_public:
            raise EventNotFound(str(event_id))
        levels = await self._levels.of(event.organizer_id, event_id)
        now = self._clock()
        shown = {ticket_type.ticket_type_id for ticket_type in visible_ticket_types(event, None)}
        offers = tuple(_offer_state(event, offer, levels, now) for offer in event.offers if offer[1] in shown)
        return Availability(event_id, now, offers)

    async def seats(self, event_id: UUID, performance_id: UUID, sector_id: UUID) -> tuple[SeatRowState, ...]:
        """The rows of a numbered sector at a performance; none where places have no numbers. Raises `EventNotFound` or `SectorNotFound`."""
        event = self._catalog.peek(event_id) or await self._catalog.snapshot(event_id)
        if event is None or not event.is_public:
            raise EventNotFound(str(event_id))
        # A sector is seen through what is offered in it; the first pool of an offer is its sector's.
        shown = (one.ticket_type_id for one in visible_ticket_types(event, None) if one.sector_id == sector_id)
        pools = [event.offers[performance_id, one][0] for one in shown if (performance_id, one) in event.offers]
        if not pools:
            raise SectorNotFound(sector_id)
        taken = await self._taken_seats.of(event.organizer_id, pools[0])
        return tuple(
            SeatRowState(row.label, tuple(SeatState(label, label not in taken) for label in row.seat_labels))
            for row in event.sectors[sector_id].rows
        )

    async def show(self, order_id: UUID, secret: str) -> ShownOrder:
        """The order with its tickets and what comes next. Raises `OrderNotFound`, also for a wrong secret."""
        return await self.shown(self._secrets.organizer_of(order_id, secret), order_id)

    async def shown(self, organizer_id: UUID, order_id: UUID) -> ShownOrder:
        """The same for whoever need not show the secret. Raises `OrderNotFound`."""
        async with self._database.reading(organizer_id) as reader:
            order = await read_order(reader, order_id)
            if order is None:
                raise OrderNotFound
            quotes = await self._quotes.read(reader, [order.quote_id])
            awaits = order.status == OrderStatus.AWAITING_PAYMENT
            withdrawal = None if order.paid_at is None else await withdrawal_of_order(reader, order_id)
            step = await self._payments.step_of(reader, order_id) if awaits and order.total_minor else None
        event = await self._catalog.snapshot(order.event_id)
        assert event is not None, "an event with orders is never deleted"
        tickets = () if order.paid_at is None else tuple(await self._tickets.shown_of_order(organizer_id, order_id))
        return ShownOrder(order, priced(quotes[order.quote_id], order.placed_at), event, step, tickets, withdrawal)

    async def ticket(self, order_id: UUID, secret: str, ticket_id: UUID) -> ShownTicket:
        """One ticket of the order. Raises `OrderNotFound` or `NoSuchTicket`."""
        return await self._tickets.shown(self._secrets.organizer_of(order_id, secret), order_id, ticket_id)


def _offer_state(event: EventSnapshot, offer: tuple[UUID, UUID], levels: Mapping[UUID, PoolLevel], now: datetime) -> OfferState:
    unsellable = why_unsellable(event, offer, now)
    if unsellable is not None:
        not_yet = isinstance(unsellable, NotOnSale) and unsellable.reason == NotOnSaleReason.NOT_YET
        return OfferState(*offer, "not_yet" if not_yet else "over", 0)
    pools = [levels[pool_id] for pool_id in event.offers[offer] if pool_id in levels]
    left = max(0, min((pool.left for pool in pools), default=0))
    if left == 0:
        return OfferState(*offer, "sold_out", 0)
    is_few = any(pool.left * FEW_SHARE <= pool.capacity for pool in pools)
    per_order_max = event.ticket_types[offer[1]].per_order_max or PLACES_MAX
    return OfferState(*offer, "few" if is_few else "on_sale", min(left, per_order_max))
