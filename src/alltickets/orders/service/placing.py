"""Placing an order: the buyer's and the holders' data on a hold, and the payment started, in one transaction per batch."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from alltickets.catalog.interface import (
    Catalog,
    EventNotFound,
    EventSnapshot,
    read_sale_states,
    read_snapshot,
    sale_state_of,
    why_withdrawn,
)
from alltickets.identity.interface import Limit, spend_tries
from alltickets.inventory.interface import Hold, HoldGone, extend, keep_patiently, read_holds
from alltickets.kernel.errors import Refusal
from alltickets.kernel.time import Clock
from alltickets.orders.events import OrderPlaced
from alltickets.orders.patience import longer_kept, span_of
from alltickets.orders.quotes import KeptQuotes, Memo, memo_of, selection_of
from alltickets.orders.records import Order, lock_orders, read_orders, write_deadline, write_orders, write_progress
from alltickets.orders.refusals import HoldTaken, OrderConflict, OrderNotFound, OrderNotOpen
from alltickets.orders.rules import Buyer, Holder, OrderStatus, check_holders, order_number, parts_of, places_of
from alltickets.orders.secrets import OrderSecrets
from alltickets.orders.service.calling_off import SaleMoved, check_sale
from alltickets.orders.service.fulfilment import Fulfilment
from alltickets.orders.service.limits import count_buyers, uncount_buyers
from alltickets.payments.interface import (
    NOTHING_TOLD,
    Card,
    CardDesk,
    CardRoute,
    NextStep,
    PaymentPurpose,
    Payments,
    Purchase,
    PurchaseLine,
    Started,
    StartPayment,
    Told,
)
from alltickets.platform.coalescer import Coalescer
from alltickets.platform.database import Database, Transaction
from alltickets.pricing.interface import Quote

__all__ = ["PlaceOrder", "PlacedOrder", "Placing"]

Lane = tuple[UUID, UUID]
CHANNEL = "shop"
"""Where orders come from, for routing rules: so far there is no other way to buy."""
CARDS_PER_ORDER = Limit("order.card", 30, 900)
"""So many beginnings of cards may be asked for. Whoever types one asks once; nobody has thirty cards."""
EXTENSION_WORTH = timedelta(minutes=1)
"""A hold that would last less than this longer is left as it is: most orders come within a minute of their hold."""


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What a buyer sends. No holders: every ticket is the buyer's. `fingerprint` tells a repetition from another request of the same id.

    option_id: the payment option chosen; None: routing decides.
    """

    order_id: UUID
    event_id: UUID
    hold_id: UUID
    buyer: Buyer
    holders: tuple[Holder, ...]
    option_id: UUID | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The order, and what its buyer does next: None when there is nothing to pay. `attempt_id` goes with the step "needs_call"."""

    organizer_id: UUID
    order: Order
    step: NextStep | None
    attempt_id: UUID | None = None


@dataclass(slots=True)
class _Ready:
    """A request that may be carried out: what was promised for its hold, and everyone's data tidied."""

    request: PlaceOrder
    hold: Hold
    memo: Memo
    quote: Quote
    buyer: Buyer
    holders: list[Holder]


