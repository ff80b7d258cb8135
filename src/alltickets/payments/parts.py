"""What a payment is made of, as its caller says: parts with kinds, in whole minor units, that sum to its amount. Pure.

Payments knows no order. What of an amount is the organizer's and what is a service charge is told when the payment is started, is kept
with it, and never changes: a reference stands for one amount for ever.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

__all__ = ["Part", "PartKind", "shares_of"]

PartKind = Literal[
    "proceeds",  # the organizer's, its taxes included
    "charge",  # the service charge without its tax
    "charge_tax",  # the tax inside the service charge
]


class Part(msgspec.Struct, frozen=True, array_like=True):
    """So many minor units of the amount are that."""

    kind: PartKind
    minor: int


def shares_of(parts: Sequence[int], minor: int) -> list[int]:
    """How much of each part is in `minor` of their sum: in proportion, rounded down; the last part takes what the others leave.

    Of 1000, 83 and 17, 550 is 500, 41 and 9. What is left is shared over what is left, so that each share grows with `minor` and never
    exceeds its part: the difference between two levels is what a refund from the one to the other gives back, and all refunds together
    give back each part.
    """
    assert 0 <= minor <= sum(parts), "a share is of the whole at most"
    shares = []
    left, rest = minor, sum(parts)
    for part in parts[:-1]:
        share = left * part // rest if rest else 0
        shares.append(share)
        left -= share
        rest -= part
    return [*shares, left] if parts else []
