"""Evidence that is handed in, as rows; and deadlines that were told, and disputes that were asked about."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from alltickets.payments.disputes.rules import LOOKED_AT_EVERY, Dispute, next_reminder
from alltickets.payments.disputes.store import DISPUTE_COLUMNS, dispute_of
from alltickets.payments.port import GatewayError
from alltickets.platform.database import Transaction

__all__ = ["Answer", "begin_answer", "claim_looks", "claim_reminders", "last_answer", "settle_answer", "write_statement"]

CALL_SECONDS_MAX = 60
"""Longer than any call: an answer that is being sent for so long has lost its caller."""
CLAIMED_MAX = 200

AnswerStatus = Literal["sending", "accepted", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One try at handing evidence in."""

    id: UUID
    status: AnswerStatus
    created_at: datetime

    def is_under_way(self, now: datetime) -> bool:
        """Whether somebody is just calling."""
        return self.status == "sending" and now < self.created_at + timedelta(seconds=CALL_SECONDS_MAX)

    @property
    def is_doubtful(self) -> bool:
        """Whether only the gateway can tell what became of it."""
        return self.status in ("sending", "unknown")


async def last_answer(tx: Transaction, dispute_id: UUID) -> Answer | None:
    """The newest try; None: nobody has tried."""
    return await tx.fetch_first(
        Answer,
        """
        SELECT id, status, created_at
          FROM payments.dispute_answers
         WHERE organizer_id = %(organizer_id)s AND dispute_id = %(dispute_id)s
         ORDER BY id DESC
         LIMIT 1
        """,
        dispute_id=dispute_id,
    )


async def begin_answer(tx: Transaction, answer_id: UUID, dispute_id: UUID, *, statement: str, sent_by: str, now: datetime) -> None:
    """Write down that the gateway will be called."""
    await tx.execute(
        """
        INSERT INTO payments.dispute_answers (organizer_id, id, dispute_id, status, statement, sent_by, created_at)
        VALUES (%(organizer_id)s, %(id)s, %(dispute_id)s, 'sending', %(statement)s, %(sent_by)s, %(now)s)
        """,
        id=answer_id,
        dispute_id=dispute_id,
        statement=statement,
        sent_by=sent_by,
        now=now,
    )


async def settle_answer(tx: Transaction, answer_id: UUID, status: AnswerStatus, error: GatewayError | None, now: datetime) -> bool:
    """What became of the call; whether that was not written before."""
    return (
        await tx.execute(
            """
            UPDATE payments.dispute_answers
               SET status = %(status)s, error_kind = %(error_kind)s, error_code = %(error_code)s, settled_at = %(now)s
             WHERE organizer_id = %(organizer_id)s AND id = %(id)s AND status IN ('sending', 'unknown')
            """,
            id=answer_id,
            status=status,
            error_kind=None if error is None else error.kind,
            error_code=None if error is None else error.code,
            now=now,
        )
        == 1
    )


async def write_statement(tx: Transaction, dispute_id: UUID, statement: str, now: datetime) -> None:
    """What the organizer says to it, in the place of what was said before."""
    await tx.execute(
        """
        UPDATE payments.disputes
           SET statement = %(statement)s, updated_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND id = %(id)s
        """,
        id=dispute_id,
        statement=statement,
        now=now,
    )


async def claim_reminders(tx: Transaction, now: datetime) -> list[Dispute]:
    """Disputes whose deadline is to be told now; each is told the next time on its next day. Two statements."""
    rows = await tx.fetch_tuples(
        f"""
        SELECT {DISPUTE_COLUMNS}
          FROM payments.disputes d
         WHERE d.organizer_id = %(organizer_id)s AND d.remind_at <= %(now)s
         ORDER BY d.remind_at
         LIMIT %(limit)s
           FOR UPDATE SKIP LOCKED
        """,
        now=now,
        limit=CLAIMED_MAX,
    )
    found = [dispute_of(row) for row in rows]
    if found:
        await tx.execute(
            """
            UPDATE payments.disputes d
               SET remind_at = x.remind_at
              FROM unnest(%(ids)s::uuid[], %(moments)s::timestamptz[]) AS x(id, remind_at)
             WHERE d.organizer_id = %(organizer_id)s AND d.id = x.id
            """,
            ids=[one.id for one in found],
            moments=[next_reminder(one, now) for one in found],
        )
    return found


async def claim_looks(tx: Transaction, now: datetime) -> list[Dispute]:
    """Open disputes that the gateway is to be asked about now; the next time is set."""
    rows = await tx.fetch_tuples(
        f"""
        UPDATE payments.disputes d
           SET look_at = %(again_at)s
         WHERE d.organizer_id = %(organizer_id)s
           AND d.id IN (SELECT f.id
                          FROM payments.disputes f
                         WHERE f.organizer_id = %(organizer_id)s AND f.look_at <= %(now)s
                         ORDER BY f.look_at
                         LIMIT %(limit)s
                           FOR UPDATE SKIP LOCKED)
        RETURNING {DISPUTE_COLUMNS}
        """,
        now=now,
        again_at=now + LOOKED_AT_EVERY,
        limit=CLAIMED_MAX,
    )
    return [dispute_of(row) for row in rows]
