"""The list of payments, for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from alltickets.payments.rules import PaymentStatus
from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, instant_in, page_of

__all__ = ["InState", "PaymentFilter", "PaymentSummary", "list_payments"]

InState = PaymentStatus | Literal["needs_review"]
"""needs_review: an attempt waits for somebody, or there is an open flag; whatever the payment's own state."""

_ALL = "payments.payments p"
# They are few: each is looked up, where the planner would sooner walk through all payments by their day.
_LEFT_TO_PEOPLE = """(SELECT r.payment_id
                  FROM payments.attempts r
                 WHERE r.organizer_id = %(organizer_id)s AND r.needs_review
                 UNION
                SELECT g.payment_id
                  FROM payments.flags g
                 WHERE g.organizer_id = %(organizer_id)s AND g.settled_at IS NULL) AS l
         CROSS JOIN LATERAL (SELECT q.organizer_id, q.id, q.reference, q.status, q.amount_minor, q.currency, q.newest_attempt_id,
                                    q.kept_attempt_id, q.kept_charge_id, q.created_at
                               FROM payments.payments q
                              WHERE q.organizer_id = %(organizer_id)s AND q.id = l.payment_id
                             OFFSET 0) AS p"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """Which payments: in this state, paid or tried last at this account, started from `since` on and before `until`."""

    in_state: InState | None = None
    account_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaymentSummary:
    """A payment in a list. account_id: at which it was paid, or tried last. refunded_minor: of what was kept for it."""

    payment_id: UUID
    reference: UUID
    status: PaymentStatus
    amount_minor: int
    currency: str
    refunded_minor: int
    account_id: UUID
    needs_review: bool
    is_flagged: bool
    created_at: datetime


async def list_payments(reader: Reader, wanted: PaymentFilter, *, cursor: str | None, size: int) -> Page[PaymentSummary]:
    """Payments, newest first. Indexes: payments_created, and attempts_left_to_people with flags_open. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, str, UUID)
    is_left = wanted.in_state == "needs_review"
    rows = await reader.fetch_all(
        PaymentSummary,
        f"""
        SELECT p.id AS payment_id, p.reference, p.status, p.amount_minor, p.currency, coalesce(c.refunded_minor, 0) AS refunded_minor,
               a.account_id,
               EXISTS (SELECT 1
                         FROM payments.attempts n
                        WHERE n.organizer_id = p.organizer_id AND n.payment_id = p.id AND n.needs_review) AS needs_review,
               EXISTS (SELECT 1
                         FROM payments.flags f
                        WHERE f.organizer_id = p.organizer_id AND f.payment_id = p.id AND f.settled_at IS NULL) AS is_flagged,
               p.created_at
          FROM {_LEFT_TO_PEOPLE if is_left else _ALL}
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.id = coalesce(p.kept_attempt_id, p.newest_attempt_id)
          LEFT JOIN payments.charges c
            ON c.organizer_id = p.organizer_id AND c.id = p.kept_charge_id
         WHERE p.organizer_id = %(organizer_id)s
           AND p.created_at >= coalesce(%(since)s::timestamptz, '-infinity')
           AND p.created_at < coalesce(%(until)s::timestamptz, 'infinity')
           AND (p.created_at, p.id) < (coalesce(%(at)s::timestamptz, 'infinity'), %(id)s::uuid)
           AND (%(status)s::text IS NULL OR p.status = %(status)s)
           AND (%(account_id)s::uuid IS NULL OR a.account_id = %(account_id)s)
         ORDER BY p.created_at DESC, p.id DESC
         LIMIT %(limit)s
        """,
        status=None if is_left else wanted.in_state,
        account_id=wanted.account_id,
        since=wanted.since,
        until=wanted.until,
        at=None if before is None else instant_in(before[0]),
        id=UUID(int=2**128 - 1) if before is None else before[1],
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [one.created_at.isoformat(), str(one.payment_id)])
