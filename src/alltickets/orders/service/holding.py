"""A shopper's hold: quote the selection, then claim its places, and keep the price with them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from alltickets.catalog.interface import AccessCodes, Catalog, EventNotFound, EventSnapshot
from alltickets.inventory.interface import ClaimRequest, Hold, HoldConflict, claim, read_holds, release
from alltickets.kernel.errors import Refusal
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


class PlaceHold(msgspec.Struct, frozen=True):
    """What a shopper asks for. `hold_id` and `visitor` are ids that their browser made; `address` is where they come from."""

    hold_id: UUID
    event_id: UUID
    visitor: UUID
    address: str
    lines: tuple[SelectedLine, ...]
    code: str | None = None
    campaign: str | None = None

    @property
    def choice(self) -> "_Choice":
        """What is alike for everybody who chose the same."""
        return self.lines, self.code, self.campaign


class HeldPlaces(msgspec.Struct, frozen=True):
    """Places kept for a shopper until `expires_at`, at the price of `quote`."""

    hold_id: UUID
    event_id: UUID
    expires_at: datetime
    quote: Quote


_Choice = tuple[tuple[SelectedLine, ...], str | None, str | None]
"""Lines, access code and campaign."""


class _Offer(msgspec.Struct, frozen=True):
    """A choice at an instant: its price, and what it takes from stock. One for everybody in a batch who chose the same."""

    quote: Quote
    quote_id: UUID
    draws: Mapping[UUID, int]
    seats: tuple[UUID, ...]
    memo: str

    def claim(self, request: PlaceHold, expires_at: datetime) -> ClaimRequest:
        """The claim of one who chose it."""
        return ClaimRequest(request.hold_id, self.draws, self.seats, request.visitor, request.address, expires_at, self.memo)


class Holding:
    """Use cases of holds."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        catalog: Catalog,
        codes: AccessCodes,
        pricing: Pricing,
        quotes: KeptQuotes,
        *,
        hold_seconds: int,
        holds_per_address_max: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalog = catalog
        self._codes = codes
        self._pricing = pricing
        self._quotes = quotes
        self._hold_for = timedelta(seconds=hold_seconds)
        self._holds_per_address_max = holds_per_address_max
        self.coalescer: Coalescer[Lane, PlaceHold, HeldPlaces] = Coalescer("holds", self._flush)

    async def place(self, request: PlaceHold) -> HeldPlaces:
        """Hold the places, all or none, at the price of now. The same hold id again gives the first answer.

        Raises `EventNotFound`, what `check_selection` and pricing say, what `AccessCodes` says, or what `inventory.claim` says.
        """
        event = self._catalog.peek(request.event_id) or await self._catalog.snapshot(request.event_id)
        if event is None:
            raise EventNotFound(str(request.event_id))
        if request.code is not None:
            await self._codes.check(event, [line.ticket_type_id for line in request.lines], request.code, address=request.address)
        return await self.coalescer.submit((event.organizer_id, event.event_id), request)

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

    async def _flush(self, lane: Lane, batch: Sequence[PlaceHold]) -> list[HeldPlaces | Exception]:
        organizer_id, event_id = lane
        event = await self._catalog.snapshot(event_id)
        assert event is not None, "whoever submitted had it"
        now = self._clock()
        # In a rush most choose the same: each choice of the batch is checked and priced once.
        offers: dict[_Choice, _Offer | Refusal] = {}
        outcomes: dict[int, HeldPlaces | Exception] = {}
        offered: dict[int, tuple[PlaceHold, _Offer]] = {}
        for index, request in enumerate(batch):
            choice = request.choice
            offer = offers.get(choice)
            if offer is None:
                offer = offers[choice] = await self._offer(event, request, now)
            if isinstance(offer, _Offer):
                offered[index] = request, offer
            else:
                outcomes[index] = offer
        if offered:
            outcomes |= zip(offered, await self._claim(organizer_id, event_id, list(offered.values()), now), strict=True)
        return [outcomes[index] for index in range(len(batch))]

    async def _offer(self, event: EventSnapshot, request: PlaceHold, now: datetime) -> _Offer | Refusal:
        """The request's choice checked and priced; a refusal where it cannot be bought now."""
        try:
            check_selection(event, request.lines, code=request.code, now=now)
            quote = await self._pricing.quote(event, request.lines, code=request.code, at=now)
        except Refusal as refusal:
            return refusal
        quote_id = quote_id_of(quote)
        draws, seats = draws_of(event, request.lines)
        return _Offer(quote, quote_id, draws, seats, write_memo(Memo(quote_id, request.campaign)))

    async def _claim(
        self, organizer_id: UUID, event_id: UUID, offered: Sequence[tuple[PlaceHold, _Offer]], now: datetime
    ) -> list[HeldPlaces | Exception]:
        expires_at = now + self._hold_for
        claims = [offer.claim(request, expires_at) for request, offer in offered]
        async with self._database.transaction(organizer_id) as tx:
            outcomes = await claim(tx, event_id, claims, holds_per_address_max=self._holds_per_address_max, now=now)
            answered = [(offer, outcome) for (_, offer), outcome in zip(offered, outcomes, strict=True) if isinstance(outcome, Hold)]
            promised = {offer.quote_id: offer.quote for offer, hold in answered if hold.is_new}
            await self._quotes.keep(tx, promised)
            # What a retry was promised the first time may have another price by now: the first counts.
            promised |= await self._quotes.read(tx, {memo_of(hold).quote_id for _, hold in answered if not hold.is_new} - promised.keys())
            replaced = {hold_id for _, hold in answered for hold_id in hold.replaced}
            left = await open_orders_on(tx, replaced) if replaced else []
            if left:
                tx.publish(OrdersLeft(order_ids=tuple(left)))
        self._quotes.committed(organizer_id, promised)
        return [_answer(*one, outcome, promised) for one, outcome in zip(offered, outcomes, strict=True)]


def _answer(request: PlaceHold, offer: _Offer, outcome: Hold | Exception, promised: Mapping[UUID, Quote]) -> HeldPlaces | Exception:
    if isinstance(outcome, Exception):
        return outcome
    quote = offer.quote
    if outcome.memo != offer.memo:
        quote = promised[memo_of(outcome).quote_id]
        if selection_of(quote) != request.lines:
            return HoldConflict(str(outcome.hold_id))
    return HeldPlaces(outcome.hold_id, outcome.event_id, outcome.expires_at, priced(quote, outcome.placed_at))
