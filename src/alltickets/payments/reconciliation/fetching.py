"""Reports that providers are asked for, as rows: what was asked, how far it is, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.platform.database import Transaction

__all__ = ["Fetch", "ask_for_report", "claim_fetch", "end_fetch", "postpone_fetch"]

FIRST = timedelta(days=31)
"""How far the first report of an account goes back."""
OVERLAP = timedelta(days=2)
"""A later one begins so long before the end of the last: what was told late is in it, and what is known is passed over."""
LEASE = timedelta(minutes=10)
"""Longer than fetching and taking in the largest file: whoever has claimed it is gone after that."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A report that is asked for. `ordered`: what names it while it is made."""

    account_id: UUID
    begins_at: datetime
    ends_at: datetime
    ordered: str | None
    tries: int
    created_at: datetime


async def ask_for_report(tx: Transaction, account_id: UUID, now: datetime) -> None:
    """Have a report of everything since the last one asked for; nothing where one is still on its way. One statement."""
    await tx.execute(
        """
        INSERT INTO payments.report_fetches (organizer_id, account_id, begins_at, ends_at, due_at, tries, created_at)
        SELECT o.organizer_id, %(account_id)s,
               coalesce((SELECT max(f.ends_at) - %(overlap)s
                           FROM payments.report_fetches f
                          WHERE f.organizer_id = o.organizer_id AND f.account_id = %(account_id)s AND f.report_id IS NOT NULL),
                        %(first)s),
               %(ends_at)s, %(now)s, 0, %(now)s
          FROM platform.organizers o
         WHERE o.organizer_id = %(organizer_id)s
           AND NOT EXISTS (SELECT 1
                             FROM payments.report_fetches f
                            WHERE f.organizer_id = o.organizer_id AND f.account_id = %(account_id)s AND f.due_at IS NOT NULL)
        ON CONFLICT (organizer_id, account_id, ends_at) DO NOTHING
        """,
        account_id=account_id,
        overlap=OVERLAP,
        first=(now - FIRST).replace(microsecond=0),
        ends_at=now.replace(microsecond=0),
        now=now,
    )


async def claim_fetch(tx: Transaction, now: datetime) -> Fetch | None:
    """Take the one that is due longest, for some minutes: another process leaves it alone, and takes it over if this one dies."""
    found = await tx.fetch_all(
        Fetch,
        """
        UPDATE payments.report_fetches f
           SET due_at = %(again_at)s, tries = f.tries + 1
         WHERE f.organizer_id = %(organizer_id)s
           AND (f.account_id, f.ends_at) = (SELECT d.account_id, d.ends_at
                                              FROM payments.report_fetches d
                                             WHERE d.organizer_id = %(organizer_id)s AND d.due_at <= %(now)s
                                             ORDER BY d.due_at
                                             LIMIT 1
                                               FOR UPDATE SKIP LOCKED)
        RETURNING f.account_id, f.begins_at, f.ends_at, f.ordered, f.tries, f.created_at
        """,
        now=now,
        again_at=now + LEASE,
    )
    return found[0] if found else None


async def postpone_fetch(tx: Transaction, one: Fetch, due_at: datetime | None, *, ordered: str | None, fault: str | None) -> None:
    """It is not there yet, or could not be asked for; `due_at` None: it is given up, and the next night's begins where this one did."""
    await tx.execute(
        """
        UPDATE payments.report_fetches
           SET due_at = %(due_at)s, ordered = %(ordered)s, fault = %(fault)s
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND ends_at = %(ends_at)s
        """,
        account_id=one.account_id,
        ends_at=one.ends_at,
        due_at=due_at,
        ordered=ordered,
        fault=fault,
    )


async def end_fetch(tx: Transaction, one: Fetch, report_id: UUID) -> None:
    """It was taken in, as that report."""
    await tx.execute(
        """
        UPDATE payments.report_fetches
           SET due_at = NULL, report_id = %(report_id)s, fault = NULL
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND ends_at = %(ends_at)s
        """,
        account_id=one.account_id,
        ends_at=one.ends_at,
        report_id=report_id,
    )
