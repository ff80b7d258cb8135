"""Reads for people: a payment with everything that happened to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from alltickets.kernel.money import Money
from alltickets.payments.refusals import PaymentNotFound
from alltickets.platform.database import Reader

__all__ = [
    "Aftermath",
    "AttemptDetails",
    "ChangeDetails",
    "ChargeDetails",
    "PaymentDetails",
    "RefundDetails",
    "aftermath_of",
    "payment_of",
    "refunds_of",
]


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What a buyer has to know of the money beside whether they have paid.

    released: money was reserved that will not be taken: it is going back, or is back; the newest word counts. Not what was taken first.
    refund: money waits to be given back because its gateway does it only later, or its gateway refused to and nobody has had it made again.
    is_lost: the buyer's bank has taken the money back.
    misfit: money of another amount than was asked for came, which pays for nothing: people have to give it back; it is on its way; or back.
    """

    released: Literal["voiding", "voided"] | None
    refund: Literal["queued", "failed"] | None
    is_lost: bool
    misfit: Literal["held", "returning", "returned"] | None
    misfit_minor: int | None
    misfit_currency: str | None

    @property
    def misfit_amount(self) -> Money | None:
        """What came in the place of what was asked for."""
        return None if self.misfit_minor is None or self.misfit_currency is None else Money(self.misfit_minor, self.misfit_currency)


@dataclass(frozen=True, slots=True)
class AttemptDetails:
    """One try of the buyer. `needs_review`: it waits for somebody. `platform_fee_minor` None: its gateway divides nothing."""

    id: UUID
    account_id: UUID
    status: str
    error_kind: str | None
    error_code: str | None
    needs_review: bool
    expires_at: datetime
    next_query_at: datetime | None
    created_at: datetime
    platform_fee_minor: int | None


@dataclass(frozen=True, slots=True)
class ChargeDetails:
    """A payment at the provider. `is_surplus`: it pays for nothing, and goes back. `intent`: what becomes of reserved money."""

    id: UUID
    attempt_id: UUID
    provider_payment_id: str
    status: str
    raw_status: str
    amount_minor: int
    currency: str
    refunded_minor: int
    is_surplus: bool
    intent: str | None
    facts: dict[str, Any]
    """As `ChargeFacts`."""
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class RefundDetails:
    """Money given back, or on its way. "queued": its gateway gives it back only later; it is asked again at `next_try_at`.

    part_of: the refund with which it was asked for, where the money lay on several charges. ordered_minor: what was asked for in all.
    retry_of: the refund that the gateway had refused, and that this one makes again.
    """

    id: UUID
    charge_id: UUID
    status: str
    amount_minor: int
    currency: str
    reason: str
    error_kind: str | None
    needs_review: bool
    next_try_at: datetime | None
    created_at: datetime
    part_of: UUID | None
    ordered_minor: int
    retry_of: UUID | None


@dataclass(frozen=True, slots=True)
class ChangeDetails:
    """A change of state: of an attempt, of a refund, or, where neither is named, of the payment itself. `cause`: how we learnt of it."""

    attempt_id: UUID | None
    refund_id: UUID | None
    status_before: str
    status: str
    cause: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Payment:
    id: UUID
    status: str
    amount_minor: int
    currency: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PaymentDetails:
    """What is to be paid under a reference, and how that went; everything oldest first."""

    id: UUID
    reference: UUID
    status: str
    amount_minor: int
    currency: str
    created_at: datetime
    attempts: list[AttemptDetails]
    charges: list[ChargeDetails]
    refunds: list[RefundDetails]
    history: list[ChangeDetails]


async def payment_of(reader: Reader, reference: UUID) -> PaymentDetails:
    """The payment of a reference. Raises `PaymentNotFound`. Five statements."""
    payment = await reader.fetch_first(
        _Payment,
        """
        SELECT id, status, amount_minor, currency, created_at
          FROM payments.payments
         WHERE organizer_id = %(organizer_id)s AND reference = %(reference)s
        """,
        reference=reference,
    )
    if payment is None:
        raise PaymentNotFound
    return PaymentDetails(
        id=payment.id,
        reference=reference,
        status=payment.status,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        created_at=payment.created_at,
        attempts=await _attempts(reader, payment.id),
        charges=await _charges(reader, payment.id),
        refunds=await _refunds(reader, payment.id),
        history=await _history(reader, payment.id),
    )


