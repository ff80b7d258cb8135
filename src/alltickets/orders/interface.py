"""What others may use of orders: the composition root its use cases and refusals. Doors, campaigns and figures live on `orders.events`."""

from alltickets.orders.ics import CalendarEntry, ics_of
from alltickets.orders.refusals import (
    FieldFault,
    HoldersInvalid,
    HoldTaken,
    LimitExceeded,
    NoValidTickets,
    OrderConflict,
    OrderNotFound,
    OrderNotOpen,
    SelectionInvalid,
)
from alltickets.orders.rules import OrderStatus
from alltickets.orders.service import Orders, Paper
from alltickets.orders.service.shop import Availability, OfferState

__all__ = [
    "Availability",
    "CalendarEntry",
    "FieldFault",
    "HoldTaken",
    "HoldersInvalid",
    "LimitExceeded",
    "NoValidTickets",
    "OfferState",
    "OrderConflict",
    "OrderNotFound",
    "OrderNotOpen",
    "OrderStatus",
    "Orders",
    "Paper",
    "SelectionInvalid",
    "ics_of",
]
