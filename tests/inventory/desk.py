"""A desk that sells in memory by the rules alone: stories are told to it line by line, and properties look at what it keeps.

A story is lines of these kinds:

    pool floor 10                        ten places; `pool hall 2 a1 a2`: with named seats
    limit 1                              holds per address
    A ana@cafe floor=2 hall=1:a1         a claim: hold, visitor, address (the visitor's own if none), draws, seats
        -> held                          … and what comes of it, on the same line
    = floor 2 held 0 sold                what is true afterwards
    = a1 A                               who has a seat, `free` if nobody
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from alltickets.inventory.rules import (
    ClaimRequest,
    Confirmation,
    Hold,
    HoldConflict,
    HoldGone,
    HoldState,
    PoolLevel,
    SeatsTaken,
    SoldOut,
    Stock,
    StockNotReady,
    TooManyHolds,
    decide_claims,
    decide_confirmations,
    seat_id_of,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOLD_FOR = timedelta(minutes=10)
_space = UUID(int=0)
EVENT = uuid5(_space, "event")


def id_of(name: str) -> UUID:
    """The id that this name stands for in every test."""
    return uuid5(_space, name)


def claim_of(
    hold: str = "A",
    visitor: str = "ana",
    *,
    draws: Mapping[str, int] | None = None,
    seats: Sequence[tuple[str, str]] = (),
    address: str | None = None,
    expires_at: datetime = NOON + HOLD_FOR,
) -> ClaimRequest:
    """A claim in names: two places of the floor unless said otherwise. `seats`: pairs of pool and label."""
    return ClaimRequest(
        hold_id=id_of(hold),
        draws={id_of(pool): quantity for pool, quantity in ({"floor": 2} if draws is None else draws).items()},
        seats=tuple(seat_id_of(id_of(pool), label) for pool, label in seats),
        visitor=id_of(visitor),
        address=address or f"at {visitor}'s",
        expires_at=expires_at,
    )


class Desk:
    """Stock and holds in memory, given to the rules as the service would read them from the database."""

    def __init__(self, *, limit: int = 10, **capacities: int) -> None:
        self.now = NOON
        self.limit = limit
        self.pools: dict[UUID, PoolLevel] = {}
        self.seats: dict[UUID, UUID | None] = {}
        self.holds: dict[UUID, Hold] = {}
        for name, capacity in capacities.items():
            self.open(name, capacity)

    def open(self, name: str, capacity: int, labels: Iterable[str] = ()) -> None:
        self.pools[id_of(name)] = PoolLevel(id_of(name), capacity, 0, 0)
        self.seats |= dict.fromkeys(seat_id_of(id_of(name), label) for label in labels)

    def stock(self) -> Stock:
        return Stock(self.pools, self.seats)

    def claim(self, *requests: ClaimRequest) -> list[Hold | Exception]:
        """Decide these together, and see that what is to be written is exactly what was decided."""
        stock = self.stock()
        seats_before = dict(self.seats)
        held = [hold for hold in self.holds.values() if hold.state == HoldState.HELD]
        visitors = {request.visitor for request in requests}
        outcomes, new, replaced = decide_claims(
            stock,
            requests,
            known={request.hold_id: self.holds[request.hold_id] for request in requests if request.hold_id in self.holds},
            held_of_visitor={visitor: [hold for hold in held if hold.visitor == visitor] for visitor in visitors},
            held_of_address={
                request.address: min(self.limit, sum(hold.address == request.address for hold in held)) for request in requests
            },
            holds_per_address_max=self.limit,
            event_id=EVENT,
            now=self.now,
        )
        assert {hold.hold_id for hold in replaced} == {hold.hold_id for hold in held if hold.state == HoldState.RELEASED}
        assert self.seats == seats_before | dict.fromkeys(stock.seats_freed) | stock.seats_held
        assert stock.seats_freed.isdisjoint(stock.seats_held)
        self.holds |= {hold.hold_id: hold for hold in new}
        return outcomes

    def confirm(self, *names: str) -> list[Confirmation]:
        return decide_confirmations(self.stock(), [self.holds[id_of(name)] for name in names], self.now)

    def end(self, name: str, state: HoldState) -> None:
        """Give a hold's places back, as a release, a sweep or a return does."""
        hold = self.holds[id_of(name)]
        if state == HoldState.RETURNED:
            for pool_id, quantity in hold.draws.items():
                self.pools[pool_id].sold -= quantity
            self.seats |= dict.fromkeys(hold.seats)
        else:
            self.stock().give_back(hold.draws, hold.seats)
        hold.state = state

    def figures(self, name: str) -> tuple[int, int, int]:
        """A pool's held, sold and left."""
        level = self.pools[id_of(name)]
        return level.held, level.sold, level.left

    def faults(self) -> list[str]:
        """Where the figures do not follow from the holds; empty when the books are right."""
        faults = []
        for pool_id, level in self.pools.items():
            held, sold = (
                sum(hold.draws.get(pool_id, 0) for hold in self.holds.values() if hold.state == state)
                for state in (HoldState.HELD, HoldState.CONFIRMED)
            )
            if (level.held, level.sold) != (held, sold):
                faults.append(f"pool says {level.held} held, {level.sold} sold, its holds {held} and {sold}")
            if level.left < 0:
                faults.append(f"oversold by {-level.left}")
        owners = {
            seat: hold.hold_id for hold in self.holds.values() if hold.state in (HoldState.HELD, HoldState.CONFIRMED) for seat in hold.seats
        }
        if owners != {seat: owner for seat, owner in self.seats.items() if owner is not None}:
            faults.append("seats are not with the holds that claim them")
        return faults


