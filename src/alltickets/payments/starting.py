"""Started payments and their attempts as rows: written in bulk, read back one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from alltickets.kernel.money import Money
from alltickets.payments.connections import ConnectedAccount
from alltickets.payments.port import Creation
from alltickets.payments.refusals import PaymentNotFound
from alltickets.payments.rules import AttemptStatus, PaymentStatus
from alltickets.payments.schedule import first_query
from alltickets.platform.database import Reader, Transaction

__all__ = [
    "Prepared",
    "StartPayment",
    "StoredAttempt",
    "attempt_of",
    "insert_attempts",
    "insert_payments",
    "newest_of",
    "reopen",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPayment:
    """What is to be paid. The same `reference` means the same payment for ever.

    account_id: the buyer's choice among `AccountsService.options`; None takes the first that fits.
    expires_at: when the place that is paid for is lost; a gateway may need its page to live longer.
    """

    reference: UUID
    amount: Money
    description: str
    payer_email: str | None
    return_url: str
    expires_at: datetime
    account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    request: StartPayment
    account: ConnectedAccount
    creation: Creation
    payment_id: UUID
    status: AttemptStatus


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    payment_id: UUID
    amount_minor: int
    currency: str
    description: str
    payer_email: str | None
    return_url: str
    payment_status: PaymentStatus
    attempts: int
    attempt_id: UUID
    account_id: UUID
    status: AttemptStatus
    expires_at: datetime
    redirect_url: str | None

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


_SELECT_NEWEST: Any = """
    SELECT p.id AS payment_id, p.amount_minor, p.currency, p.description, p.payer_email, p.return_url, p.status AS payment_status,
           p.attempts, a.id AS attempt_id, a.account_id, a.status, a.expires_at, a.redirect_url
      FROM payments.payments p
      JOIN payments.attempts a
        ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
     WHERE p.organizer_id = %(organizer_id)s
"""


async def newest_of(reader: Reader, reference: UUID, *, lock: bool = False) -> StoredAttempt:
    statement = _SELECT_NEWEST + " AND p.reference = %(reference)s AND a.id = p.newest_attempt_id"
    row = await reader.fetch_first(StoredAttempt, statement + (" FOR UPDATE" if lock else ""), reference=reference)
    if row is None:
        raise PaymentNotFound
    return row


async def attempt_of(reader: Reader, attempt_id: UUID) -> StoredAttempt:
    row = await reader.fetch_first(StoredAttempt, _SELECT_NEWEST + " AND a.id = %(id)s", id=attempt_id)
    if row is None:
        raise PaymentNotFound
    return row


async def insert_payments(tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> set[UUID]:
    """Insert payments whose references are new; the ids of these."""
    rows = await tx.fetch_tuples(
        """
        INSERT INTO payments.payments (organizer_id, id, reference, amount_minor, currency, description, payer_email, return_url,
                                       newest_attempt_id, status, attempts, is_captured, created_at, updated_at)
        SELECT o.organizer_id, x.*, 'open', 1, false, %(now)s, %(now)s
          FROM platform.organizers o,
               unnest(%(ids)s::uuid[], %(references)s::uuid[], %(amounts)s::bigint[], %(currencies)s::text[], %(descriptions)s::text[],
                      %(emails)s::text[], %(urls)s::text[], %(attempts)s::uuid[]) AS x
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, reference) DO NOTHING
        RETURNING id
        """,
        now=now,
        ids=[one.payment_id for one in prepared],
        references=[one.request.reference for one in prepared],
        amounts=[one.request.amount.minor for one in prepared],
        currencies=[one.request.amount.currency for one in prepared],
        descriptions=[one.request.description for one in prepared],
        emails=[one.request.payer_email for one in prepared],
        urls=[one.request.return_url for one in prepared],
        attempts=[one.creation.attempt_id for one in prepared],
    )
    return {payment_id for (payment_id,) in rows}


async def insert_attempts(tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> None:
    if not prepared:
        return
    await tx.execute(
        """
        INSERT INTO payments.attempts (organizer_id, id, payment_id, account_id, status, expires_at, next_query_at, version, state_since,
                                       queries, absences, needs_review, created_at)
        SELECT o.organizer_id, x.*, 1, %(now)s, 0, 0, false, %(now)s
          FROM platform.organizers o,
               unnest(%(ids)s::uuid[], %(payments)s::uuid[], %(accounts)s::uuid[], %(statuses)s::text[], %(expires)s::timestamptz[],
                      %(next)s::timestamptz[]) AS x
         WHERE o.organizer_id = %(organizer_id)s
        """,
        now=now,
        ids=[one.creation.attempt_id for one in prepared],
        payments=[one.payment_id for one in prepared],
        accounts=[one.account.id for one in prepared],
        statuses=[one.status for one in prepared],
        expires=[one.creation.expires_at for one in prepared],
        next=[first_query(one.status, now=now, expires_at=one.creation.expires_at) for one in prepared],
    )


async def reopen(tx: Transaction, prepared: Prepared, now: datetime) -> None:
    await tx.execute(
        """
        UPDATE payments.payments
           SET status = 'open', newest_attempt_id = %(attempt_id)s, attempts = attempts + 1, return_url = %(return_url)s,
               updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=prepared.payment_id,
        attempt_id=prepared.creation.attempt_id,
        return_url=prepared.request.return_url,
        now=now,
    )
