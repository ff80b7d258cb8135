"""Started payments and their attempts as rows: written in bulk, read back one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from alltickets.kernel.money import Money
from alltickets.payments.connections import ConnectedAccount
from alltickets.payments.parts import Part
from alltickets.payments.port import Creation
from alltickets.payments.refusals import PaymentNotFound
from alltickets.payments.routing.routed import Routed
from alltickets.payments.routing.rules.facts import PaymentPurpose
from alltickets.payments.rules import AttemptStatus, PaymentStatus
from alltickets.payments.schedule import AFTER_EXPIRY, first_query, patient_until
from alltickets.payments.standings import PaymentChange, insert_payment_history
from alltickets.platform.database import Reader, Transaction, rows_as_json

__all__ = [
    "Prepared",
    "StartPayment",
    "StoredAttempt",
    "attempt_of",
    "follow_again",
    "insert_attempts",
    "insert_payments",
    "newest_of",
    "reopen",
    "unsent_at",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPayment:
    """What is to be paid. The same `reference` means the same payment for ever.

    option_id: the buyer's choice among `Payments.options`, or an account's id; None leaves it to the organizer's routing.
    purpose: what for, as far as routing may ask. card_bin: the first digits of the card, where they are known by now.
    expires_at: when the place that is paid for is lost; a gateway may need its page to live longer.
    parts: what the amount is made of, for the books, summing to it; none: all of it is the organizer's.
    kept_until_max: until when the place may be kept for an account that has patience; None: not beyond `expires_at`.
    begins_at: when what is paid for takes place, which such an account reckons from.
    number: what the payer calls it, such as an order's number.
    """

    reference: UUID
    amount: Money
    description: str
    payer_email: str | None
    return_url: str
    expires_at: datetime
    option_id: UUID | None = None
    purpose: PaymentPurpose = field(default_factory=PaymentPurpose)
    card_bin: str | None = None
    parts: tuple[Part, ...] = ()
    kept_until_max: datetime | None = None
    begins_at: datetime | None = None
    number: str | None = None

    def __post_init__(self) -> None:
        assert sum(part.minor for part in self.parts) == (self.amount.minor if self.parts else 0), "the parts are the whole"
        assert all(part.minor > 0 for part in self.parts), "a part is of something"


@dataclass(frozen=True, slots=True)
class Prepared:
    request: StartPayment
    routed: Routed
    creation: Creation
    payment_id: UUID
    status: AttemptStatus

    @property
    def account(self) -> ConnectedAccount:
        """Where it goes."""
        return self.routed.account


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    payment_id: UUID
    reference: UUID
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
    error_code: str | None
    discount_minor: int
    code: str | None
    platform_fee_minor: int | None
    parts: list[Any]

    @property
    def amount(self) -> Money:
        """What the payment is of, whatever an attempt's promotion takes off."""
        return Money(self.amount_minor, self.currency)

    @property
    def asked(self) -> Money:
        """What this attempt asks for at the gateway."""
        return Money(self.amount_minor - self.discount_minor, self.currency)


_SELECT_NEWEST: Any = """
    SELECT p.id AS payment_id, p.reference, p.amount_minor, p.currency, p.description, p.payer_email, p.return_url,
           p.status AS payment_status, p.attempts, a.id AS attempt_id, a.account_id, a.status, a.expires_at, a.redirect_url, a.error_code,
           a.discount_minor, a.platform_fee_minor, p.parts,
           (SELECT c.code FROM payments.payment_codes c WHERE c.organizer_id = a.organizer_id AND c.attempt_id = a.id) AS code
      FROM payments.payments p
      JOIN payments.attempts a
        ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
     WHERE p.organizer_id = %(organizer_id)s
"""


def payable_until(account: ConnectedAccount, request: StartPayment, now: datetime) -> datetime | None:
    """Until when it may be paid at that account; None: the account needs more time than there is."""
    patience = account.gateway.capabilities.patience
    if patience is None:
        return request.expires_at
    return patient_until(
        patience, expires_at=request.expires_at, kept_until_max=request.kept_until_max, begins_at=request.begins_at, now=now
    )


async def newest_of(reader: Reader, reference: UUID, *, lock: bool = False) -> StoredAttempt:
    statement = _SELECT_NEWEST + " AND p.reference = %(reference)s AND a.id = p.newest_attempt_id"
    row = await reader.fetch_first(StoredAttempt, statement + (" FOR UPDATE" if lock else ""), reference=reference)
    if row is None and lock:
        # Whoever held the lock until now may have put another attempt first: then none was found, and the payment is locked.
        row = await reader.fetch_first(StoredAttempt, statement + " FOR UPDATE", reference=reference)
    if row is None:
        raise PaymentNotFound
    return row


async def attempt_of(reader: Reader, attempt_id: UUID) -> StoredAttempt:
    row = await reader.fetch_first(StoredAttempt, _SELECT_NEWEST + " AND a.id = %(id)s", id=attempt_id)
    if row is None:
        raise PaymentNotFound
    return row


