"""Placing an order: once, on a hold that lives, with everybody's data, and its payment started with it."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from alltickets.catalog.interface import EventNotFound, QuestionKind
from alltickets.catalog.schemas.organizer import QuestionCreate
from alltickets.inventory.interface import HoldGone
from alltickets.kernel.ids import new_id
from alltickets.orders.events import OrderPaid, OrderPlaced, PaidLine
from alltickets.orders.refusals import HoldersInvalid, HoldTaken, LimitExceeded, OrderConflict, OrderNotFound, OrderNotOpen
from alltickets.orders.rules import Buyer, Holder, OrderStatus
from alltickets.orders.service import PlacedOrder
from alltickets.payments.interface import NoAccountFits, OptionGone, Redirect
from tests.orders.box_office import ANA, PRICE, BoxOffice


async def order_ids(box: BoxOffice) -> set[UUID]:
    return {order_id for (order_id,) in await box.rows("SELECT order_id FROM orders.orders WHERE organizer_id = %(organizer_id)s")}


async def test_an_order_stands_on_its_hold_and_its_buyer_is_sent_to_pay(box: BoxOffice) -> None:
    held = await box.hold(quantity=2, campaign="radio")

    placed = await box.place(held.hold_id, holders=(Holder("Eva Luz"), Holder("Leo Sol")))

    order = await box.read(placed.order.order_id)
    assert order == placed.order
    assert (order.status, order.payment_state, order.total_minor) == (OrderStatus.AWAITING_PAYMENT, "open", 2 * PRICE)
    assert [holder.name for holder in order.holders] == ["Eva Luz", "Leo Sol"]
    assert order.pay_until == held.expires_at
    assert isinstance(placed.step, Redirect)
    assert await box.told(OrderPlaced) == [
        OrderPlaced(order_id=order.order_id, event_id=box.event_id, quantity=2, total_minor=2 * PRICE, currency="ARS", campaign="radio")
    ]
    assert await box.places() == (2, 0)


async def test_the_same_put_again_gives_the_same_order_and_link(box: BoxOffice) -> None:
    request = box.order_request((await box.hold()).hold_id)

    first = await box.orders.placing.place(request)
    again = await box.orders.placing.place(request)
    elsewhere = await box.other_process().orders.placing.place(request)

    assert (again.order, again.step) == (elsewhere.order, elsewhere.step) == (first.order, first.step)
    assert len(await box.told(OrderPlaced)) == 1


async def test_the_same_put_again_once_it_is_paid_has_nothing_more_to_do(box: BoxOffice) -> None:
    request = box.order_request((await box.hold()).hold_id)
    await box.pay((await box.orders.placing.place(request)).order)

    again = await box.orders.placing.place(request)

    assert (again.order.status, again.step) == (OrderStatus.PAID, None)


async def test_an_order_id_with_another_body_is_a_conflict(box: BoxOffice) -> None:
    held, other = await box.hold(), await box.hold()
    first = await box.place(held.hold_id)

    for hold_id in (held.hold_id, other.hold_id):
        with pytest.raises(OrderConflict):
            await box.place(hold_id, order_id=first.order.order_id, buyer=Buyer("Eva Luz", "eva@example.com"))


async def test_a_second_order_on_a_hold_is_told_of_the_first(box: BoxOffice) -> None:
    held = await box.hold()
    first = await box.place(held.hold_id)

    with pytest.raises(HoldTaken) as taken:
        await box.place(held.hold_id)

    assert taken.value.order == str(first.order.order_id)


async def test_a_hold_whose_time_is_over_cannot_be_ordered_swept_or_not(box: BoxOffice) -> None:
    held = await box.hold()
    box.clock.advance(seconds=box.settings.hold_seconds)

    with pytest.raises(HoldGone):
        await box.place(held.hold_id)
    await box.sweep()
    with pytest.raises(HoldGone):
        await box.place(held.hold_id)


async def test_what_is_no_hold_of_the_event_cannot_be_ordered(box: BoxOffice) -> None:
    released = await box.hold()
    await box.orders.holding.release(box.event_id, released.hold_id)
    first_event = (await box.hold()).hold_id
    await box.open()

    for hold_id in (new_id(), released.hold_id, first_event):
        with pytest.raises(HoldGone):
            await box.place(hold_id)
    with pytest.raises(EventNotFound):
        await box.orders.placing.place(replace(box.order_request(first_event), event_id=new_id()))


async def test_wrong_data_leaves_the_hold_and_may_be_put_right_under_the_same_id(box: BoxOffice) -> None:
    question = QuestionCreate(key="dni", label="DNI", kind=QuestionKind.DOCUMENT, required=True)
    await box.service.questions.add(box.actor, box.event_id, question)
    held = await box.hold(quantity=2)
    order_id = new_id()
    wrong = (Holder("Eva Luz", answers={"dni": "30.111.222"}), Holder("Leo Sol", answers={"dni": "?"}))
    right = (wrong[0], Holder("Leo Sol", answers={"dni": "31.111.222"}))

    with pytest.raises(HoldersInvalid) as refused:
        await box.place(held.hold_id, order_id=order_id, holders=wrong)
    kept = await box.places()
    placed = await box.place(held.hold_id, order_id=order_id, holders=right)

    assert [fault.where for fault in refused.value.faults] == ["holders/1/answers/dni"]
    assert kept == (2, 0)
    assert placed.order.holders == right


async def test_what_costs_nothing_is_paid_at_once_with_its_tickets(closed_box: BoxOffice) -> None:
    box = await closed_box.open(price_minor=0, with_account=False)

    placed = await box.place((await box.hold(quantity=2)).hold_id)

    order = await box.read(placed.order.order_id)
    assert order == placed.order
    assert placed.step is None
    assert (order.status, order.payment_state, order.paid_at) == (OrderStatus.PAID, "none", box.clock())
    assert [(one.ticket.number, one.ticket.price_minor) for one in await box.tickets(order)] == [(1, 0), (2, 0)]
    assert await box.places() == (0, 2)
    assert await box.told(OrderPaid) == [
        OrderPaid(
            order_id=order.order_id,
            event_id=box.event_id,
            lines=(PaidLine(box.performance_id, box.ticket_type_id, 2, 0),),
            total_minor=0,
            currency="ARS",
            campaign=None,
            late=False,
        )
    ]


async def test_what_costs_nothing_is_sold_once_however_often_it_is_sent(closed_box: BoxOffice) -> None:
    box = await closed_box.open(price_minor=0, with_account=False)
    other = box.other_process()
    request = box.order_request((await box.hold(quantity=2)).hold_id)

    outcomes = await asyncio.gather(*(one.orders.placing.place(request) for one in (box, other) for _ in range(4)))

    assert {outcome.order.status for outcome in outcomes} == {OrderStatus.PAID}
    assert len(await box.tickets(outcomes[0].order)) == 2
    assert await box.places() == (0, 2)


async def test_without_an_account_that_fits_nothing_is_ordered_or_counted_and_the_hold_stays(closed_box: BoxOffice) -> None:
    box = await closed_box.open(with_account=False, per_buyer_max=2)
    held = await box.hold(quantity=2)

    with pytest.raises(NoAccountFits):
        await box.place(held.hold_id)
    assert (await order_ids(box), await box.counted(), await box.places()) == (set(), 0, (2, 0))
    await box.connect()
    placed = await box.place(held.hold_id)

    assert isinstance(placed.step, Redirect)
    assert await box.counted() == 2


async def test_an_account_that_the_organizer_does_not_have_cannot_be_chosen(box: BoxOffice) -> None:
    held = await box.hold()

    with pytest.raises(NoAccountFits):
        await box.place(held.hold_id, option_id=new_id())
    assert isinstance((await box.place(held.hold_id, option_id=box.account_id)).step, Redirect)


@pytest.mark.parametrize(("waited", "lasts"), [(30, 600), (300, 900), (599, 1199)])
async def test_whoever_took_their_time_gets_time_to_pay(box: BoxOffice, waited: int, lasts: int) -> None:
    held = await box.hold()
    begun = box.clock()
    box.clock.advance(seconds=waited)

    placed = await box.place(held.hold_id)

    assert placed.order.pay_until == begun + timedelta(seconds=lasts)


async def test_a_hold_is_never_extended_past_its_longest_time(box: BoxOffice) -> None:
    strict = box.other_process(hold_seconds=600, hold_seconds_max=700)
    held = await strict.hold()
    begun = box.clock()
    box.clock.advance(seconds=500)

    placed = await strict.place(held.hold_id)

    assert placed.order.pay_until == begun + timedelta(seconds=700)
    [(expires_at,)] = await box.rows("SELECT expires_at FROM inventory.holds WHERE organizer_id = %(organizer_id)s")
    assert expires_at == placed.order.pay_until


async def test_a_batch_answers_each_in_its_place_and_a_refused_one_does_not_fail_its_neighbours(box: BoxOffice) -> None:
    first, second, third, fourth = [await box.hold() for _ in range(4)]
    one = box.order_request(first.hold_id)
    requests = [
        one,
        box.order_request(second.hold_id, buyer=Buyer("", "")),
        one,
        box.order_request(first.hold_id),
        box.order_request(new_id()),
        box.order_request(second.hold_id),
        box.order_request(third.hold_id, order_id=one.order_id),
        box.order_request(third.hold_id, option_id=new_id()),
        box.order_request(third.hold_id),
        box.order_request(fourth.hold_id, buyer=Buyer("A\0na", "ana@example.com")),
    ]

    outcomes = await asyncio.gather(*(box.orders.placing.place(request) for request in requests), return_exceptions=True)

    placed = {index: outcome.order.order_id for index, outcome in enumerate(outcomes) if isinstance(outcome, PlacedOrder)}
    assert placed == {index: requests[index].order_id for index in (0, 2, 5, 8)}
    refused = [type(outcomes[index]) for index in (1, 3, 4, 6, 7)]
    assert refused == [HoldersInvalid, HoldTaken, HoldGone, OrderConflict, OptionGone]
    assert await order_ids(box) == set(placed.values())


async def test_one_order_in_two_processes_at_once_is_one_order(closed_box: BoxOffice) -> None:
    # With a limit that the second one would exceed: it has to find the order, not its count.
    box = await closed_box.open(per_buyer_max=1)
    other = box.other_process()

    for _ in range(5):
        buyer = Buyer("Ana Paz", f"{new_id()}@example.com")
        request = box.order_request((await box.hold()).hold_id, buyer=buyer)
        first, second = await asyncio.gather(box.orders.placing.place(request), other.orders.placing.place(request))
        assert (first.order, first.step) == (second.order, second.step)

    assert await box.counted() == len(await order_ids(box)) == len(await box.told(OrderPlaced)) == 5


async def test_one_id_for_two_holds_in_two_processes_at_once_is_one_order_and_one_conflict(box: BoxOffice) -> None:
    other = box.other_process()

    for _ in range(3):
        order_id = new_id()
        requests = [box.order_request((await box.hold()).hold_id, order_id=order_id) for _ in range(2)]
        outcomes = await asyncio.gather(
            box.orders.placing.place(requests[0]), other.orders.placing.place(requests[1]), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {PlacedOrder, OrderConflict}


class TestPayingAgain:
    async def test_an_order_under_way_leads_to_the_same_link(self, box: BoxOffice) -> None:
        placed = await box.place((await box.hold()).hold_id)

        again = await box.orders.placing.pay_again(box.organizer_id, placed.order.order_id, option_id=None)

        assert (again.order, again.step) == (placed.order, placed.step)

    async def test_after_a_failed_payment_there_is_a_new_one(self, box: BoxOffice) -> None:
        placed = await box.place((await box.hold()).hold_id)
        await box.report(replace(await box.payment_of(placed.order), status="rejected"))
        await box.catch_up()
        failed = await box.states(placed.order)

        again = await box.orders.placing.pay_again(box.organizer_id, placed.order.order_id, option_id=None)

        assert failed == [("awaiting_payment", "failed")]
        assert isinstance(again.step, Redirect)
        assert again.step != placed.step
        assert again.order == await box.read(placed.order.order_id) == placed.order
        await box.pay(placed.order)
        assert await box.states(placed.order) == [("paid", "captured")]

    async def test_an_order_that_is_not_open_cannot_be_paid(self, box: BoxOffice) -> None:
        paid = await box.paid()
        late = await box.order()
        box.clock.advance(seconds=box.settings.hold_seconds)

        for order, status in ((paid, "paid"), (late, "expired")):
            with pytest.raises(OrderNotOpen) as refused:
                await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=None)
            assert refused.value.order_status == status
        with pytest.raises(OrderNotFound):
            await box.orders.placing.pay_again(box.organizer_id, new_id(), option_id=None)
        with pytest.raises(OrderNotFound):
            await box.orders.placing.pay_again(new_id(), late.order_id, option_id=None)

    async def test_an_account_that_does_not_fit_is_refused(self, box: BoxOffice) -> None:
        order = await box.order()

        with pytest.raises(NoAccountFits):
            await box.orders.placing.pay_again(box.organizer_id, order.order_id, option_id=new_id())


class TestLimitsPerBuyer:
    async def test_a_buyer_has_at_most_the_limit_over_all_orders(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=4)
        await box.order(quantity=3)

        with pytest.raises(LimitExceeded) as refused:
            await box.order(quantity=2)
        await box.order(quantity=1)
        await box.order(quantity=4, buyer=Buyer("Eva Luz", "eva@example.com"))

        assert (refused.value.scope, refused.value.limit, refused.value.taken) == ("buyer", 4, 3)
        assert await box.counted() == 8

    async def test_two_mail_addresses_with_one_document_are_one_buyer(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=1)
        await box.order()

        with pytest.raises(LimitExceeded):
            await box.order(buyer=Buyer("Ana P.", "other@example.com", "30.111.222"))

    @pytest.mark.parametrize("processes", [1, 2])
    async def test_it_holds_however_many_orders_come_at_once(self, closed_box: BoxOffice, processes: int) -> None:
        box = await closed_box.open(capacity=40, per_buyer_max=5)
        boxes = [box, box.other_process()][:processes]
        held = [await box.hold(quantity=2) for _ in range(12)]

        outcomes = await asyncio.gather(
            *(boxes[index % processes].place(each.hold_id) for index, each in enumerate(held)), return_exceptions=True
        )

        placed = [outcome for outcome in outcomes if isinstance(outcome, PlacedOrder)]
        assert len(placed) == 2
        assert {type(outcome) for outcome in outcomes} == {PlacedOrder, LimitExceeded}
        assert await box.counted() == 4

    async def test_an_order_that_expires_is_given_back_to_the_limit(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=2)
        await box.order(quantity=2)

        await box.expire()
        counted = await box.counted()
        await box.order(quantity=2)

        assert counted == 0
        assert await box.counted() == 2

    async def test_an_order_that_is_refunded_is_given_back_to_the_limit_once(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=4)
        await box.paid(quantity=2)
        order = await box.paid(quantity=2)

        await box.refund(order)
        await box.refund(order)

        assert await box.counted() == 2

    async def test_where_there_is_no_limit_nothing_is_counted(self, box: BoxOffice) -> None:
        await box.order(quantity=4, buyer=ANA)

        assert await box.rows("SELECT quantity FROM orders.buyer_counts WHERE organizer_id = %(organizer_id)s") == []
