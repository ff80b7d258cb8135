"""Attempts, their payments and their charges as rows: locked and read together, written together, whatever their number."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money
from alltickets.payments.port import ChargeFacts
from alltickets.payments.rules import Attempt, AttemptStatus, Charge, Contested, Payment, PaymentStatus
from alltickets.platform.database import Transaction, rows_as_json

__all__ = [
    "CHARGE_COLUMNS",
    "Cause",
    "PaymentChange",
    "Standing",
    "charge_of",
    "fetch_charge",
    "fetch_charges",
    "insert_payment_history",
    "lock_standings",
    "write_charges",
    "write_standings",
]

Cause = Literal["call", "callback", "query", "silence", "person"]
"""How we learnt of a change: from our own call's answer, a callback, a question of ours, because nobody said anything, or from a person."""

CHARGE_COLUMNS = """c.id, c.attempt_id, c.account_id, c.provider_payment_id, c.status, c.raw_status, c.amount_minor, c.currency,
               c.refunded_minor, c.sequence, c.is_surplus, c.facts, c.contested, c.intent"""
"""Of payments.charges as `c`, in the order in which `charge_of` reads them."""


@dataclass(slots=True)
class Standing:
    """An attempt and its payment under lock, as they will stand; `…_before` is how they stood.

    `has_news`: a charge of it changed; `has_undecided`: the gateway has not decided on one.
    """

    attempt: Attempt
    payment: Payment
    status_before: AttemptStatus
    payment_before: Payment
    payment_version: int
    version: int
    expires_at: datetime
    state_since: datetime
    queries: int
    absences: int
    absent_since: datetime | None
    next_query_at: datetime | None
    needs_review: bool
    redirect_url: str | None
    provider_reference: str | None
    error_kind: str | None
    error_code: str | None
    cause: Cause = "call"
    is_touched: bool = False
    has_news: bool = False
    has_undecided: bool = False


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """A payment came into another state, or began another try ("attempt"). `version`: the one that the change made."""

    payment_id: UUID
    version: int
    status_before: PaymentStatus
    status: PaymentStatus
    cause: Cause | Literal["attempt"]


async def lock_standings(tx: Transaction, attempt_ids: set[UUID]) -> dict[UUID, Standing]:
    """Lock attempts with their payments, in id order, against everybody who applies something to them; by attempt id.

    A payment before its attempts, as everywhere, which is the order of FROM: whoever waits for a payment holds none of its attempts.
    """
    if not attempt_ids:
        return {}
    rows = await tx.fetch_tuples(
        """
        SELECT a.id, a.payment_id, a.account_id, a.status, a.version, a.expires_at, a.state_since, a.queries, a.absences,
               a.absent_since, a.next_query_at, a.needs_review, a.redirect_url, a.provider_reference, a.error_kind, a.error_code,
               p.reference, p.amount_minor, p.currency, p.status, p.newest_attempt_id, p.kept_attempt_id, p.kept_charge_id, p.is_captured,
               a.has_promotion, a.discount_minor, p.version
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
         WHERE a.organizer_id = %(organizer_id)s AND a.id = ANY(%(ids)s)
         ORDER BY p.id, a.id
           FOR UPDATE
        """,
        ids=list(attempt_ids),
    )
    return {row[0]: _standing(row) for row in rows}


async def write_standings(tx: Transaction, standings: Iterable[Standing], now: datetime) -> None:
    """Write what was touched, each change on the version that was locked, with a row of history per change of state. Four statements."""
    touched = [standing for standing in standings if standing.is_touched]
    if not touched:
        return
    await _write_attempts(tx, touched)
    moved = [standing for standing in touched if standing.attempt.status != standing.status_before]
    if moved:
        await _write_history(tx, moved, now)
    # What moves a payment is an attempt that moved, where there is one among those of it.
    payments = {one.payment.id: one for one in (*touched, *moved) if one.payment != one.payment_before}
    if payments:
        await _write_payments(tx, list(payments.values()), now)


