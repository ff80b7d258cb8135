"""What travels: the changes that an organizer asks for, and the public keys that doors verify with."""

import base64
from collections.abc import Iterable
from typing import Annotated
from uuid import UUID

import msgspec

from alltickets.tickets.keys import EventKey
from alltickets.tickets.rules import Revocation
from alltickets.tickets.token import KEY_NUMBER_MAX, SERIAL_MAX

__all__ = ["EventKeyReplace", "EventKeyView", "EventKeysView", "TicketReissue", "TicketRevoke"]


class TicketRevoke(msgspec.Struct, forbid_unknown_fields=True):
    """Why the ticket is revoked."""

    reason: Revocation


class TicketReissue(msgspec.Struct, forbid_unknown_fields=True):
    """The serial of the code to be replaced, so that a repeated request replaces nothing twice, and why, for the audit log."""

    serial: Annotated[int, msgspec.Meta(ge=1, le=SERIAL_MAX)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class EventKeyReplace(msgspec.Struct, forbid_unknown_fields=True):
    """The number of the key to be retired, so that a repeated request retires nothing twice."""

    number: Annotated[int, msgspec.Meta(ge=1, le=KEY_NUMBER_MAX)]


class EventKeyView(msgspec.Struct, frozen=True):
    """A public key: `public_key` is the 32 raw bytes in base64url. Codes of a retired key admit nobody."""

    number: int
    public_key: str
    retired: bool

    @staticmethod
    def of(key: EventKey) -> "EventKeyView":
        """As a door gets it."""
        return EventKeyView(key.number, base64.urlsafe_b64encode(key.public_key).decode().rstrip("="), key.retired_at is not None)


class EventKeysView(msgspec.Struct, frozen=True):
    """The public keys of an event."""

    event_id: UUID
    keys: list[EventKeyView]

    @staticmethod
    def of(event_id: UUID, keys: Iterable[EventKey]) -> "EventKeysView":
        """As a door gets them."""
        return EventKeysView(event_id, [EventKeyView.of(key) for key in keys])