class Placing:
    """Use cases of placing orders."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalog: Catalog,
        payments: Payments,
        fulfilment: Fulfilment,
        quotes: KeptQuotes,
        secrets: OrderSecrets,
        *,
        pay_seconds: int,
        hold_seconds_max: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._payments = payments
        self._fulfilment = fulfilment
        self._quotes = quotes
        self._secrets = secrets
        self._pay_for = timedelta(seconds=pay_seconds)
        self._kept_at_most = timedelta(seconds=hold_seconds_max)
        self.coalescer: Coalescer[Lane, PlaceOrder, PlacedOrder] = Coalescer("orders", self._flush)

    async def place(self, request: PlaceOrder) -> PlacedOrder:
        """Place the order and start its payment. The same id and content again gives the same order.

        Raises `EventNotFound`, `OrderConflict`, `HoldTaken`, `HoldGone`, `NotOnSale` when what is held was called off meanwhile,
        `HoldersInvalid`, `LimitExceeded`, or what payments says.
        """
        event = self._catalog.peek(request.event_id) or await self._catalog.snapshot(request.event_id)
        if event is None:
            raise EventNotFound(str(request.event_id))
        placed = await self.coalescer.submit((event.organizer_id, event.event_id), request)
        if placed.step != "needs_call":
            return placed
        async with self._database.reading(event.organizer_id) as reader:
            quote = (await self._quotes.read(reader, [placed.order.quote_id]))[placed.order.quote_id]
        purchase = _purchase_of(placed.order, quote, event, self._clock())
        if placed.attempt_id is None:
            step = await self._payments.resume(event.organizer_id, request.order_id, purchase)
        else:
            step = await self._payments.begin(event.organizer_id, placed.attempt_id, purchase)
        return PlacedOrder(placed.organizer_id, placed.order, step)

    async def pay_again(self, organizer_id: UUID, order_id: UUID, *, option_id: UUID | None, card_bin: str | None = None) -> PlacedOrder:
        """Have the buyer pay an order that is still open: by the attempt under way, or a new one after a failed one.

        card_bin: how the card begins for which they chose the option, where that is known.

        Raises `OrderNotFound`, `OrderNotOpen`, or what payments says.
        """
        async with self._database.transaction(organizer_id) as tx:
            order = await self._payable(tx, order_id)
            # Before the payment is: whoever locks both locks the hold first.
            hold = (await read_holds(tx, [order.hold_id]))[order.hold_id]
            quotes = await self._quotes.read(tx, [order.quote_id])
            # Over this connection: whoever waits for a second one while they hold locks may wait for themselves.
            event = self._catalog.peek(order.event_id) or await read_snapshot(tx, order.event_id)
            assert event is not None, "an event with orders is never deleted"
            request = self._start_of(tx, order, event, quotes[order.quote_id], order.number, option_id)
            [started] = await self._payments.start(tx, [replace(request, card_bin=card_bin)])
            if isinstance(started, Started):
                order = await self._go_on(tx, order, hold, started)
        if isinstance(started, Refusal):
            # After the commit, which keeps why.
            raise started
        step = started.step
        if step == "needs_call" or started.leaves_page:
            purchase = _purchase_of(order, quotes[order.quote_id], event, self._clock())
            step = await self._payments.begin(organizer_id, started.attempt_id, purchase)
        return PlacedOrder(organizer_id, order, step)

    async def _go_on(self, tx: Transaction, order: Order, hold: Hold, started: Started) -> Order:
        """The order with its payment under way again, its places kept for as long as that takes. Raises `OrderNotOpen`."""
        until = longer_kept(order, started)
        if until is not None:
            if not hold.is_live(self._clock()):
                # Its visitor has chosen anew, which the order is about to be told.
                raise OrderNotOpen(OrderStatus.EXPIRED)
            await keep_patiently(tx, {order.hold_id: until}, now=self._clock())
            order = msgspec.structs.replace(order, pay_until=until)
            await write_deadline(tx, order)
        if order.payment_state == "failed":
            order = msgspec.structs.replace(order, payment_state="open")
            await write_progress(tx, [order])
        return order

    async def route_card(self, organizer_id: UUID, order_id: UUID, card_bin: str) -> tuple[CardRoute, CardDesk]:
        """Which account takes a card that begins so, and what stands around its form; the order's payment goes on there.

        Raises `TooManyTries`, `OrderNotFound`, `OrderNotOpen`, or what payments says.
        """
        await spend_tries(self._database, (CARDS_PER_ORDER, str(order_id)), now=self._clock())
        async with self._database.transaction(organizer_id) as tx:
            await self._payable(tx, order_id)
            route = await self._payments.route_card(tx, order_id, card_bin)
        return route, await self._payments.card_desk(organizer_id, order_id)

    async def pay_by_card(
        self, organizer_id: UUID, order_id: UUID, attempt_id: UUID, card: Card, *, told: Told = NOTHING_TOLD
    ) -> PlacedOrder:
        """Charge the card that the buyer filled in for the payment's attempt; once for an attempt, however often it is asked.

        told: what the buyer was told; nothing is charged where they would pay more.

        Raises `OrderNotFound`, `OrderNotOpen`, or what payments says.
        """
        async with self._database.transaction(organizer_id) as tx:
            order = await self._payable(tx, order_id)
            quote = (await self._quotes.read(tx, [order.quote_id]))[order.quote_id]
        event = await self._catalog.snapshot(order.event_id)
        assert event is not None, "an event with orders is never deleted"
        purchase = _purchase_of(order, quote, event, self._clock())
        step = await self._payments.charge_card(organizer_id, order_id, attempt_id, card, purchase, told=told)
        return PlacedOrder(organizer_id, order, step, attempt_id)

    async def _payable(self, tx: Transaction, order_id: UUID) -> Order:
        """The order, locked, if it can still be paid. Raises `OrderNotFound` or `OrderNotOpen`."""
        found = await lock_orders(tx, order_ids=[order_id])
        if not found:
            raise OrderNotFound
        [order] = found
        if order.status != OrderStatus.AWAITING_PAYMENT or self._clock() >= order.pay_until:
            raise OrderNotOpen("expired" if order.status == OrderStatus.AWAITING_PAYMENT else order.status)
        if await self._fulfilment.unpayable(tx, [order], await read_sale_states(tx, [order.event_id])):
            # It does not take place, which orders are about to be told.
            raise OrderNotOpen(OrderStatus.CANCELLED)
        return order

    async def _flush(self, lane: Lane, batch: Sequence[PlaceOrder]) -> list[PlacedOrder | Exception]:
        organizer_id, event_id = lane
        event = await self._catalog.snapshot(event_id)
        assert event is not None, "whoever submitted had it"
        now = self._clock()
        outcomes: dict[int, PlacedOrder | Exception] = {}
        written: dict[int, PlacedOrder | Exception] = {}
        async with self._database.transaction(organizer_id) as tx:
            # Locked before orders are read: whoever places on the same hold in another process is through by now, and is found.
            holds = await read_holds(tx, {request.hold_id for request in batch})
            quotes = await self._quotes.read(tx, {memo_of(hold).quote_id for hold in holds.values()})
            while len(outcomes) < len(batch):
                outcomes |= await self._settled(tx, {index: one for index, one in enumerate(batch) if index not in outcomes})
                ready: dict[int, _Ready] = {}
                for index, request in _next_turn(batch, outcomes):
                    prepared = _prepare(event, request, holds.get(request.hold_id), quotes)
                    if isinstance(prepared, _Ready):
                        ready[index] = prepared
                    else:
                        outcomes[index] = prepared
                if ready:
                    written |= await self._write(tx, event, ready, now)
                    outcomes |= written
            if any(isinstance(outcome, PlacedOrder) for outcome in written.values()):
                await self._check_sale(tx, event)
        return [outcomes[index] for index in range(len(batch))]

    async def _check_sale(self, tx: Transaction, event: EventSnapshot) -> None:
        """Raise `SaleMoved` when the copy that all of this was decided on is too old; the next try has a new one."""
        try:
            await check_sale(tx, {event.event_id: sale_state_of(event)})
        except SaleMoved:
            self._catalog.drop(event.event_id)
            raise

    async def _settled(self, tx: Transaction, requests: Mapping[int, PlaceOrder]) -> dict[int, PlacedOrder | Exception]:
        """Answers for requests whose order, or whose hold's order, exists already."""
        known = await read_orders(
            tx,
            order_ids=[request.order_id for request in requests.values()],
            hold_ids=[request.hold_id for request in requests.values()],
        )
        by_id = {order.order_id: order for order in known}
        by_hold = {order.hold_id: order for order in known}
        answers: dict[int, PlacedOrder | Exception] = {}
        for index, request in requests.items() if known else ():
            order = by_id.get(request.order_id)
            if order is None:
                if request.hold_id in by_hold:
                    answers[index] = HoldTaken(str(by_hold[request.hold_id].order_id))
            elif order.fingerprint != request.fingerprint:
                answers[index] = OrderConflict(str(request.order_id))
            else:
                answers[index] = await self._answer_again(tx, order)
        return answers

    async def _answer_again(self, tx: Transaction, order: Order) -> PlacedOrder:
        is_open = order.status == OrderStatus.AWAITING_PAYMENT and order.total_minor > 0
        return PlacedOrder(tx.organizer_id, order, await self._payments.step_of(tx, order.order_id) if is_open else None)

    async def _write(
        self, tx: Transaction, event: EventSnapshot, ready: Mapping[int, _Ready], now: datetime
    ) -> dict[int, PlacedOrder | Exception]:
        """Extend the holds, count limits, start the payments and write the orders of what is ready; an outcome for each."""
        outcomes: dict[int, PlacedOrder | Exception] = {}
        outcomes |= await self._keep_places(tx, ready, now)
        kept = {index: one for index, one in ready.items() if index not in outcomes}
        outcomes |= await count_buyers(tx, event, {index: (one.buyer, one.quote) for index, one in kept.items()})
        orders = {index: _new_order(one, now) for index, one in kept.items() if index not in outcomes}
        started = await self._start_payments(tx, event, ready, orders)
        unpayable = {index: payment for index, payment in started.items() if isinstance(payment, Refusal)}
        if unpayable:
            # Such a hold stays as it was; only its time may be longer.
            outcomes |= unpayable
            await uncount_buyers(tx, event, [(orders.pop(index), ready[index].quote) for index in unpayable])
        await self._keep_longer(tx, orders, started, now)
        paid = await self._store(tx, list(orders.values()), now)
        for index, order in orders.items():
            payment = started.get(index)
            outcomes[index] = (
                PlacedOrder(tx.organizer_id, order, payment.step, payment.attempt_id)
                if isinstance(payment, Started)
                else PlacedOrder(tx.organizer_id, paid[order.order_id], None)
            )
        return outcomes

    async def _keep_places(self, tx: Transaction, ready: Mapping[int, _Ready], now: datetime) -> dict[int, HoldGone]:
        """Have the holds last as long as paying takes; `HoldGone` for those that no longer live."""
        until = now + self._pay_for
        short = [one for one in ready.values() if one.hold.expires_at < until - EXTENSION_WORTH]
        if short:
            extended = await extend(tx, [one.hold.hold_id for one in short], until=until, kept_at_most=self._kept_at_most, now=now)
            for one, hold in zip(short, extended, strict=True):
                if isinstance(hold, Hold):
                    one.hold = hold
        return {index: HoldGone(str(one.hold.hold_id)) for index, one in ready.items() if not one.hold.is_live(now)}

    async def _keep_longer(
        self, tx: Transaction, orders: dict[int, Order], started: Mapping[int, Started | Refusal], now: datetime
    ) -> None:
        """Have those holds last for hours whose buyers bring the money by themselves; their orders in `orders` say until when."""
        ends: dict[UUID, datetime] = {}
        for index, order in orders.items():
            payment = started.get(index)
            until = longer_kept(order, payment) if isinstance(payment, Started) else None
            if until is not None:
                orders[index] = msgspec.structs.replace(order, pay_until=until)
                ends[order.hold_id] = until
        if ends:
            await keep_patiently(tx, ends, now=now)

    async def _start_payments(
        self, tx: Transaction, event: EventSnapshot, ready: Mapping[int, _Ready], orders: Mapping[int, Order]
    ) -> dict[int, Started | Refusal]:
        """What came of starting the payment of each order that costs something."""
        due = {index: order for index, order in orders.items() if order.total_minor}
        if not due:
            return {}
        requests = [
            self._start_of(tx, order, event, ready[index].quote, f"{event.title} · {order.number}", ready[index].request.option_id)
            for index, order in due.items()
        ]
        return dict(zip(due, await self._payments.start(tx, requests), strict=True))

    async def _store(self, tx: Transaction, orders: Sequence[Order], now: datetime) -> dict[UUID, Order]:
        """Write new orders and tell of them; those that cost nothing, by id, paid at once."""
        if not orders:
            return {}
        await write_orders(tx, orders)
        tx.publish(*[_placed_event(order) for order in orders])
        return await self._fulfilment.fulfil(tx, [order for order in orders if order.total_minor == 0], now=now)

    def _start_of(
        self, tx: Transaction, order: Order, event: EventSnapshot, quote: Quote, description: str, option_id: UUID | None
    ) -> StartPayment:
        span = span_of(event, quote, order.placed_at)
        return StartPayment(
            reference=order.order_id,
            amount=order.total,
            description=description,
            payer_email=order.buyer.mail,
            return_url=self._secrets.return_url(tx.organizer_id, order.order_id),
            expires_at=order.pay_until,
            option_id=option_id,
            purpose=purpose_of(event, quote, order.campaign),
            parts=parts_of(quote),
            kept_until_max=span.kept_until_max,
            begins_at=span.begins_at,
            number=order.number,
        )