async def fetch_charges(tx: Transaction, attempt_ids: Sequence[UUID], keys: Sequence[tuple[UUID, str]]) -> dict[tuple[UUID, str], Charge]:
    """Every known charge of these attempts, and those known by these keys: by account and the provider's id."""
    rows = await tx.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS}
          FROM payments.charges c
         WHERE c.organizer_id = %(organizer_id)s AND c.attempt_id = ANY(%(attempts)s)
         UNION
        SELECT {CHARGE_COLUMNS}
          FROM unnest(%(accounts)s::uuid[], %(provider_payment_ids)s::text[]) AS k(account_id, provider_payment_id)
          JOIN payments.charges c
            ON c.account_id = k.account_id AND c.provider_payment_id = k.provider_payment_id
         WHERE c.organizer_id = %(organizer_id)s
        """,
        attempts=list(attempt_ids),
        accounts=[account_id for account_id, _ in keys],
        provider_payment_ids=[provider_payment_id for _, provider_payment_id in keys],
    )
    return {(row[2], row[3]): charge_of(row) for row in rows}


async def fetch_charge(tx: Transaction, charge_id: UUID) -> Charge:
    """A charge that is known to exist."""
    [row] = await tx.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS}
          FROM payments.charges c
         WHERE c.organizer_id = %(organizer_id)s AND c.id = %(id)s
        """,
        id=charge_id,
    )
    return charge_of(row)


def charge_of(row: tuple[Any, ...]) -> Charge:
    """A charge from its columns, `CHARGE_COLUMNS`; whatever follows them in the row is somebody else's."""
    return Charge(
        id=row[0],
        attempt_id=row[1],
        account_id=row[2],
        provider_payment_id=row[3],
        status=row[4],
        raw_status=row[5],
        amount=Money(row[6], row[7]),
        refunded_minor=row[8],
        sequence=row[9],
        is_surplus=row[10],
        facts=msgspec.convert(row[11], ChargeFacts),
        contested=msgspec.convert(row[12], Contested),
        intent=row[13],
    )


async def write_charges(tx: Transaction, charges: Sequence[Charge], now: datetime) -> None:
    """Insert new charges, and bring known ones up to date. One statement."""
    if not charges:
        return
    await tx.execute(
        """
        INSERT INTO payments.charges (organizer_id, id, attempt_id, account_id, provider_payment_id, status, raw_status, amount_minor,
                                      currency, refunded_minor, sequence, is_surplus, facts, contested, first_seen_at,
                                      updated_at)
        SELECT o.organizer_id, x.id, x.attempt_id, x.account_id, x.provider_payment_id, x.status, x.raw_status, x.amount_minor,
               x.currency, x.refunded_minor, x.sequence, x.is_surplus, x.facts, x.contested, %(now)s, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(id uuid, attempt_id uuid, account_id uuid, provider_payment_id text, status text, raw_status text,
                        amount_minor bigint, currency text, refunded_minor bigint, sequence bigint, is_surplus boolean, facts jsonb,
                        contested jsonb)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, id) DO UPDATE
           SET status = excluded.status, raw_status = excluded.raw_status, amount_minor = excluded.amount_minor,
               currency = excluded.currency, refunded_minor = excluded.refunded_minor, sequence = excluded.sequence,
               is_surplus = excluded.is_surplus, facts = excluded.facts, contested = excluded.contested,
               updated_at = excluded.updated_at
        """,
        rows=rows_as_json(
            [
                {
                    "id": charge.id,
                    "attempt_id": charge.attempt_id,
                    "account_id": charge.account_id,
                    "provider_payment_id": charge.provider_payment_id,
                    "status": charge.status,
                    "raw_status": charge.raw_status,
                    "amount_minor": charge.amount.minor,
                    "currency": charge.amount.currency,
                    "refunded_minor": charge.refunded_minor,
                    "sequence": charge.sequence,
                    "is_surplus": charge.is_surplus,
                    "facts": charge.facts,
                    "contested": charge.contested,
                }
                for charge in charges
            ]
        ),
        now=now,
    )


