"""What a payment is, and what may become of it."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

__all__ = ["MOVES", "PAID", "REFUNDABLE", "Payment", "Refund", "Status"]

Status = Literal["pending", "approved", "rejected", "cancelled", "partially_refunded", "refunded", "charged_back"]

PAID: frozenset[Status] = frozenset({"approved", "partially_refunded", "refunded", "charged_back"})
"""Money was taken, whatever became of it."""

REFUNDABLE: frozenset[Status] = frozenset({"approved", "partially_refunded"})

MOVES: Mapping[Status, frozenset[Status]] = {
    "pending": frozenset({"approved", "rejected", "cancelled"}),
    # Money truth may come late: gateways do approve what they had declined.
    "rejected": frozenset({"approved"}),
    "cancelled": frozenset({"approved"}),
    "approved": frozenset({"refunded", "charged_back"}),
    "partially_refunded": frozenset({"refunded", "charged_back"}),
    "refunded": frozenset(),
    # A dispute that the merchant won.
    "charged_back": frozenset({"approved"}),
}
"""What may become of a payment from the gateway's side. Partial refunds are the merchant's and go by amount."""


class Payment(Struct, frozen=True):
    """A payment as the API and callbacks show it. sequence: grows with each change; times are RFC 3339."""

    id: str
    merchant: str
    reference: str
    status: Status
    reason: str | None
    amount_minor: int
    refunded_minor: int
    currency: str
    sequence: int
    created_at: str
    updated_at: str


class Refund(Struct, frozen=True):
    """Money given back. The sandbox settles a refund at once."""

    id: str
    payment: str
    amount_minor: int
    currency: str
    status: Literal["succeeded"]
    created_at: str
