"""What is said over the wire of payments that people bring home."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.statements.matching import Act, Outcome

__all__ = [
    "AwaitedPaymentRead",
    "ConfirmationWrite",
    "RefundByHandRead",
    "RefundSettledWrite",
    "StatementFaultRead",
    "StatementLineRead",
    "StatementRead",
]

# PostgreSQL stores no NUL, and one line needs no control character.
Note = Annotated[str, Meta(max_length=500, pattern=r"^[^\x00]*$", examples=["Comprobante 00012345"])]
Proof = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["Transferencia 00067890"])]


class AwaitedPaymentRead(msgspec.Struct, kw_only=True):
    """A payment by transfer or in cash. `code` is what its buyer names, `number` what they call the purchase; `reference`: the order.

    `status`: awaiting_buyer, expired (money may still come), charged, or what became of it since.
    """

    attempt_id: UUID
    account_id: UUID
    code: str
    number: str | None
    reference: UUID
    amount_minor: int
    currency: str
    status: str
    expires_at: datetime
    created_at: datetime


class ConfirmationWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Money that came: how much, on which day, and what you note about it. Another amount than was asked for is refused."""

    amount_minor: Annotated[int, Meta(ge=1, le=10**15)]
    received_on: date
    note: Note = ""


class RefundByHandRead(msgspec.Struct, kw_only=True):
    """Money that somebody has to give back, or gave back (`status` succeeded, `proof` says how)."""

    refund_id: UUID
    reference: UUID
    account_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: str
    proof: str | None
    created_at: datetime


class RefundSettledWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How the money went back: the bank's number of the transfer, or who signed for the cash."""

    proof: Proof


class StatementLineRead(msgspec.Struct, kw_only=True):
    """A line of a statement, and what it was found to be. `number`: in its file, from 1.

    `outcome`: matched, recorded (confirmed by hand before), paid_again, other_amount, ambiguous, unknown, duplicate (imported before).
    `act`: confirm, give_back (both done by an import), settle_by_hand, look_up, none. `is_mended`: its code was mistyped, and only this
    one payment can be meant.
    """

    number: int
    booked_on: date
    amount_minor: int
    description: str
    outcome: Outcome
    act: Act
    is_mended: bool
    attempt_id: UUID | None
    code: str | None


class StatementFaultRead(msgspec.Struct, kw_only=True):
    """A line that cannot be read, and why."""

    number: int
    reason: str


class StatementRead(msgspec.Struct, kw_only=True):
    """What a file holds: lines by outcome, the first 200 lines with money that came in, and the first 200 of `faulty` lines."""

    counts: dict[str, int]
    lines: list[StatementLineRead]
    faulty: int
    faults: list[StatementFaultRead]
