"""Inventory on the wire."""

from typing import Annotated
from uuid import UUID

import msgspec

__all__ = ["PoolRead", "PoolWrite"]


class PoolRead(msgspec.Struct, frozen=True):
    """A pool's figures."""

    pool_id: UUID
    performance_id: UUID | None
    kind: str
    label: str
    capacity: int
    held: int
    sold: int
    left: int
    awaiting: int
    """Of those held, the ones in orders that wait for a transfer or cash."""


class PoolWrite(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new capacity: any that is not below what is held and sold."""

    capacity: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)]
