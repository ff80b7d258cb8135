"""What payments does when something is published: it applies the callbacks that its own inbox has stored, keeps its books, and keeps
what somebody has to look at.
"""

from alltickets.payments.events import (
    CallbacksReceived,
    ChargeMoved,
    PaymentCaptured,
    PaymentFlagged,
    PaymentUnflagged,
    RefundFailed,
    RefundOrdered,
)
from alltickets.payments.service import Payments
from alltickets.payments.service.ledger import SUBSCRIPTION
from alltickets.platform.outbox import Subscription

__all__ = ["subscriptions"]

POSTED_SECONDS_APART = 0.9
"""Nobody waits for the books, and in a rush a few large batches cost a fraction of many small ones."""


def subscriptions(payments: Payments) -> list[Subscription]:
    """The subscriptions of payments. Captures and failures are published in the transaction that applies the callback.

    The books are a reader of their own: what they cannot digest holds no payment up.
    """
    return [
        Subscription(name="payments", events=(CallbacksReceived,), handle=payments.inbox.apply_received),
        Subscription(
            name=SUBSCRIPTION,
            events=(PaymentCaptured, ChargeMoved, RefundOrdered, RefundFailed),
            handle=payments.ledger.on_events,
            apart_seconds=POSTED_SECONDS_APART,
        ),
        Subscription(name="payment-flags", events=(PaymentFlagged, PaymentUnflagged), handle=payments.flags.on_events),
    ]
