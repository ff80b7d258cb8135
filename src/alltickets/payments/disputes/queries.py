"""Reads of disputes, for people."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from alltickets.payments.port import DisputeReason, DisputeState
from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, instant_in, page_of

__all__ = ["DisputeAnswerRow", "DisputeDetails", "DisputeMove", "DisputeSummary", "kept_charge_of", "list_disputes", "read_dispute"]

NO_DEADLINE = "infinity"


@dataclass(frozen=True, slots=True)
class DisputeSummary:
    """A dispute in a list. `reference`: of its payment, an order's id."""

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


@dataclass(frozen=True, slots=True)
class DisputeMove:
    """One change of a dispute, and how we learnt of it. state_before: None when it was first heard of."""

    state_before: DisputeState | None
    state: DisputeState
    raw_status: str
    amount_minor: int
    due_at: datetime | None
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DisputeAnswerRow:
    """Evidence that was handed in, or was tried to."""

    answer_id: UUID
    status: str
    statement: str
    error_kind: str | None
    sent_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class DisputeDetails:
    """A dispute with everything that happened to it, oldest first. `statement` is what the organizer says to it.

    fee_minor: what the gateway keeps for the dispute itself.
    """

    dispute_id: UUID
    reference: UUID
    charge_id: UUID
    account_id: UUID
    provider_payment_id: str
    provider_dispute_id: str
    state: DisputeState
    is_inquiry: bool
    amount_minor: int
    currency: str
    reason: DisputeReason
    raw_reason: str
    raw_status: str
    due_at: datetime | None
    opened_at: datetime
    fee_minor: int
    statement: str
    history: list[DisputeMove] = field(default_factory=list)
    answers: list[DisputeAnswerRow] = field(default_factory=list)


async def list_disputes(reader: Reader, *, in_state: DisputeState | None, cursor: str | None, size: int) -> Page[DisputeSummary]:
    """The organizer's disputes, the soonest deadline first and those without one last. Index: disputes_deadline.

    Raises `CursorUnreadable`.
    """
    after = decode_cursor(cursor, str, UUID)
    rows = await reader.fetch_all(
        DisputeSummary,
        """
        SELECT d.id AS dispute_id, d.reference, d.account_id, d.provider_dispute_id, d.state, d.is_inquiry, d.amount_minor, d.currency,
               d.reason, d.raw_reason, d.due_at, d.opened_at
          FROM payments.disputes d
         WHERE d.organizer_id = %(organizer_id)s
           AND (%(state)s::text IS NULL OR d.state = %(state)s::text)
           AND (%(due_at)s::timestamptz IS NULL OR (coalesce(d.due_at, 'infinity'), d.id) > (%(due_at)s::timestamptz, %(id)s::uuid))
         ORDER BY coalesce(d.due_at, 'infinity'), d.id
         LIMIT %(limit)s
        """,
        state=in_state,
        due_at=None if after is None else _deadline_in(after[0]),
        id=None if after is None else after[1],
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [NO_DEADLINE if one.due_at is None else one.due_at.isoformat(), str(one.dispute_id)])


async def read_dispute(reader: Reader, dispute_id: UUID) -> DisputeDetails | None:
    """A dispute with its history and what was answered; None: there is no such one. Three statements."""
    found = await reader.fetch_first(
        DisputeDetails,
        """
        SELECT d.id AS dispute_id, d.reference, d.charge_id, d.account_id, c.provider_payment_id, d.provider_dispute_id,
               d.state, d.is_inquiry, d.amount_minor, d.currency, d.reason, d.raw_reason, d.raw_status, d.due_at, d.opened_at,
               d.fee_minor, d.statement
          FROM payments.disputes d
          JOIN payments.charges c
            ON c.organizer_id = d.organizer_id AND c.id = d.charge_id
         WHERE d.organizer_id = %(organizer_id)s AND d.id = %(id)s
        """,
        id=dispute_id,
    )
    if found is None:
        return None
    found.history.extend(
        await reader.fetch_all(
            DisputeMove,
            """
            SELECT state_before, state, raw_status, amount_minor, due_at, cause, at
              FROM payments.dispute_history
             WHERE organizer_id = %(organizer_id)s AND dispute_id = %(id)s
             ORDER BY version
            """,
            id=dispute_id,
        )
    )
    found.answers.extend(
        await reader.fetch_all(
            DisputeAnswerRow,
            """
            SELECT id AS answer_id, status, statement, error_kind, sent_by, created_at
              FROM payments.dispute_answers
             WHERE organizer_id = %(organizer_id)s AND dispute_id = %(id)s
             ORDER BY id
            """,
            id=dispute_id,
        )
    )
    return found


async def kept_charge_of(reader: Reader, reference: UUID) -> tuple[UUID, UUID] | None:
    """The charge that brought a payment's money, and its attempt; None where nothing was paid under this reference."""
    rows = await reader.fetch_tuples(
        """
        SELECT kept_charge_id, kept_attempt_id
          FROM payments.payments
         WHERE organizer_id = %(organizer_id)s AND reference = %(reference)s AND kept_charge_id IS NOT NULL
        """,
        reference=reference,
    )
    return (rows[0][0], rows[0][1]) if rows else None


def _deadline_in(value: object) -> str:
    """What a cursor names, if it is an instant or none."""
    return NO_DEADLINE if value == NO_DEADLINE else instant_in(value).isoformat()
