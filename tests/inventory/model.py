"""What stock is supposed to do, written down a second time, plainly: no figures are kept, everything follows from the holds."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from alltickets.inventory.rules import ClaimRequest, Confirmation


@dataclass
class ModelHold:
    """A hold: what was asked for, when, and what it is now."""

    request: ClaimRequest
    placed_at: datetime
    expires_at: datetime
    state: str = "held"

    @property
    def has_places(self) -> bool:
        return self.state in ("held", "confirmed")


@dataclass
class Model:
    """Pools' capacities, the seats that exist, and every hold that was ever placed. Answers are the names of what should come back."""

    capacities: dict[UUID, int]
    seats: frozenset[UUID]
    address_limit: int
    holds: dict[UUID, ModelHold] = field(default_factory=dict)

    def figures(self) -> dict[UUID, tuple[int, int, int]]:
        """Capacity, held and sold by pool."""
        return {pool: (capacity, self.places(pool, "held"), self.places(pool, "confirmed")) for pool, capacity in self.capacities.items()}

    def owners(self) -> dict[UUID, tuple[str, UUID | None]]:
        """State and hold by seat."""
        taken = {
            seat: ("held" if hold.state == "held" else "sold", hold_id)
            for hold_id, hold in self.holds.items()
            if hold.has_places
            for seat in hold.request.seats
        }
        return {seat: taken.get(seat, ("free", None)) for seat in self.seats}

    def places(self, pool: UUID, state: str) -> int:
        return sum(hold.request.draws.get(pool, 0) for hold in self.holds.values() if hold.state == state)

    def claim(self, request: ClaimRequest, now: datetime) -> str:
        known = self.holds.get(request.hold_id)
        if known is not None:
            return self._claim_again(known, request, now)
        if not request.draws.keys() <= self.capacities.keys():
            return "StockNotReady"
        held = [hold for hold in self.holds.values() if hold.state == "held"]
        former = [hold for hold in held if hold.request.visitor == request.visitor]
        others = [hold for hold in held if hold not in former]
        if sum(hold.request.address == request.address for hold in others) >= self.address_limit:
            return "TooManyHolds"
        for hold in former:
            hold.state = "released"
        refusal = self._does_not_fit(request)
        if refusal is not None:
            for hold in former:
                hold.state = "held"
            return refusal
        self.holds[request.hold_id] = ModelHold(request, now, request.expires_at)
        return "Hold"

    def _claim_again(self, known: ModelHold, request: ClaimRequest, now: datetime) -> str:
        first = known.request
        if (first.draws, first.seats, first.visitor) != (request.draws, request.seats, request.visitor):
            return "HoldConflict"
        is_alive = known.state == "confirmed" or (known.state == "held" and now < known.expires_at)
        return "Hold" if is_alive else "HoldGone"

    def _does_not_fit(self, request: ClaimRequest) -> str | None:
        owners = self.owners()
        if any(owners.get(seat) != ("free", None) for seat in request.seats):
            return "SeatsTaken"
        figures = self.figures()
        for pool, quantity in request.draws.items():
            capacity, held, sold = figures[pool]
            if held + sold + quantity > capacity:
                return "SoldOut"
        return None

    def confirm(self, hold_id: UUID, now: datetime) -> Confirmation:
        hold = self.holds[hold_id]
        if hold.state == "confirmed":
            return Confirmation.ALREADY
        if hold.state == "returned" or (hold.state != "held" and self._does_not_fit(hold.request)):
            return Confirmation.GONE
        in_time = hold.state == "held" and now < hold.expires_at
        hold.state = "confirmed"
        return Confirmation.CONFIRMED if in_time else Confirmation.RECLAIMED

    def extend(self, hold_id: UUID, until: datetime, kept_at_most: timedelta, now: datetime) -> str:
        hold = self.holds.get(hold_id)
        if hold is None or hold.state != "held" or now >= hold.expires_at:
            return "HoldGone"
        hold.expires_at = max(hold.expires_at, min(until, hold.placed_at + kept_at_most))
        return "Hold"

    def end(self, hold_id: UUID, state_before: str, state: str) -> bool:
        """Whether the hold, if there is one, was in that state and is in the other now."""
        hold = self.holds.get(hold_id)
        if hold is None or hold.state != state_before:
            return False
        hold.state = state
        return True

    def sweep(self, now: datetime) -> set[UUID]:
        """The holds that expire."""
        return {hold_id for hold_id, hold in self.holds.items() if hold.expires_at <= now and self.end(hold_id, "held", "expired")}

    def resize(self, pool: UUID, capacity: int) -> str:
        if pool not in self.capacities:
            return "NoneType"
        _, held, sold = self.figures()[pool]
        if capacity < held + sold:
            return "CapacityTaken"
        self.capacities[pool] = capacity
        return "PoolLevel"
