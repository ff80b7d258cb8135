"""Reads for people: a payment with everything that happened to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from alltickets.payments.refusals import PaymentNotFound
from alltickets.platform.database import Reader

__all__ = ["AttemptDetails", "ChargeDetails", "PaymentDetails", "RefundDetails", "Released", "payment_of", "refund_waits", "released_of"]


Released = Literal["voiding", "voided"]


@dataclass(frozen=True, slots=True)
class AttemptDetails:
    """One try of the buyer. `needs_review`: it waits for somebody."""

    id: UUID
    account_id: UUID
    status: str
    error_kind: str | None
    error_code: str | None
    needs_review: bool
    expires_at: datetime
    next_query_at: datetime | None
    created_at: datetime


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
    """Money given back, or on its way. "queued": its gateway gives it back only later; it is asked again at `next_try_at`."""

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


async def payment_of(reader: Reader, reference: UUID) -> PaymentDetails:
    """The payment of a reference. Raises `PaymentNotFound`. Four statements."""
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
    )


async def released_of(reader: Reader, reference: UUID) -> Released | None:
    """Whether money was reserved for a payment that will not be taken: it is going back, or is back. The newest word counts."""
    rows = await reader.fetch_tuples(
        """
        SELECT a.status
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s AND a.status IN ('voiding', 'voided')
         ORDER BY a.id DESC
         LIMIT 1
        """,
        reference=reference,
    )
    found: Released | None = rows[0][0] if rows else None
    return found


async def refund_waits(reader: Reader, reference: UUID) -> bool:
    """Whether money of a payment waits to be given back, because its gateway does it only later."""
    rows = await reader.fetch_tuples(
        """
        SELECT 1
          FROM payments.payments p
          JOIN payments.refunds r
            ON r.organizer_id = p.organizer_id AND r.payment_id = p.id
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = %(reference)s AND r.status = 'queued'
         LIMIT 1
        """,
        reference=reference,
    )
    return bool(rows)


async def _attempts(reader: Reader, payment_id: UUID) -> list[AttemptDetails]:
    return await reader.fetch_all(
        AttemptDetails,
        """
        SELECT id, account_id, status, error_kind, error_code, needs_review, expires_at, next_query_at, created_at
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
        SELECT id, charge_id, status, amount_minor, currency, reason, error_kind, needs_review, next_try_at, created_at
          FROM payments.refunds
         WHERE organizer_id = %(organizer_id)s AND payment_id = %(payment_id)s
         ORDER BY id
        """,
        payment_id=payment_id,
    )