def purpose_of(event: EventSnapshot, quote: Quote, campaign: str | None) -> PaymentPurpose:
    """What an order is for, as far as routing may ask."""
    return PaymentPurpose(
        event_id=event.event_id,
        timezone=event.timezone,
        ticket_type_ids=tuple(dict.fromkeys(line.ticket_type_id for line in quote.lines)),
        campaign=campaign or "",
        channel=CHANNEL,
    )


def _next_turn(batch: Sequence[PlaceOrder], outcomes: Container[int]) -> list[tuple[int, PlaceOrder]]:
    """The requests without an outcome that may be decided together: of those for one order or on one hold only the first."""
    taken: set[UUID] = set()
    turn: list[tuple[int, PlaceOrder]] = []
    for index, request in enumerate(batch):
        if index not in outcomes and taken.isdisjoint((request.order_id, request.hold_id)):
            turn.append((index, request))
            taken |= {request.order_id, request.hold_id}
    return turn


def _prepare(event: EventSnapshot, request: PlaceOrder, hold: Hold | None, quotes: Mapping[UUID, Quote]) -> _Ready | Exception:
    if hold is None or hold.event_id != request.event_id:
        return HoldGone(str(request.hold_id))
    memo = memo_of(hold)
    quote = quotes[memo.quote_id]
    for line in quote.lines:
        withdrawn = why_withdrawn(event, (line.performance_id, line.ticket_type_id))
        if withdrawn is not None:
            return withdrawn
    try:
        buyer, holders = check_holders(event, places_of(selection_of(quote)), request.buyer, request.holders)
    except Refusal as refusal:
        return refusal
    return _Ready(request, hold, memo, quote, buyer, holders)


