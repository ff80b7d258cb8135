"""What Payway's words and numbers mean in ours: states, payment methods, reasons of a decline. Tables, and nothing else is decided here."""

from collections.abc import Mapping
from dataclasses import dataclass

from alltickets.payments.port import DeclineReason, GatewayStatus, PaymentMethod

__all__ = ["METHODS", "STATUSES", "WITHOUT_PARTIAL_REFUNDS", "Method", "decline_of", "status_of"]

STATUSES: dict[str, GatewayStatus] = {
    "process": "pending",
    "review": "pending",
    "challenge_pending": "pending",
    "fingerprint_pending": "pending",
    "adhered": "pending",
    "invoice_generated": "pending",
    "undefined": "pending",
    "pre_approved": "authorized",
    "preapproved": "authorized",
    "approved": "charged",
    "accredited": "charged",
    "approved_with_refund": "charged",
    "rejected": "declined",
    "group_rejected": "declined",
    "invoice_not_generated": "declined",
    "cancelled": "cancelled",
    # Undone by the gateway itself, which does so with what it never finished: nothing was taken.
    "reversed": "cancelled",
    # An annulment is our own refund before the batch was closed.
    "annulled": "refunded",
    "annulment_approved": "refunded",
    "group_annulled": "refunded",
    "refunded": "refunded",
    "refund_approved": "refunded",
    "refunded_approved": "refunded",
}
"""By the status in lower case, with `_` for `-` and blanks."""


@dataclass(frozen=True)
class Method:
    """What a payment_method_id stands for."""

    brand: str
    kind: PaymentMethod


METHODS: Mapping[int, Method] = {
    1: Method("Visa", "credit_card"),
    8: Method("Diners", "credit_card"),
    15: Method("Mastercard", "credit_card"),
    23: Method("Tarjeta Shopping", "credit_card"),
    24: Method("Naranja", "credit_card"),
    27: Method("Cabal", "credit_card"),
    30: Method("Argencard", "credit_card"),
    31: Method("Visa", "debit_card"),
    42: Method("Nativa", "credit_card"),
    43: Method("Cencosud", "credit_card"),
    63: Method("Cabal", "credit_card"),
    65: Method("American Express", "credit_card"),
    66: Method("Mastercard", "debit_card"),
    67: Method("Cabal", "debit_card"),
    99: Method("Maestro", "debit_card"),
    104: Method("Mastercard", "credit_card"),
    105: Method("Mastercard", "debit_card"),
    106: Method("Maestro", "debit_card"),
    108: Method("Cabal", "debit_card"),
    109: Method("Nativa", "credit_card"),
    111: Method("American Express", "credit_card"),
    114: Method("Visa", "prepaid_card"),
    116: Method("Mastercard", "prepaid_card"),
}
"""Which of them an account may use depends on its contract: its setting `methods` says so."""
WITHOUT_PARTIAL_REFUNDS = frozenset({31})

_REASONS: Mapping[DeclineReason, tuple[int, ...]] = {
    "no_funds": (51, 61, 65),
    "card_data": (14, 46, 49, 54),
    "installments": (45, 48, 77),
    "call_bank": (1, 2, 76, 91),
    "card_refused": (4, 5, 7, 38, 43, 53, 55, 56, 94),
    "try_later": (28, 31, 96, 97),
    "not_accepted": (3, 12, 13, 25, 30, 57, 58, 89),
}
_BY_ID: Mapping[int, DeclineReason] = {number: reason for reason, numbers in _REASONS.items() for number in numbers}
_BY_TYPE: Mapping[str, DeclineReason] = {
    "invalid_number": "card_data",
    "security_code_error": "card_data",
    "expired_card": "card_data",
    "insufficient_amount": "no_funds",
    "request_authorization_card": "call_bank",
    "cybersource_error": "suspected_fraud",
    "processing_error": "try_later",
}


def status_of(word: str) -> GatewayStatus | None:
    """Our word for one of theirs, however it is written; None where no table has it."""
    return STATUSES.get(word.lower().replace("-", "_").replace(" ", "_"))


def decline_of(kind: str | None, reason: int | None) -> DeclineReason:
    """Why a card was declined. The authoriser's number says more than the type of the error."""
    found = _BY_ID.get(reason) if reason is not None else None
    return found or _BY_TYPE.get(kind or "", "card_refused")
