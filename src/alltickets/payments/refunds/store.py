"""Refunds as rows: what of a payment can go back, what is due, and what became of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from alltickets.kernel.money import Money
from alltickets.payments.applying import Report, apply_reports
from alltickets.payments.events import FlagKind, PaymentFlagged, RefundFailed
from alltickets.payments.port import GatewayError, RefundOrder
from alltickets.payments.refunds.rules import FINAL, UNSENT, RefundStatus, may_move
from alltickets.payments.refusals import RefundRefused
from alltickets.payments.rules import Charge, refundable_minor, restated
from alltickets.payments.schedule import LOOK_AGAIN_SECONDS
from alltickets.payments.standings import CHARGE_COLUMNS, Cause, charge_of, lock_standings
from alltickets.platform.database import Transaction, rows_as_json

__all__ = [
    "CLAIMED_MAX",
    "REFUNDED_COLUMNS",
    "Captured",
    "Refund",
    "RefundCause",
    "Refundable",
    "apply_success",
    "claim_due",
    "flag_refund",
    "give_up",
    "lock_captured",
    "mark_refund",
    "mark_sent_again",
    "note_absence",
    "refundable_of",
    "take_up",
]

CLAIMED_MAX = 8

RefundCause = Literal["call", "query", "person"]
"""How a change of a refund was learnt: from our own call, a question of ours, or a person."""


@dataclass(frozen=True, slots=True)
class _Change:
    """A refund came into another state. `version`: the one that the change made."""

    refund_id: UUID
    version: int
    status_before: RefundStatus
    status: RefundStatus
    cause: RefundCause


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund with what it is of. `is_kept`: of the charge that paid, else of what came beside it.

    sent_at: when its gateway was last called to give it back; absences: how often that said since that it knows of no such refund.
    """

    id: UUID
    reference: UUID
    is_kept: bool
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: RefundStatus
    version: int
    tries: int
    created_at: datetime
    account_id: UUID
    provider_payment_id: str
    attempt_id: UUID
    error_kind: str | None
    provider_refund_id: str | None
    waited_until: datetime | None
    sent_at: datetime | None
    absences: int
    other_refund_ids: list[str]

    @property
    def since(self) -> datetime:
        """Since when the gateway could have given it back."""
        return self.waited_until or self.created_at

    @property
    def order(self) -> RefundOrder:
        return RefundOrder(
            refund_id=self.id,
            provider_payment_id=self.provider_payment_id,
            provider_refund_id=self.provider_refund_id,
            amount=Money(self.amount_minor, self.currency),
            reason=self.reason,
            other_refund_ids=tuple(self.other_refund_ids),
        )


REFUNDED_COLUMNS = """
    coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'succeeded'), 0)::bigint,
    coalesce(sum(r.amount_minor) FILTER (WHERE r.status NOT IN ('succeeded', 'failed')), 0)::bigint
"""
"""Of the refunds `r` of a charge: what our own have given back, and what is on its way."""


@dataclass(slots=True)
class Refundable:
    """A charge with our own refunds of it."""

    charge: Charge
    succeeded_minor: int
    on_its_way_minor: int

    @property
    def left_minor(self) -> int:
        """What of it can be given back."""
        return refundable_minor(self.charge, self.succeeded_minor, self.on_its_way_minor)


@dataclass(slots=True)
class Captured:
    """The money that came for a payment and that its charge brought, if one has; and what came beside that, of the same currency."""

    payment_id: UUID
    kept: Refundable | None = None
    aside: list[Refundable] = field(default_factory=list)

    @property
    def all(self) -> dict[UUID, Refundable]:
        """By charge. None of it where nothing has paid yet: what does not fit is then people's to decide on."""
        return {} if self.kept is None else {one.charge.id: one for one in (self.kept, *self.aside)}


def refundable_of(row: tuple[Any, ...]) -> Refundable:
    """From a row of `CHARGE_COLUMNS` first and `REFUNDED_COLUMNS` last."""
    return Refundable(charge_of(row), *row[-2:])


