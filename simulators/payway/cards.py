"""The sandbox's test cards, the payment methods that a card may be charged as, and the authorisers' reasons for a no."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["BRANDS", "CARDS", "REASONS", "UNKNOWN_CARD", "VISA_DEBIT", "Card", "is_number"]

VISA_DEBIT = 31
BRANDS: Mapping[int, str] = {
    1: "Visa",
    15: "Mastercard",
    27: "Cabal",
    31: "Visa Débito",
    63: "Cabal Payway",
    65: "Amex MT",
    66: "Mastercard Debit",
    104: "Mastercard Payway",
    105: "Mastercard Debit Payway",
    108: "Cabal Débito Payway",
    111: "Amex Payway",
}
"""By payment_method_id."""

INVALID_CARD = 14
REASONS: Mapping[int, tuple[str, str]] = {
    1: ("request_authorization_card", "PEDIR AUTORIZACION"),
    5: ("card_declined", "DENEGADA"),
    INVALID_CARD: ("invalid_number", "TARJETA INVALIDA"),
    28: ("processing_error", "SERVICIO NO DISPONIBLE"),
    45: ("invalid_card", "NO OPERA EN CUOTAS"),
    51: ("insufficient_amount", "FONDOS INSUFICIENTES"),
    54: ("expired_card", "TARJETA VENCIDA"),
    58: ("processing_error", "TRANSACCION NO PERMITIDA"),
}
"""By status_details.error.reason.id: the error's type and its description."""


@dataclass(frozen=True)
class Card:
    """What the authoriser does with a card. reason: why it says no, None when it approves."""

    methods: tuple[int, ...]
    reason: int | None = None
    code_length: int = 3


CARDS: Mapping[str, Card] = {
    "4507990000004905": Card((1,)),
    "4546400044997331": Card((1,), 5),
    "4258210000474094": Card((1,), 51),
    "4517721004856075": Card((31,)),
    "4517720194823929": Card((31,), 51),
    "5299910010000015": Card((15, 104)),
    "5455330200000016": Card((15, 104), 5),
    "5204230010000012": Card((15, 104), 51),
    "5896570000000008": Card((27, 63)),
    "373953192351004": Card((65, 111), code_length=4),
}
UNKNOWN_CARD = Card(tuple(BRANDS), INVALID_CARD)
"""Any other number gets a token, and is declined whatever it is charged as."""


def is_number(text: str) -> bool:
    """Whether this can be a card's number: 13 to 19 digits whose last one checks the others (ISO/IEC 7812-1, Luhn)."""
    if not text.isascii() or not text.isdigit() or not 13 <= len(text) <= 19:
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(text))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
