"""Refunds that their gateway refused, made again: a row of its own for each, so that each has its own key there and in the books."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.kernel.ids import new_id
from alltickets.kernel.money import Money
from alltickets.payments.refunds.ordering import NewRefund, order_refunds
from alltickets.payments.refunds.rules import RefundStatus
from alltickets.payments.refunds.store import REFUNDED_COLUMNS, refundable_of
from alltickets.payments.refusals import NothingToRefund, RefundNotFound, RefundTooLarge
from alltickets.payments.standings import CHARGE_COLUMNS
from alltickets.platform.database import Transaction

__all__ = ["NewestTry", "make_again", "newest_try"]


@dataclass(frozen=True, slots=True)
class NewestTry:
    """The last of the refunds that were made one for the other; the gateway has refused all before it."""

    id: UUID
    reference: UUID
    payment_id: UUID
    charge_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: RefundStatus
    is_kept: bool


async def newest_try(tx: Transaction, refund_id: UUID) -> NewestTry:
    """What became of a refund, its payment locked until `tx` ends. Raises `RefundNotFound`."""
    await tx.fetch_tuples(
        """
        SELECT p.id
          FROM payments.refunds r
          JOIN payments.payments p
            ON p.organizer_id = r.organizer_id AND p.id = r.payment_id
         WHERE r.organizer_id = %(organizer_id)s AND r.id = %(id)s
           FOR UPDATE OF p
        """,
        id=refund_id,
    )
    # A statement of its own: what somebody else made again during the wait for the lock is seen.
    found = await tx.fetch_first(
        NewestTry,
        """
        WITH RECURSIVE tries AS (
             SELECT r.organizer_id, r.id, 1 AS number
               FROM payments.refunds r
              WHERE r.organizer_id = %(organizer_id)s AND r.id = %(id)s
              UNION ALL
             SELECT r.organizer_id, r.id, t.number + 1
               FROM tries t
               JOIN payments.refunds r
                 ON r.organizer_id = t.organizer_id AND r.retry_of = t.id)
        SELECT r.id, p.reference, r.payment_id, r.charge_id, r.amount_minor, r.currency, r.reason, r.status,
               r.charge_id IS NOT DISTINCT FROM p.kept_charge_id AS is_kept
          FROM tries t
          JOIN payments.refunds r
            ON r.organizer_id = t.organizer_id AND r.id = t.id
          JOIN payments.payments p
            ON p.organizer_id = r.organizer_id AND p.id = r.payment_id
         WHERE r.organizer_id = %(organizer_id)s
         ORDER BY t.number DESC
         LIMIT 1
        """,
        id=refund_id,
    )
    if found is None:
        raise RefundNotFound
    return found


async def make_again(tx: Transaction, refund: NewestTry, now: datetime) -> UUID:
    """Order what a gateway has refused once more, and its id. The payment is locked, and nothing of the refund was given back.

    Raises `NothingToRefund` or `RefundTooLarge` where the money went back otherwise, or a bank has it.
    """
    assert refund.status == "failed", "what may have been carried out is asked about, never made again"
    left = await _left_of(tx, refund.charge_id)
    if left == 0:
        raise NothingToRefund
    if refund.amount_minor > left:
        raise RefundTooLarge(left, refund.currency)
    again = NewRefund(
        id=new_id(),
        reference=refund.reference,
        payment_id=refund.payment_id,
        charge_id=refund.charge_id,
        amount=Money(refund.amount_minor, refund.currency),
        reason=refund.reason,
        is_kept=refund.is_kept,
        retry_of=refund.id,
    )
    await order_refunds(tx, [again], now)
    await tx.execute(
        "UPDATE payments.refunds SET needs_review = false, updated_at = %(now)s WHERE organizer_id = %(organizer_id)s AND id = %(id)s",
        id=refund.id,
        now=now,
    )
    return again.id


async def _left_of(tx: Transaction, charge_id: UUID) -> int:
    [row] = await tx.fetch_tuples(
        f"""
        SELECT {CHARGE_COLUMNS}, {REFUNDED_COLUMNS}
          FROM payments.charges c
          LEFT JOIN payments.refunds r
            ON r.organizer_id = c.organizer_id AND r.charge_id = c.id
         WHERE c.organizer_id = %(organizer_id)s AND c.id = %(id)s
         GROUP BY c.organizer_id, c.id
        """,
        id=charge_id,
    )
    return refundable_of(row).left_minor
