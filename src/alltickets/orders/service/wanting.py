"""Whether money would be of use for an order, asked before a reservation of it is taken."""

from collections.abc import Collection
from uuid import UUID

from alltickets.kernel.ids import new_id
from alltickets.kernel.time import Clock
from alltickets.orders.records import Order, read_order, read_orders
from alltickets.orders.rules import OrderStatus, may_move
from alltickets.orders.service.calling_off import SaleMoved
from alltickets.orders.service.fulfilment import Fulfilment
from alltickets.payments.events import PaymentCaptured
from alltickets.platform.database import Database
from alltickets.platform.outbox import Recorded

__all__ = ["Wanting"]


class Wanting:
    """The question that payments ask: without it, a late reservation would be taken only to be given back days later."""

    def __init__(self, database: Database, clock: Clock, fulfilment: Fulfilment) -> None:
        self._database = database
        self._clock = clock
        self._fulfilment = fulfilment

    async def wanted(self, organizer_id: UUID, order_ids: Collection[UUID]) -> set[UUID]:
        """Of these orders, those that would be paid if their money came now. It may be otherwise once it comes: then it goes back."""
        async with self._database.reading(organizer_id) as reader:
            orders = await read_orders(reader, order_ids=order_ids)
        now = self._clock()
        in_time = [one for one in orders if one.status == OrderStatus.AWAITING_PAYMENT and now < one.pay_until]
        late = [one for one in orders if one not in in_time and may_move(one.status, OrderStatus.PAID)]
        # One after the other, each as if it were alone: two late ones do not take the last place from one another.
        return {one.order_id for one in in_time} | {one.order_id for one in late if await self._is_paid_in_rehearsal(organizer_id, one)}

    async def _is_paid_in_rehearsal(self, organizer_id: UUID, order: Order) -> bool:
        """Have its money come in a transaction that is taken back: the code that will decide then decides, on limits, sale and places."""
        came = PaymentCaptured(
            reference=order.order_id,
            payment_id=new_id(),
            attempt_id=new_id(),
            charge_id=new_id(),
            amount_minor=order.total_minor,
            currency=order.currency,
        )
        try:
            async with self._database.transaction(organizer_id) as tx:
                await self._fulfilment.on_events(tx, [Recorded(organizer_id, 0, self._clock(), came)])
                after = await read_order(tx, order.order_id)
                raise _RehearsalOver(is_paid=after is not None and after.status == OrderStatus.PAID)
        except _RehearsalOver as over:
            return over.is_paid
        except SaleMoved:
            # Called off, or put back on sale, while this was being decided: once more, with that.
            return await self._is_paid_in_rehearsal(organizer_id, order)


class _RehearsalOver(Exception):
    def __init__(self, *, is_paid: bool) -> None:
        self.is_paid = is_paid
