"""What orders do when others publish."""

from alltickets.catalog.events import EventCancelled, PerformanceCancelled
from alltickets.inventory.events import HoldsExpired
from alltickets.orders.events import OrdersLeft
from alltickets.orders.service import Orders
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending, PaymentRefunded, RefundFailed, RefundOrdered
from alltickets.platform.outbox import Subscription

__all__ = ["subscription"]


def subscription(orders: Orders) -> Subscription:
    """Money, time and cancellations moving orders. An order becomes paid here: `service/fulfilment.py`."""
    return Subscription(
        name="orders",
        events=(
            PaymentCaptured,
            PaymentPending,
            PaymentFailed,
            PaymentRefunded,
            RefundOrdered,
            RefundFailed,
            HoldsExpired,
            OrdersLeft,
            EventCancelled,
            PerformanceCancelled,
        ),
        handle=orders.fulfilment.on_events,
    )
