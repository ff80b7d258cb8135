"""From the wire to the use cases of the shop and back: shared by the routes and their twins on the hot lane, so that both say the same."""

from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec
from msgspec import UNSET

from alltickets.kernel.money import Money
from alltickets.orders.records import Order
from alltickets.orders.rules import Buyer, Holder, OrderStatus
from alltickets.orders.schemas import (
    AvailabilityRead,
    CardAccountRead,
    HolderRead,
    HoldRead,
    HoldWrite,
    InstalmentPlanRead,
    InstructionLineRead,
    InstructionsRead,
    NextAction,
    OfferAvailability,
    OrderRead,
    OrderRefundRead,
    OrderSummary,
    OrderTicket,
    OrderWrite,
    PlacedOrderRead,
    TicketHolderRead,
    TicketHolderWrite,
)
from alltickets.orders.service import HeldPlaces, Orders, PlaceHold, PlaceOrder
from alltickets.orders.service.self_service import ShownHolder
from alltickets.orders.service.shop import Availability, ShownOrder
from alltickets.payments.interface import (
    CardDesk,
    CardForm,
    CardRoute,
    Financed,
    Instructions,
    NextStep,
    Redirect,
    RefundDetails,
    TakenElsewhere,
    shown_code,
)
from alltickets.pricing.interface import SelectedLine
from alltickets.tickets.interface import ShownTicket

__all__ = [
    "availability_read",
    "card_account_read",
    "correct_holder",
    "hold_places",
    "next_action",
    "order_read",
    "order_refund_read",
    "order_summary",
    "order_ticket",
    "place_order",
    "ticket_holder_read",
]


async def hold_places(orders: Orders, hold_id: UUID, data: HoldWrite, address: str) -> HoldRead:
    """Hold the places of the request."""
    lines = tuple(SelectedLine(line.performance_id, line.ticket_type_id, line.quantity, line.seats) for line in data.lines)
    held = await orders.holding.place(PlaceHold(hold_id, data.event_id, data.visitor_id, address, lines, data.code, data.campaign))
    return _hold_read(held, orders.clock())


async def place_order(orders: Orders, order_id: UUID, data: OrderWrite) -> PlacedOrderRead:
    """Place the order of the request."""
    locale = None if data.buyer.locale is UNSET else data.buyer.locale
    buyer = Buyer(data.buyer.name, data.buyer.mail, data.buyer.document, data.buyer.phone, locale)
    holders = tuple(Holder(holder.name, holder.mail, holder.document, holder.answers) for holder in data.holders)
    placed = await orders.placing.place(
        PlaceOrder(
            order_id,
            data.event_id,
            data.hold_id,
            buyer,
            holders,
            data.payment_option_id,
            blake2b(msgspec.json.encode(data), digest_size=16).hexdigest(),
        )
    )
    order = placed.order
    return PlacedOrderRead(
        order.order_id,
        order.number,
        orders.secrets.secret_of(placed.organizer_id, order_id),
        order.status,
        order.payment_state,
        order.total,
        order.pay_until,
        orders.clock(),
        next_action(order, placed.step),
    )


def next_action(order: Order, step: NextStep | None) -> NextAction:
    """What the buyer does next, in the words of the wire."""
    if order.status != OrderStatus.AWAITING_PAYMENT or step is None:
        return NextAction("none")
    if isinstance(step, Redirect):
        return NextAction("redirect", step.url)
    if isinstance(step, CardForm):
        return NextAction("card", card_form=step)
    if isinstance(step, Instructions):
        lines = tuple(InstructionLineRead(line.kind, line.value) for line in step.lines)
        return NextAction("instructions", instructions=InstructionsRead(step.method, shown_code(step.code), step.amount, step.until, lines))
    return NextAction("retry" if step == "failed" else "wait")


def card_account_read(route: CardRoute, desk: CardDesk) -> CardAccountRead:
    """Where a card is taken, and what instalments cost there."""
    plans = tuple(_plan_read(one) for one in desk.plans)
    if isinstance(route, CardForm):
        return CardAccountRead(kind="card", card_form=route, instalment_plans=plans)
    if isinstance(route, TakenElsewhere):
        return CardAccountRead(kind="elsewhere", payment_option_id=route.option_id, label=route.label)
    return CardAccountRead(kind=route, instalment_plans=plans)


