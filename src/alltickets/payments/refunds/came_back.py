"""Refunds that had succeeded and came back, days later: the buyer's bank did not take the money.

Such a refund stays succeeded, because our books have given the money back and the buyer is still owed it; it is marked for people.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from alltickets.platform.database import Transaction

__all__ = ["look_at_refunds_again", "mark_looked_at"]


async def look_at_refunds_again(tx: Transaction, account_id: UUID, provider_refund_ids: Sequence[str], *, now: datetime) -> None:
    """Have the loop ask about refunds that had succeeded at that account: they may have come back since. One statement."""
    if not provider_refund_ids:
        return
    await tx.execute(
        """
        UPDATE payments.refunds r
           SET next_try_at = %(now)s
          FROM payments.charges c
         WHERE r.organizer_id = %(organizer_id)s AND r.provider_refund_id = ANY(%(ids)s) AND r.status = 'succeeded' AND NOT r.needs_review
           AND c.organizer_id = r.organizer_id AND c.id = r.charge_id AND c.account_id = %(account_id)s
        """,
        ids=list(provider_refund_ids),
        account_id=account_id,
        now=now,
    )


async def mark_looked_at(tx: Transaction, refund_id: UUID, again_at: datetime | None, *, now: datetime, came_back: bool) -> bool:
    """Note a look at a refund that had succeeded; False where somebody else has marked it for people."""
    marked = await tx.execute(
        """
        UPDATE payments.refunds
           SET next_try_at = %(again_at)s, needs_review = %(came_back)s, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status = 'succeeded' AND NOT needs_review
        """,
        id=refund_id,
        again_at=again_at,
        came_back=came_back,
        now=now,
    )
    return marked == 1
