"""Refunds that people carry out, because their account has no gateway that could."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from alltickets.payments.refunds.rules import RefundStatus
from alltickets.payments.refunds.store import Refund, apply_success, mark_refund
from alltickets.platform.database import Reader, Transaction
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["RefundByHand", "find_refund", "list_by_hand", "note_returned"]


@dataclass(frozen=True, slots=True)
class RefundByHand:
    """Money that somebody has to give back, or gave back; `proof` says how."""

    refund_id: UUID
    reference: UUID
    account_id: UUID
    amount_minor: int
    currency: str
    reason: str
    status: RefundStatus
    proof: str | None
    created_at: datetime


async def list_by_hand(reader: Reader, account_ids: Sequence[UUID], *, cursor: str | None, size: int) -> Page[RefundByHand]:
    """Refunds at these accounts, which have no gateway, newest first. Raises `CursorUnreadable`."""
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        RefundByHand,
        f"""{_BY_HAND} AND c.account_id = ANY(%(account_ids)s::uuid[]) AND (%(before)s::uuid IS NULL OR r.id < %(before)s::uuid)
         ORDER BY r.id DESC
         LIMIT %(limit)s
        """,
        account_ids=list(account_ids),
        before=before[0] if before else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [str(one.refund_id)])


async def find_refund(reader: Reader, refund_id: UUID) -> RefundByHand | None:
    """A refund, whoever gives it back."""
    return await reader.fetch_first(RefundByHand, f"{_BY_HAND} AND r.id = %(refund_id)s", refund_id=refund_id)


async def note_returned(tx: Transaction, refund_id: UUID, *, proof: str, now: datetime) -> bool:
    """A person says that the money went back; False where that, or that it does not, was noted before."""
    refund = await tx.fetch_first(
        Refund,
        """
        SELECT r.id, p.reference, r.charge_id IS NOT DISTINCT FROM p.kept_charge_id AS is_kept, r.payment_id, r.charge_id,
               r.amount_minor, r.currency, r.reason, r.status, r.version, r.tries, r.created_at,
               c.account_id, c.provider_payment_id, c.attempt_id, r.error_kind, r.provider_refund_id, r.waited_until, r.sent_at, r.absences,
               '{}'::text[] AS other_refund_ids
          FROM payments.refunds r
          JOIN payments.charges c
            ON c.organizer_id = r.organizer_id AND c.id = r.charge_id
          JOIN payments.payments p
            ON p.organizer_id = r.organizer_id AND p.id = r.payment_id
         WHERE r.organizer_id = %(organizer_id)s AND r.id = %(id)s
        """,
        id=refund_id,
    )
    assert refund is not None, "whoever notes it has found it"
    await apply_success(tx, refund, now, cause="person")
    return await mark_refund(tx, refund, "succeeded", None, cause="person", now=now, provider_refund_id=proof, needs_review=False)


_BY_HAND = """
    SELECT r.id AS refund_id, p.reference, c.account_id, r.amount_minor, r.currency, r.reason, r.status, r.provider_refund_id AS proof,
           r.created_at
      FROM payments.refunds r
      JOIN payments.charges c
        ON c.organizer_id = r.organizer_id AND c.id = r.charge_id
      JOIN payments.payments p
        ON p.organizer_id = r.organizer_id AND p.id = r.payment_id
     WHERE r.organizer_id = %(organizer_id)s"""
