"""Withdrawals as rows, and what the law says of their time.

Argentina: Act 24.240 article 34, and for its button Disposición 954/2025, which followed Resolución 424/2020: ten days, counted for tickets
from their delivery or receipt, and told at least 24 hours before the show; no registration, and a code within 24 hours. Asked is asked:
one that comes too late is stored and answered like any other, and says so.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from alltickets.orders.rules import order_number
from alltickets.platform.database import Reader, Transaction
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "Withdrawal",
    "WithdrawalStatus",
    "code_from",
    "insert_withdrawal",
    "is_in_time",
    "list_withdrawals",
    "number_key",
    "read_withdrawal",
    "settle_withdrawal",
    "withdrawal_of_order",
]

DAYS = 10
HOURS_BEFORE_SHOW = 24
_COLUMNS = "withdrawal_id, order_id, code, is_in_time, status, reason, asked_at, settled_at"
_MISREAD = str.maketrans("OIL", "011")


class WithdrawalStatus(StrEnum):
    """Each but the first is final."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A buyer withdrew from an order. `code` is what they were told at once; `reason` why it was declined."""

    withdrawal_id: UUID
    order_id: UUID
    code: str
    is_in_time: bool
    status: WithdrawalStatus
    reason: str | None
    asked_at: datetime
    settled_at: datetime | None


def code_from(stamp: str) -> str:
    """A code that people say, such as `W-7KQ2-M9XA`, made of a stamp."""
    return f"W-{order_number(UUID(bytes=hashlib.sha256(stamp.encode()).digest()[:16]))}"


def number_key(number: str) -> str:
    """An order's number as it is compared: people leave out its dash, write it small, and take its 0 for an O."""
    return "".join(one for one in number.upper() if one.isalnum()).translate(_MISREAD)


def is_in_time(paid_at: datetime, starts: Iterable[datetime], now: datetime, *, timezone: str) -> bool:
    """Whether it is asked by the end of the tenth day after the tickets came, and a day before the first show that they are for."""
    zone = ZoneInfo(timezone)
    last_day = paid_at.astimezone(zone).date() + timedelta(days=DAYS)
    return now.astimezone(zone).date() <= last_day and now + timedelta(hours=HOURS_BEFORE_SHOW) <= min(starts)


async def insert_withdrawal(tx: Transaction, asked: Withdrawal) -> None:
    """Store one that was just asked. A second one for the same order is refused by the database (23505)."""
    await tx.execute(
        """
        INSERT INTO orders.withdrawals (organizer_id, withdrawal_id, order_id, code, is_in_time, status, asked_at)
        VALUES (%(organizer_id)s, %(withdrawal_id)s, %(order_id)s, %(code)s, %(is_in_time)s, 'asked', %(asked_at)s)
        """,
        withdrawal_id=asked.withdrawal_id,
        order_id=asked.order_id,
        code=asked.code,
        is_in_time=asked.is_in_time,
        asked_at=asked.asked_at,
    )


async def settle_withdrawal(tx: Transaction, withdrawal_id: UUID, status: WithdrawalStatus, reason: str | None, *, now: datetime) -> None:
    """Write down what the organizer decided of one that is open. Its order is locked before."""
    await tx.execute(
        """
        UPDATE orders.withdrawals
           SET status = %(status)s, reason = %(reason)s, settled_at = %(now)s
         WHERE organizer_id = %(organizer_id)s AND withdrawal_id = %(withdrawal_id)s AND status = 'asked'
        """,
        withdrawal_id=withdrawal_id,
        status=status.value,
        reason=reason,
        now=now,
    )


async def read_withdrawal(reader: Reader, withdrawal_id: UUID) -> Withdrawal | None:
    """One withdrawal; None when the organizer has no such one."""
    rows = await reader.fetch_tuples(
        f"SELECT {_COLUMNS} FROM orders.withdrawals WHERE organizer_id = %(organizer_id)s AND withdrawal_id = %(withdrawal_id)s",
        withdrawal_id=withdrawal_id,
    )
    return _withdrawal(rows[0]) if rows else None


async def withdrawal_of_order(reader: Reader, order_id: UUID) -> Withdrawal | None:
    """That of an order; None when its buyer has not withdrawn."""
    rows = await reader.fetch_tuples(
        f"SELECT {_COLUMNS} FROM orders.withdrawals WHERE organizer_id = %(organizer_id)s AND order_id = %(order_id)s",
        order_id=order_id,
    )
    return _withdrawal(rows[0]) if rows else None


async def list_withdrawals(reader: Reader, *, status: WithdrawalStatus | None, cursor: str | None, size: int) -> Page[Withdrawal]:
    """Withdrawals, the newest first (their ids sort by time). Raises `CursorUnreadable`."""
    after = decode_cursor(cursor, UUID)
    rows = await reader.fetch_tuples(
        f"""
        SELECT {_COLUMNS}
          FROM orders.withdrawals
         WHERE organizer_id = %(organizer_id)s
           AND (%(status)s::text IS NULL OR status = %(status)s::text)
           AND (%(after)s::uuid IS NULL OR withdrawal_id < %(after)s::uuid)
         ORDER BY withdrawal_id DESC
         LIMIT %(limit)s
        """,
        status=None if status is None else status.value,
        after=after[0] if after else None,
        limit=size + 1,
    )
    return page_of([_withdrawal(row) for row in rows], size, lambda one: [str(one.withdrawal_id)])


def _withdrawal(row: tuple[Any, ...]) -> Withdrawal:
    withdrawal_id, order_id, code, in_time, status, *rest = row
    return Withdrawal(withdrawal_id, order_id, code, in_time, WithdrawalStatus(status), *rest)
