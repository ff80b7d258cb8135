"""What others may use of orders: the composition root its use cases and refusals; notifications reads what it writes to buyers about.

Doors, campaigns and figures live on `orders.events`.
"""

from alltickets.orders.ics import CalendarEntry, ics_of
from alltickets.orders.opening import Opening, refuse_guessing
from alltickets.orders.queries import OrderState
from alltickets.orders.records import Order, read_orders
from alltickets.orders.refusals import (
    FieldFault,
    HoldersInvalid,
    HoldTaken,
    LimitExceeded,
    NoValidTickets,
    OrderConflict,
    OrderNotFound,
    OrderNotOpen,
    RefundConflict,
    SelectionInvalid,
    TicketChanged,
    TicketNotChangeable,
    WithdrawalIsSettled,
    WithdrawalNotFound,
)
from alltickets.orders.rules import Holder, OrderStatus, check_mail
from alltickets.orders.service import Orders, Paper
from alltickets.orders.service.self_service import Objections, ShownHolder, correct_buyer_mail
from alltickets.orders.service.shop import Availability, OfferState, ShownOrder
from alltickets.orders.withdrawals import Withdrawal, WithdrawalStatus

__all__ = [
    "Availability",
    "CalendarEntry",
    "FieldFault",
    "HoldTaken",
    "Holder",
    "HoldersInvalid",
    "LimitExceeded",
    "NoValidTickets",
    "Objections",
    "OfferState",
    "Opening",
    "Order",
    "OrderConflict",
    "OrderNotFound",
    "OrderNotOpen",
    "OrderState",
    "OrderStatus",
    "Orders",
    "Paper",
    "RefundConflict",
    "SelectionInvalid",
    "ShownHolder",
    "ShownOrder",
    "TicketChanged",
    "TicketNotChangeable",
    "Withdrawal",
    "WithdrawalIsSettled",
    "WithdrawalNotFound",
    "WithdrawalStatus",
    "check_mail",
    "correct_buyer_mail",
    "ics_of",
    "read_orders",
    "refuse_guessing",
]
