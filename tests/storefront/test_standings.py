"""What a buyer is told of an order, state by state."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from alltickets.kernel.money import Money
from alltickets.orders.interface import OrderStatus
from alltickets.payments.interface import Instructions, NextStep, Redirect
from alltickets.storefront.standings import Standing, standing_of

NOW = datetime(2026, 12, 1, 20, tzinfo=UTC)
LINK = Redirect(url="https://gateway.example/pay")
HOW = Instructions(method="cash", code="JGGJ26D", amount=Money(1, "ARS"), until=NOW + timedelta(days=1), lines=())


@dataclass(frozen=True)
class AnOrder:
    status: OrderStatus
    payment_state: str
    pay_until: datetime = NOW + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("status", "payment_state", "step", "told", "standing"),
    [
        ("awaiting_payment", "open", LINK, None, "unpaid"),
        ("awaiting_payment", "open", LINK, "cancelled", "unpaid"),
        ("awaiting_payment", "open", LINK, "approved", "confirming"),
        ("awaiting_payment", "open", HOW, None, "instructed"),
        ("awaiting_payment", "open", HOW, "approved", "instructed"),
        ("awaiting_payment", "failed", HOW, None, "instructed"),
        ("awaiting_payment", "open", "wait", None, "pending"),
        ("awaiting_payment", "pending", "wait", "approved", "pending"),
        ("awaiting_payment", "failed", "failed", "approved", "rejected"),
        ("awaiting_payment", "open", "failed", None, "rejected"),
        ("paid", "captured", None, "rejected", "paid"),
        ("paid", "none", None, None, "paid"),
        ("expired", "open", None, None, "expired"),
        ("expired", "returning", None, "approved", "returning"),
        ("expired", "return_failed", None, None, "returning"),
        ("expired", "returned", None, None, "returning"),
        ("cancelled", "returning", None, None, "cancelled"),
        ("refunded", "returned", None, None, "refunded"),
    ],
)
def test_the_order_decides_and_the_address_only_picks_words(
    status: str, payment_state: str, step: NextStep | None, told: str | None, standing: str
) -> None:
    order = AnOrder(OrderStatus(status), payment_state)

    assert standing_of(order, step, NOW, told=told) == standing


def test_one_whose_time_is_over_is_told_so_before_anybody_has_noted_it() -> None:
    order = AnOrder(OrderStatus.AWAITING_PAYMENT, "open", pay_until=NOW)

    assert standing_of(order, LINK, NOW, told=None) == Standing.EXPIRED


def test_one_that_the_gateway_has_still_to_decide_is_not_over_with_its_time() -> None:
    order = AnOrder(OrderStatus.AWAITING_PAYMENT, "pending", pay_until=NOW)

    assert standing_of(order, "wait", NOW, told=None) == Standing.PENDING
