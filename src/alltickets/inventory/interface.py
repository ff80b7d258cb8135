"""What other contexts may use of inventory. Functions that take `tx` join the caller's transaction and lock stock until it ends."""

from alltickets.inventory.queries import Levels
from alltickets.inventory.rules import (
    CapacityTaken,
    ClaimRequest,
    Confirmation,
    Hold,
    HoldConflict,
    HoldGone,
    HoldState,
    PoolLevel,
    SeatsTaken,
    SoldOut,
    StockNotReady,
    TooManyHolds,
)
from alltickets.inventory.service import claim, confirm, extend, read_holds, release, return_sold
from alltickets.inventory.stock import HoldRaced

__all__ = [
    "CapacityTaken",
    "ClaimRequest",
    "Confirmation",
    "Hold",
    "HoldConflict",
    "HoldGone",
    "HoldRaced",
    "HoldState",
    "Levels",
    "PoolLevel",
    "SeatsTaken",
    "SoldOut",
    "StockNotReady",
    "TooManyHolds",
    "claim",
    "confirm",
    "extend",
    "read_holds",
    "release",
    "return_sold",
]
