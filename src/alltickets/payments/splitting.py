"""Who gets what of a sale where the provider divides it: by a dated contract of the account, which operators state. Pure.

The platform's fee is its service charge, as everywhere else: the same sale earns it the same, whoever collects.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

import msgspec

from alltickets.payments.parts import Part

__all__ = ["SplitContract", "Takes", "ended", "is_split_on", "platform_fee_minor", "with_contract"]

Takes = Literal[
    "service_charge",  # the provider pays it to the platform, and the rest to the organizer
    "nothing",  # all of it goes to the organizer, as without a contract
]


class SplitContract(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform takes at the account from a day on, which begins at midnight UTC, until the next contract's."""

    valid_from: date
    takes: Takes


def is_split_on(contracts: Iterable[SplitContract], day: date) -> bool:
    """Whether what is sold on that day is divided."""
    begun = [one for one in contracts if one.valid_from <= day]
    return bool(begun) and max(begun, key=lambda one: one.valid_from).takes == "service_charge"


def platform_fee_minor(contracts: Iterable[SplitContract], parts: Iterable[Part], day: date) -> int | None:
    """What the provider is asked to pay to the platform, which may be 0; None where nothing is divided."""
    return sum(part.minor for part in parts if part.kind != "proceeds") if is_split_on(contracts, day) else None


def with_contract(contracts: Sequence[SplitContract], new: SplitContract) -> tuple[SplitContract, ...]:
    """The contracts with another one, in the place of one of the same day; oldest first."""
    kept = [one for one in contracts if one.valid_from != new.valid_from]
    return tuple(sorted([*kept, new], key=lambda one: one.valid_from))


def ended(contracts: Iterable[SplitContract], day: date) -> tuple[SplitContract, ...]:
    """The contracts when nothing can be divided any more from that day on: what was to begin later never does."""
    begun = tuple(one for one in contracts if one.valid_from <= day)
    return with_contract(begun, SplitContract(valid_from=day, takes="nothing")) if is_split_on(begun, day) else begun