def tell(story: str, *, together: bool) -> tuple[str, str]:
    """Tell a story to a new desk, all its claims decided `together` or each alone: what was expected, and what came, as text."""
    desk = Desk()
    lines = [line.strip() for line in story.strip().splitlines()]
    asked = [line.partition(" -> ")[0].rstrip() for line in lines if " -> " in line]
    for line in lines:
        match line.split():
            case ["pool", name, capacity, *labels]:
                desk.open(name, int(capacity), labels)
            case ["limit", limit]:
                desk.limit = int(limit)
    requests = [_parsed(line) for line in asked]
    outcomes = desk.claim(*requests) if together else [outcome for request in requests for outcome in desk.claim(request)]
    came = iter([f"{line} -> {_told(outcome, desk)}" for line, outcome in zip(asked, outcomes, strict=True)])
    now_true = {f"= {name} {held} held {sold} sold" for name in _pools(lines) for held, sold, _ in [desk.figures(name)]}
    now_true |= {f"= {label} {_owner(desk, owner)}" for label, owner in _seats(lines, desk)}
    expected = [" ".join(line.split()) for line in lines]
    actual = [
        " ".join(next(came).split()) if " -> " in line else line if line in now_true or line[0] != "=" else f"not so: {line}; {now_true}"
        for line in expected
    ]
    return "\n".join(expected), "\n".join(actual)


def _parsed(line: str) -> ClaimRequest:
    hold, who, *parts = line.split()
    visitor, _, address = who.partition("@")
    draws: dict[str, int] = {}
    seats: list[tuple[str, str]] = []
    for part in parts:
        pool, _, wanted = part.partition("=")
        quantity, _, labels = wanted.partition(":")
        draws[pool] = int(quantity)
        seats += [(pool, label) for label in labels.split(",") if label]
    return claim_of(hold, visitor, draws=draws, seats=seats, address=address)


def _told(outcome: Hold | Exception, desk: Desk) -> str:
    match outcome:
        case Hold():
            return "held"
        case SoldOut(available):
            names = {str(pool_id): name for name in ("floor", "vip", "hall", "stage") for pool_id in [id_of(name)]}
            return "sold out " + " ".join(f"{names[pool]}={left}" for pool, left in available.items())
        case SeatsTaken(seats):
            return f"{len(seats)} taken"
        case TooManyHolds() | HoldConflict() | HoldGone() | StockNotReady():
            words = {TooManyHolds: "too many", HoldConflict: "conflict", HoldGone: "gone", StockNotReady: "not ready"}
            return words[type(outcome)]
    raise AssertionError(f"no such outcome: {outcome!r}")


def _pools(lines: Iterable[str]) -> list[str]:
    return [line.split()[1] for line in lines if line.startswith("pool ")]


def _seats(lines: Iterable[str], desk: Desk) -> list[tuple[str, UUID | None]]:
    words = [line.split() for line in lines if line.startswith("pool ")]
    return [(label, desk.seats[seat_id_of(id_of(pool), label)]) for _, pool, _, *labels in words for label in labels]


def _owner(desk: Desk, owner: UUID | None) -> str:
    return "free" if owner is None else next(name for name in "ABCDEFGH" if id_of(name) == owner)
