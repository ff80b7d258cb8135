"""What notifications does when others publish."""

from alltickets.marketing.events import PlacesFreed
from alltickets.notifications.service import Notifications
from alltickets.orders.events import (
    HolderCorrected,
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    PaymentUnplaced,
    WithdrawalAsked,
    WithdrawalSettled,
)
from alltickets.payments.events import PaidTwice, PaymentFailed, PaymentInstructed, PaymentPending, PaymentRefunded
from alltickets.platform.outbox import Subscription
from alltickets.tickets.events import TicketReissued

__all__ = ["subscription"]


def subscription(notifications: Notifications) -> Subscription:
    """News become mails, and each mail a job, in the transaction that moves the cursor."""
    return Subscription(
        name="notifications",
        events=(
            OrderPaid,
            OrderExpired,
            OrderCancelled,
            PaymentUnplaced,
            PaymentInstructed,
            PaymentPending,
            PaymentFailed,
            PaymentRefunded,
            PaidTwice,
            HolderCorrected,
            TicketReissued,
            PlacesFreed,
            WithdrawalAsked,
            WithdrawalSettled,
        ),
        handle=notifications.queueing.on_events,
    )
