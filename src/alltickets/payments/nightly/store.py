"""Rounds as rows, one for each account: how far it has come, what it found. And what a round has to look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.kernel.ids import first_id_at
from alltickets.payments.nightly.rules import RECENT
from alltickets.platform.database import Reader, Transaction

__all__ = [
    "Round",
    "States",
    "accounts_without_round",
    "begin_rounds",
    "claim_round",
    "open_attempts",
    "put_round",
    "states_of",
    "wake_others",
]

LEASE = timedelta(minutes=3)
"""Longer than a turn can take: whoever has claimed the round is gone after that, and another one goes on where it was."""

States = dict[UUID, set[tuple[object, ...]]]
"""Of attempts: how they and their charges stand."""


@dataclass(frozen=True, slots=True)
class Round:
    """An account's round. `after`: it has come so far; None: it begins."""

    account_id: UUID
    after: UUID | None
    began_at: datetime | None
    asked: int
    mended: int
    failed: int
    failures_in_row: int


async def begin_rounds(tx: Transaction, due_at: dict[UUID, datetime | None]) -> None:
    """Give accounts that have none a round, first due then; never where there is no gateway to ask."""
    await tx.execute(
        """
        INSERT INTO payments.looks (organizer_id, account_id, due_at, asked, mended, failed, failures_in_row)
        SELECT o.organizer_id, x.account_id, x.due_at, 0, 0, 0, 0
          FROM platform.organizers o, unnest(%(ids)s::uuid[], %(due)s::timestamptz[]) AS x(account_id, due_at)
         WHERE o.organizer_id = %(organizer_id)s
        ON CONFLICT (organizer_id, account_id) DO NOTHING
        """,
        ids=list(due_at),
        due=list(due_at.values()),
    )


async def accounts_without_round(reader: Reader) -> list[UUID]:
    """Accounts that nobody has begun to look at."""
    rows = await reader.fetch_tuples(
        """
        SELECT a.id
          FROM payments.accounts a
         WHERE a.organizer_id = %(organizer_id)s
           AND NOT EXISTS (SELECT 1 FROM payments.looks k WHERE k.organizer_id = a.organizer_id AND k.account_id = a.id)
         ORDER BY a.id
        """
    )
    return [account_id for (account_id,) in rows]


async def claim_round(tx: Transaction, now: datetime) -> Round | None:
    """Take the round that is due longest, for some minutes: another process leaves it alone, and goes on with it if this one dies."""
    found = await tx.fetch_all(
        Round,
        """
        UPDATE payments.looks k
           SET due_at = %(again_at)s
         WHERE k.organizer_id = %(organizer_id)s
           AND k.account_id = (SELECT d.account_id
                                 FROM payments.looks d
                                WHERE d.organizer_id = %(organizer_id)s AND d.due_at <= %(now)s
                                ORDER BY d.due_at
                                LIMIT 1
                                  FOR UPDATE SKIP LOCKED)
        RETURNING k.account_id, k.after, k.began_at, k.asked, k.mended, k.failed, k.failures_in_row
        """,
        now=now,
        again_at=now + LEASE,
    )
    return found[0] if found else None


async def put_round(tx: Transaction, one: Round, *, due_at: datetime, ended_at: datetime | None) -> None:
    """Write how far a round has come, and when it goes on; `ended_at` once it is through."""
    await tx.execute(
        """
        UPDATE payments.looks
           SET after = %(after)s, began_at = %(began_at)s, asked = %(asked)s, mended = %(mended)s, failed = %(failed)s,
               failures_in_row = %(failures_in_row)s, due_at = %(due_at)s, ended_at = coalesce(%(ended_at)s, ended_at)
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
        """,
        account_id=one.account_id,
        after=one.after,
        began_at=one.began_at,
        asked=one.asked,
        mended=one.mended,
        failed=one.failed,
        failures_in_row=one.failures_in_row,
        due_at=due_at,
        ended_at=ended_at,
    )


async def open_attempts(reader: Reader, account_id: UUID, *, after: UUID | None, began_at: datetime, limit: int) -> list[UUID]:
    """The account's attempts after that one that are to be looked at, in the order of their ids, which is that of time.

    Those that people were left with; those whose charge is undecided or in dispute, or has a refund that is; and whatever began lately.
    One that its caller is still calling for, or that nobody has begun, is the poller's.
    """
    rows = await reader.fetch_tuples(
        """
        WITH looked AS (
            SELECT a.id
              FROM payments.attempts a
             WHERE a.organizer_id = %(organizer_id)s AND a.needs_review
             UNION
            SELECT c.attempt_id
              FROM payments.charges c
             WHERE c.organizer_id = %(organizer_id)s AND c.status IN ('pending', 'authorized', 'disputed')
             UNION
            SELECT c.attempt_id
              FROM payments.refunds r
              JOIN payments.charges c
                ON c.organizer_id = r.organizer_id AND c.id = r.charge_id
             WHERE r.organizer_id = %(organizer_id)s AND r.status IN ('sending', 'unknown', 'pending')
             UNION
            SELECT a.id
              FROM payments.attempts a
             WHERE a.organizer_id = %(organizer_id)s AND a.id >= %(recent)s
        )
        SELECT a.id
          FROM looked l
          JOIN payments.attempts a
            ON a.organizer_id = %(organizer_id)s AND a.id = l.id
         WHERE a.organizer_id = %(organizer_id)s AND a.account_id = %(account_id)s AND a.id > %(after)s
           AND a.status NOT IN ('created', 'sending')
         ORDER BY a.id
         LIMIT %(limit)s
        """,
        account_id=account_id,
        after=after or UUID(int=0),
        recent=first_id_at(began_at - RECENT),
        limit=limit,
    )
    return [attempt_id for (attempt_id,) in rows]


async def states_of(reader: Reader, attempt_ids: list[UUID]) -> States:
    """How attempts and their charges stand, to tell afterwards which of them have moved."""
    rows = await reader.fetch_tuples(
        """
        SELECT a.id, a.status, c.id, c.status, c.refunded_minor
          FROM payments.attempts a
          LEFT JOIN payments.charges c
            ON c.organizer_id = a.organizer_id AND c.attempt_id = a.id
         WHERE a.organizer_id = %(organizer_id)s AND a.id = ANY(%(ids)s)
        """,
        ids=attempt_ids,
    )
    states: States = {}
    for attempt_id, *rest in rows:
        states.setdefault(attempt_id, set()).add(tuple(rest))
    return states


async def wake_others(tx: Transaction, account_id: UUID, now: datetime) -> None:
    """Have the loops of refunds and disputes take up those of this account that are open, also where they had given up.

    Of refunds also those that no gateway has got yet. Index refunds_open.
    """
    await tx.execute(
        """
        UPDATE payments.refunds r
           SET next_try_at = %(now)s
          FROM payments.charges c
         WHERE r.organizer_id = %(organizer_id)s AND c.organizer_id = r.organizer_id AND c.id = r.charge_id
           AND c.account_id = %(account_id)s AND r.status IN ('created', 'unknown', 'pending')
           AND (r.next_try_at IS NULL OR r.next_try_at > %(now)s)
        """,
        account_id=account_id,
        now=now,
    )
    await tx.execute(
        """
        UPDATE payments.disputes
           SET look_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND look_at > %(now)s
        """,
        account_id=account_id,
        now=now,
    )