async def lock_captured(
    tx: Transaction, references: Sequence[UUID], refund_ids: Sequence[UUID]
) -> tuple[dict[UUID, Captured], dict[UUID, Money | RefundRefused]]:
    """The money of payments by reference, locked; and refunds that were ordered before, with all their parts, or refused then.

    The id of a part is taken too, and stands for that part alone.
    """
    locked = await tx.fetch_tuples(
        """
        SELECT p.reference, p.id
          FROM payments.payments p
         WHERE p.organizer_id = %(organizer_id)s AND p.reference = ANY(%(references)s)
         ORDER BY p.id
           FOR UPDATE
        """,
        references=list(references),
    )
    # A statement of its own: the first one waits for the lock, and would read charges as they were before the wait.
    charges = await tx.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS}, p.reference, c.id = p.kept_charge_id, {REFUNDED_COLUMNS}
          FROM payments.payments p
          JOIN payments.attempts a
            ON a.organizer_id = p.organizer_id AND a.payment_id = p.id
          JOIN payments.charges c
            ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id AND c.currency = p.currency
          LEFT JOIN payments.refunds r
            ON r.organizer_id = c.organizer_id AND r.charge_id = c.id
         WHERE p.organizer_id = %(organizer_id)s AND p.id = ANY(%(ids)s)
         GROUP BY p.organizer_id, p.id, c.organizer_id, c.id
        """,
        ids=[payment_id for _, payment_id in locked],
    )
    ordered = await tx.fetch_tuples(
        """
        SELECT x.id, sum(r.amount_minor)::bigint, min(r.currency),
               bool_and(r.status = 'failed' AND NOT EXISTS (SELECT 1
                                                              FROM payments.refunds a
                                                             WHERE a.organizer_id = r.organizer_id AND a.retry_of = r.id))
          FROM unnest(%(ids)s::uuid[]) AS x(id)
          JOIN payments.refunds r
            ON r.id = x.id OR r.part_of = x.id
         WHERE r.organizer_id = %(organizer_id)s
         GROUP BY x.id
        """,
        ids=list(refund_ids),
    )
    captured = {reference: Captured(payment_id) for reference, payment_id in locked}
    for row in charges:
        reference, is_kept = row[-4:-2]
        if is_kept:
            captured[reference].kept = refundable_of(row)
        else:
            captured[reference].aside.append(refundable_of(row))
    return captured, {
        refund_id: RefundRefused() if is_refused else Money(minor, currency) for refund_id, minor, currency, is_refused in ordered
    }


async def give_up(tx: Transaction, charge_ids: Sequence[UUID]) -> None:
    """These charges go back: from now on they never pay for anything. Their payments are locked."""
    await tx.execute(
        """
        UPDATE payments.charges
           SET is_surplus = true
         WHERE organizer_id = %(organizer_id)s AND id = ANY(%(ids)s)
        """,
        ids=list(charge_ids),
    )


async def claim_due(tx: Transaction, now: datetime, *, keyless: Collection[UUID] = ()) -> list[Refund]:
    """Take refunds that are due; each as it stood, and committed as "sending" before anybody is called. Two statements.

    Of one charge only the oldest that is under way: where a gateway has no keys, two at once could not be told apart afterwards.
    At such accounts (`keyless`) also one whose answer was lost, and that people were left with, is under way: the gateway may have it, and
    a later one of the same amount would be taken for it.
    """
    claimed = await tx.fetch_all(
        Refund,
        """
        UPDATE payments.refunds r
           SET status = CASE WHEN d.is_unsent THEN 'sending' ELSE d.status END, version = d.version + d.is_unsent::int,
               sent_at = CASE WHEN d.is_unsent THEN %(now)s ELSE r.sent_at END,
               absences = CASE WHEN d.is_unsent THEN 0 ELSE r.absences END,
               tries = r.tries + 1, next_try_at = %(again_at)s, updated_at = %(now)s
          FROM (SELECT f.id, f.status, f.version, f.status = ANY(%(unsent)s) AS is_unsent, c.account_id, c.provider_payment_id,
                       c.attempt_id, p.reference, f.charge_id IS NOT DISTINCT FROM p.kept_charge_id AS is_kept,
                       ARRAY(SELECT k.provider_refund_id
                               FROM payments.refunds k
                              WHERE k.organizer_id = f.organizer_id AND k.charge_id = f.charge_id AND k.id <> f.id
                                AND k.provider_refund_id IS NOT NULL) AS other_refund_ids
                  FROM payments.refunds f
                  JOIN payments.charges c
                    ON c.organizer_id = f.organizer_id AND c.id = f.charge_id
                  JOIN payments.payments p
                    ON p.organizer_id = f.organizer_id AND p.id = f.payment_id
                 WHERE f.organizer_id = %(organizer_id)s AND f.next_try_at <= %(now)s
                   AND NOT EXISTS (SELECT 1
                                     FROM payments.refunds b
                                    WHERE b.organizer_id = f.organizer_id AND b.charge_id = f.charge_id
                                      AND (b.created_at, b.id) < (f.created_at, f.id)
                                      AND b.status IN ('created', 'sending', 'unknown')
                                      AND (b.next_try_at IS NOT NULL
                                           OR (b.status = 'unknown' AND c.account_id = ANY(%(keyless)s::uuid[]))))
                 ORDER BY f.next_try_at
                 LIMIT %(limit)s
                   FOR UPDATE OF f SKIP LOCKED) AS d
         WHERE r.organizer_id = %(organizer_id)s AND r.id = d.id AND r.version = d.version AND r.status = d.status
        RETURNING r.id, d.reference, d.is_kept, r.payment_id, r.charge_id, r.amount_minor, r.currency, r.reason, d.status,
                  r.version, r.tries, r.created_at,
                  d.account_id, d.provider_payment_id, d.attempt_id, r.error_kind, r.provider_refund_id, r.waited_until,
                  r.sent_at, r.absences, d.other_refund_ids
        """,
        now=now,
        again_at=now + timedelta(seconds=LOOK_AGAIN_SECONDS),
        limit=CLAIMED_MAX,
        keyless=list(keyless),
        unsent=list(UNSENT),
    )
    sent = [_Change(one.id, one.version, one.status, "sending", "call") for one in claimed if one.status in UNSENT]
    if sent:
        await _note(tx, sent, now)
    return claimed


async def mark_sent_again(tx: Transaction, refund: Refund, now: datetime) -> bool:
    """Note, before its gateway is called once more, that it is; False where somebody else has called it since this one was claimed."""
    marked = await tx.execute(
        """
        UPDATE payments.refunds
           SET sent_at = %(now)s, absences = 0, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status IN ('sending', 'unknown', 'pending')
           AND sent_at IS NOT DISTINCT FROM %(sent_at)s
        """,
        id=refund.id,
        sent_at=refund.sent_at,
        now=now,
    )
    return marked == 1


async def note_absence(tx: Transaction, refund: Refund) -> None:
    """Its gateway knows of no such refund, which says nothing of one that was sent again while it was asked."""
    await tx.execute(
        """
        UPDATE payments.refunds
           SET absences = absences + 1
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND sent_at IS NOT DISTINCT FROM %(sent_at)s
        """,
        id=refund.id,
        sent_at=refund.sent_at,
    )


async def apply_success(tx: Transaction, refund: Refund, now: datetime, *, cause: Cause = "call") -> None:
    """Tell the charge what our own refunds have given back; the gateway's callback finds it done, or knows of more.

    Locked before the sum is read: two refunds of one charge that end at the same moment would each miss the other.
    """
    await lock_standings(tx, {refund.attempt_id})
    rows = await tx.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS},
               (SELECT coalesce(sum(r.amount_minor), 0)::bigint
                  FROM payments.refunds r
                 WHERE r.organizer_id = c.organizer_id AND r.charge_id = c.id AND (r.status = 'succeeded' OR r.id = %(refund_id)s))
          FROM payments.charges c
         WHERE c.organizer_id = %(organizer_id)s AND c.id = %(charge_id)s
        """,
        charge_id=refund.charge_id,
        refund_id=refund.id,
    )
    [row] = rows
    charge = charge_of(row)
    seen = restated(charge, refunded_minor=max(charge.refunded_minor, row[-1]))
    await apply_reports(tx, [Report(charge.account_id, seen)], cause=cause, now=now)


