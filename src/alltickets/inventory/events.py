"""What inventory tells the others."""

from uuid import UUID

from alltickets.platform.events import Event

__all__ = ["CapacityChanged", "HoldsExpired", "PoolsOpened"]


class PoolsOpened(Event, frozen=True):
    """Stock of a new performance, sector or ticket type can be sold from now on."""

    event_id: UUID
    pool_ids: tuple[UUID, ...]


class CapacityChanged(Event, frozen=True):
    """An organizer raised or lowered a pool's capacity."""

    event_id: UUID
    pool_id: UUID
    capacity_before: int
    capacity: int


class HoldsExpired(Event, frozen=True):
    """These holds ran out of time and their places are free again."""

    event_id: UUID
    hold_ids: tuple[UUID, ...]