async def unsent_at(reader: Reader, payment_id: UUID, account_id: UUID, now: datetime) -> StoredAttempt | None:
    """The newest attempt of a payment at an account of which nothing was sent to anybody, and whose time is not over."""
    return await reader.fetch_first(
        StoredAttempt,
        _SELECT_NEWEST
        + """
           AND p.id = %(payment_id)s AND a.account_id = %(account_id)s AND a.status = 'created' AND a.expires_at > %(now)s
         ORDER BY a.id DESC
         LIMIT 1
        """,
        payment_id=payment_id,
        account_id=account_id,
        now=now,
    )


async def insert_payments(tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> set[UUID]:
    """Insert payments whose references are new; the ids of these."""
    rows = await tx.fetch_tuples(
        """
        INSERT INTO payments.payments (organizer_id, id, reference, amount_minor, currency, description, payer_email, return_url,
                                       parts, newest_attempt_id, status, attempts, is_captured, created_at, updated_at)
        SELECT o.organizer_id, x.id, x.reference, x.amount_minor, x.currency, x.description, x.payer_email, x.return_url,
               x.parts, x.attempt_id, 'open', 1, false, %(now)s, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(id uuid, reference uuid, amount_minor bigint, currency text, description text, payer_email text,
                        return_url text, parts jsonb, attempt_id uuid)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, reference) DO NOTHING
        RETURNING id
        """,
        rows=rows_as_json(
            [
                {
                    "id": one.payment_id,
                    "reference": one.request.reference,
                    "amount_minor": one.request.amount.minor,
                    "currency": one.request.amount.currency,
                    "description": one.request.description,
                    "payer_email": one.request.payer_email,
                    "return_url": one.request.return_url,
                    "parts": one.request.parts,
                    "attempt_id": one.creation.attempt_id,
                }
                for one in prepared
            ]
        ),
        now=now,
    )
    return {payment_id for (payment_id,) in rows}


async def insert_attempts(tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> None:
    if not prepared:
        return
    await tx.execute(
        """
        INSERT INTO payments.attempts (organizer_id, id, payment_id, account_id, status, expires_at, next_query_at, platform_fee_minor,
                                       version, state_since, queries, absences, needs_review, created_at)
        SELECT o.organizer_id, x.id, x.payment_id, x.account_id, x.status, x.expires_at, x.next_query_at, x.platform_fee_minor,
               1, %(now)s, 0, 0, false, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(id uuid, payment_id uuid, account_id uuid, status text, expires_at timestamptz, next_query_at timestamptz,
                        platform_fee_minor bigint)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(
            [
                {
                    "id": one.creation.attempt_id,
                    "payment_id": one.payment_id,
                    "account_id": one.account.id,
                    "status": one.status,
                    "expires_at": one.creation.expires_at,
                    "next_query_at": _first_look(one, now),
                    "platform_fee_minor": None if one.creation.platform_fee is None else one.creation.platform_fee.minor,
                }
                for one in prepared
            ]
        ),
        now=now,
    )


def _first_look(one: Prepared, now: datetime) -> datetime | None:
    """When to look after a new attempt: where there is nobody to ask, only once its time is over."""
    expires_at = one.creation.expires_at
    return expires_at + AFTER_EXPIRY if one.account.is_offline else first_query(one.status, now=now, expires_at=expires_at)


async def follow_again(tx: Transaction, row: StoredAttempt, attempt_id: UUID, now: datetime) -> None:
    """Have the payment of `row`, its newest attempt until now, follow an earlier one once more; under the lock of `newest_of`."""
    written = await tx.execute(
        """
        UPDATE payments.payments
           SET version = version + 1, newest_attempt_id = %(attempt_id)s, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status = %(status_before)s AND newest_attempt_id = %(attempt_before)s
        """,
        id=row.payment_id,
        status_before=row.payment_status,
        attempt_before=row.attempt_id,
        attempt_id=attempt_id,
        now=now,
    )
    assert written == 1, "nobody changes a payment without its lock"


async def reopen(tx: Transaction, row: StoredAttempt, creation: Creation, now: datetime, *, counts: bool = True) -> None:
    """Have the payment of `row`, its newest attempt until now, follow another one; under the lock of `newest_of`.

    `counts`: it is another try of the buyer's.
    """
    written = await tx.fetch_tuples(
        """
        UPDATE payments.payments
           SET status = 'open', version = version + 1, newest_attempt_id = %(attempt_id)s, attempts = attempts + %(more)s,
               return_url = %(return_url)s, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status = %(status_before)s AND newest_attempt_id = %(attempt_before)s
        RETURNING version
        """,
        id=row.payment_id,
        status_before=row.payment_status,
        attempt_before=row.attempt_id,
        attempt_id=creation.attempt_id,
        more=int(counts),
        return_url=creation.return_url,
        now=now,
    )
    assert written, "nobody changes a payment without its lock"
    await insert_payment_history(tx, [PaymentChange(row.payment_id, written[0][0], row.payment_status, "open", "attempt")], now)