async def mark_refund(
    tx: Transaction,
    refund: Refund,
    status: RefundStatus,
    again_at: datetime | None,
    *,
    cause: RefundCause,
    now: datetime,
    provider_refund_id: str | None = None,
    error: GatewayError | None = None,
    waited_until: datetime | None = None,
    needs_review: bool,
) -> bool:
    """Bring a refund into a state, or note that it is in it still; False where it may not move there (`may_move`), and stays as it is."""
    before, version = await _lock(tx, refund.id)
    has_moved = before != status
    if before in FINAL or (has_moved and not may_move(before, status)):
        return False
    written = await tx.execute(
        """
        UPDATE payments.refunds
           SET status = %(status)s, version = %(version_after)s, next_try_at = %(again_at)s, needs_review = %(needs_review)s,
               updated_at = %(now)s, provider_refund_id = coalesce(%(provider_refund_id)s, provider_refund_id), error_kind = %(kind)s,
               error_code = %(code)s, waited_until = coalesce(%(waited_until)s, waited_until)
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND version = %(version)s AND status = %(status_before)s
        """,
        id=refund.id,
        version=version,
        version_after=version + has_moved,
        status_before=before,
        status=status,
        again_at=again_at,
        needs_review=needs_review,
        now=now,
        provider_refund_id=provider_refund_id,
        waited_until=waited_until,
        kind=error.kind if error is not None else None,
        code=error.code if error is not None else None,
    )
    assert written == 1, "nobody changes a refund without its lock"
    if has_moved:
        await _note(tx, [_Change(refund.id, version + 1, before, status, cause)], now)
    if status == "failed":
        tx.publish(
            RefundFailed(
                refund_id=refund.id,
                reference=refund.reference,
                payment_id=refund.payment_id,
                charge_id=refund.charge_id,
                amount_minor=refund.amount_minor,
                currency=refund.currency,
                is_kept=refund.is_kept,
            )
        )
    return True


