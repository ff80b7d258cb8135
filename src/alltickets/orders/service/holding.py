"""A shopper's hold: quote the selection, then claim its places, and keep the price with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.catalog.interface import Catalog, EventNotFound
from alltickets.inventory.interface import ClaimRequest, Hold, HoldConflict, claim, read_holds, release
from alltickets.kernel.time import Clock
from alltickets.orders.events import OrdersLeft
from alltickets.orders.quotes import KeptQuotes, Memo, memo_of, priced, quote_id_of, selection_of, write_memo
from alltickets.orders.records import open_orders_on
from alltickets.orders.rules import check_selection, draws_of
from alltickets.platform.coalescer import Coalescer
from alltickets.platform.database import Database
from alltickets.pricing.interface import Pricing, Quote, SelectedLine

__all__ = ["HeldPlaces", "Holding", "PlaceHold"]

Lane = tuple[UUID, UUID]
"""An organizer's id and an event's: holds of different events never wait for one another."""


@dataclass(frozen=True, slots=True)
class PlaceHold:
    """What a shopper asks for. `hold_id` and `visitor` are ids that their browser made; `address` is where they come from."""

    hold_id: UUID
    event_id: UUID
    visitor: UUID
    address: str
    lines: tuple[SelectedLine, ...]
    code: str | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class HeldPlaces:
    """Places kept for a shopper until `expires_at`, at the price of `quote`."""

    hold_id: UUID
    event_id: UUID
    expires_at: datetime
    quote: Quote


@dataclass(frozen=True, slots=True)
class _Quoted:
    request: PlaceHold
    quote: Quote
    quote_id: UUID
    claim: ClaimRequest


class Holding:
    """Use cases of holds."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalog: Catalog,
        pricing: Pricing,
        quotes: KeptQuotes,
        *,
        hold_seconds: int,
        holds_per_address_max: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._pricing = pricing
        self._quotes = quotes
        self._hold_for = timedelta(seconds=hold_seconds)
        self._holds_per_address_max = holds_per_address_max
        self.coalescer: Coalescer[Lane, _Quoted, HeldPlaces] = Coalescer("holds", self._flush)

    async def place(self, request: PlaceHold) -> HeldPlaces:
        """Hold the places, all or none, at the price of now. The same hold id again gives the first answer.

        Raises `EventNotFound`, what `check_selection` and pricing say, or what `inventory.claim` says.
        """
        event = self._catalog.peek(request.event_id) or await self._catalog.snapshot(request.event_id)
        if event is None:
            raise EventNotFound(str(request.event_id))
        now = self._clock()
        check_selection(event, request.lines, code=request.code, now=now)
        quote = self._pricing.quote_now(event, request.lines, code=request.code, at=now)
        if quote is None:
            quote = await self._pricing.quote(event, request.lines, code=request.code, at=now)
        draws, seats = draws_of(event, request.lines)
        quote_id = quote_id_of(quote)
        memo = write_memo(Memo(quote_id, request.campaign))
        claimed = ClaimRequest(request.hold_id, draws, seats, request.visitor, request.address, now + self._hold_for, memo)
        return await self.coalescer.submit((event.organizer_id, event.event_id), _Quoted(request, quote, quote_id, claimed))

    async def release(self, event_id: UUID, hold_id: UUID) -> None:
        """Give the places back. Knowing the id is what entitles; one that is gone already is fine, one that is sold stays."""
        event = await self._catalog.snapshot(event_id)
        if event is None:
            raise EventNotFound(str(event_id))
        async with self._database.transaction(event.organizer_id) as tx:
            # Locked first: whoever is placing an order on it is through by now, and the order is found.
            await read_holds(tx, [hold_id])
            # An order that is being paid keeps its places until its time is over: the buyer may be at the gateway in another tab.
            if not await open_orders_on(tx, [hold_id]):
                await release(tx, [hold_id])

    async def _flush(self, lane: Lane, batch: Sequence[_Quoted]) -> list[HeldPlaces | Exception]:
        organizer_id, event_id = lane
        now = self._clock()
        async with self._database.transaction(organizer_id) as tx:
            outcomes = await claim(
                tx, event_id, [quoted.claim for quoted in batch], holds_per_address_max=self._holds_per_address_max, now=now
            )
            answered = [(quoted, outcome) for quoted, outcome in zip(batch, outcomes, strict=True) if isinstance(outcome, Hold)]
            promised = {quoted.quote_id: quoted.quote for quoted, hold in answered if hold.is_new}
            await self._quotes.keep(tx, promised)
            # What a retry was promised the first time may have another price by now: the first counts.
            promised |= await self._quotes.read(tx, {memo_of(hold).quote_id for _, hold in answered if not hold.is_new} - promised.keys())
            replaced = {hold_id for _, hold in answered for hold_id in hold.replaced}
            left = await open_orders_on(tx, replaced) if replaced else []
            if left:
                tx.publish(OrdersLeft(order_ids=tuple(left)))
        self._quotes.committed(organizer_id, promised)
        return [_answer(quoted, outcome, promised) for quoted, outcome in zip(batch, outcomes, strict=True)]


def _answer(quoted: _Quoted, outcome: Hold | Exception, promised: Mapping[UUID, Quote]) -> HeldPlaces | Exception:
    if isinstance(outcome, Exception):
        return outcome
    quote = quoted.quote
    if outcome.memo != quoted.claim.memo:
        quote = promised[memo_of(outcome).quote_id]
        if selection_of(quote) != quoted.request.lines:
            return HoldConflict(str(outcome.hold_id))
    return HeldPlaces(outcome.hold_id, outcome.event_id, outcome.expires_at, priced(quote, outcome.placed_at))
