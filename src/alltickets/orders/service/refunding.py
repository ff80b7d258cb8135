"""Where an organizer gives a part of an order's money back: an amount, or what tickets cost, and the rest of the order goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from alltickets.identity.interface import Actor, Subject, record
from alltickets.kernel.errors import Refusal
from alltickets.kernel.time import Clock
from alltickets.orders.quotes import KeptQuotes
from alltickets.orders.records import Order, lock_orders, read_order
from alltickets.orders.refusals import OrderNotFound, OrderNotOpen, RefundConflict
from alltickets.orders.rules import OrderStatus, paid_for, unit_prices
from alltickets.orders.service.fulfilment import Fulfilment
from alltickets.payments.interface import AskRefund, NothingToRefund, Payments, RefundDetails
from alltickets.platform.database import Database, Reader, Transaction
from alltickets.tickets.interface import NoSuchTicket, Ticket, TicketIsRevoked, read_of_order

__all__ = ["GiveBack", "Refunding"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """Money to be given back: so much, what was paid for these tickets, or with neither all that is left.

    Whoever asks names it, so that asking twice is asking once.
    """

    refund_id: UUID
    reason: str
    amount_minor: int | None = None
    ticket_ids: tuple[UUID, ...] = ()


class Refunding:
    """The organizer's refunds of orders that go on."""

    def __init__(self, database: Database, clock: Clock, payments: Payments, fulfilment: Fulfilment, quotes: KeptQuotes) -> None:
        self._database = database
        self._clock = clock
        self._payments = payments
        self._fulfilment = fulfilment
        self._quotes = quotes

    async def of_order(self, actor: Actor, order_id: UUID) -> list[RefundDetails]:
        """All refunds of an order, oldest first. Raises `OrderNotFound`."""
        async with self._database.reading(actor.organizer_id) as reader:
            if await read_order(reader, order_id) is None:
                raise OrderNotFound
            return await self._payments.refunds_of(reader, order_id)

    async def give_back(self, actor: Actor, order_id: UUID, asked: GiveBack) -> RefundDetails:
        """Order a refund of a paid order; with tickets these are revoked and their places for sale again, in the same transaction.

        Its money is on its way back when this returns, and the order goes on until all of its money is back. Raises `OrderNotFound`,
        `OrderNotOpen`, `NoSuchTicket`, `TicketIsRevoked`, `RefundConflict`, and what `Refunds.order` refuses.
        """
        async with self._database.transaction(actor.organizer_id) as tx:
            found = await lock_orders(tx, order_ids=[order_id])
            if not found:
                raise OrderNotFound
            [order] = found
            before = await self._find(tx, order_id, asked.refund_id)
            if before is not None:
                if not await self._is_same(tx, order, asked, before):
                    raise RefundConflict
                return before
            if order.status != OrderStatus.PAID:
                raise OrderNotOpen(order.status)
            minor = asked.amount_minor
            if asked.ticket_ids:
                tickets = await _tickets(tx, order, asked.ticket_ids)
                minor = await self._paid_for(tx, order, tickets)
                await self._fulfilment.take_tickets_back(tx, order, tickets, now=self._clock())
            if minor == 0:
                raise NothingToRefund
            request = AskRefund(
                refund_id=asked.refund_id,
                reference=order_id,
                amount_minor=minor,
                reason=asked.reason,
                is_of_price=bool(asked.ticket_ids),
            )
            [outcome] = await self._payments.refund(tx, [request])
            if isinstance(outcome, Refusal):
                raise outcome
            await _record(tx, actor, order, asked, outcome.amount.minor)
            refund = await self._find(tx, order_id, asked.refund_id)
            if refund is None:
                raise RefundConflict
            return refund

    async def _find(self, reader: Reader, order_id: UUID, refund_id: UUID) -> RefundDetails | None:
        return next((one for one in await self._payments.refunds_of(reader, order_id) if one.id == refund_id), None)

    async def _is_same(self, tx: Transaction, order: Order, asked: GiveBack, before: RefundDetails) -> bool:
        if asked.reason != before.reason or asked.amount_minor not in (None, before.ordered_minor):
            return False
        tickets = {ticket.ticket_id: ticket.number for ticket in await read_of_order(tx, order.order_id)}
        return all(tickets.get(ticket_id) in order.returned_numbers for ticket_id in asked.ticket_ids)

    async def _paid_for(self, tx: Transaction, order: Order, tickets: Sequence[Ticket]) -> int:
        quotes = await self._quotes.read(tx, [order.quote_id])
        prices = unit_prices(quotes[order.quote_id])
        numbers = [ticket.number for ticket in tickets]
        return paid_for(prices, order.returned_numbers, numbers, total_minor=order.total_minor, paid_minor=order.paid.minor)


async def _record(tx: Transaction, actor: Actor, order: Order, asked: GiveBack, minor: int) -> None:
    details: dict[str, str | int | bool | None] = {
        "refund": str(asked.refund_id),
        "reason": asked.reason,
        "amount_minor": minor,
        "tickets": len(asked.ticket_ids),
    }
    await record(tx, actor, "order.refunded", Subject("order", order.order_id), details)


async def _tickets(tx: Transaction, order: Order, ticket_ids: Sequence[UUID]) -> list[Ticket]:
    """These tickets of the order, each once. Raises `NoSuchTicket` or `TicketIsRevoked`."""
    of_order = {ticket.ticket_id: ticket for ticket in await read_of_order(tx, order.order_id)}
    tickets: list[Ticket] = []
    for ticket_id in dict.fromkeys(ticket_ids):
        ticket = of_order.get(ticket_id)
        if ticket is None:
            raise NoSuchTicket(str(ticket_id))
        if ticket.revoked_reason is not None:
            raise TicketIsRevoked(str(ticket_id), ticket.revoked_reason)
        tickets.append(ticket)
    return tickets
