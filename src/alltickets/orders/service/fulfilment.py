"""Where an order becomes paid: its stock confirmed, its tickets issued and its buyer told, in one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

import msgspec

from alltickets.catalog.events import EventCancelled, PerformanceCancelled
from alltickets.catalog.interface import Catalog, EventSnapshot, SaleState, read_sale_states
from alltickets.inventory.events import HoldsExpired
from alltickets.inventory.interface import Confirmation, confirm, read_holds, release, return_places, return_sold
from alltickets.kernel.time import Clock
from alltickets.orders.events import OrderCancelled, OrderExpired, OrderPaid, OrderRefunded, OrdersLeft, PaidLine, PaymentUnplaced
from alltickets.orders.quotes import KeptQuotes, selection_of
from alltickets.orders.records import Order, lock_orders, open_orders_of_events, write_progress, write_returned
from alltickets.orders.rules import OrderStatus, draws_of, may_move, places_of, unit_prices
from alltickets.orders.service.calling_off import check_sale
from alltickets.orders.service.limits import count_buyers, uncount_buyers, uncount_tickets
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending, PaymentRefunded, RefundFailed, RefundOrdered
from alltickets.payments.interface import AskRefund, Payments
from alltickets.platform.database import Transaction
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded
from alltickets.pricing.interface import Quote, SelectedLine
from alltickets.tickets.interface import IssueTicket, Revocation, Ticket, issue, revoke, revoke_of_orders

__all__ = ["Fulfilment", "return_money"]

Told = TypeVar("Told", bound=Event)


class Fulfilment:
    """What orders do when money or time moves. Every method joins the transaction it is given and takes batches."""

    def __init__(self, clock: Clock, catalog: Catalog, payments: Payments, quotes: KeptQuotes) -> None:
        self._clock = clock
        self._catalog = catalog
        self._payments = payments
        self._quotes = quotes

    async def on_events(self, tx: Transaction, recorded: Sequence[Recorded]) -> None:
        """Take up what payments, inventory, catalog and shoppers told, kind by kind in the order in which an order lives through them.

        Within a batch that is safe: expired, then captured ends as paid if the places are free; captured, then refunded ends as refunded;
        what is called off is not paid, whichever stands first. Raises `SaleMoved` when it was called off just now: run it again.
        """
        events = [entry.event for entry in recorded]
        orders = await _lock_concerned(tx, events)
        if orders:
            await self._on_places_lost(tx, orders, events)
            await self._on_called_off(tx, orders, events)
            await self._on_progress(tx, orders, events)
            sold_on = await self._on_captured(tx, orders, events)
            await self._on_return_told(tx, orders, events)
            await self._on_refunded(tx, orders, events)
            if sold_on:
                await check_sale(tx, sold_on)

    async def fulfil(self, tx: Transaction, orders: Sequence[Order], *, now: datetime) -> dict[UUID, Order]:
        """Sell what these orders hold and issue their tickets; the paid ones by id. An order whose places are gone is not among them."""
        if not orders:
            return {}
        confirmations = await confirm(tx, [order.hold_id for order in orders], now=now)
        paid: dict[UUID, Order] = {}
        late: set[UUID] = set()
        for order, confirmation in zip(orders, confirmations, strict=True):
            if confirmation == Confirmation.GONE:
                continue
            if confirmation == Confirmation.RECLAIMED:
                late.add(order.order_id)
            state = "captured" if order.total_minor else "none"
            paid[order.order_id] = msgspec.structs.replace(order, status=OrderStatus.PAID, payment_state=state, paid_at=now)
        if paid:
            await write_progress(tx, list(paid.values()))
            quotes = await self._quotes.read(tx, {order.quote_id for order in paid.values()})
            requests: list[IssueTicket] = []
            for order in paid.values():
                requests += _tickets_of(await self._event(order.event_id), order, quotes[order.quote_id])
            await issue(tx, requests, now=now)
            tx.publish(*[_paid_event(order, quotes[order.quote_id], late=order.order_id in late) for order in paid.values()])
        return paid

    async def _on_places_lost(self, tx: Transaction, orders: dict[UUID, Order], events: Sequence[Event]) -> None:
        hold_ids = {hold_id for event in _of(events, HoldsExpired) for hold_id in event.hold_ids}
        order_ids = {order_id for event in _of(events, OrdersLeft) for order_id in event.order_ids}
        expired = [
            msgspec.structs.replace(order, status=OrderStatus.EXPIRED)
            for order in orders.values()
            if order.status == OrderStatus.AWAITING_PAYMENT and (order.hold_id in hold_ids or order.order_id in order_ids)
        ]
        if expired:
            await _write_back(tx, orders, expired)
            await self._uncount(tx, expired)
            tx.publish(*[OrderExpired(order_id=order.order_id, event_id=order.event_id) for order in expired])

    async def _on_called_off(self, tx: Transaction, orders: dict[UUID, Order], events: Sequence[Event]) -> None:
        """Orders that await payment end when the event, or any performance that they have places at, does not take place."""
        called_off = [event for event in events if isinstance(event, EventCancelled | PerformanceCancelled)]
        awaiting = [order for order in orders.values() if called_off and order.status == OrderStatus.AWAITING_PAYMENT]
        quotes = await self._quotes.read(tx, {order.quote_id for order in awaiting})
        ended: list[Order] = []
        for order in awaiting:
            reasons = [event.reason for event in called_off if _is_off(event, order, quotes[order.quote_id])]
            if reasons:
                ended.append(msgspec.structs.replace(order, status=OrderStatus.CANCELLED))
                tx.publish(OrderCancelled(order_id=order.order_id, event_id=order.event_id, reason=reasons[0]))
        if ended:
            await _write_back(tx, orders, ended)
            await self._uncount(tx, ended)
            await release(tx, [order.hold_id for order in ended])

    async def _on_progress(self, tx: Transaction, orders: dict[UUID, Order], events: Sequence[Event]) -> None:
        """What the buyer is told of the money before it is here; the newest word counts."""
        told: dict[UUID, str] = {}
        for event in events:
            if isinstance(event, PaymentPending):
                told[event.reference] = "pending"
            elif isinstance(event, PaymentFailed):
                told[event.reference] = "failed"
        moved = [
            msgspec.structs.replace(order, payment_state=told[order.order_id])
            for order in orders.values()
            if order.order_id in told and order.payment_state in ("open", "pending", "failed")
        ]
        if moved:
            await _write_back(tx, orders, moved)

    async def _on_captured(self, tx: Transaction, orders: dict[UUID, Order], events: Sequence[Event]) -> Mapping[UUID, SaleState]:
        """Sell to whose money is here, or give it back. If anything was sold, how its events stood then, for `check_sale`."""
        captured = {event.reference: event for event in _of(events, PaymentCaptured)}
        # One that is paid already, or whose money is going back, was told of before: nothing is to be done.
        news = [
            msgspec.structs.replace(order, discount_minor=captured[order.order_id].discount_minor)
            for order in orders.values()
            if order.order_id in captured
            and order.status in (OrderStatus.AWAITING_PAYMENT, OrderStatus.EXPIRED, OrderStatus.CANCELLED)
            and order.payment_state not in ("returning", "return_failed", "returned")
        ]
        payable = [order for order in news if may_move(order.status, OrderStatus.PAID)]
        states = await read_sale_states(tx, {order.event_id for order in payable}) if payable else {}
        unpayable = await self.unpayable(tx, payable, states)
        due = [order for order in payable if order.order_id not in unpayable]
        # What expired no longer counts for its buyer, who may have bought as much as one may since then.
        late = [order for order in due if order.status == OrderStatus.EXPIRED]
        over = await self._count_again(tx, late)
        paid = await self.fulfil(tx, [order for order in due if order.order_id not in over], now=self._clock())
        orders.update(paid)
        homeless = [order for order in news if order.order_id not in paid]
        if homeless:
            await self._uncount(tx, [order for order in late if order.order_id not in over and order.order_id not in paid])
            await return_money(self._payments, tx, homeless, reason="places_gone")
            tx.publish(*[_unplaced_event(order) for order in homeless])
            await _write_back(tx, orders, [msgspec.structs.replace(order, payment_state="returning") for order in homeless])
        return states if paid else {}

    async def _on_return_told(self, tx: Transaction, orders: dict[UUID, Order], events: Sequence[Event]) -> None:
        """The money of an order that ended will not go back, or does after all. What came beside it is no concern of the order's."""
        moved: dict[UUID, Order] = {}
        for event in events:
            if isinstance(event, RefundOrdered | RefundFailed) and event.is_kept and event.reference in orders:
                order = moved.get(event.reference) or orders[event.reference]
                before, after = ("returning", "return_failed") if isinstance(event, RefundFailed) else ("return_failed", "returning")
                if order.payment_state == before:
                    moved[event.reference] = msgspec.structs.replace(order, payment_state=after)
        if moved:
            await _write_back(tx, orders, list(moved.values()))

    async def _on_refunded(self, tx: Transaction, orders: dict[UUID, Order], events: Sequence[Event]) -> None:
        moved: dict[UUID, Order] = {}
        ended: list[Order] = []
        for event in _of(events, PaymentRefunded):
            order = moved.get(event.reference) or orders.get(event.reference)
            if order is None:
                continue
            state = "returned" if event.is_full else order.payment_state
            status = order.status
            if event.is_full and may_move(status, OrderStatus.REFUNDED):
                # A cancelled order gave its tickets and places back when it was cancelled.
                if status == OrderStatus.PAID:
                    ended.append(order)
                status = OrderStatus.REFUNDED
                tx.publish(OrderRefunded(order_id=order.order_id, event_id=order.event_id))
            moved[order.order_id] = msgspec.structs.replace(order, status=status, refunded_minor=event.refunded_minor, payment_state=state)
        if moved:
            await _write_back(tx, orders, list(moved.values()))
        if ended:
            await self.take_back(tx, ended, Revocation.REFUNDED, now=self._clock())

    async def take_back(self, tx: Transaction, orders: Sequence[Order], reason: Revocation, *, now: datetime) -> None:
        """Revoke the tickets of these orders and put their places on sale again."""
        # Holds before buyers' counts before pools, as everybody who locks several of them.
        await read_holds(tx, [order.hold_id for order in orders])
        await self._uncount(tx, orders)
        await return_sold(tx, [order.hold_id for order in orders])
        await revoke_of_orders(tx, [order.order_id for order in orders], reason=reason, now=now)

    async def take_tickets_back(self, tx: Transaction, order: Order, tickets: Sequence[Ticket], *, now: datetime) -> Order:
        """Revoke some tickets of a paid order that goes on, and put their places on sale again; the order, which is locked, as written."""
        numbers = [ticket.number for ticket in tickets]
        quote = (await self._quotes.read(tx, [order.quote_id]))[order.quote_id]
        event = await self._event(order.event_id)
        await read_holds(tx, [order.hold_id])
        await uncount_tickets(tx, event, order, quote, numbers)
        lines = [
            SelectedLine(ticket.performance_id, ticket.ticket_type_id, 1, (ticket.seat_label,) if ticket.seat_label else ())
            for ticket in tickets
        ]
        draws, seats = draws_of(event, lines)
        await return_places(tx, order.hold_id, draws, seats)
        await revoke(tx, [ticket.ticket_id for ticket in tickets], reason=Revocation.REFUNDED, now=now)
        order = msgspec.structs.replace(order, returned_numbers=tuple(sorted({*order.returned_numbers, *numbers})))
        await write_returned(tx, order)
        return order

    async def unpayable(self, tx: Transaction, orders: Sequence[Order], states: Mapping[UUID, SaleState]) -> set[UUID]:
        """The ids of orders with places at what does not take place, going by the states of their events."""
        quotes = await self._quotes.read(tx, {order.quote_id for order in orders})
        return {
            order.order_id
            for order in orders
            if not states[order.event_id].may_be_paid(line.performance_id for line in quotes[order.quote_id].lines)
        }

    async def _count_again(self, tx: Transaction, orders: Sequence[Order]) -> set[UUID]:
        """Count orders that were taken out of their buyers' counts; the ids of those for which there is no room any more."""
        over: set[UUID] = set()
        for event, priced_orders in await self._by_event(tx, orders):
            over |= (await count_buyers(tx, event, {order.order_id: (order.buyer, quote) for order, quote in priced_orders})).keys()
        return over

    async def _uncount(self, tx: Transaction, orders: Sequence[Order]) -> None:
        for event, priced_orders in await self._by_event(tx, orders):
            await uncount_buyers(tx, event, priced_orders)

    async def _by_event(self, tx: Transaction, orders: Sequence[Order]) -> list[tuple[EventSnapshot, list[tuple[Order, Quote]]]]:
        """Orders with their quotes, event by event; the events in id order, as whoever locks counts of several of them does."""
        quotes = await self._quotes.read(tx, {order.quote_id for order in orders})
        by_event: dict[UUID, list[tuple[Order, Quote]]] = {}
        for order in orders:
            by_event.setdefault(order.event_id, []).append((order, quotes[order.quote_id]))
        return [(await self._event(event_id), by_event[event_id]) for event_id in sorted(by_event)]

    async def _event(self, event_id: UUID) -> EventSnapshot:
        event = await self._catalog.snapshot(event_id)
        assert event is not None, "an event with orders is never deleted"
        return event


