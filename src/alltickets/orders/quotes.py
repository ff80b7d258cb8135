"""Quotes that were promised, kept once each: a hold and an order name theirs by a digest of its content.

In an on-sale thousands of shoppers choose the same; written with each hold, its quote was two thirds of what a hold cost the database.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import blake2b
from uuid import UUID

import msgspec

from alltickets.inventory.interface import Hold
from alltickets.platform.database import Reader, Transaction, rows_as_json, uuid_array
from alltickets.pricing.interface import Quote, SelectedLine

__all__ = ["KeptQuotes", "Memo", "memo_of", "priced", "quote_id_of", "selection_of", "write_memo"]

KNOWN_MAX = 50_000

_decoder = msgspec.json.Decoder(Quote)
_encoder = msgspec.json.Encoder()


class Memo(msgspec.Struct, frozen=True):
    """What orders keep with a hold at inventory."""

    quote_id: UUID
    campaign: str | None


_memo_decoder = msgspec.json.Decoder(Memo)


def write_memo(memo: Memo) -> str:
    """A memo as text."""
    return _encoder.encode(memo).decode()


def memo_of(hold: Hold) -> Memo:
    """The memo that a hold was placed with."""
    return _memo_decoder.decode(hold.memo)


def quote_id_of(quote: Quote) -> UUID:
    """The digest of everything but when it was priced: the same promise has the same id."""
    content = _encoder.encode((quote.currency, quote.lines))
    return UUID(bytes=blake2b(content, digest_size=16).digest())


def selection_of(quote: Quote) -> tuple[SelectedLine, ...]:
    """What was chosen, as it was asked for."""
    return tuple(SelectedLine(line.performance_id, line.ticket_type_id, line.quantity, line.seats) for line in quote.lines)


class KeptQuotes:
    """Writes and reads kept quotes; those that this process has seen committed are remembered, for they never change."""

    def __init__(self) -> None:
        self._known: dict[tuple[UUID, UUID], Quote] = {}

    async def keep(self, tx: Transaction, quotes: Mapping[UUID, Quote]) -> None:
        """Keep quotes by id; those that are kept already stay as they are. No statement where all are known."""
        new = sorted(quote_id for quote_id in quotes if (tx.organizer_id, quote_id) not in self._known)
        if new:
            await tx.execute(
                """
                INSERT INTO orders.quotes (organizer_id, quote_id, quote)
                SELECT o.organizer_id, x.quote_id, x.quote
                  FROM platform.organizers o,
                       json_to_recordset(%(rows)s::json) AS x(quote_id uuid, quote jsonb)
                 WHERE o.organizer_id = %(organizer_id)s
                ON CONFLICT (organizer_id, quote_id) DO NOTHING
                """,
                rows=rows_as_json([{"quote_id": quote_id, "quote": quotes[quote_id]} for quote_id in new]),
            )

    def committed(self, organizer_id: UUID, quotes: Mapping[UUID, Quote]) -> None:
        """Remember quotes whose transaction has committed."""
        if len(self._known) > KNOWN_MAX:
            self._known.clear()
        for quote_id, quote in quotes.items():
            self._known[(organizer_id, quote_id)] = quote

    async def read(self, reader: Reader, quote_ids: Collection[UUID]) -> dict[UUID, Quote]:
        """Quotes by id; `priced_at` is when the first of their kind was made: see `priced`."""
        organizer_id = reader.organizer_id
        found = {quote_id: self._known[(organizer_id, quote_id)] for quote_id in quote_ids if (organizer_id, quote_id) in self._known}
        missing = [quote_id for quote_id in quote_ids if quote_id not in found]
        if missing:
            rows = await reader.fetch_tuples(
                """
                SELECT quote_id, quote::text
                  FROM orders.quotes
                 WHERE organizer_id = %(organizer_id)s AND quote_id = ANY(%(quote_ids)s::uuid[])
                """,
                quote_ids=uuid_array(missing),
            )
            read = {quote_id: _decoder.decode(quote) for quote_id, quote in rows}
            self.committed(organizer_id, read)
            found |= read
        return found


def priced(quote: Quote, at: datetime) -> Quote:
    """The quote as it was promised at that instant."""
    return quote if quote.priced_at == at else msgspec.structs.replace(quote, priced_at=at)
