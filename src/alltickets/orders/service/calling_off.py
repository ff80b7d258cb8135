"""How a purchase and the cancellation of what it buys never pass each other by.

Both publish, so both stand in line at the organizer's stream. A purchase that stands behind the cancellation sees it there and is decided
anew; one that stands before it is committed by then, so that the cancellation, which is handled after that, finds it.
"""

from collections.abc import Mapping
from uuid import UUID

from alltickets.catalog.interface import SaleState, read_sale_states
from alltickets.platform.database import Transaction

__all__ = ["SaleMoved", "check_sale"]


class SaleMoved(Exception):
    """What is sold of an event changed while this was being decided: it is decided again and finds it."""


async def check_sale(tx: Transaction, decided_on: Mapping[UUID, SaleState]) -> None:
    """Append what was published, and raise `SaleMoved` unless these events are still sold as was decided on. Comes last in `tx`.

    The stream's row is locked anyhow; a lock on the event's, taken by batch after batch of a rush, would keep its organizer from ever
    getting it.
    """
    await tx.append_published()
    if await read_sale_states(tx, decided_on.keys()) != decided_on:
        raise SaleMoved
