"""Finds whose work is due. Reads across organizers, one index probe each; the work itself names its organizer."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import LiteralString
from uuid import UUID

import structlog

from alltickets.kernel.errors import Trouble
from alltickets.platform.database import Database

__all__ = [
    "organizers_with_due_attempts",
    "organizers_with_due_callbacks",
    "organizers_with_due_disputes",
    "organizers_with_due_lines",
    "organizers_with_due_looks",
    "organizers_with_due_refunds",
    "organizers_with_due_reports",
    "organizers_with_due_sellers",
    "sweep_each",
]

_log = structlog.get_logger()


async def sweep_each(organizer_ids: Iterable[UUID], sweep: Callable[[UUID], Awaitable[int]]) -> int:
    """Sweep organizer by organizer; how much was done. A fault of one is logged, and the others get their turn.

    Raises `Trouble`, which is everybody's.
    """
    done = 0
    for organizer_id in organizer_ids:
        try:
            done += await sweep(organizer_id)
        except Trouble:
            raise
        except Exception:
            _log.exception("sweep failed for one organizer", organizer=str(organizer_id))
    return done


async def organizers_with_due_attempts(database: Database, now: datetime) -> list[UUID]:
    """Organizers with attempts to ask the gateway about. Index attempts_due."""
    return await _found(
        database,
        """
        /* across organizers: finds whose attempts are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.attempts a WHERE a.organizer_id = o.organizer_id AND a.next_query_at <= %(now)s)
        """,
        now=now,
    )


async def organizers_with_due_callbacks(database: Database, now: datetime) -> list[UUID]:
    """Organizers with callbacks to try again or to fetch for. Index callbacks_due."""
    return await _found(
        database,
        """
        /* across organizers: finds whose callbacks are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.callbacks c WHERE c.organizer_id = o.organizer_id AND c.next_try_at <= %(now)s)
        """,
        now=now,
    )


async def organizers_with_due_disputes(database: Database, now: datetime) -> list[UUID]:
    """Organizers with a deadline to tell of, or with a dispute to ask about. Indexes disputes_reminded, disputes_looked_at."""
    return await _found(
        database,
        """
        /* across organizers: finds whose disputes are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.disputes d WHERE d.organizer_id = o.organizer_id AND d.remind_at <= %(now)s)
            OR EXISTS (SELECT 1 FROM payments.disputes d WHERE d.organizer_id = o.organizer_id AND d.look_at <= %(now)s)
        """,
        now=now,
    )


async def organizers_with_due_lines(database: Database) -> list[UUID]:
    """Organizers with lines of settlement reports to post. Index settlement_lines_due."""
    return await _found(
        database,
        """
        /* across organizers: finds whose lines are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.settlement_lines l WHERE l.organizer_id = o.organizer_id AND l.is_due)
        """,
    )


async def organizers_with_due_looks(database: Database, now: datetime) -> list[UUID]:
    """Organizers with an account whose gateway is to be asked about what is open, or that nobody has begun to ask."""
    return await _found(
        database,
        """
        /* across organizers: finds whose accounts are to be looked at; reads only */
        SELECT DISTINCT a.organizer_id
          FROM payments.accounts a
          LEFT JOIN payments.looks k
            ON k.organizer_id = a.organizer_id AND k.account_id = a.id
         WHERE k.account_id IS NULL OR k.due_at <= %(now)s
        """,
        now=now,
    )


async def organizers_with_due_refunds(database: Database, now: datetime) -> list[UUID]:
    """Organizers with refunds to carry out or to ask about. Index refunds_due."""
    return await _found(
        database,
        """
        /* across organizers: finds whose refunds are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.refunds r WHERE r.organizer_id = o.organizer_id AND r.next_try_at <= %(now)s)
        """,
        now=now,
    )


async def organizers_with_due_reports(database: Database, now: datetime) -> list[UUID]:
    """Organizers with a settlement report to ask a gateway for. Index report_fetches_due."""
    return await _found(
        database,
        """
        /* across organizers: finds whose reports are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.report_fetches f WHERE f.organizer_id = o.organizer_id AND f.due_at <= %(now)s)
        """,
        now=now,
    )


async def organizers_with_due_sellers(database: Database, now: datetime) -> list[UUID]:
    """Organizers with sellers to look at, or whose tokens are to be renewed. Index sellers_due."""
    return await _found(
        database,
        """
        /* across organizers: finds whose sellers are due; reads only */
        SELECT o.organizer_id
          FROM platform.organizers o
         WHERE EXISTS (SELECT 1 FROM payments.sellers s WHERE s.organizer_id = o.organizer_id AND s.due_at <= %(now)s)
        """,
        now=now,
    )


async def _found(database: Database, sql: LiteralString, **params: object) -> list[UUID]:
    async with database.reading(None) as reader:
        rows = await reader.fetch_tuples(sql, **params)
    return [organizer_id for (organizer_id,) in rows]
