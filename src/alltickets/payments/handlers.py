"""What payments does when something is published: it applies the callbacks that its own inbox has stored."""

from alltickets.payments.events import CallbacksReceived
from alltickets.payments.service import Payments
from alltickets.platform.outbox import Subscription

__all__ = ["subscriptions"]


def subscriptions(payments: Payments) -> list[Subscription]:
    """The subscriptions of payments. Captures and failures are published in the transaction that applies the callback."""
    return [Subscription(name="payments", events=(CallbacksReceived,), handle=payments.inbox.apply_received)]
