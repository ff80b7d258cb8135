"""Marketing on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from alltickets.marketing.rules.framing import ORIGINS_MAX

__all__ = ["Embedding", "WaitingCountRead", "WaitingEntryRead"]


Origin = Annotated[str, msgspec.Meta(min_length=8, max_length=300, examples=["https://www.example.com"])]


class Embedding(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sites on which the organizer's tickets may be framed: https and a host name each, without a path."""

    origins: Annotated[list[Origin], msgspec.Meta(max_length=ORIGINS_MAX)]


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
