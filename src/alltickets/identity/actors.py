"""Who acts: the value that authentication yields and that use cases and the audit log take."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from alltickets.identity.rules import Permission

__all__ = ["Actor", "ActorKind", "DeviceActor"]


class ActorKind(StrEnum):
    """What kind of party acts."""

    USER = "user"
    """A person with a session cookie."""
    API_KEY = "api_key"
    """A program of the organizer's."""
    DEVICE = "device"
    """A paired scanner."""
    SYSTEM = "system"
    """We ourselves: the command line, the demo data, a background job."""
    BUYER = "buyer"
    """Whoever has an order's secret, on that order alone."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone who acts for an organizer, and what they may do. `label` names them to people, e.g. in the audit log."""

    organizer_id: UUID
    kind: ActorKind
    label: str
    permissions: frozenset[Permission]
    user_id: UUID | None = None
    """The person; None for API keys and the system."""
    credential_id: UUID | None = None
    """The session or API key that was used; None for the system."""

    @staticmethod
    def system(organizer_id: UUID, label: str) -> "Actor":
        """The system acting for an organizer with every permission; `label` says which part of it, e.g. `demo seed`."""
        return Actor(organizer_id, ActorKind.SYSTEM, label, frozenset(Permission))

    @staticmethod
    def buyer(organizer_id: UUID, order_number: str) -> "Actor":
        """The buyer of an order, in the audit log of the organizer that they bought from."""
        return Actor(organizer_id, ActorKind.BUYER, order_number, frozenset())

    @property
    def id(self) -> UUID | None:
        """The person, or the API key itself; None for the system and for buyers, who have no account."""
        return self.user_id or self.credential_id


@dataclass(frozen=True, slots=True)
class DeviceActor:
    """A paired scanner. `event_id` is the only event it may scan for; None: any of the organizer's."""

    organizer_id: UUID
    device_id: UUID
    event_id: UUID | None
    label: str

    @property
    def kind(self) -> ActorKind:
        """Always a device."""
        return ActorKind.DEVICE

    @property
    def id(self) -> UUID:
        """The device."""
        return self.device_id
