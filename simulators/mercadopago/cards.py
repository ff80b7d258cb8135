"""The test cards of MercadoPago, the names that decide what becomes of a payment, and what instalments cost."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["CARDS", "CASH", "INSTALMENTS", "OUTCOMES", "Card", "card_of", "total_of"]


@dataclass(frozen=True)
class Card:
    """A card that the sandbox of MercadoPago takes; nothing else of its number is kept."""

    brand: str
    kind: str
    issuer: str
    first_six: str
    last_four: str


CARDS: Mapping[str, Card] = {
    number: Card(brand, kind, issuer, number[:6], number[-4:])
    for number, brand, kind, issuer in (
        ("5031755734530604", "master", "credit_card", "3"),
        ("4509953566233704", "visa", "credit_card", "310"),
        ("371180303257522", "amex", "credit_card", "303"),
        ("5287338310253304", "debmaster", "debit_card", "3"),
        ("4002768694395619", "debvisa", "debit_card", "310"),
    )
}

CASH = ("rapipago", "pagofacil")
"""Paid later, at a counter, with a printed ticket."""

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "APRO": ("approved", "accredited"),
    "OTHE": ("rejected", "cc_rejected_other_reason"),
    "CONT": ("in_process", "pending_contingency"),
    "CALL": ("rejected", "cc_rejected_call_for_authorize"),
    "FUND": ("rejected", "cc_rejected_insufficient_amount"),
    "SECU": ("rejected", "cc_rejected_bad_filled_security_code"),
    "EXPI": ("rejected", "cc_rejected_bad_filled_date"),
    "FORM": ("rejected", "cc_rejected_bad_filled_other"),
    "CARD": ("rejected", "cc_rejected_bad_filled_card_number"),
    "INST": ("rejected", "cc_rejected_invalid_installments"),
    "DUPL": ("rejected", "cc_rejected_duplicated_payment"),
    "LOCK": ("rejected", "cc_rejected_card_disabled"),
    "CTNA": ("rejected", "cc_rejected_card_type_not_allowed"),
    "ATTE": ("rejected", "cc_rejected_max_attempts"),
    "BLAC": ("rejected", "cc_rejected_blacklist"),
    "UNSU": ("rejected", "cc_rejected_card_error"),
}
"""By the first word of the cardholder's name."""

INSTALMENTS: Mapping[int, Fraction] = {1: Fraction(0), 3: Fraction(11, 100), 6: Fraction(20, 100), 12: Fraction(42, 100)}
"""How much more the buyer pays, by number of instalments; an example, the real rates change by the week."""


def card_of(number: str) -> Card | None:
    """The test card of that number, blanks in it or not; None for any other, which must not be typed into a simulator."""
    return CARDS.get(re.sub(r"[ \-]", "", number))


def total_of(amount_minor: int, instalments: int) -> int:
    """What the buyer pays in all."""
    return amount_minor + round(amount_minor * INSTALMENTS[instalments])
