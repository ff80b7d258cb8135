"""The decisions of stock, pure: who gets the places, in which order, and what becomes of a hold.

Everything here works on a `Stock` that was read and locked by the caller; deciding changes that copy, writing it back is the caller's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

import msgspec

from alltickets.kernel.errors import Refusal

__all__ = [
    "CapacityTaken",
    "ClaimRequest",
    "Confirmation",
    "Hold",
    "HoldConflict",
    "HoldGone",
    "HoldState",
    "PoolLevel",
    "PoolNotFound",
    "SeatsTaken",
    "SoldOut",
    "Stock",
    "StockNotReady",
    "TooManyHolds",
    "decide_claims",
    "decide_confirmations",
    "decide_extension",
    "seat_id_of",
]


class HoldState(StrEnum):
    """What a hold is. Only `held` moves on by itself: to `expired`."""

    HELD = "held"
    """Takes its places until `expires_at`; after that only until somebody sweeps it."""
    CONFIRMED = "confirmed"
    """Its places are sold."""
    RELEASED = "released"
    """Given back by its owner, or replaced by a newer hold of the same visitor."""
    EXPIRED = "expired"
    """Swept after its time; its places are free again."""
    RETURNED = "returned"
    """Was confirmed; its places went back on sale after a refund or a cancellation."""


class ClaimRequest(msgspec.Struct, frozen=True):
    """A claim on places: quantities by pool and named seats, all or nothing, under an id that the client made.

    A seat's pool stands in `draws` too, with the number of its seats. `memo` is whatever the caller keeps with the hold.
    """

    hold_id: UUID
    draws: Mapping[UUID, int]
    seats: tuple[UUID, ...]
    visitor: UUID
    address: str
    expires_at: datetime
    memo: str = ""


@dataclass(slots=True)
class Hold:
    """A hold as it stands."""

    hold_id: UUID
    event_id: UUID
    state: HoldState
    draws: Mapping[UUID, int]
    seats: tuple[UUID, ...]
    visitor: UUID
    address: str
    placed_at: datetime
    expires_at: datetime
    memo: str = ""
    is_new: bool = False
    """Whether the decision at hand placed it; False for one that stood already."""
    replaced: tuple[UUID, ...] = ()
    """The visitor's former holds, whose places this new one gave back."""

    def is_live(self, now: datetime) -> bool:
        """Whether it still keeps its places from others: expiry is a fact of time, not of a sweeper."""
        return self.state == HoldState.HELD and now < self.expires_at


@dataclass(slots=True)
class PoolLevel:
    """A pool's figures: `held + sold` never exceeds `capacity`."""

    pool_id: UUID
    capacity: int
    held: int
    sold: int

    @property
    def left(self) -> int:
        """Places that are neither held nor sold."""
        return self.capacity - self.held - self.sold


@dataclass(slots=True)
class Stock:
    """Locked stock to decide about: the pools and seats that a batch names, and what was decided about them so far."""

    pools: dict[UUID, PoolLevel]
    seats: dict[UUID, UUID | None] = field(default_factory=dict)
    """Who has each seat: a hold's id, or None while it is free. Only seats that exist are here."""
    seats_held: dict[UUID, UUID] = field(default_factory=dict)
    """Seats that this decision gives to a hold."""
    seats_freed: set[UUID] = field(default_factory=set)
    """Seats that this decision frees."""

    def take(self, hold_id: UUID, draws: Mapping[UUID, int], seats: Iterable[UUID]) -> None:
        """Move places from free to held."""
        for pool_id, quantity in draws.items():
            self.pools[pool_id].held += quantity
        for seat in seats:
            self.seats[seat] = self.seats_held[seat] = hold_id
            self.seats_freed.discard(seat)

    def give_back(self, draws: Mapping[UUID, int], seats: Iterable[UUID]) -> None:
        """Move places from held to free."""
        for pool_id, quantity in draws.items():
            self.pools[pool_id].held -= quantity
        for seat in seats:
            self.seats[seat] = None
            self.seats_held.pop(seat, None)
            self.seats_freed.add(seat)


@dataclass(eq=False)
class SoldOut(Refusal):
    """More places were asked for than a pool has left. `available`: what is left by pool id, of the pools asked for."""

    available: dict[str, int]

    def __str__(self) -> str:
        left = min(self.available.values(), default=0)
        if left == 0:
            return "There are no places left of what you chose. Nothing was taken; choose other places."
        return f"Only {left} of what you chose are left. Nothing was taken; choose fewer or other places."


