"""What marketing tells the others."""

from uuid import UUID

from alltickets.platform.events import Event

__all__ = ["PlacesFreed"]


class PlacesFreed(Event, frozen=True):
    """Places came back, and these entries of the waiting list are next: those who wait are to be told."""

    event_id: UUID
    entry_ids: tuple[UUID, ...]
