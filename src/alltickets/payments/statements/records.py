"""Statements and their lines as rows: each line once ever."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from alltickets.payments.statements.matching import Outcome
from alltickets.payments.statements.reading import Layout
from alltickets.platform.database import Reader, Transaction, rows_as_json
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = [
    "StatementLine",
    "insert_lines",
    "known_keys",
    "link_receipts",
    "list_lines",
    "read_layout",
    "write_layout",
]


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line as it was imported. `attempt_id`: the payment that it pays, or that its code names."""

    number: int
    booked_on: date
    amount_minor: int
    description: str
    outcome: Outcome
    is_mended: bool
    attempt_id: UUID | None
    code: str | None
    line_key: str


async def read_layout(reader: Reader, account_id: UUID) -> Layout | None:
    """How the account's bank writes its statements, as somebody described it; None: nobody has."""
    rows = await reader.fetch_tuples(
        "SELECT layout FROM payments.statement_layouts WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s",
        account_id=account_id,
    )
    return msgspec.convert(rows[0][0], Layout) if rows else None


async def write_layout(tx: Transaction, account_id: UUID, layout: Layout, now: datetime) -> None:
    """Keep the description, in the place of the former one."""
    await tx.execute(
        """
        INSERT INTO payments.statement_layouts (organizer_id, account_id, layout, updated_at)
        VALUES (%(organizer_id)s, %(account_id)s, %(layout)s::jsonb, %(now)s)
        ON CONFLICT (organizer_id, account_id) DO UPDATE
           SET layout = excluded.layout, updated_at = excluded.updated_at
        """,
        account_id=account_id,
        layout=msgspec.json.encode(layout).decode(),
        now=now,
    )


async def known_keys(reader: Reader, account_id: UUID, keys: Collection[str]) -> set[str]:
    """Those of these lines that were imported before. By the primary key."""
    rows = await reader.fetch_tuples(
        """
        SELECT line_key
          FROM payments.statement_lines
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s AND line_key = ANY(%(keys)s::text[])
        """,
        account_id=account_id,
        keys=list(keys),
    )
    return {key for (key,) in rows}


async def insert_lines(tx: Transaction, account_id: UUID, lines: Sequence[StatementLine], now: datetime) -> set[str]:
    """Write lines down, in the order of their keys, so that two imports never wait for one another in a circle; the keys of those that
    are new. What another import wrote meanwhile is waited for and left to it.
    """
    if not lines:
        return set()
    rows = await tx.fetch_tuples(
        """
        INSERT INTO payments.statement_lines (organizer_id, account_id, line_key, number, booked_on, amount_minor, description, outcome,
                                              is_mended, attempt_id, code, imported_at)
        SELECT o.organizer_id, %(account_id)s, x.line_key, x.number, x.booked_on, x.amount_minor, x.description, x.outcome, x.is_mended,
               x.attempt_id, x.code, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(line_key text, number int, booked_on date, amount_minor bigint, description text, outcome text,
                        is_mended boolean, attempt_id uuid, code text)
         WHERE o.organizer_id = %(organizer_id)s
         ORDER BY x.line_key
        ON CONFLICT (organizer_id, account_id, line_key) DO NOTHING
        RETURNING line_key
        """,
        account_id=account_id,
        now=now,
        rows=rows_as_json(lines),
    )
    return {key for (key,) in rows}


async def link_receipts(tx: Transaction, links: Iterable[tuple[UUID, str]]) -> None:
    """Note on receipts which lines show their money: (attempt, line). Only one that no line shows yet takes it."""
    pairs = list(links)
    if not pairs:
        return
    await tx.execute(
        """
        UPDATE payments.receipts r
           SET line_key = x.line_key
          FROM unnest(%(attempt_ids)s::uuid[], %(line_keys)s::text[]) AS x(attempt_id, line_key)
         WHERE r.organizer_id = %(organizer_id)s AND r.attempt_id = x.attempt_id AND r.line_key IS NULL
        """,
        attempt_ids=[attempt_id for attempt_id, _ in pairs],
        line_keys=[line_key for _, line_key in pairs],
    )


async def list_lines(reader: Reader, account_id: UUID, *, outcome: Outcome | None, cursor: str | None, size: int) -> Page[StatementLine]:
    """Lines of the account's statements, the newest day first. By statement_lines_day. Raises `CursorUnreadable`."""
    before: Any = decode_cursor(cursor, date, str) or (None, None)
    rows = await reader.fetch_all(
        StatementLine,
        """
        SELECT number, booked_on, amount_minor, description, outcome, is_mended, attempt_id, code, line_key
          FROM payments.statement_lines
         WHERE organizer_id = %(organizer_id)s AND account_id = %(account_id)s
           AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s::text)
           AND (%(day)s::date IS NULL OR (booked_on, line_key) < (%(day)s::date, %(key)s::text))
         ORDER BY booked_on DESC, line_key DESC
         LIMIT %(limit)s
        """,
        account_id=account_id,
        outcome=outcome,
        day=before[0],
        key=before[1],
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [one.booked_on.isoformat(), one.line_key])
