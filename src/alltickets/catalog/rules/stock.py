"""Which pools an event's offers draw from, and how many places each begins with."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from uuid import UUID

import msgspec

from alltickets.catalog.rules.snapshot import Offer, SeatRow
from alltickets.kernel.ids import new_id

__all__ = ["Counted", "NamedPool", "PoolKind", "name_pools", "offers_of", "seat_labels"]


class PoolKind(StrEnum):
    """What a pool counts."""

    SECTOR = "sector"
    """The places of a sector at one performance."""
    TICKET_TYPE = "ticket_type"
    """How many of a limited ticket type are sold for one performance."""


class Counted(msgspec.Struct, frozen=True):
    """Something that has a pool at every performance: a sector, or a ticket type with a limit of its own."""

    kind: PoolKind
    subject_id: UUID
    label: str
    capacity: int
    rows: tuple[SeatRow, ...] = ()


class NamedPool(msgspec.Struct, frozen=True):
    """A pool by name: what it counts and what it starts with. How much is left, only inventory knows."""

    pool_id: UUID
    performance_id: UUID
    counted: Counted


def name_pools(performance_ids: Iterable[UUID], counted: Sequence[Counted]) -> list[NamedPool]:
    """A new pool for each of these at each performance."""
    return [NamedPool(new_id(), performance_id, one) for performance_id in performance_ids for one in counted]


def offers_of(
    performance_ids: Iterable[UUID],
    sector_of_ticket_type: Mapping[UUID, UUID],
    pools: Mapping[tuple[UUID, UUID], UUID],
) -> dict[Offer, tuple[UUID, ...]]:
    """The pools of every performance with every ticket type, by offer: the sector's first, then the ticket type's own if it has one.

    `pools`: pool ids by performance and by what they count, a sector or a ticket type.
    """
    offers: dict[Offer, tuple[UUID, ...]] = {}
    for performance_id in performance_ids:
        for ticket_type_id, sector_id in sector_of_ticket_type.items():
            own = pools.get((performance_id, ticket_type_id))
            of_sector = pools[performance_id, sector_id]
            offers[performance_id, ticket_type_id] = (of_sector,) if own is None else (of_sector, own)
    return offers


def seat_labels(rows: Sequence[SeatRow]) -> tuple[str, ...]:
    """The seats of numbered rows, e.g. row A from 1 to 2 is `A-1`, `A-2`."""
    return tuple(label for row in rows for label in row.seat_labels)
