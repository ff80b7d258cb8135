"""What organizers do with orders: read them, call them off."""

from uuid import UUID

import msgspec

from alltickets.identity.interface import Actor, Subject, record
from alltickets.inventory.interface import release
from alltickets.kernel.time import Clock
from alltickets.orders.events import OrderCancelled
from alltickets.orders.queries import list_orders
from alltickets.orders.records import Order, lock_orders, read_order, write_progress
from alltickets.orders.refusals import OrderNotFound, OrderNotOpen
from alltickets.orders.rules import OrderStatus, may_move
from alltickets.orders.service.fulfilment import Fulfilment, return_money
from alltickets.payments.interface import Payments
from alltickets.platform.database import Database, Transaction
from alltickets.platform.paging import Page
from alltickets.tickets.interface import Revocation

__all__ = ["BackOffice"]


class BackOffice:
    """The organizer's use cases of orders."""

    def __init__(self, database: Database, clock: Clock, payments: Payments, fulfilment: Fulfilment) -> None:
        self._database = database
        self._clock = clock
        self._payments = payments
        self._fulfilment = fulfilment

    async def page(self, actor: Actor, *, event_id: UUID | None, status: OrderStatus | None, cursor: str | None, size: int) -> Page[Order]:
        """The organizer's orders, newest first. Raises `CursorUnreadable`."""
        async with self._database.reading(actor.organizer_id) as reader:
            return await list_orders(reader, event_id=event_id, status=status, cursor=cursor, size=size)

    async def read(self, actor: Actor, order_id: UUID) -> Order:
        """One order. Raises `OrderNotFound`, also for another organizer's."""
        async with self._database.reading(actor.organizer_id) as reader:
            order = await read_order(reader, order_id)
        if order is None:
            raise OrderNotFound
        return order

    async def cancel(self, actor: Actor, order_id: UUID, reason: str) -> Order:
        """Call an order off: its places are free again, its tickets revoked, its money on the way back. Twice is once.

        Raises `OrderNotFound`, or `OrderNotOpen` when it came to an end before.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            found = await lock_orders(tx, order_ids=[order_id])
            if not found:
                raise OrderNotFound
            [order] = found
            if order.status == OrderStatus.CANCELLED:
                return order
            if not may_move(order.status, OrderStatus.CANCELLED):
                raise OrderNotOpen(order.status)
            return await self.call_off(tx, actor, order, reason)

    async def call_off(self, tx: Transaction, actor: Actor, order: Order, reason: str, *, is_withdrawn: bool = False) -> Order:
        """The same for an order that may be and is locked, in the caller's transaction. `is_withdrawn`: because its buyer wants it so."""
        was_paid = order.status == OrderStatus.PAID
        state = "returning" if was_paid and order.total_minor else order.payment_state
        order = msgspec.structs.replace(order, status=OrderStatus.CANCELLED, payment_state=state)
        await write_progress(tx, [order])
        await self._fulfilment.take_back(tx, [order], Revocation.CANCELLED, now=self._clock())
        await release(tx, [order.hold_id])
        if was_paid and order.total_minor:
            await return_money(self._payments, tx, [order], reason="order_cancelled")
        await record(tx, actor, "order.cancelled", Subject("order", order.order_id), {"reason": reason})
        tx.publish(OrderCancelled(order_id=order.order_id, event_id=order.event_id, reason=reason, is_withdrawn=is_withdrawn))
        return order