@dataclass(eq=False)
class SeatsTaken(Refusal):
    """Named seats are somebody else's, or do not exist."""

    seats: tuple[str, ...]

    def __str__(self) -> str:
        return "Some of the seats you chose are no longer free. Nothing was taken; choose others."


@dataclass(eq=False)
class TooManyHolds(Refusal):
    """An address holds as much at once as one address may: stock must not be parked."""

    holds_max: int
    retry_after_seconds: int

    def __str__(self) -> str:
        return "Too many purchases are open from your connection. Finish or leave one of them, or try again in a few minutes."


@dataclass(eq=False)
class HoldConflict(Refusal):
    """The id names a hold with other content."""

    hold_id: str

    def __str__(self) -> str:
        return "This hold id was used for another selection. Nothing was changed; use a new id for a new selection."


@dataclass(eq=False)
class HoldGone(Refusal):
    """The hold has expired or was released, or there was none."""

    hold_id: str

    def __str__(self) -> str:
        return "The time to buy these places has run out, and they are free again. Choose once more; what you typed is kept on your device."


@dataclass(eq=False)
class CapacityTaken(Refusal):
    """A capacity cannot go below what is held and sold."""

    held: int
    sold: int

    def __str__(self) -> str:
        return (
            f"{self.sold} places are sold and {self.held} are in open purchases, so the capacity cannot be below {self.held + self.sold}. "
            "It was left as it is."
        )


@dataclass(eq=False)
class StockNotReady(Refusal):
    """The stock of a new performance or ticket type is being opened; that takes a moment after it was created."""

    retry_after_seconds: int = 1

    def __str__(self) -> str:
        return "These places are just being put on sale. Try again in a moment."


@dataclass(eq=False)
class PoolNotFound(Refusal):
    """The event has no such pool."""

    pool: str

    def __str__(self) -> str:
        return "The event has no such pool. List its pools again; a new one appears a moment after it was planned."


class Confirmation(StrEnum):
    """What became of an attempt to confirm."""

    CONFIRMED = "confirmed"
    """The places are sold, as held."""
    RECLAIMED = "reclaimed"
    """The hold's time was over, and the same places were still free: they are sold."""
    ALREADY = "already"
    """They were confirmed before; nothing was changed."""
    GONE = "gone"
    """The hold's time was over and somebody else has the places, or they were returned once: the money must go back."""


def decide_claims(
    stock: Stock,
    requests: Sequence[ClaimRequest],
    *,
    known: Mapping[UUID, Hold],
    held_of_visitor: Mapping[UUID, Sequence[Hold]],
    held_of_address: Mapping[str, int],
    holds_per_address_max: int,
    event_id: UUID,
    now: datetime,
) -> tuple[list[Hold | Exception], list[Hold], list[Hold]]:
    """Decide claims on one event, first come first served: an outcome per request, the new holds, and the older holds they replace.

    A hold that is replaced within the batch is among the new ones, already released.

    known: holds by id that exist under an id of these requests, so that a retry finds its first answer.
    held_of_visitor: unswept holds of these visitors on this event; a visitor's new hold replaces them.
    held_of_address: how many unswept holds each address has.
    Precedence of refusals: HoldConflict, HoldGone, StockNotReady, TooManyHolds, SeatsTaken, SoldOut.
    """
    outcomes: list[Hold | Exception] = []
    placed: dict[UUID, Hold] = {}
    replaced: dict[UUID, Hold] = {}
    of_visitor: dict[UUID, list[Hold]] = {visitor: list(holds) for visitor, holds in held_of_visitor.items()}
    of_address = dict(held_of_address)
    for request in requests:
        before = placed.get(request.hold_id) or known.get(request.hold_id)
        if before is not None:
            outcomes.append(_answer_again(before, request, replaced, now))
            continue
        former = of_visitor.get(request.visitor, ())
        refusal = _refuse(stock, request, former, of_address, holds_per_address_max)
        if refusal is not None:
            outcomes.append(refusal)
            continue
        for hold in former:
            stock.give_back(hold.draws, hold.seats)
            replaced[hold.hold_id] = hold
            hold.state = HoldState.RELEASED
            of_address[hold.address] = of_address.get(hold.address, 0) - 1
        stock.take(request.hold_id, request.draws, request.seats)
        hold = Hold(
            request.hold_id,
            event_id,
            HoldState.HELD,
            request.draws,
            request.seats,
            request.visitor,
            request.address,
            now,
            request.expires_at,
            request.memo,
            is_new=True,
            replaced=tuple(one.hold_id for one in former),
        )
        placed[request.hold_id] = hold
        of_visitor[request.visitor] = [hold]
        of_address[request.address] = of_address.get(request.address, 0) + 1
        outcomes.append(hold)
    return outcomes, list(placed.values()), [hold for hold_id, hold in replaced.items() if hold_id not in placed]


