"""Where refunds begin: each a row and a `RefundOrdered`, whoever wants it. The loop carries them out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.kernel.money import Money
from alltickets.payments.events import RefundOrdered
from alltickets.platform.database import Transaction, rows_as_json

__all__ = ["NewRefund", "order_refunds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """Money of a charge to be given back. `is_kept`: of the one that paid, else of what came beside it.

    part_of: the refund with which it was asked for, where the money of that lay on several charges; None for that one itself.
    retry_of: the refund that the gateway had refused, and that this one makes again.
    """

    id: UUID
    reference: UUID
    payment_id: UUID
    charge_id: UUID
    amount: Money
    reason: str
    is_kept: bool
    part_of: UUID | None = None
    retry_of: UUID | None = None


async def order_refunds(tx: Transaction, refunds: Sequence[NewRefund], now: datetime) -> None:
    """Order refunds of charges whose payments are locked, in the caller's transaction. One statement."""
    if not refunds:
        return
    await tx.execute(
        """
        INSERT INTO payments.refunds (organizer_id, id, payment_id, charge_id, amount_minor, currency, reason, status, tries,
                                      next_try_at, needs_review, created_at, updated_at, part_of, retry_of)
        SELECT o.organizer_id, x.id, x.payment_id, x.charge_id, x.amount_minor, x.currency, x.reason, 'created', 0,
               %(now)s, false, %(now)s, %(now)s, x.part_of, x.retry_of
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(id uuid, payment_id uuid, charge_id uuid, amount_minor bigint, currency text, reason text, part_of uuid,
                        retry_of uuid)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(
            [
                {
                    "id": one.id,
                    "payment_id": one.payment_id,
                    "charge_id": one.charge_id,
                    "amount_minor": one.amount.minor,
                    "currency": one.amount.currency,
                    "reason": one.reason,
                    "part_of": one.part_of,
                    "retry_of": one.retry_of,
                }
                for one in refunds
            ]
        ),
        now=now,
    )
    tx.publish(
        *[
            RefundOrdered(
                refund_id=one.id,
                reference=one.reference,
                payment_id=one.payment_id,
                charge_id=one.charge_id,
                amount_minor=one.amount.minor,
                currency=one.amount.currency,
                is_kept=one.is_kept,
            )
            for one in refunds
        ]
    )
