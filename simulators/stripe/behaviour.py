"""How the simulated Stripe behaves beside its faults: clock, search, settlement, and outages of a part of it."""

import time
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from simulators.chassis.database import Database

__all__ = ["Behaviour", "Behaviours"]


class Behaviour(Struct, forbid_unknown_fields=True, frozen=True):
    """The dials.

    clock_ahead_seconds: how far this clock is ahead of the machine's, for expiries and for clocks that disagree.
    search_lag_seconds: how long a payment intent is not found by a search.
    processing_ms: how long a call with an idempotency key is "still running".
    fail_after_processing: so many next such calls are carried out and answered 500, which their key then repeats.
    outage: paths whose calls are refused with `outage_status`, not processed.
    revoked: accounts whose keys are refused.
    settlement_currency: what charges in other currencies are settled in; None settles each in its own.
    refund_sequel_seconds: after how long the refunds of the cards that do so fail or succeed.
    refund_balance_is_short: refunds stay pending, as for want of balance.
    """

    clock_ahead_seconds: Annotated[int, Meta(ge=-864_000, le=31_622_400)] = 0
    search_lag_seconds: Annotated[int, Meta(ge=0, le=3_600)] = 60
    processing_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    fail_after_processing: Annotated[int, Meta(ge=0, le=10_000)] = 0
    outage: tuple[str, ...] = ()
    outage_status: Literal[429, 500, 502, 503, 504] = 503
    revoked: tuple[str, ...] = ()
    settlement_currency: Annotated[str, Meta(pattern="^[a-z]{3}$")] | None = None
    refund_sequel_seconds: Annotated[int, Meta(ge=0, le=864_000)] = 5
    refund_balance_is_short: bool = False


class Behaviours:
    """The behaviour that is set, kept over a restart; and the time by its clock."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.first("SELECT value FROM settings WHERE name = 'behaviour'")
        self.now = Behaviour() if row is None else msgspec.json.decode(row["value"], type=Behaviour)

    def set(self, behaviour: Behaviour) -> None:
        """Replace all of it."""
        self.now = behaviour
        self._database.execute(
            "INSERT INTO settings (name, value) VALUES ('behaviour', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            value=msgspec.json.encode(behaviour),
        )

    def time(self) -> float:
        """Unix seconds by this clock."""
        return time.time() + self.now.clock_ahead_seconds

    def take_failure(self) -> bool:
        """Whether this call, carried out, is answered 500; counts it."""
        if not self.now.fail_after_processing:
            return False
        self.set(msgspec.structs.replace(self.now, fail_after_processing=self.now.fail_after_processing - 1))
        return True
