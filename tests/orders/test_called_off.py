"""What does not take place is neither ordered nor paid: no ticket for it is issued, and money that still comes goes back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest

import alltickets.payments.handlers
from alltickets.catalog.interface import EventNotFound, NotOnSale, NotOnSaleReason
from alltickets.catalog.schemas.organizer import PerformanceCreate
from alltickets.orders.events import OrderCancelled, OrderPaid, PaymentUnplaced
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotOpen
from alltickets.orders.service import PlacedOrder
from alltickets.platform.outbox import Follower
from alltickets.pricing.interface import SelectedLine
from alltickets.tickets.events import TicketsIssued
from tests.orders.box_office import PRICE, BoxOffice
from tests.waiting import until

CallOff = Callable[[BoxOffice], Awaitable[None]]
RAIN = "Tormenta eléctrica"


async def cancel(box: BoxOffice) -> None:
    await box.service.events.cancel(box.actor, box.event_id, RAIN)


async def cancel_performance(box: BoxOffice, performance_id: UUID | None = None) -> None:
    await box.service.performances.cancel(box.actor, box.event_id, performance_id or box.performance_id, RAIN)


async def make_performance(box: BoxOffice) -> UUID:
    starts_at = box.clock() + timedelta(days=31)
    body = PerformanceCreate(starts_at=starts_at, ends_at=starts_at + timedelta(hours=3))
    performance = await box.service.performances.add(box.actor, box.event_id, body)
    await box.catch_up()
    return performance.performance_id


CALL_OFF = pytest.mark.parametrize("call_off", [cancel, cancel_performance])


class TestHolds:
    @pytest.mark.parametrize(
        ("call_off", "reason"), [(cancel, NotOnSaleReason.CANCELLED), (cancel_performance, NotOnSaleReason.PERFORMANCE_CANCELLED)]
    )
    @pytest.mark.parametrize("price_minor", [PRICE, 0])
    async def test_a_hold_on_what_was_called_off_becomes_no_order(
        self, closed_box: BoxOffice, call_off: CallOff, reason: NotOnSaleReason, price_minor: int
    ) -> None:
        box = await closed_box.open(price_minor=price_minor)
        held = await box.hold(quantity=2)
        await call_off(box)

        with pytest.raises(NotOnSale) as refused:
            await box.place(held.hold_id)

        assert (refused.value.reason, refused.value.ticket_type_id) == (reason, box.ticket_type_id)
        assert await box.told(TicketsIssued, OrderPaid) == []

    @CALL_OFF
    @pytest.mark.parametrize("price_minor", [PRICE, 0])
    async def test_nor_in_a_process_whose_copy_of_the_event_is_old(
        self, closed_box: BoxOffice, call_off: CallOff, price_minor: int
    ) -> None:
        box = await closed_box.open(price_minor=price_minor)
        other = box.other_process()
        held = await other.hold(quantity=2)
        await call_off(box)

        with pytest.raises(NotOnSale):
            await other.place(held.hold_id)

        assert await box.told(TicketsIssued, OrderPaid) == []

    async def test_a_hold_on_another_performance_does(self, box: BoxOffice) -> None:
        held = await box.hold(quantity=2)
        await cancel_performance(box, await make_performance(box))

        placed = await box.place(held.hold_id)
        await box.pay(placed.order)

        assert await box.states(placed.order) == [("paid", "captured")]

    async def test_a_hold_on_a_postponed_event_becomes_no_order(self, box: BoxOffice) -> None:
        held = await box.hold()
        await box.service.events.postpone(box.actor, box.event_id, RAIN)

        with pytest.raises(NotOnSale) as refused:
            await box.place(held.hold_id)

        assert refused.value.reason == NotOnSaleReason.POSTPONED

    async def test_a_hold_on_what_was_put_away_becomes_no_order(self, box: BoxOffice) -> None:
        held = await box.hold()
        await box.service.events.archive(box.actor, box.event_id)

        with pytest.raises(EventNotFound):
            await box.place(held.hold_id)


class TestOrders:
    @CALL_OFF
    async def test_an_order_that_awaits_payment_ends_and_gives_its_places_back(self, closed_box: BoxOffice, call_off: CallOff) -> None:
        box = await closed_box.open(per_buyer_max=4)
        order = await box.order(quantity=2)

        await call_off(box)
        await box.catch_up()

        assert await box.states(order) == [("cancelled", "open")]
        assert (await box.places(), await box.counted()) == ((0, 0), 0)
        assert await box.told(OrderCancelled) == [OrderCancelled(order_id=order.order_id, event_id=box.event_id, reason=RAIN)]

    @CALL_OFF
    async def test_its_money_goes_back_when_it_comes_all_the_same(self, box: BoxOffice, call_off: CallOff) -> None:
        order = await box.order(quantity=2)
        await call_off(box)
        await box.catch_up()

        await box.pay(order)

        await all_of_it_goes_back(box, order, "cancelled")

    @CALL_OFF
    async def test_money_that_is_told_of_before_the_cancellation_is_heard_of_goes_back(self, box: BoxOffice, call_off: CallOff) -> None:
        order = await box.order(quantity=2)
        await box.report(await box.payment_of(order))
        await call_off(box)

        await box.catch_up()

        await all_of_it_goes_back(box, order, "cancelled")

    @CALL_OFF
    async def test_late_money_for_an_order_that_expired_goes_back_though_its_places_are_free(
        self, box: BoxOffice, call_off: CallOff
    ) -> None:
        order = await box.order(quantity=2)
        await box.expire()
        await call_off(box)

        await box.pay(order)

        await all_of_it_goes_back(box, order, "expired")

    async def test_money_for_what_was_cancelled_and_put_away_goes_back(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)
        await box.expire()
        await cancel(box)
        await box.service.events.archive(box.actor, box.event_id)

        await box.pay(order)

        await all_of_it_goes_back(box, order, "expired")

    async def test_what_was_paid_stays_paid(self, box: BoxOffice) -> None:
        paid = await box.paid(quantity=2)

        await cancel(box)
        await box.catch_up()

        assert await box.states(paid) == [("paid", "captured")]

    async def test_an_order_of_another_performance_is_paid_as_ever(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)
        await cancel_performance(box, await make_performance(box))

        await box.pay(order)

        assert await box.states(order) == [("paid", "captured")]

    async def test_an_order_of_two_performances_ends_with_either_of_them(self, box: BoxOffice) -> None:
        second = await make_performance(box)
        order = await box.order(box.line(1), SelectedLine(second, box.ticket_type_id, 1, ()))

        await cancel_performance(box, second)
        await box.pay(order)

        await all_of_it_goes_back(box, order, "cancelled")

    async def test_orders_of_a_postponed_event_are_paid_and_their_tickets_wait_for_the_new_date(self, box: BoxOffice) -> None:
        order, late = await box.order(quantity=2), await box.order()
        await box.service.events.postpone(box.actor, box.event_id, RAIN)

        await box.pay(order)
        await box.expire()
        await box.pay(late)

        assert await box.states(order, late) == [("paid", "captured")] * 2
        assert await box.ticket_states(order) == ["valid", "valid"]

    @CALL_OFF
    async def test_nobody_is_sent_to_the_gateway_again(self, box: BoxOffice, call_off: CallOff) -> None:
        order = await box.order()
        await call_off(box)

        with pytest.raises(OrderNotOpen) as refused:
            await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=None)

        assert refused.value.order_status == "cancelled"


class TestAtTheSameMoment:
    """Whoever stands at the organizer's stream first is first: the other one sees it, or is seen by it."""

    @pytest.mark.parametrize("price_minor", [PRICE, 0])
    async def test_an_order_behind_the_cancellation_is_refused(self, closed_box: BoxOffice, price_minor: int) -> None:
        box = await closed_box.open(price_minor=price_minor)
        other = box.other_process()
        held = await other.hold(quantity=2)

        async with stream_kept(box) as waiting:
            cancelling = asyncio.create_task(cancel(box))
            await until(lambda: waiting(1))
            placing = asyncio.create_task(other.place(held.hold_id))
            await until(lambda: waiting(2))
        await cancelling

        with pytest.raises(NotOnSale):
            await placing
        assert await box.told(TicketsIssued, OrderPaid) == []

    async def test_an_order_before_the_cancellation_is_found_by_it(self, box: BoxOffice) -> None:
        other = box.other_process()
        held = await other.hold(quantity=2)

        async with stream_kept(box) as waiting:
            placing = asyncio.create_task(other.place(held.hold_id))
            await until(lambda: waiting(1))
            cancelling = asyncio.create_task(cancel(box))
            await until(lambda: waiting(2))
        placed: PlacedOrder = await placing
        await cancelling
        await box.catch_up()

        assert await box.states(placed.order) == [("cancelled", "open")]

    async def test_money_behind_the_cancellation_goes_back(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)
        await box.report(await box.payment_of(order))
        await Follower(box.database, alltickets.payments.handlers.subscriptions(box.process.payments)).catch_up()

        async with stream_kept(box) as waiting:
            cancelling = asyncio.create_task(cancel(box))
            await until(lambda: waiting(1))
            telling = asyncio.create_task(box.catch_up())
            await until(lambda: waiting(2))
        await cancelling
        await telling
        await box.catch_up()

        await all_of_it_goes_back(box, order, "cancelled")


@contextlib.asynccontextmanager
async def stream_kept(box: BoxOffice) -> AsyncIterator[Callable[[int], Awaitable[bool]]]:
    """Nobody can publish meanwhile: `waiting(n)` says whether so many stand in line for the stream, in the order in which they came."""

    async def waiting(count: int) -> bool:
        async with box.database.reading(None) as reader:
            rows = await reader.fetch_tuples(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        return len(rows) == count

    async with box.database.transaction(box.organizer_id) as tx:
        await tx.fetch_tuples("SELECT 1 FROM platform.streams WHERE organizer_id = %(organizer_id)s FOR UPDATE")
        yield waiting


async def all_of_it_goes_back(box: BoxOffice, order: Order, status: str) -> None:
    assert await box.states(order) == [(status, "returning")]
    assert [minor for minor, _ in await box.refunds(order)] == [order.total_minor]
    assert (await box.tickets(order), await box.places()) == ([], (0, 0))
    assert [type(event) for event in await box.told(OrderPaid, TicketsIssued, PaymentUnplaced)] == [PaymentUnplaced]
