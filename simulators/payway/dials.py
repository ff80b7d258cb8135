"""What this gateway alone can be told to do badly, beside the faults of every simulator."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from simulators.chassis.database import Database
from simulators.payway.cards import REASONS
from simulators.payway.errors import Failed

__all__ = ["Dials", "Operation", "Switchboard"]

Operation = Literal["tokens", "charges", "captures", "queries", "refunds"]
Calls = Annotated[int, Meta(ge=0, le=10_000)]
Milliseconds = Annotated[int, Meta(ge=0, le=600_000)]


class Dials(Struct, forbid_unknown_fields=True, frozen=True):
    """What goes wrong with charges and with parts of the API.

    lose_answers: so many more charges, captures and refunds are carried out and never answered.
    conflicts: so many more charges are carried out and answered with 409 api_error.
    undecided: what would be approved is in process until the administration decides.
    answer_after_ms: a charge is carried out at once and answered so much later. hide_ms: so long a new payment is found by nobody.
    decline_reason: the authoriser's, for every charge; 0: none. outage: these operations answer 503 and do nothing.
    """

    lose_answers: Calls = 0
    conflicts: Calls = 0
    undecided: bool = False
    answer_after_ms: Milliseconds = 0
    hide_ms: Milliseconds = 0
    decline_reason: int = 0
    outage: tuple[Operation, ...] = ()


class Switchboard:
    """The dials as they are set, kept over a restart."""

    def __init__(self, database: Database) -> None:
        self._database = database
        row = database.first("SELECT value FROM settings WHERE name = 'dials'")
        self.now = Dials() if row is None else msgspec.json.decode(row["value"], type=Dials)

    def set(self, dials: Dials) -> None:
        """Replace all of them. Raises `Failed` 400 for a reason that no authoriser gives."""
        if dials.decline_reason and dials.decline_reason not in REASONS:
            raise Failed(400, {"message": f"decline_reason must be one of {', '.join(map(str, REASONS))}."})
        self.now = dials
        self._database.execute(
            "INSERT INTO settings (name, value) VALUES ('dials', :value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            value=msgspec.json.encode(dials),
        )

    def require(self, operation: Operation) -> None:
        """Raises `Failed` 503 while this part of the API is out of order."""
        if operation in self.now.outage:
            raise Failed(503, {"message": "The service is unavailable"})

    def take_loss(self) -> bool:
        """Whether this charge, capture or refund is never answered although it was carried out; counts it."""
        if not self.now.lose_answers:
            return False
        self.set(msgspec.structs.replace(self.now, lose_answers=self.now.lose_answers - 1))
        return True

    def take_conflict(self) -> bool:
        """Whether this charge is answered with 409 although it was carried out; counts it."""
        if not self.now.conflicts:
            return False
        self.set(msgspec.structs.replace(self.now, conflicts=self.now.conflicts - 1))
        return True
