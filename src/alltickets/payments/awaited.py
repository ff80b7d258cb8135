"""Payments that people bring home, as rows: the codes that were given out, and the receipts of money that somebody saw."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

import msgspec

from alltickets.kernel.money import Money
from alltickets.payments.codes import new_code
from alltickets.payments.events import PaymentInstructed
from alltickets.payments.rules import AttemptStatus
from alltickets.payments.starting import Prepared
from alltickets.platform.database import Reader, Transaction, rows_as_json
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["AwaitedPayment", "Receipt", "awaited_by_code", "awaited_of", "insert_receipts", "instruct", "list_awaited", "receipts_of"]


@dataclass(frozen=True, slots=True)
class AwaitedPayment:
    """An attempt at an account without a gateway. `number` is what its buyer calls the purchase, where the caller told."""

    attempt_id: UUID
    account_id: UUID
    code: str
    number: str | None
    reference: UUID
    amount_minor: int
    currency: str
    status: AttemptStatus
    expires_at: datetime
    created_at: datetime

    @property
    def amount(self) -> Money:
        """What was asked for."""
        return Money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money for an attempt that a person saw. `line_key`: the line of the bank's statement that shows it, None while none was imported."""

    id: UUID
    account_id: UUID
    attempt_id: UUID
    amount_minor: int
    currency: str
    received_on: date
    note: str
    recorded_by: str
    line_key: str | None = None


async def instruct(tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> dict[UUID, Prepared]:
    """Give those of the new attempts a code that are paid without a gateway, and tell of it; these by their ids.

    No statement where there are none.
    """
    coded = await _give_codes(tx, [one for one in prepared if one.account.is_offline], now)
    events = [
        PaymentInstructed(reference=one.request.reference, payment_id=one.payment_id, attempt_id=one.creation.attempt_id) for one in coded
    ]
    tx.publish(*events)
    return {one.creation.attempt_id: one for one in coded}


async def _give_codes(tx: Transaction, prepared: Sequence[Prepared], now: datetime) -> list[Prepared]:
    """The same attempts, each with a code that no other of its account ever had. One statement, and one more for each round of chance."""
    coded: dict[UUID, str] = {}
    while len(coded) < len(prepared):
        rows = await tx.fetch_tuples(
            """
            INSERT INTO payments.payment_codes (organizer_id, account_id, code, attempt_id, number, created_at)
            SELECT o.organizer_id, x.account_id, x.code, x.attempt_id, x.number, %(now)s
              FROM platform.organizers o,
                   json_to_recordset(%(rows)s::json) AS x(account_id uuid, code text, attempt_id uuid, number text)
             WHERE o.organizer_id = %(organizer_id)s
            ON CONFLICT (organizer_id, account_id, code) DO NOTHING
            RETURNING attempt_id, code
            """,
            rows=rows_as_json(
                [
                    {
                        "account_id": one.account.id,
                        "code": new_code(),
                        "attempt_id": one.creation.attempt_id,
                        "number": one.request.number,
                    }
                    for one in prepared
                    if one.creation.attempt_id not in coded
                ]
            ),
            now=now,
        )
        coded.update(rows)
    return [replace(one, creation=msgspec.structs.replace(one.creation, code=coded[one.creation.attempt_id])) for one in prepared]


async def awaited_of(reader: Reader, attempt_id: UUID) -> AwaitedPayment | None:
    """That attempt; None where it was given no code."""
    return await reader.fetch_first(AwaitedPayment, f"{_AWAITED} AND c.attempt_id = %(attempt_id)s", attempt_id=attempt_id)


async def awaited_by_code(reader: Reader, account_id: UUID, codes: Collection[str]) -> dict[str, AwaitedPayment]:
    """Those of the account that these codes were given to, by code. By the primary key."""
    if not codes:
        return {}
    found = await reader.fetch_all(
        AwaitedPayment,
        f"{_AWAITED} AND c.account_id = %(account_id)s AND c.code = ANY(%(codes)s::text[])",
        account_id=account_id,
        codes=list(codes),
    )
    return {one.code: one for one in found}


async def list_awaited(
    reader: Reader, *, code: str | None, number: str | None, is_open: bool | None, cursor: str | None, size: int
) -> Page[AwaitedPayment]:
    """Newest first. `code` and `number` find by either; `is_open`: only those that wait for their money. Raises `CursorUnreadable`.

    By the key on attempts, or by those on codes and numbers.
    """
    before = decode_cursor(cursor, UUID)
    rows = await reader.fetch_all(
        AwaitedPayment,
        f"""{_AWAITED}
           AND (%(code)s::text IS NULL OR c.code = %(code)s::text)
           AND (%(number)s::text IS NULL OR c.number = %(number)s::text)
           AND (%(is_open)s::boolean IS NULL OR (a.status = 'awaiting_buyer') = %(is_open)s::boolean)
           AND (%(before)s::uuid IS NULL OR c.attempt_id < %(before)s::uuid)
         ORDER BY c.attempt_id DESC
         LIMIT %(limit)s
        """,
        code=code,
        number=number,
        is_open=is_open,
        before=before[0] if before else None,
        limit=size + 1,
    )
    return page_of(rows, size, lambda one: [str(one.attempt_id)])


async def receipts_of(reader: Reader, attempt_ids: Iterable[UUID]) -> list[Receipt]:
    """The receipts of these attempts, oldest first."""
    return await reader.fetch_all(
        Receipt,
        """
        SELECT id, account_id, attempt_id, amount_minor, currency, received_on, note, recorded_by, line_key
          FROM payments.receipts
         WHERE organizer_id = %(organizer_id)s AND attempt_id = ANY(%(attempt_ids)s::uuid[])
         ORDER BY id
        """,
        attempt_ids=list(attempt_ids),
    )


async def insert_receipts(tx: Transaction, receipts: Sequence[Receipt], now: datetime) -> None:
    """Write receipts down. One statement."""
    if not receipts:
        return
    await tx.execute(
        """
        INSERT INTO payments.receipts (organizer_id, id, account_id, attempt_id, amount_minor, currency, received_on, note, recorded_by,
                                       line_key, recorded_at)
        SELECT o.organizer_id, x.id, x.account_id, x.attempt_id, x.amount_minor, x.currency, x.received_on, x.note, x.recorded_by,
               x.line_key, %(now)s
          FROM platform.organizers o,
               json_to_recordset(%(rows)s::json)
                   AS x(id uuid, account_id uuid, attempt_id uuid, amount_minor bigint, currency text, received_on date, note text,
                        recorded_by text, line_key text)
         WHERE o.organizer_id = %(organizer_id)s
        """,
        rows=rows_as_json(receipts),
        now=now,
    )


_AWAITED = """
    SELECT c.attempt_id, c.account_id, c.code, c.number, p.reference, p.amount_minor, p.currency, a.status, a.expires_at, c.created_at
      FROM payments.payment_codes c
      JOIN payments.attempts a
        ON a.organizer_id = c.organizer_id AND a.id = c.attempt_id
      JOIN payments.payments p
        ON p.organizer_id = a.organizer_id AND p.id = a.payment_id
     WHERE c.organizer_id = %(organizer_id)s"""
