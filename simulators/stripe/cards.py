"""The test cards and what happens to each. A number that is none of them is declined, as a real card is in test mode."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["CARDS", "Card", "card_of", "is_card_number"]

Sequel = Literal["dispute", "inquiry", "refund_fails", "refund_waits"]


@dataclass(frozen=True)
class Card:
    """decline: code and decline code. sequel: what follows of itself after the charge, or in a refund."""

    brand: str
    last_four: str
    funding: str = "credit"
    country: str = "US"
    decline: tuple[str, str] | None = None
    asks_for_authentication: bool = False
    sequel: Sequel | None = None


CARDS: dict[str, Card] = {
    "4242424242424242": Card("visa", "4242"),
    "4000056655665556": Card("visa", "5556", funding="debit"),
    "5555555555554444": Card("mastercard", "4444"),
    "5105105105105100": Card("mastercard", "5100", funding="prepaid"),
    "378282246310005": Card("amex", "0005"),
    "4000000760000002": Card("visa", "0002", country="BR"),
    "4000000000000002": Card("visa", "0002", decline=("card_declined", "generic_decline")),
    "4000000000009995": Card("visa", "9995", decline=("card_declined", "insufficient_funds")),
    "4000000000009987": Card("visa", "9987", decline=("card_declined", "lost_card")),
    "4000000000009979": Card("visa", "9979", decline=("card_declined", "stolen_card")),
    "4000000000000069": Card("visa", "0069", decline=("expired_card", "expired_card")),
    "4000000000000127": Card("visa", "0127", decline=("incorrect_cvc", "incorrect_cvc")),
    "4000000000000119": Card("visa", "0119", decline=("processing_error", "processing_error")),
    "4000002500003155": Card("visa", "3155", asks_for_authentication=True),
    "4000000000000259": Card("visa", "0259", sequel="dispute"),
    "4000000000001976": Card("visa", "1976", sequel="inquiry"),
    "4000000000005126": Card("visa", "5126", sequel="refund_fails"),
    "4000000000007726": Card("visa", "7726", sequel="refund_waits"),
}


def card_of(number: str) -> Card:
    """The card of that number."""
    return CARDS.get(number) or Card("visa", number[-4:], decline=("card_declined", "test_mode_live_card"))


def is_card_number(text: str) -> bool:
    """Whether the digits are those of a card: so many, and the last one right (Luhn)."""
    if not (text.isascii() and text.isdecimal() and 13 <= len(text) <= 19):
        return False
    doubled = [int(digit) * 2 if place % 2 else int(digit) for place, digit in enumerate(reversed(text))]
    return sum(digit - 9 if digit > 9 else digit for digit in doubled) % 10 == 0
