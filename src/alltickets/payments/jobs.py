"""The background work of payments: three loops over rows that are due. None of them is needed by the other two."""

from alltickets.payments.service import Payments
from alltickets.platform.loops import Loop

__all__ = ["loops"]


def loops(payments: Payments) -> list[Loop]:
    """poll: ask about attempts. inbox: callbacks that only hinted, or came too early. refunds: carry out and ask about refunds."""
    return [
        Loop("payments.poll", 1.0, payments.poller.sweep),
        Loop("payments.inbox", 1.0, payments.inbox.sweep),
        Loop("payments.refunds", 1.0, payments.refunds.sweep),
    ]
