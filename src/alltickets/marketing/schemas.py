"""Marketing on the wire."""

from datetime import datetime
from uuid import UUID

import msgspec

__all__ = ["WaitingCountRead", "WaitingEntryRead"]


class WaitingEntryRead(msgspec.Struct, frozen=True):
    """Somebody on a waiting list, and how many places they want. `state`: waiting, or called: they were told of places at `called_at`."""

    entry_id: UUID
    performance_id: UUID
    ticket_type_id: UUID
    mail: str
    quantity: int
    locale: str
    state: str
    joined_at: datetime
    called_at: datetime | None


class WaitingCountRead(msgspec.Struct, frozen=True):
    """How many people wait for a ticket type at a performance, and for how many places in all; how many were told of some."""

    performance_id: UUID
    ticket_type_id: UUID
    waiting: int
    places: int
    called: int
