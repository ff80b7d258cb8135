"""Many buyers on the last places at the same moment: each place is sold once, and the books are right."""

import asyncio
from collections import Counter

import pytest

from alltickets.inventory.interface import SoldOut
from alltickets.kernel.ids import new_id
from alltickets.orders.events import OrderPaid
from alltickets.orders.refusals import HoldTaken
from alltickets.orders.rules import Buyer
from alltickets.orders.service import PlacedOrder
from tests.inventory.sale import Sale
from tests.orders.box_office import BoxOffice

BUYERS = 30


async def buy(box: BoxOffice, number: int) -> PlacedOrder | SoldOut:
    """What a buyer does who wants one place."""
    try:
        held = await box.hold()
    except SoldOut as sold_out:
        return sold_out
    return await box.place(held.hold_id, buyer=Buyer(f"Eva {number}", f"eva{number}@example.com"))


@pytest.mark.parametrize("processes", [1, 3])
async def test_thirty_buyers_of_the_last_ten_places_get_ten_tickets(box: BoxOffice, processes: int) -> None:
    boxes = [box] + [box.other_process() for _ in range(processes - 1)]

    outcomes = await asyncio.gather(*(buy(boxes[number % processes], number) for number in range(BUYERS)))
    placed = [outcome.order for outcome in outcomes if isinstance(outcome, PlacedOrder)]
    await box.pay(*placed)

    assert Counter(type(outcome) for outcome in outcomes) == {PlacedOrder: 10, SoldOut: 20}
    assert await box.states(*placed) == [("paid", "captured")] * 10
    assert [len(await box.tickets(order)) for order in placed] == [1] * 10
    assert len(await box.told(OrderPaid)) == 10
    assert await box.places() == (0, 10)
    assert await Sale(box.database, box.organizer_id).faults() == []


async def test_one_hold_ordered_thirty_times_at_once_is_ordered_once(box: BoxOffice) -> None:
    boxes = [box, box.other_process()]
    held = await box.hold(quantity=2)

    outcomes = await asyncio.gather(*(boxes[number % 2].place(held.hold_id) for number in range(BUYERS)), return_exceptions=True)

    [placed] = [outcome for outcome in outcomes if isinstance(outcome, PlacedOrder)]
    taken = [outcome.order for outcome in outcomes if isinstance(outcome, HoldTaken)]
    assert taken == [str(placed.order.order_id)] * (BUYERS - 1)


async def test_orders_expire_are_paid_and_are_left_all_at_once_and_the_books_are_right(closed_box: BoxOffice) -> None:
    box = await closed_box.open(capacity=40, per_buyer_max=4)
    other = box.other_process()
    visitors = [new_id() for _ in range(10)]
    buyers = [Buyer(f"Eva {number}", f"eva{number % 5}@example.com") for number in range(10)]
    orders = [await box.order(quantity=2, visitor=visitor, buyer=buyer) for visitor, buyer in zip(visitors, buyers, strict=True)]
    for order in orders[::2]:
        await box.report(await box.payment_of(order))
    box.clock.advance(seconds=box.settings.hold_seconds - 1)

    await asyncio.gather(
        *(other.hold(quantity=3, visitor=visitor) for visitor in visitors),
        *(box.orders.back_office.cancel(box.actor, order.order_id, "double") for order in orders[:3]),
        box.catch_up(),
        other.catch_up(),
    )
    await box.expire()

    states = Counter(await box.states(*orders))
    paid = states["paid", "captured"]
    assert states["cancelled", "returning"] + states["cancelled", "open"] == 3
    assert states["awaiting_payment", "open"] == 0
    assert await box.places() == (0, 2 * paid)
    assert await box.counted() == 2 * paid
    assert await Sale(box.database, box.organizer_id).faults() == []
