"""A shopper's hold: the price is locked in it, a retry finds it, and it replaces the visitor's former one."""

import asyncio

import pytest
from msgspec import structs

from alltickets.catalog.interface import EventNotFound, NotOnSale
from alltickets.catalog.schemas.organizer import RowCreate
from alltickets.inventory.interface import HoldConflict, HoldGone, SoldOut, TooManyHolds
from alltickets.kernel.ids import new_id
from alltickets.orders.events import OrderExpired
from alltickets.orders.refusals import SelectionInvalid
from alltickets.orders.service import HeldPlaces, PlacedOrder
from alltickets.pricing.interface import SeatsMismatched
from tests.orders.box_office import PRICE, BoxOffice


async def kept_quotes(box: BoxOffice) -> int:
    return len(await box.rows("SELECT quote_id FROM orders.quotes WHERE organizer_id = %(organizer_id)s"))


async def test_a_hold_takes_its_places_at_the_price_of_now(box: BoxOffice) -> None:
    held = await box.hold(quantity=2)

    assert held.quote.totals.total.minor == 2 * PRICE
    assert (held.expires_at - box.clock()).total_seconds() == box.settings.hold_seconds
    assert await box.places() == (2, 0)


async def test_a_retry_gives_the_same_answer_and_takes_nothing_more(box: BoxOffice) -> None:
    request = box.hold_request(quantity=2)
    first = await box.orders.holding.place(request)
    box.clock.advance(seconds=30)

    again = await box.orders.holding.place(request)

    assert again == first
    assert await box.places() == (2, 0)


async def test_a_retry_after_a_change_of_price_keeps_the_first_price(box: BoxOffice) -> None:
    request = box.hold_request(quantity=2)
    first = await box.orders.holding.place(request)
    await box.change_ticket_type(price_minor=PRICE * 2)

    again = await box.orders.holding.place(request)
    in_another_process = await box.other_process().orders.holding.place(request)
    a_new_one = await box.hold()

    assert again == in_another_process == first
    assert a_new_one.quote.totals.total.minor == PRICE * 2
    # What nobody was promised is not kept.
    assert await kept_quotes(box) == 2


async def test_one_id_for_two_selections_is_a_conflict(box: BoxOffice) -> None:
    request = box.hold_request(quantity=2)
    await box.orders.holding.place(request)

    with pytest.raises(HoldConflict):
        await box.orders.holding.place(structs.replace(request, lines=(box.line(3),)))


async def test_one_id_for_another_ticket_type_of_the_same_places_is_a_conflict(box: BoxOffice) -> None:
    dearer = await box.make_ticket_type(price_minor=PRICE * 3)
    request = box.hold_request(quantity=2)
    await box.orders.holding.place(request)

    with pytest.raises(HoldConflict):
        await box.orders.holding.place(structs.replace(request, lines=(box.line(2, ticket_type_id=dearer),)))

    assert await box.places() == (2, 0)


async def test_a_retry_with_another_campaign_is_the_same_hold_and_keeps_the_first_campaign(box: BoxOffice) -> None:
    request = box.hold_request(campaign="radio")
    first = await box.orders.holding.place(request)

    again = await box.orders.holding.place(structs.replace(request, campaign="mail"))
    order = (await box.place(first.hold_id)).order

    assert again == first
    assert order.campaign == "radio"


async def test_the_same_choice_of_many_shoppers_is_one_kept_quote(box: BoxOffice) -> None:
    other = box.other_process()
    await asyncio.gather(*(one.hold() for one in (box, other) for _ in range(3)))
    await box.hold(quantity=2)

    assert await kept_quotes(box) == 2


async def test_a_visitors_new_hold_replaces_the_former_one(box: BoxOffice) -> None:
    visitor = new_id()
    former = box.hold_request(quantity=8, visitor=visitor)
    await box.orders.holding.place(former)

    await box.hold(quantity=9, visitor=visitor)

    assert await box.places() == (9, 0)
    with pytest.raises(HoldGone):
        await box.orders.holding.place(former)


async def test_who_chooses_anew_leaves_the_order_that_was_being_paid(closed_box: BoxOffice) -> None:
    box = await closed_box.open(per_buyer_max=4)
    visitor = new_id()
    order = await box.order(quantity=4, visitor=visitor)

    held = await box.hold(quantity=3, visitor=visitor)
    await box.catch_up()
    anew = (await box.place(held.hold_id)).order

    assert await box.states(order, anew) == [("expired", "open"), ("awaiting_payment", "open")]
    assert await box.told(OrderExpired) == [OrderExpired(order_id=order.order_id, event_id=box.event_id)]
    assert await box.counted() == 3
    assert await box.places() == (3, 0)


