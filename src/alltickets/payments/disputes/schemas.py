"""What is said over the wire of disputes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from alltickets.payments.port import DisputeReason, DisputeState

__all__ = ["DisputeOutcomeWrite", "DisputeRead", "DisputeRecordWrite", "DisputeStatementWrite", "DisputeSummaryRead"]

YEAR_MIN, YEAR_MAX = 2000, 2100

# PostgreSQL stores no NUL; one line needs no control character.
_Line = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$", examples=["CB-2026-000123"])]
_Reason = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["Código 4837"])]
_Statement = Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00]*$", examples=["La compradora ingresó a las 20:41 por la puerta A."])]


class DisputeSummaryRead(msgspec.Struct, kw_only=True):
    """A buyer's bank that asks for money back. `reference`: the order. `due_at`: until when evidence is taken, if there is such a day.

    `is_inquiry`: it only asks so far, and has taken no money. `raw_reason` is the gateway's word for the reason.
    """

    dispute_id: UUID
    reference: UUID
    account_id: UUID
    provider_dispute_id: str
    state: DisputeState
    is_inquiry: bool
    amount_minor: int
    currency: str
    reason: DisputeReason
    raw_reason: str
    due_at: datetime | None
    opened_at: datetime


class DisputeMoveRead(msgspec.Struct, kw_only=True):
    """One change. `cause`: callback, query (the gateway was asked) or person."""

    state_before: DisputeState | None
    state: DisputeState
    raw_status: str
    amount_minor: int
    due_at: datetime | None
    cause: str
    at: datetime


class DisputeAnswerRead(msgspec.Struct, kw_only=True):
    """Evidence that was handed in: sending, accepted, refused, or unknown (its answer was lost)."""

    answer_id: UUID
    status: str
    statement: str
    error_kind: str | None
    sent_by: str
    created_at: datetime


class DisputeRead(DisputeSummaryRead, kw_only=True):
    """A dispute with all that happened to it, oldest first. `fee_minor`: what the gateway keeps for the dispute itself.

    `statement` is what you say to it; it goes along when evidence is handed in.
    """

    charge_id: UUID
    provider_payment_id: str
    raw_status: str
    fee_minor: int
    statement: str
    history: list[DisputeMoveRead]
    answers: list[DisputeAnswerRead]


class DisputeStatementWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What you say to a dispute."""

    statement: _Statement


class DisputeRecordWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A dispute that the gateway tells by letter. `number` is the letter's own: recorded twice under it, it is one."""

    number: _Line
    amount_minor: Annotated[int, Meta(ge=1, le=10**15)]
    reason: DisputeReason = "other"
    raw_reason: _Reason = ""
    due_at: Annotated[datetime, Meta(tz=True)] | None = None
    opened_at: Annotated[datetime, Meta(tz=True)] | None = None

    def __post_init__(self) -> None:
        """Refuse what no letter says. Raises `ValueError`, which is said of the body as its other faults are."""
        if any(moment is not None and not YEAR_MIN <= moment.year <= YEAR_MAX for moment in (self.due_at, self.opened_at)):
            raise ValueError(f"due_at and opened_at lie between {YEAR_MIN} and {YEAR_MAX}")


class DisputeOutcomeWrite(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What became of a dispute that you recorded: handed in, or decided."""

    outcome: Literal["under_review", "won", "lost", "closed"]
