"""Where an order becomes paid: its stock confirmed, its tickets issued and its buyer told, in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID, uuid5

import msgspec

from alltickets.catalog.interface import Catalog, EventSnapshot
from alltickets.inventory.events import HoldsExpired
from alltickets.inventory.interface import Confirmation, confirm, read_holds, return_sold
from alltickets.kernel.time import Clock
from alltickets.orders.events import OrderExpired, OrderPaid, OrderRefunded, PaidLine, PaymentUnplaced
from alltickets.orders.quotes import KeptQuotes, selection_of
from alltickets.orders.records import Order, read_orders, write_progress
from alltickets.orders.rules import OrderStatus, may_move, places_of, unit_prices
from alltickets.orders.service.limits import uncount_buyers
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending, PaymentRefunded
from alltickets.payments.interface import AskRefund, Payments
from alltickets.platform.database import Transaction
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded
from alltickets.pricing.interface import Quote
from alltickets.tickets.interface import IssueTicket, Revocation, issue, revoke_of_orders

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
        """Take up what payments and inventory told, kind by kind in the order in which an order lives through them.

        Within a batch that is safe: expired, then captured ends as paid if the places are free; captured, then refunded ends as refunded.
        """
        events = [entry.event for entry in recorded]
        await self._on_holds_expired(tx, _of(events, HoldsExpired))
        await self._on_progress(tx, events)
        await self._on_captured(tx, _of(events, PaymentCaptured))
        await self._on_refunded(tx, _of(events, PaymentRefunded))

    async def fulfil(self, tx: Transaction, orders: Sequence[Order], *, now: datetime) -> dict[UUID, Order]:
        """Sell what these orders hold and issue their tickets; the paid ones by id. An order whose places are gone is not among them."""
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

    async def _on_captured(self, tx: Transaction, captured: Sequence[PaymentCaptured]) -> None:
        orders = await self._orders(tx, captured)
        now = self._clock()
        due = [order for order in orders.values() if may_move(order.status, OrderStatus.PAID)]
        paid = await self.fulfil(tx, due, now=now) if due else {}
        homeless = [order for order in due if order.order_id not in paid]
        # Money for a cancelled order has no place either. One that is paid already was told of before: nothing is to be done.
        homeless += [order for order in orders.values() if order.status == OrderStatus.CANCELLED and order.payment_state != "returning"]
        if homeless:
            await return_money(self._payments, tx, homeless, reason="places_gone")
            tx.publish(*[_unplaced_event(order) for order in homeless])
            await write_progress(tx, [msgspec.structs.replace(order, payment_state="returning") for order in homeless])

    async def _on_refunded(self, tx: Transaction, refunded: Sequence[PaymentRefunded]) -> None:
        orders = await self._orders(tx, refunded)
        now = self._clock()
        moved: list[Order] = []
        ended: list[Order] = []
        for event in refunded:
            order = orders.get(event.reference)
            if order is None:
                continue
            state = "returned" if event.is_full else order.payment_state
            order = msgspec.structs.replace(order, refunded_minor=event.refunded_minor, payment_state=state)
            if event.is_full and may_move(order.status, OrderStatus.REFUNDED):
                # A cancelled order gave its tickets and places back when it was cancelled.
                if order.status == OrderStatus.PAID:
                    ended.append(order)
                order = msgspec.structs.replace(order, status=OrderStatus.REFUNDED)
                tx.publish(OrderRefunded(order_id=order.order_id, event_id=order.event_id))
            orders[order.order_id] = order
            moved.append(order)
        if moved:
            await write_progress(tx, [orders[order_id] for order_id in {order.order_id for order in moved}])
        if ended:
            await self.take_back(tx, ended, Revocation.REFUNDED, now=now)

    async def take_back(self, tx: Transaction, orders: Sequence[Order], reason: Revocation, *, now: datetime) -> None:
        """Revoke the tickets of these orders and put their places on sale again."""
        # Holds before buyers' counts before pools, as everybody who locks several of them.
        await read_holds(tx, [order.hold_id for order in orders])
        await self._uncount(tx, orders)
        await return_sold(tx, [order.hold_id for order in orders])
        await revoke_of_orders(tx, [order.order_id for order in orders], reason=reason, now=now)

    async def _on_holds_expired(self, tx: Transaction, expired: Sequence[HoldsExpired]) -> None:
        hold_ids = [hold_id for event in expired for hold_id in event.hold_ids]
        if not hold_ids:
            return
        orders = [order for order in await read_orders(tx, hold_ids=hold_ids) if order.status == OrderStatus.AWAITING_PAYMENT]
        if orders:
            await write_progress(tx, [msgspec.structs.replace(order, status=OrderStatus.EXPIRED) for order in orders])
            await self._uncount(tx, orders)
            tx.publish(*[OrderExpired(order_id=order.order_id, event_id=order.event_id) for order in orders])

    async def _on_progress(self, tx: Transaction, events: Sequence[Event]) -> None:
        """What the buyer is told of the money before it is here; the newest word counts."""
        told: dict[UUID, str] = {}
        for event in events:
            if isinstance(event, PaymentPending):
                told[event.reference] = "pending"
            elif isinstance(event, PaymentFailed):
                told[event.reference] = "failed"
        if told:
            orders = [order for order in await read_orders(tx, order_ids=told) if order.payment_state in ("open", "pending", "failed")]
            await write_progress(tx, [msgspec.structs.replace(order, payment_state=told[order.order_id]) for order in orders])

    async def _orders(self, tx: Transaction, events: Sequence[PaymentCaptured] | Sequence[PaymentRefunded]) -> dict[UUID, Order]:
        if not events:
            return {}
        return {order.order_id: order for order in await read_orders(tx, order_ids={event.reference for event in events})}

    async def _uncount(self, tx: Transaction, orders: Sequence[Order]) -> None:
        quotes = await self._quotes.read(tx, {order.quote_id for order in orders})
        by_event: dict[UUID, list[tuple[Order, Quote]]] = {}
        for order in orders:
            by_event.setdefault(order.event_id, []).append((order, quotes[order.quote_id]))
        for event_id, of_event in by_event.items():
            await uncount_buyers(tx, await self._event(event_id), of_event)

    async def _event(self, event_id: UUID) -> EventSnapshot:
        event = await self._catalog.snapshot(event_id)
        assert event is not None, "an event with orders is never deleted"
        return event


def _of(events: Sequence[Event], kind: type[Told]) -> list[Told]:
    return [event for event in events if isinstance(event, kind)]


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
    return PaymentUnplaced(order_id=order.order_id, event_id=order.event_id, amount_minor=order.total_minor, currency=order.currency)


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