async def _lock_concerned(tx: Transaction, events: Sequence[Event]) -> dict[UUID, Order]:
    """The orders that these events are about, by id, locked, and after them their holds: before any count or pool is."""
    order_ids: set[UUID] = set()
    hold_ids: set[UUID] = set()
    called_off: set[UUID] = set()
    for event in events:
        if isinstance(event, HoldsExpired):
            hold_ids.update(event.hold_ids)
        elif isinstance(event, OrdersLeft):
            order_ids.update(event.order_ids)
        elif isinstance(event, PaymentCaptured | PaymentPending | PaymentFailed | PaymentRefunded | RefundOrdered | RefundFailed):
            order_ids.add(event.reference)
        elif isinstance(event, EventCancelled | PerformanceCancelled):
            called_off.add(event.event_id)
    if called_off:
        order_ids.update(await open_orders_of_events(tx, called_off))
    orders = {order.order_id: order for order in await lock_orders(tx, order_ids=order_ids, hold_ids=hold_ids)}
    if orders:
        await read_holds(tx, [order.hold_id for order in orders.values()])
    return orders


async def _write_back(tx: Transaction, orders: dict[UUID, Order], moved: Sequence[Order]) -> None:
    orders.update((order.order_id, order) for order in moved)
    await write_progress(tx, moved)


