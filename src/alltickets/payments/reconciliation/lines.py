"""A line of a settlement report, in our words."""

from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec

__all__ = ["LineKey", "LineKind", "SettlementLine", "UnreadableLine", "digest_of"]

LineKind = Literal[
    "payment",  # money of a buyer
    "refund",  # money given back
    "dispute",  # money that the buyer's bank holds, or took back
    "payout",  # money that left the account for the bank
    "other",  # fees of the month, loans, corrections: kept for people, compared with nothing
]


class SettlementLine(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts are minor units of `currency`, negative where money leaves the account; fees and taxes are positive when they are taken.

    fee_minor: the provider's. platform_fee_minor: what it paid to the platform, where it divides sales.
    """

    row: int
    """Of the file, counted from 1 with its head."""
    kind: LineKind
    source_id: str
    """The provider's id of the payment; empty where the line has none."""
    reference: str
    """Our attempt's id as the provider gives it back; empty where the line has none."""
    settlement_reference: str
    """What names the payment in settlements alone (Payway's tid); empty where the line has none."""
    gross_minor: int
    fee_minor: int
    taxes_minor: int
    net_minor: int
    currency: str
    occurred_at: datetime | None
    settles_at: datetime | None
    platform_fee_minor: int = 0


class UnreadableLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that makes no sense. `fault` is a sentence for people; `text` the beginning of the line."""

    row: int
    fault: str
    text: str


class LineKey(msgspec.Struct, frozen=True):
    """What makes a line of an account itself, in whatever report and row it comes again; `repetition` counts equal lines of one report."""

    digest: bytes
    repetition: int


def digest_of(line: SettlementLine | UnreadableLine) -> bytes:
    """The same for lines that say the same."""
    if isinstance(line, UnreadableLine):
        said: tuple[object, ...] = (line.text,)
    else:
        said = msgspec.structs.astuple(line)[1:]
    return sha256(msgspec.json.encode(said)).digest()[:16]