async def _write_attempts(tx: Transaction, standings: Sequence[Standing]) -> None:
    written = await tx.execute(
        """
        UPDATE payments.attempts a
           SET status = x.status, version = a.version + 1, state_since = x.state_since, queries = x.queries, absences = x.absences,
               absent_since = x.absent_since, next_query_at = x.next_query_at, needs_review = x.needs_review,
               redirect_url = x.redirect_url, provider_reference = x.provider_reference, error_kind = x.error_kind,
               error_code = x.error_code
          FROM json_to_recordset(%(rows)s::json)
                   AS x(id uuid, version int, status_before text, status text, state_since timestamptz, queries int, absences int,
                        absent_since timestamptz, next_query_at timestamptz, needs_review boolean, redirect_url text,
                        provider_reference text, error_kind text, error_code text)
         WHERE a.organizer_id = %(organizer_id)s AND a.id = x.id AND a.version = x.version AND a.status = x.status_before
        """,
        rows=rows_as_json(
            [
                {
                    "id": one.attempt.id,
                    "version": one.version,
                    "status_before": one.status_before,
                    "status": one.attempt.status,
                    "state_since": one.state_since,
                    "queries": one.queries,
                    "absences": one.absences,
                    "absent_since": one.absent_since,
                    "next_query_at": one.next_query_at,
                    "needs_review": one.needs_review,
                    "redirect_url": one.redirect_url,
                    "provider_reference": one.provider_reference,
                    "error_kind": one.error_kind,
                    "error_code": one.error_code,
                }
                for one in standings
            ]
        ),
    )
    assert written == len(standings), "nobody changes an attempt without its lock"


async def _write_history(tx: Transaction, standings: Sequence[Standing], now: datetime) -> None:
    await tx.execute(
        """
        INSERT INTO payments.attempt_history (organizer_id, attempt_id, version, status_before, status, cause, at)
        SELECT o.organizer_id, x.attempt_id, x.version, x.status_before, x.status, x.cause, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(attempt_id uuid, version int, status_before text, status text, cause text)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(
            [
                {
                    "attempt_id": one.attempt.id,
                    "version": one.version + 1,
                    "status_before": one.status_before,
                    "status": one.attempt.status,
                    "cause": one.cause,
                }
                for one in standings
            ]
        ),
        now=now,
    )


async def _write_payments(tx: Transaction, standings: Sequence[Standing], now: datetime) -> None:
    written = await tx.execute(
        """
        UPDATE payments.payments p
           SET status = x.status, version = p.version + 1, kept_attempt_id = x.kept_attempt_id, kept_charge_id = x.kept_charge_id,
               is_captured = x.is_captured, updated_at = %(now)s
          FROM json_to_recordset(%(rows)s::json)
                   AS x(id uuid, version int, status_before text, status text, kept_attempt_id uuid, kept_charge_id uuid,
                        is_captured boolean)
         WHERE p.organizer_id = %(organizer_id)s AND p.id = x.id AND p.version = x.version AND p.status = x.status_before
        """,
        rows=rows_as_json(
            [
                {
                    "id": one.payment.id,
                    "version": one.payment_version,
                    "status_before": one.payment_before.status,
                    "status": one.payment.status,
                    "kept_attempt_id": one.payment.kept_attempt_id,
                    "kept_charge_id": one.payment.kept_charge_id,
                    "is_captured": one.payment.is_captured,
                }
                for one in standings
            ]
        ),
        now=now,
    )
    assert written == len(standings), "nobody changes a payment without its lock"
    moved = [
        PaymentChange(one.payment.id, one.payment_version + 1, one.payment_before.status, one.payment.status, one.cause)
        for one in standings
        if one.payment.status != one.payment_before.status
    ]
    if moved:
        await insert_payment_history(tx, moved, now)


async def insert_payment_history(tx: Transaction, changes: Sequence[PaymentChange], now: datetime) -> None:
    """Note changes that were just written under the payments' locks. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.payment_history (organizer_id, payment_id, version, status_before, status, cause, at)
        SELECT o.organizer_id, x.payment_id, x.version, x.status_before, x.status, x.cause, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(payment_id uuid, version int, status_before text, status text, cause text)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(changes),
        now=now,
    )


def _standing(row: tuple[Any, ...]) -> Standing:
    payment = Payment(
        id=row[1],
        reference=row[16],
        amount=Money(row[17], row[18]),
        status=row[19],
        newest_attempt_id=row[20],
        kept_attempt_id=row[21],
        kept_charge_id=row[22],
        is_captured=row[23],
    )
    attempt = Attempt(id=row[0], payment_id=row[1], account_id=row[2], status=row[3], has_promotion=row[24], discount_minor=row[25])
    return Standing(attempt, payment, row[3], payment, row[26], *row[4:16])