async def aftermath_of(reader: Reader, reference: UUID) -> Aftermath:
    """See `Aftermath`; nothing of the kind where nothing was ever to be paid. One statement.

    A refusal is news as long as its money could still be given back: what went back otherwise since is settled.
    """
    found = await reader.fetch_first(
        Aftermath,
        """
        SELECT (SELECT a.status
                  FROM payments.attempts a
                 WHERE a.organizer_id = p.organizer_id AND a.payment_id = p.id AND a.status IN ('voiding', 'voided')
                   AND NOT EXISTS (SELECT 1
                                     FROM payments.charges t
                                    WHERE t.organizer_id = a.organizer_id AND t.attempt_id = a.id AND t.status = 'refunded')
                 ORDER BY a.id DESC
                 LIMIT 1) AS released,
               (SELECT r.status
                  FROM payments.refunds r
                  JOIN payments.charges c
                    ON c.organizer_id = r.organizer_id AND c.id = r.charge_id
                 WHERE r.organizer_id = p.organizer_id AND r.payment_id = p.id
                   AND (r.status = 'queued'
                        OR r.status = 'failed' AND c.status = 'charged'
                           AND r.amount_minor <= c.amount_minor - c.refunded_minor
                                                 - (SELECT coalesce(sum(o.amount_minor), 0)
                                                      FROM payments.refunds o
                                                     WHERE o.organizer_id = r.organizer_id AND o.charge_id = r.charge_id
                                                       AND o.status NOT IN ('succeeded', 'failed'))
                           AND NOT EXISTS (SELECT 1
                                             FROM payments.refunds m
                                            WHERE m.organizer_id = r.organizer_id AND m.retry_of = r.id))
                 ORDER BY r.status
                 LIMIT 1) AS refund,
               p.status = 'charged_back' AS is_lost,
               m.misfit, m.amount_minor AS misfit_minor, m.currency AS misfit_currency
          FROM payments.payments p
          LEFT JOIN LATERAL (SELECT c.amount_minor, c.currency,
                                    CASE WHEN c.status = 'refunded' THEN 'returned'
                                         WHEN c.is_surplus THEN 'returning'
                                         ELSE 'held' END AS misfit
                               FROM payments.attempts a
                               JOIN payments.charges c
                                 ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
                              WHERE a.organizer_id = p.organizer_id AND a.payment_id = p.id AND c.id IS DISTINCT FROM p.kept_charge_id
                                AND c.status IN ('charged', 'refunded')
                                AND (c.amount_minor, c.currency) <> (p.amount_minor - a.discount_minor, p.currency)
                              ORDER BY c.id DESC
                              LIMIT 1) m
            ON true
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s
        """,
        reference=reference,
    )
    return found or Aftermath(None, None, is_lost=False, misfit=None, misfit_minor=None, misfit_currency=None)


async def refunds_of(reader: Reader, reference: UUID) -> list[RefundDetails]:
    """The refunds of a payment, oldest first; none where nothing was ever to be paid."""
    rows = await reader.fetch_tuples(
        "SELECT id FROM payments.payments WHERE organizer_id = %(organizer_id)s AND reference = %(reference)s", reference=reference
    )
    return await _refunds(reader, rows[0][0]) if rows else []


async def _attempts(reader: Reader, payment_id: UUID) -> list[AttemptDetails]:
    return await reader.fetch_all(
        AttemptDetails,
        """
        SELECT id, account_id, status, error_kind, error_code, needs_review, expires_at, next_query_at, created_at, platform_fee_minor
          FROM payments.attempts
         WHERE organizer_id = %(organizer_id)s AND payment_id = %(payment_id)s
         ORDER BY id
        """,
        payment_id=payment_id,
    )


async def _charges(reader: Reader, payment_id: UUID) -> list[ChargeDetails]:
    return await reader.fetch_all(
        ChargeDetails,
        """
        SELECT c.id, c.attempt_id, c.provider_payment_id, c.status, c.raw_status, c.amount_minor, c.currency, c.refunded_minor,
               c.is_surplus, c.intent, c.facts, c.first_seen_at
          FROM payments.attempts a
          JOIN payments.charges c
            ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
         WHERE a.organizer_id = %(organizer_id)s AND a.payment_id = %(payment_id)s
         ORDER BY c.id
        """,
        payment_id=payment_id,
    )


async def _refunds(reader: Reader, payment_id: UUID) -> list[RefundDetails]:
    return await reader.fetch_all(
        RefundDetails,
        """
        SELECT id, charge_id, status, amount_minor, currency, reason, error_kind, needs_review, next_try_at, created_at,
               part_of, (sum(amount_minor) OVER (PARTITION BY coalesce(part_of, id)))::bigint AS ordered_minor, retry_of
          FROM payments.refunds
         WHERE organizer_id = %(organizer_id)s AND payment_id = %(payment_id)s
         ORDER BY created_at, part_of IS NOT NULL, id
        """,
        payment_id=payment_id,
    )


async def _history(reader: Reader, payment_id: UUID) -> list[ChangeDetails]:
    """Within an instant a refund's change comes first, then that of the attempt whose money it gives back, then the payment's."""
    return await reader.fetch_all(
        ChangeDetails,
        """
        SELECT h.attempt_id, h.refund_id, h.status_before, h.status, h.cause, h.at
          FROM (SELECT a.id AS attempt_id, NULL AS refund_id, c.version, c.status_before, c.status, c.cause, c.at
                  FROM payments.attempts a
                  JOIN payments.attempt_history c
                    ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
                 WHERE a.organizer_id = %(organizer_id)s AND a.payment_id = %(payment_id)s
                 UNION ALL
                SELECT NULL, r.id, c.version, c.status_before, c.status, c.cause, c.at
                  FROM payments.refunds r
                  JOIN payments.refund_history c
                    ON c.organizer_id = r.organizer_id AND c.refund_id = r.id
                 WHERE r.organizer_id = %(organizer_id)s AND r.payment_id = %(payment_id)s
                 UNION ALL
                SELECT NULL, NULL, version, status_before, status, cause, at
                  FROM payments.payment_history
                 WHERE organizer_id = %(organizer_id)s AND payment_id = %(payment_id)s) AS h
         ORDER BY h.at, h.refund_id, h.attempt_id, h.version
        """,
        payment_id=payment_id,
    )
