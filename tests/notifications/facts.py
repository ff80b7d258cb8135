"""What letters are made of, without a database: a stadium show, two tickets, Ana. What a test does not care about is filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from alltickets.catalog.interface import EventSnapshot
from alltickets.catalog.rules.snapshot import SeatRow
from alltickets.kernel.money import Money
from alltickets.notifications.letters.pieces import Facts
from alltickets.orders.records import Order
from alltickets.orders.rules import Buyer, Holder, OrderStatus
from alltickets.orders.service.shop import ShownOrder
from alltickets.orders.withdrawals import Withdrawal, WithdrawalStatus
from alltickets.payments.port import InstructionLine, Instructions
from alltickets.pricing.interface import SelectedLine
from alltickets.pricing.rules.quoting import PriceList, make_book, quote
from alltickets.tickets.interface import ShownTicket, TicketStatus
from alltickets.tickets.rules import Ticket
from tests.catalog.events import make_event, make_performance, make_sector, make_ticket_type
from tests.payments.office import TRANSFER

__all__ = ["HOW_TO_PAY", "NOW", "make_facts", "make_show"]

NOW = datetime(2026, 11, 27, 15, 0, tzinfo=UTC)
STARTS_AT = datetime(2026, 11, 29, 0, 0, tzinfo=UTC)
WITHDRAWAL = Withdrawal(UUID(int=4), UUID(int=1), "W-5J3M-8QZT", True, WithdrawalStatus.DECLINED, "La función es mañana.", NOW, NOW)
HOW_TO_PAY = Instructions(
    method="bank_transfer",
    code="JGGJ26D",
    amount=Money(24_000_00, "ARS"),
    until=NOW + timedelta(hours=48),
    lines=tuple(InstructionLine(kind, value) for kind, value in TRANSFER.items()),  # type: ignore[arg-type]
)
URL = "https://tickets.example/o/0198c0de-0000-7000-8000-000000000001#c2VjcmV0.1.of-this-order"


def make_show(**fields: Any) -> EventSnapshot:
    """A show with a field and numbered stalls."""
    field = make_sector(name="Campo")
    stalls = msgspec.structs.replace(make_sector(name="Platea Baja"), rows=(SeatRow("A", 1, 20),))
    event = make_event(
        performances=[
            msgspec.structs.replace(make_performance(starts_at=STARTS_AT), doors_at=STARTS_AT - timedelta(hours=2)),
            make_performance(starts_at=STARTS_AT + timedelta(days=1)),
        ],
        sectors=[field, stalls],
        ticket_types=[make_ticket_type(field, name="General"), make_ticket_type(stalls, name="Platea", price_minor=4_500_000)],
    )
    return msgspec.structs.replace(event, **{"title": "Los Nocturnos en vivo", **fields})


def make_facts(event: EventSnapshot | None = None, **fields: Any) -> Facts:
    """Facts of a paid order: one place on the field and two in the stalls. Fields of the order, or `organizer`, `amount`, `url`, …"""
    event = event or make_show()
    [first, *_], [general, platea] = event.performances, event.ticket_types
    lines = [SelectedLine(first, general, 1), SelectedLine(first, platea, 2, ("A-11", "A-12"))]
    priced = quote(make_book(event, PriceList()), lines, {}, None, NOW)
    boring_order = {
        "order_id": UUID("0198c0de-0000-7000-8000-000000000001"),
        "event_id": event.event_id,
        "hold_id": UUID(int=2),
        "status": OrderStatus.PAID,
        "number": "7KQ2-M9XA",
        "buyer": Buyer("Ana Paz", "ana@example.com"),
        "holders": (Holder("Ana Paz"), Holder("Bruno Gil"), Holder("Carla Ríos")),
        "quote_id": UUID(int=3),
        "total_minor": priced.totals.total.minor,
        "currency": event.currency,
        "campaign": None,
        "fingerprint": "",
        "payment_state": "captured",
        "pay_until": NOW + timedelta(minutes=10),
        "placed_at": NOW,
        "paid_at": NOW,
        "refunded_minor": 0,
    }
    order = Order(**{name: fields.pop(name, value) for name, value in boring_order.items()})
    places = [(general, None), (platea, "A-11"), (platea, "A-12")]
    tickets = tuple(
        ShownTicket(_ticket(event, order, number, first, kind, seat), "W509")
        for number, (kind, seat) in enumerate(places, 1)
        if order.paid_at is not None
    )
    boring = {
        "shown": ShownOrder(order, priced, event, fields.pop("step", None), tickets, fields.pop("withdrawal", WITHDRAWAL)),
        "organizer": "Club Aurora",
        "url": URL,
        "amount": Money(order.total_minor, order.currency),
        "has_attachments": False,
        "now": NOW,
        "ticket": tickets[0].ticket if tickets else None,
    }
    return Facts(**{**boring, **fields})


def _ticket(event: EventSnapshot, order: Order, number: int, performance: UUID, kind: UUID, seat: str | None) -> Ticket:
    price = event.ticket_types[kind].price
    return Ticket(
        UUID(int=number),
        order.order_id,
        number,
        order.event_id,
        performance,
        kind,
        event.ticket_types[kind].sector_id,
        seat,
        order.holders[number - 1].name,
        None,
        None,
        price.minor,
        price.currency,
        1,
        TicketStatus.VALID,
        None,
        None,
        NOW,
    )
