"""What a payment and a refund are, as the API shows them, and what may become of them."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

__all__ = [
    "ACTS",
    "CHARGED",
    "REFUNDABLE",
    "Act",
    "CardError",
    "Confirmed",
    "FraudDetection",
    "Payment",
    "Refund",
    "StatusDetails",
    "card_error",
]

Status = Literal[
    "approved",
    "pre_approved",
    "review",
    "rejected",
    "accredited",
    "annulled",
    "refunded",
    "approved_with_refund",
    "challenge pending",
    "process",
]
Operation = Literal["anulacion", "devolucion"]
Act = Literal["approve", "reject", "accredit", "chargeback"]

CHARGED: frozenset[str] = frozenset({"approved", "accredited", "approved_with_refund"})
"""The money is taken, or most of it."""
REFUNDABLE = CHARGED

ACTS: Mapping[str, tuple[Act, ...]] = {
    "review": ("approve", "reject"),
    "process": ("approve", "reject"),
    "approved": ("accredit", "chargeback"),
    "accredited": ("chargeback",),
    "approved_with_refund": ("chargeback",),
}
"""What may be done to a payment from the gateway's side, by its status."""


class Reason(Struct, frozen=True):
    """Why the authoriser said no."""

    id: int
    description: str
    additional_description: str = ""


class CardError(Struct, frozen=True):
    """A no."""

    type: str
    reason: Reason


class StatusDetails(Struct, frozen=True):
    """What the authoriser answered."""

    ticket: str
    card_authorization_code: str
    address_validation_code: str | None = None
    error: CardError | None = None


class FraudDetection(Struct, frozen=True):
    """What CyberSource found; `status` is null where it was not asked."""

    status: dict[str, Any] | None = None


class Confirmed(Struct, frozen=True):
    """The capture of a two-step payment."""

    id: int
    origin_amount: int
    date: str


class Payment(Struct, frozen=True, kw_only=True):
    """A payment as the API shows it. Amounts are cents; the currency is in lower case here and in upper case in requests."""

    id: int
    site_transaction_id: str
    payment_method_id: int
    card_brand: str
    amount: int
    currency: str
    status: str
    status_details: StatusDetails
    date: str
    date_created: str
    date_approved: str | None
    date_last_updated: str
    customer: dict[str, Any] | None
    bin: str
    installments: int
    first_installment_expiration_date: str | None = None
    payment_type: str
    sub_payments: list[Any] = []
    site_id: str
    fraud_detection: FraudDetection = FraudDetection()
    aggregate_data: None = None
    establishment_name: str | None
    spv: None = None
    confirmed: Confirmed | None = None
    pan: str
    customer_token: str | None = None
    card_data: Any
    token: str
    tid: str | None = None


class Refund(Struct, frozen=True, kw_only=True):
    """Money given back, or a refusal to."""

    id: int
    amount: int
    sub_payments: None = None
    error: CardError | None = None
    status: str
    status_details: StatusDetails
    tid: str | None = None


def card_error(reason: int, kind: str, description: str) -> CardError:
    """The error of a no."""
    return CardError(kind, Reason(reason, description))
