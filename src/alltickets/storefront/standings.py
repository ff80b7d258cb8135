"""What the buyer is told of an order: where its payment stands, by what is known and by what the gateway's page said on the way back."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from alltickets.orders.interface import OrderStatus
from alltickets.payments.interface import Instructions, NextStep

__all__ = ["Standing", "standing_of"]


class Standing(StrEnum):
    """Each has words of its own in `templates/order/`."""

    UNPAID = "unpaid"
    """Open, and nothing has been heard of a payment."""
    INSTRUCTED = "instructed"
    """The buyer knows how to pay by themselves, and nobody has seen the money yet."""
    CONFIRMING = "confirming"
    """The gateway's page said that it is paid; its signed word is on the way."""
    PENDING = "pending"
    """The gateway has the payment and has not decided."""
    REJECTED = "rejected"
    """A no; another try is possible while the places are kept."""
    PAID = "paid"
    EXPIRED = "expired"
    """Not paid in time."""
    RETURNING = "returning"
    """Money came too late for places that were gone: it goes back by itself."""
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class _Order(Protocol):
    @property
    def status(self) -> OrderStatus: ...
    @property
    def payment_state(self) -> str: ...
    @property
    def pay_until(self) -> datetime: ...


_ENDED = {
    OrderStatus.PAID: Standing.PAID,
    OrderStatus.CANCELLED: Standing.CANCELLED,
    OrderStatus.REFUNDED: Standing.REFUNDED,
}


def standing_of(order: _Order, step: NextStep | None, now: datetime, *, told: str | None) -> Standing:
    """Where the order stands at `now`. `told` is what the gateway's page put into the address: nobody signed it, so it only picks words."""
    if order.status in _ENDED:
        return _ENDED[order.status]
    if order.payment_state in ("returning", "return_failed", "returned"):
        return Standing.RETURNING
    if order.status == OrderStatus.EXPIRED or (now >= order.pay_until and order.payment_state != "pending"):
        return Standing.EXPIRED
    if isinstance(step, Instructions):
        return Standing.INSTRUCTED
    if order.payment_state == "failed" or step == "failed":
        return Standing.REJECTED
    if order.payment_state == "pending" or step == "wait":
        return Standing.PENDING
    if told == "approved":
        return Standing.CONFIRMING
    return Standing.UNPAID
