"""What an organizer gives back of an order that goes on: amounts and tickets, once each, and never more than was paid."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from alltickets.catalog.schemas.organizer import RowCreate
from alltickets.identity.interface import Actor
from alltickets.kernel.errors import Refusal
from alltickets.kernel.ids import new_id
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotFound, OrderNotOpen, RefundConflict
from alltickets.orders.rules import OrderStatus
from alltickets.orders.service import GiveBack
from alltickets.payments.interface import NothingToRefund, RefundDetails, RefundTooLarge
from alltickets.tickets.interface import NoSuchTicket, Ticket, TicketIsRevoked, TicketStatus, read_of_order
from tests.orders.box_office import PRICE, BoxOffice


async def give_back(box: BoxOffice, order: Order, *, refund_id: UUID | None = None, **asked: Any) -> RefundDetails:
    wanted = GiveBack(refund_id=refund_id or new_id(), **{"reason": "pedido", **asked})
    return await box.orders.refunding.give_back(box.actor, order.order_id, wanted)


async def refused(box: BoxOffice, order: Order, **asked: Any) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await give_back(box, order, **asked)
    return raised.value


async def tickets_of(box: BoxOffice, order: Order) -> list[Ticket]:
    async with box.database.reading(box.organizer_id) as reader:
        return await read_of_order(reader, order.order_id)


async def sold(box: BoxOffice) -> int:
    [(count,)] = await box.rows("SELECT sum(sold)::int FROM inventory.pools WHERE organizer_id = %(organizer_id)s")
    return int(count)


async def test_an_amount_goes_back_and_the_order_goes_on(box: BoxOffice) -> None:
    order, refund_id = await box.paid(quantity=2), new_id()

    both = [await give_back(box, order, refund_id=refund_id, amount_minor=5_00) for _ in range(2)]
    conflict = await refused(box, order, refund_id=refund_id, amount_minor=6_00)
    too_much = await refused(box, order, amount_minor=2 * PRICE)
    await box.refund(order, 5_00)

    assert [(one.id, one.amount_minor, one.status) for one in both] == [(refund_id, 5_00, "created")] * 2
    assert isinstance(conflict, RefundConflict)
    assert isinstance(too_much, RefundTooLarge)
    assert [one.id for one in await box.orders.refunding.of_order(box.actor, order.order_id)] == [refund_id]
    now = await box.read(order.order_id)
    assert (now.status, now.refunded_minor, now.payment_state) == (OrderStatus.PAID, 5_00, "captured")
    assert [ticket.status for ticket in await tickets_of(box, order)] == [TicketStatus.VALID] * 2
    assert await sold(box) == 2


async def test_tickets_go_back_with_what_was_paid_for_them_and_their_places_are_for_sale_again(closed_box: BoxOffice) -> None:
    box = await closed_box.open(capacity=3, per_buyer_max=3)
    order, refund_id = await box.paid(quantity=3), new_id()
    first, second, third = await tickets_of(box, order)

    at_once = [give_back(box, order, refund_id=refund_id, ticket_ids=(first.ticket_id, third.ticket_id)) for _ in range(3)]
    refunds = await asyncio.gather(*at_once)
    revoked = await refused(box, order, ticket_ids=(third.ticket_id,))
    nowhere = await refused(box, order, ticket_ids=(second.ticket_id, new_id()))
    another = await box.paid(quantity=2)

    assert {(one.id, one.amount_minor) for one in refunds} == {(refund_id, 2 * PRICE)}
    assert isinstance(revoked, TicketIsRevoked)
    assert isinstance(nowhere, NoSuchTicket)
    assert [ticket.status for ticket in await tickets_of(box, order)] == [TicketStatus.REVOKED, TicketStatus.VALID, TicketStatus.REVOKED]
    assert (await box.states(order, another), await sold(box)) == ([("paid", "captured")] * 2, 3)

    await box.orders.back_office.cancel(box.actor, order.order_id, "todo")

    [*_, rest] = await box.orders.refunding.of_order(box.actor, order.order_id)
    assert (rest.amount_minor, await sold(box)) == (PRICE, 2)
    assert (await box.paid(quantity=1)).status == OrderStatus.PAID


async def test_numbered_seats_go_back_one_by_one(closed_box: BoxOffice) -> None:
    box = await closed_box.open()
    sector_id = await box.make_sector(rows=(RowCreate(label="A", first=1, last=3),))
    numbered = await box.make_ticket_type(sector_id=sector_id)
    await box.catch_up()
    order = await box.paid(box.line(ticket_type_id=numbered, seats=("A-1", "A-2")))
    tickets = await tickets_of(box, order)
    taken = next(ticket for ticket in tickets if ticket.seat_label == "A-1")

    await give_back(box, order, ticket_ids=(taken.ticket_id,))

    assert (await box.paid(box.line(ticket_type_id=numbered, seats=("A-1",)))).status == OrderStatus.PAID
    for ticket in tickets:
        if ticket is not taken:
            await give_back(box, order, ticket_ids=(ticket.ticket_id,))
    await box.refund(order)
    assert (await box.read(order.order_id)).status == OrderStatus.REFUNDED
    assert await sold(box) == 1


async def test_what_cannot_be_given_back_changes_nothing(box: BoxOffice) -> None:
    unpaid, order, other = await box.order(), await box.paid(quantity=2), await box.paid()
    tickets = await tickets_of(box, order)
    refund_id = new_id()
    await give_back(box, other, refund_id=refund_id, amount_minor=1_00)
    await give_back(box, order, amount_minor=PRICE + 1)
    stranger = replace(box, actor=Actor.system(new_id(), "stranger"))

    assert isinstance(await refused(box, unpaid, amount_minor=1), OrderNotOpen)
    assert isinstance(await refused(box, order, ticket_ids=(tickets[0].ticket_id,)), RefundTooLarge)
    assert isinstance(await refused(box, order, refund_id=refund_id, amount_minor=1_00), RefundConflict)
    assert isinstance(await refused(stranger, order, amount_minor=1), OrderNotFound)
    with pytest.raises(OrderNotFound):
        await box.orders.refunding.of_order(stranger.actor, order.order_id)
    assert [ticket.status for ticket in await tickets_of(box, order)] == [TicketStatus.VALID] * 2
    assert await sold(box) == 3

    assert (await give_back(box, other)).amount_minor == PRICE - 1_00
    assert isinstance(await refused(box, other, amount_minor=1), NothingToRefund)


async def test_money_paid_twice_goes_back_with_the_order_and_is_never_counted_as_the_orders(box: BoxOffice) -> None:
    order, refund_id = await box.paid(quantity=2), new_id()
    first, second = await tickets_of(box, order)
    await box.report(replace(await box.payment_of(order), id="pay_again"))
    await box.catch_up()
    await box.fail_refunds()

    await give_back(box, order, ticket_ids=(first.ticket_id,))
    both = [await give_back(box, order, refund_id=refund_id, amount_minor=PRICE + 5_00) for _ in range(2)]
    conflict = await refused(box, order, refund_id=refund_id, amount_minor=PRICE)
    [part] = [one for one in await box.orders.refunding.of_order(box.actor, order.order_id) if one.part_of == refund_id]
    of_another = await refused(box, await box.paid(), refund_id=part.id, amount_minor=1_00)
    of_ticket = await refused(box, order, ticket_ids=(second.ticket_id,))
    too_much = await refused(box, order, amount_minor=2 * PRICE)
    await box.refund(order, PRICE)
    in_parts = await box.read(order.order_id)
    await box.orders.back_office.cancel(box.actor, order.order_id, "todo")
    await box.refund(order)

    assert {(one.id, one.amount_minor, one.ordered_minor) for one in both} == {(refund_id, PRICE, PRICE + 5_00)}
    assert isinstance(of_another, RefundConflict), "the id of a part is taken as any other"
    assert (isinstance(conflict, RefundConflict), isinstance(of_ticket, NothingToRefund)) == (True, True)
    assert isinstance(too_much, RefundTooLarge)
    assert too_much.refundable_minor == 2 * PRICE - 5_00
    refunds = await box.orders.refunding.of_order(box.actor, order.order_id)
    assert [one.amount_minor for one in refunds if one.status == "failed"] == [2 * PRICE]
    assert sorted(one.amount_minor for one in refunds if one.status != "failed") == [5_00, PRICE, PRICE, 2 * PRICE - 5_00]
    now = await box.read(order.order_id)
    assert (in_parts.refunded_minor, now.refunded_minor, now.payment_state) == (PRICE, 2 * PRICE, "returned")


async def test_an_order_says_that_its_money_was_refused_and_that_it_goes_back_after_all(box: BoxOffice) -> None:
    order = await box.paid()
    await box.report(replace(await box.payment_of(order), id="pay_again"))
    await box.catch_up()
    await box.orders.back_office.cancel(box.actor, order.order_id, "todo")
    beside, returning = await box.orders.refunding.of_order(box.actor, order.order_id)
    states = [await box.states(order)]

    await box.fail_refunds()
    states.append(await box.states(order))
    refunds = box.process.payments.refunds
    for refund in sorted((beside, returning), key=lambda one: one.reason == "order_cancelled"):
        await refunds.make_again_for(box.actor, refund.id)
        await box.catch_up()
        states.append(await box.states(order))
    await box.refund(order)

    assert [state for [(_, state)] in states] == ["returning", "return_failed", "return_failed", "returning"]
    assert await box.states(order) == [("refunded", "returned")]