def availability_read(availability: Availability) -> AvailabilityRead:
    """What is left, on the wire."""
    offers = tuple(OfferAvailability(offer.performance_id, offer.ticket_type_id, offer.state, offer.left) for offer in availability.offers)
    return AvailabilityRead(availability.event_id, availability.at, offers)


def order_read(shown: ShownOrder, now: datetime) -> OrderRead:
    """An order for its buyer."""
    order = shown.order
    return OrderRead(
        order_id=order.order_id,
        number=order.number,
        event_id=order.event_id,
        event_title=shown.event.title,
        status=order.status,
        payment_state=order.payment_state,
        buyer_name=order.buyer.name,
        buyer_mail=order.buyer.mail,
        quote=shown.quote,
        total=order.total,
        refunded=Money(order.refunded_minor, order.currency),
        discount=Money(order.discount_minor, order.currency),
        pay_until=order.pay_until,
        placed_at=order.placed_at,
        paid_at=order.paid_at,
        now=now,
        next_action=next_action(order, shown.step),
        tickets=tuple(order_ticket(one) for one in shown.tickets),
    )


def order_ticket(shown: ShownTicket) -> OrderTicket:
    """A ticket for its buyer."""
    ticket = shown.ticket
    return OrderTicket(
        ticket.ticket_id,
        ticket.number,
        ticket.performance_id,
        ticket.ticket_type_id,
        ticket.seat_label,
        ticket.holder_name,
        Money(ticket.price_minor, ticket.currency),
        ticket.status,
        shown.code,
        ticket.serial,
    )


def ticket_holder_read(shown: ShownHolder) -> TicketHolderRead:
    """Who goes in with a ticket, for its buyer."""
    holder = shown.holder
    return TicketHolderRead(
        shown.ticket.ticket_id,
        shown.ticket.number,
        shown.ticket.corrections,
        HolderRead(holder.name, holder.mail, holder.document, holder.answers),
        shown.corrections_left,
        shown.correctable_until,
        shown.objection,
    )


async def correct_holder(orders: Orders, order_id: UUID, secret: str, ticket_id: UUID, data: TicketHolderWrite) -> TicketHolderRead:
    """Make the correction of the request."""
    holder = Holder(data.holder.name, data.holder.mail, data.holder.document, data.holder.answers)
    shown = await orders.self_service.correct(order_id, secret, ticket_id, made_on=data.version, holder=holder)
    return ticket_holder_read(shown)


def order_summary(order: Order) -> OrderSummary:
    """An order for its organizer."""
    return OrderSummary(
        order_id=order.order_id,
        number=order.number,
        event_id=order.event_id,
        status=order.status,
        payment_state=order.payment_state,
        buyer_name=order.buyer.name,
        buyer_mail=order.buyer.mail,
        places=len(order.holders),
        total=order.total,
        refunded=Money(order.refunded_minor, order.currency),
        discount=Money(order.discount_minor, order.currency),
        placed_at=order.placed_at,
        paid_at=order.paid_at,
    )


def order_refund_read(refund: RefundDetails) -> OrderRefundRead:
    """A refund of an order for its organizer."""
    return OrderRefundRead(
        refund_id=refund.id,
        status=refund.status,
        amount=Money(refund.amount_minor, refund.currency),
        ordered=Money(refund.ordered_minor, refund.currency),
        reason=refund.reason,
        needs_review=refund.needs_review,
        created_at=refund.created_at,
        part_of=refund.part_of,
        retry_of=refund.retry_of,
    )


def _plan_read(one: Financed) -> InstalmentPlanRead:
    return InstalmentPlanRead(
        count=one.plan.count,
        methods=one.plan.methods,
        bins=one.plan.bins,
        each=one.each,
        total=one.total,
        tea_basis_points=one.plan.tea_basis_points,
        cftea_basis_points=one.cftea_basis_points,
        is_stated=one.is_stated,
    )


def _hold_read(held: HeldPlaces, now: datetime) -> HoldRead:
    return HoldRead(held.hold_id, held.event_id, held.expires_at, now, held.quote)