def _of(events: Sequence[Event], kind: type[Told]) -> list[Told]:
    return [event for event in events if isinstance(event, kind)]


def _is_off(event: EventCancelled | PerformanceCancelled, order: Order, quote: Quote) -> bool:
    """Whether the order has places at what was cancelled."""
    if order.event_id != event.event_id:
        return False
    return isinstance(event, EventCancelled) or any(line.performance_id == event.performance_id for line in quote.lines)


def _tickets_of(event: EventSnapshot, order: Order, quote: Quote) -> list[IssueTicket]:
    places = places_of(selection_of(quote))
    return [
        IssueTicket(
            order_id=order.order_id,
            number=number,
            event_id=order.event_id,
            performance_id=place.performance_id,
            ticket_type_id=place.ticket_type_id,
            sector_id=event.ticket_types[place.ticket_type_id].sector_id,
            seat_label=place.seat,
            holder_name=holder.name,
            holder_document=holder.document,
            holder_mail=holder.mail,
            price=price,
        )
        for number, (place, holder, price) in enumerate(zip(places, order.holders, unit_prices(quote), strict=True), 1)
    ]


async def return_money(payments: Payments, tx: Transaction, orders: Sequence[Order], *, reason: str) -> None:
    """Order full refunds of what these orders were paid, once each however often this is called for the same reason."""
    await payments.refund(
        tx,
        [
            AskRefund(refund_id=uuid5(order.order_id, reason), reference=order.order_id, amount_minor=None, reason=reason)
            for order in orders
        ],
    )


def _unplaced_event(order: Order) -> PaymentUnplaced:
    return PaymentUnplaced(order_id=order.order_id, event_id=order.event_id, amount_minor=order.paid.minor, currency=order.currency)


def _paid_event(order: Order, quote: Quote, *, late: bool) -> OrderPaid:
    return OrderPaid(
        order_id=order.order_id,
        event_id=order.event_id,
        lines=tuple(PaidLine(line.performance_id, line.ticket_type_id, line.quantity, line.total.minor) for line in quote.lines),
        total_minor=order.total_minor,
        currency=order.currency,
        campaign=order.campaign,
        late=late,
    )
