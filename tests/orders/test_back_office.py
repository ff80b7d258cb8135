"""What organizers do with orders: find them, and call them off."""

import asyncio
from typing import Any

import pytest

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.orders.events import OrderCancelled, OrderRefunded
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotFound, OrderNotOpen
from alltickets.orders.rules import OrderStatus
from alltickets.platform.paging import CursorUnreadable, Page
from tests.orders.box_office import PRICE, BoxOffice


async def page(box: BoxOffice, *, cursor: str | None = None, size: int = 2, **filters: Any) -> Page[Order]:
    return await box.orders.back_office.page(box.actor, **{"event_id": None, "status": None, **filters}, cursor=cursor, size=size)


async def all_pages(box: BoxOffice, **filters: Any) -> list[Order]:
    cursor, found = None, []
    while True:
        one = await page(box, cursor=cursor, **filters)
        found += one.items
        cursor = one.next
        if cursor is None:
            return found


async def cancel(box: BoxOffice, order: Order) -> Order:
    return await box.orders.back_office.cancel(box.actor, order.order_id, "double")


async def test_orders_are_paged_newest_first_and_none_is_shown_twice(box: BoxOffice) -> None:
    placed = [(await box.order()).order_id for _ in range(5)]

    first = await page(box)
    await box.order()
    rest = await page(box, cursor=first.next, size=10)

    assert [order.order_id for order in first.items + rest.items] == placed[::-1]
    assert rest.next is None


async def test_orders_are_found_by_event_and_status(box: BoxOffice) -> None:
    paid, unpaid, first_event = await box.paid(), await box.order(), box.event_id
    await box.open()
    other = await box.order()

    assert [order.order_id for order in await all_pages(box)] == [other.order_id, unpaid.order_id, paid.order_id]
    assert [order.order_id for order in await all_pages(box, event_id=first_event)] == [unpaid.order_id, paid.order_id]
    assert [order.order_id for order in await all_pages(box, status=OrderStatus.PAID)] == [paid.order_id]
    assert await all_pages(box, event_id=box.event_id, status=OrderStatus.PAID) == []


async def test_a_cursor_of_nowhere_is_refused(box: BoxOffice) -> None:
    with pytest.raises(CursorUnreadable):
        await page(box, cursor="nonsense")


async def test_another_organizers_order_is_not_there(box: BoxOffice) -> None:
    order = await box.order()
    stranger = Actor.system(new_id(), "stranger")

    with pytest.raises(OrderNotFound):
        await box.orders.back_office.read(stranger, order.order_id)
    with pytest.raises(OrderNotFound):
        await box.orders.back_office.cancel(stranger, order.order_id, "mine now")

    assert (await box.orders.back_office.page(stranger, event_id=None, status=None, cursor=None, size=10)).items == []
    assert await box.states(order) == [("awaiting_payment", "open")]


async def test_cancelling_an_unpaid_order_frees_its_places_and_its_buyers_count(closed_box: BoxOffice) -> None:
    box = await closed_box.open(per_buyer_max=2)
    order = await box.order(quantity=2)

    cancelled = await cancel(box, order)

    assert cancelled == await box.read(order.order_id)
    assert (cancelled.status, cancelled.payment_state) == (OrderStatus.CANCELLED, "open")
    assert (await box.places(), await box.counted(), await box.refunds(order)) == ((0, 0), 0, [])
    assert await box.told(OrderCancelled) == [OrderCancelled(order_id=order.order_id, event_id=box.event_id, reason="double")]


async def test_cancelling_a_paid_order_revokes_its_tickets_and_sends_its_money_back(closed_box: BoxOffice) -> None:
    box = await closed_box.open(per_buyer_max=2)
    order = await box.paid(quantity=2)

    cancelled = await cancel(box, order)

    assert (cancelled.status, cancelled.payment_state) == (OrderStatus.CANCELLED, "returning")
    assert await box.ticket_states(order) == ["revoked", "revoked"]
    assert (await box.places(), await box.counted()) == ((0, 0), 0)
    assert await box.refunds(order) == [(2 * PRICE, "order_cancelled")]
    await box.refund(order)
    assert await box.states(order) == [("refunded", "returned")]
    assert len(await box.told(OrderRefunded)) == 1
    assert (await box.places(), await box.counted()) == ((0, 0), 0)


async def test_cancelling_what_cost_nothing_sends_nothing_back(closed_box: BoxOffice) -> None:
    box = await closed_box.open(price_minor=0, with_account=False)
    order = await box.order(quantity=2)

    cancelled = await cancel(box, order)

    assert (cancelled.status, cancelled.payment_state) == (OrderStatus.CANCELLED, "none")
    assert (await box.ticket_states(order), await box.places()) == (["revoked", "revoked"], (0, 0))


async def test_cancelling_twice_is_cancelling_once(box: BoxOffice) -> None:
    order = await box.paid(quantity=2)

    first, second = await asyncio.gather(cancel(box, order), cancel(box.other_process(), order))

    assert first == second == await cancel(box, order)
    assert len(await box.told(OrderCancelled)) == len(await box.refunds(order)) == 1
    [(audited,)] = await box.rows(
        "SELECT count(*) FROM identity.audit_entries WHERE organizer_id = %(organizer_id)s AND action = 'order.cancelled'"
    )
    assert audited == 1


async def test_what_has_come_to_an_end_cannot_be_cancelled(box: BoxOffice) -> None:
    expired, refunded = await box.order(), await box.paid()
    await box.refund(refunded)
    await box.expire()

    for order, status in ((expired, "expired"), (refunded, "refunded")):
        with pytest.raises(OrderNotOpen) as refused:
            await cancel(box, order)
        assert refused.value.order_status == status


async def test_an_order_cancelled_while_its_money_comes_ends_with_the_money_on_its_way_back(box: BoxOffice) -> None:
    for _ in range(4):
        order = await box.order(quantity=2)
        await box.report(await box.payment_of(order))

        await asyncio.gather(cancel(box, order), box.catch_up())
        await box.catch_up()

        assert await box.states(order) == [("cancelled", "returning")]
        assert len(await box.refunds(order)) == 1
        assert {*await box.ticket_states(order)} <= {"revoked"}
    assert await box.places() == (0, 0)
