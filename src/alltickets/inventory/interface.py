"""What other contexts may use of inventory. Functions that take `tx` join the caller's transaction and lock stock until it ends."""

from alltickets.inventory.queries import Levels, TakenSeats
from alltickets.inventory.rules import (
    CapacityTaken,
    ClaimRequest,
    Confirmation,
    Hold,
    HoldConflict,
    HoldGone,
    HoldState,
    PoolLevel,
    PoolNotFound,
    SeatsTaken,
    SoldOut,
    StockNotReady,
    TooManyHolds,
    seat_id_of,
)
from alltickets.inventory.service import Inventory, claim, confirm, extend, keep_patiently, read_holds, release, return_places, return_sold
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
    "Inventory",
    "Levels",
    "PoolLevel",
    "PoolNotFound",
    "SeatsTaken",
    "SoldOut",
    "StockNotReady",
    "TakenSeats",
    "TooManyHolds",
    "claim",
    "confirm",
    "extend",
    "keep_patiently",
    "read_holds",
    "release",
    "return_places",
    "return_sold",
    "seat_id_of",
]