def _new_order(one: _Ready, now: datetime) -> Order:
    total = one.quote.totals.total
    return Order(
        order_id=one.request.order_id,
        event_id=one.hold.event_id,
        hold_id=one.request.hold_id,
        status=OrderStatus.AWAITING_PAYMENT,
        number=order_number(one.request.order_id),
        buyer=one.buyer,
        holders=tuple(one.holders),
        quote_id=one.memo.quote_id,
        total_minor=total.minor,
        currency=total.currency,
        campaign=one.memo.campaign,
        fingerprint=one.request.fingerprint,
        payment_state="open" if total.minor else "none",
        pay_until=one.hold.expires_at,
        placed_at=now,
        paid_at=None,
        refunded_minor=0,
    )


def _purchase_of(order: Order, quote: Quote, event: EventSnapshot, now: datetime) -> Purchase:
    """What a gateway is told of an order, to show it or to judge by it."""
    begins_at = min(event.performances[line.performance_id].starts_at for line in quote.lines)
    return Purchase(
        buyer_name=order.buyer.name,
        buyer_phone=order.buyer.phone,
        days_ahead=max(0, (begins_at - now).days),
        lines=tuple(
            PurchaseLine(
                name=line.name,
                quantity=part.quantity,
                unit_price_minor=part.unit.final.minor,
                begins_at=event.performances[line.performance_id].starts_at,
            )
            for line in quote.lines
            for part in line.parts
        ),
    )


def _placed_event(order: Order) -> OrderPlaced:
    return OrderPlaced(
        order_id=order.order_id,
        event_id=order.event_id,
        quantity=len(order.holders),
        total_minor=order.total_minor,
        currency=order.currency,
        campaign=order.campaign,
    )
