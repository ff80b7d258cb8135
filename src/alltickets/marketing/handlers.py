"""What marketing does when others publish."""

from alltickets.marketing.service import WaitingList
from alltickets.orders.events import OrderPaid
from alltickets.platform.outbox import Subscription

__all__ = ["subscription"]


def subscription(waiting_list: WaitingList) -> Subscription:
    """Whoever has bought waits no longer."""
    return Subscription(name="marketing", events=(OrderPaid,), handle=waiting_list.on_events)
