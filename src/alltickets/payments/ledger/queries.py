"""Reads of the ledger for people: what was posted of a payment, and a posting by its key."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from alltickets.payments.ledger.rules import Move, Posting
from alltickets.payments.refusals import PaymentNotFound
from alltickets.platform.database import Reader
from alltickets.platform.paging import Page, decode_cursor, page_of

__all__ = ["PostingDetails", "posting_of", "postings_of"]


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
    moves = await _moves_of(reader, [posting.key for posting in postings])
    complete = [replace(posting, moves=tuple(moves.get(posting.key, ()))) for posting in postings]
    return page_of(complete, size, lambda posting: [str(posting.posting_id)])


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
