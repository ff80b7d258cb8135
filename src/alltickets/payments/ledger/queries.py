"""Reads of the ledger for people: what was posted of a payment, of an account and a time, and a posting by its key."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from alltickets.payments.ledger.rules import Move, Posting
from alltickets.payments.refusals import PaymentNotFound
from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, instant_in, page_of

__all__ = ["PostingDetails", "PostingOfBooks", "list_postings", "posting_of", "postings_of"]


_Posting = TypeVar("_Posting", bound="PostingDetails")


@dataclass(frozen=True, slots=True)
class PostingDetails:
    """A posting with its moves."""

    posting_id: UUID
    key: str
    kind: str
    minor: int
    currency: str
    charge_id: UUID | None
    occurred_at: datetime
    posted_at: datetime
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class PostingOfBooks(PostingDetails):
    """The same with its payment's reference; None where it is of no payment, as payouts are."""

    reference: UUID | None = None


async def list_postings(
    reader: Reader, *, account: str | None, since: datetime | None, until: datetime | None, cursor: str | None, size: int
) -> Page[PostingOfBooks]:
    """Postings of facts from `since` on and of before `until`, newest first; only those that move an account, or one of its word.

    Index: ledger_postings_occurred. The moves of each posting on the way are looked up by its key, and never all of them read. Raises
    `CursorUnreadable`. Two statements.
    """
    before = decode_cursor(cursor, str, UUID)
    postings = await reader.fetch_all(
        PostingOfBooks,
        """
        SELECT l.posting_id, l.key, l.kind, l.amount_minor AS minor, l.currency, l.charge_id, l.occurred_at, l.posted_at, p.reference
          FROM payments.ledger_postings l
          LEFT JOIN payments.payments p
            ON p.organizer_id = l.organizer_id AND p.id = l.payment_id
         WHERE l.organizer_id = %(organizer_id)s
           AND l.occurred_at >= coalesce(%(since)s::timestamptz, '-infinity')
           AND l.occurred_at < coalesce(%(until)s::timestamptz, 'infinity')
           AND (l.occurred_at, l.posting_id) < (coalesce(%(at)s::timestamptz, 'infinity'), %(id)s::uuid)
           AND (%(account)s::text IS NULL
                OR (SELECT true
                      FROM payments.ledger_moves m
                     WHERE m.organizer_id = l.organizer_id AND m.key = l.key
                       AND %(account)s IN (m.debit, m.credit, split_part(m.debit, ':', 1), split_part(m.credit, ':', 1))
                     LIMIT 1))
         ORDER BY l.occurred_at DESC, l.posting_id DESC
         LIMIT %(limit)s
        """,
        account=account,
        since=since,
        until=until,
        at=None if before is None else instant_in(before[0]),
        id=UUID(int=2**128 - 1) if before is None else before[1],
        limit=size + 1,
    )
    return page_of(await _complete(reader, postings), size, lambda one: [one.occurred_at.isoformat(), str(one.posting_id)])


async def postings_of(reader: Reader, reference: UUID, *, cursor: str | None, size: int) -> Page[PostingDetails]:
    """What was posted of the payment of a reference, in that order. Raises `PaymentNotFound`, `CursorUnreadable`. Three statements."""
    after = decode_cursor(cursor, UUID)
    payments = await reader.fetch_tuples(
        "SELECT id FROM payments.payments WHERE organizer_id = %(organizer_id)s AND reference = %(reference)s", reference=reference
    )
    if not payments:
        raise PaymentNotFound
    postings = await reader.fetch_all(
        PostingDetails,
        """
        SELECT posting_id, key, kind, amount_minor AS minor, currency, charge_id, occurred_at, posted_at
          FROM payments.ledger_postings
         WHERE organizer_id = %(organizer_id)s AND payment_id = %(payment_id)s AND posting_id > %(after)s
         ORDER BY posting_id
         LIMIT %(limit)s
        """,
        payment_id=payments[0][0],
        after=after[0] if after is not None else UUID(int=0),
        limit=size + 1,
    )
    return page_of(await _complete(reader, postings), size, lambda posting: [str(posting.posting_id)])


async def posting_of(reader: Reader, key: str) -> Posting | None:
    """The posting of a key with its moves, or None. Two statements."""
    rows = await reader.fetch_tuples(
        """
        SELECT kind, amount_minor, currency, occurred_at, payment_id, charge_id
          FROM payments.ledger_postings
         WHERE organizer_id = %(organizer_id)s AND key = %(key)s
        """,
        key=key,
    )
    if not rows:
        return None
    [(kind, minor, currency, occurred_at, payment_id, charge_id)] = rows
    moves = tuple((await _moves_of(reader, [key])).get(key, ()))
    return Posting(
        key=key,
        kind=kind,
        minor=minor,
        currency=currency,
        moves=moves,
        occurred_at=occurred_at,
        payment_id=payment_id,
        charge_id=charge_id,
    )


async def _complete(reader: Reader, postings: Sequence[_Posting]) -> list[_Posting]:
    moves = await _moves_of(reader, [posting.key for posting in postings])
    return [replace(posting, moves=tuple(moves.get(posting.key, ()))) for posting in postings]


async def _moves_of(reader: Reader, keys: list[str]) -> dict[str, list[Move]]:
    rows = await reader.fetch_tuples(
        """
        SELECT key, debit, credit, amount_minor
          FROM payments.ledger_moves
         WHERE organizer_id = %(organizer_id)s AND key = ANY(%(keys)s)
         ORDER BY key, number
        """,
        keys=keys,
    )
    moves: dict[str, list[Move]] = {}
    for key, debit, credit, minor in rows:
        moves.setdefault(key, []).append(Move(debit, credit, minor))
    return moves