async def _lock(tx: Transaction, refund_id: UUID) -> tuple[RefundStatus, int]:
    """Its state and version, locked after its payment where that is locked too, as everywhere."""
    [row] = await tx.fetch_tuples(
        """
        SELECT status, version
          FROM payments.refunds
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
           FOR UPDATE
        """,
        id=refund_id,
    )
    return row[0], row[1]


async def _note(tx: Transaction, changes: Sequence[_Change], now: datetime) -> None:
    """Note changes of state that were just written under their locks. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.refund_history (organizer_id, refund_id, version, status_before, status, cause, at)
        SELECT o.organizer_id, x.refund_id, x.version, x.status_before, x.status, x.cause, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(refund_id uuid, version int, status_before text, status text, cause text)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(changes),
        now=now,
    )


async def take_up(tx: Transaction, refund_id: UUID, now: datetime) -> bool:
    """Have the loop take up at once a refund that is neither over nor being called just now; whether it is one.

    While it is called nobody else may ask about it: the gateway may not know of it yet. A worker that died is found by its own time.
    """
    taken_up = await tx.execute(
        """
        UPDATE payments.refunds
           SET next_try_at = %(now)s, needs_review = false, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status NOT IN ('sending', 'succeeded', 'failed')
        """,
        id=refund_id,
        now=now,
    )
    return taken_up > 0


def flag_refund(tx: Transaction, refund: Refund, kind: FlagKind, detail: str) -> None:
    """Have people look at a refund."""
    attempt_id = refund.attempt_id
    tx.publish(PaymentFlagged(reference=refund.reference, payment_id=refund.payment_id, attempt_id=attempt_id, kind=kind, detail=detail))