def _answer_again(before: Hold, request: ClaimRequest, replaced: Mapping[UUID, Hold], now: datetime) -> Hold | Exception:
    if before.draws != request.draws or before.seats != request.seats or before.visitor != request.visitor:
        return HoldConflict(str(request.hold_id))
    if before.hold_id in replaced or not (before.is_live(now) or before.state == HoldState.CONFIRMED):
        return HoldGone(str(request.hold_id))
    return before


def _refuse(
    stock: Stock, request: ClaimRequest, former: Sequence[Hold], of_address: Mapping[str, int], holds_per_address_max: int
) -> Exception | None:
    """Why the claim cannot be granted, counting what the visitor's former hold would give back; None: it can."""
    if not request.draws.keys() <= stock.pools.keys():
        return StockNotReady()
    # Only a former hold at this same address makes room here: one from elsewhere would carry the limit from address to address.
    if of_address.get(request.address, 0) - sum(hold.address == request.address for hold in former) >= holds_per_address_max:
        return TooManyHolds(holds_per_address_max, 60)
    own = {hold.hold_id for hold in former}
    if request.seats:
        taken = [seat for seat in request.seats if seat not in stock.seats or stock.seats[seat] not in (None, *own)]
        if taken:
            return SeatsTaken(tuple(str(seat) for seat in taken))
    left = {pool_id: stock.pools[pool_id].left + sum(hold.draws.get(pool_id, 0) for hold in former) for pool_id in request.draws}
    if any(left[pool_id] < quantity for pool_id, quantity in request.draws.items()):
        return SoldOut({str(pool_id): max(0, count) for pool_id, count in left.items()})
    return None


def decide_confirmations(stock: Stock, holds: Sequence[Hold], now: datetime) -> list[Confirmation]:
    """Sell what these holds claim, in their order; `stock` and the holds' states are changed to match.

    A hold whose time is over gets the same places if they are still free (a payment may arrive late), and is `GONE` otherwise; so is one
    whose places were returned, since a hold is sold once.
    """
    return [_confirm(stock, hold, now) for hold in holds]


def _confirm(stock: Stock, hold: Hold, now: datetime) -> Confirmation:
    if hold.state == HoldState.CONFIRMED:
        return Confirmation.ALREADY
    was_live = hold.is_live(now)
    if hold.state == HoldState.HELD:
        # Unswept, so its places are still counted as held: nobody else can have them, whatever the clock says.
        for pool_id, quantity in hold.draws.items():
            stock.pools[pool_id].held -= quantity
    elif hold.state == HoldState.RETURNED or not _is_free(stock, hold):
        return Confirmation.GONE
    for pool_id, quantity in hold.draws.items():
        stock.pools[pool_id].sold += quantity
    for seat in hold.seats:
        stock.seats[seat] = hold.hold_id
    hold.state = HoldState.CONFIRMED
    return Confirmation.CONFIRMED if was_live else Confirmation.RECLAIMED


def _is_free(stock: Stock, hold: Hold) -> bool:
    has_room = all(stock.pools[pool_id].left >= quantity for pool_id, quantity in hold.draws.items())
    return has_room and all(stock.seats.get(seat, hold.hold_id) is None for seat in hold.seats)


def decide_extension(hold: Hold, until: datetime, *, kept_at_most: timedelta, now: datetime) -> datetime:
    """The hold's new end: `until`, but never further than `kept_at_most` after it was placed, and never sooner than now agreed.

    Raises `HoldGone` when it is not live: what has expired is not brought back by asking for more time.
    """
    if not hold.is_live(now):
        raise HoldGone(str(hold.hold_id))
    return max(hold.expires_at, min(until, hold.placed_at + kept_at_most))


def seat_id_of(pool_id: UUID, label: str) -> UUID:
    """The id of a pool's seat of that label: made from both (UUIDv5), so that whoever knows what a seat is called can name it."""
    return uuid5(pool_id, label)