async def test_a_released_hold_gives_its_places_back_and_may_be_released_again(box: BoxOffice) -> None:
    held = await box.hold(quantity=2)

    await box.orders.holding.release(box.event_id, held.hold_id)
    await box.orders.holding.release(box.event_id, held.hold_id)

    assert await box.places() == (0, 0)


async def test_releasing_a_hold_that_was_ordered_keeps_its_places(box: BoxOffice) -> None:
    order = await box.order(quantity=2)

    await box.orders.holding.release(box.event_id, order.hold_id)

    assert await box.places() == (2, 0)


async def test_a_release_and_an_order_at_once_never_leave_an_order_without_its_places(box: BoxOffice) -> None:
    other = box.other_process()
    held = [await box.hold() for _ in range(8)]

    outcomes = await asyncio.gather(
        *(one for each in held for one in (box.place(each.hold_id), other.orders.holding.release(box.event_id, each.hold_id))),
        return_exceptions=True,
    )

    placed = [outcome for outcome in outcomes if isinstance(outcome, PlacedOrder)]
    assert {type(outcome) for outcome in outcomes} <= {PlacedOrder, HoldGone, type(None)}
    assert await box.places() == (len(placed), 0)


async def test_releasing_a_hold_of_no_event_says_so(box: BoxOffice) -> None:
    with pytest.raises(EventNotFound):
        await box.orders.holding.release(new_id(), new_id())
    with pytest.raises(EventNotFound):
        await box.orders.holding.place(structs.replace(box.hold_request(), event_id=new_id()))


async def test_a_batch_answers_each_in_its_place_and_a_refused_one_does_not_fail_its_neighbours(box: BoxOffice) -> None:
    repeated = box.hold_request(quantity=2)
    requests = [
        box.hold_request(quantity=5),
        box.hold_request(quantity=6),
        repeated,
        repeated,
        structs.replace(repeated, lines=(box.line(3),)),
        box.hold_request(quantity=3),
        box.hold_request(quantity=1),
    ]

    outcomes = await asyncio.gather(*(box.orders.holding.place(one) for one in requests), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [HeldPlaces, SoldOut, HeldPlaces, HeldPlaces, HoldConflict, HeldPlaces, SoldOut]
    assert [outcome.hold_id for outcome in outcomes if isinstance(outcome, HeldPlaces)] == [
        requests[index].hold_id for index in (0, 2, 3, 5)
    ]
    assert await box.places() == (10, 0)


async def test_a_request_that_breaks_the_database_does_not_fail_its_neighbours(box: BoxOffice) -> None:
    broken = box.hold_request(address="198.51.100.7\0")

    outcomes = await asyncio.gather(
        *(box.orders.holding.place(one) for one in (box.hold_request(), broken, box.hold_request())), return_exceptions=True
    )

    assert [isinstance(outcome, HeldPlaces) for outcome in outcomes] == [True, False, True]
    assert await box.places() == (2, 0)


async def test_an_address_holds_only_so_much_at_once(box: BoxOffice) -> None:
    strict = box.other_process(holds_per_address_max=2)
    await strict.hold()
    await strict.hold()

    with pytest.raises(TooManyHolds):
        await strict.hold()


async def test_what_is_not_sold_now_is_refused_before_anything_is_taken(box: BoxOffice) -> None:
    box.clock.advance(days=31)

    with pytest.raises(NotOnSale):
        await box.hold()


async def test_seats_are_held_by_name_and_never_twice(box: BoxOffice) -> None:
    hall = await box.make_sector(rows=(RowCreate("A", 1, 4),), capacity=None)
    stalls = await box.make_ticket_type(sector_id=hall)
    cheap = await box.make_ticket_type(sector_id=hall)
    await box.catch_up()
    [first, second, third, _] = [label for (label,) in await box.rows(SEATS)]

    held = await box.hold(box.line(ticket_type_id=stalls, seats=(second, first)))
    with pytest.raises(SeatsMismatched):
        await box.hold(box.line(ticket_type_id=stalls, seats=(third,)), box.line(ticket_type_id=cheap, seats=(third,)))
    with pytest.raises(SelectionInvalid):
        await box.hold(box.line(2, ticket_type_id=stalls))

    assert held.quote.lines[0].seats == (second, first)
    assert await box.places() == (2, 0)


SEATS = "SELECT label FROM inventory.seats WHERE organizer_id = %(organizer_id)s ORDER BY label"


async def test_one_hold_sent_to_two_processes_at_once_is_one_hold(box: BoxOffice) -> None:
    other = box.other_process()

    for _ in range(5):
        request = box.hold_request()
        first, second = await asyncio.gather(box.orders.holding.place(request), other.orders.holding.place(request))
        assert first == second

    assert await box.places() == (5, 0)
