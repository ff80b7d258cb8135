"""What inventory does when others publish."""

from collections.abc import Sequence

from alltickets.catalog.events import StockPlanned
from alltickets.inventory.rules import seat_id_of
from alltickets.inventory.service import NewPool, open_pools
from alltickets.platform.database import Transaction
from alltickets.platform.outbox import Recorded, Subscription

__all__ = ["subscription"]


def subscription() -> Subscription:
    """Opens the pools that the catalog plans."""
    return Subscription(name="inventory", events=(StockPlanned,), handle=_open_planned)


async def _open_planned(tx: Transaction, recorded: Sequence[Recorded]) -> None:
    pools = [
        NewPool(
            pool_id=planned.pool_id,
            event_id=entry.event.event_id,
            performance_id=planned.performance_id,
            kind=planned.kind,
            label=planned.label,
            capacity=planned.capacity,
            seats=tuple((seat_id_of(planned.pool_id, label), label) for label in planned.seats),
        )
        for entry in recorded
        if isinstance(entry.event, StockPlanned)
        for planned in entry.event.pools
    ]
    await open_pools(tx, pools)
