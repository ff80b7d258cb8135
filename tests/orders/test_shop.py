"""What buyers read: what is left, and their order with its tickets, by its secret."""

from datetime import timedelta

import pytest

from alltickets.catalog.interface import EventNotFound, SectorNotFound
from alltickets.catalog.rules.states import Visibility
from alltickets.catalog.schemas.organizer import RowCreate
from alltickets.kernel.ids import new_id
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotFound
from alltickets.payments.interface import Redirect
from alltickets.tickets.interface import NoSuchTicket
from tests.orders.box_office import PRICE, BoxOffice


def secret_of(box: BoxOffice, order: Order) -> str:
    return box.orders.secrets.secret_of(box.organizer_id, order.order_id)


class TestAvailability:
    @pytest.mark.parametrize(("taken", "state", "left"), [(0, "on_sale", 10), (8, "on_sale", 2), (9, "few", 1), (10, "sold_out", 0)])
    async def test_it_says_what_is_left(self, box: BoxOffice, taken: int, state: str, left: int) -> None:
        if taken:
            await box.hold(quantity=taken)

        [offer] = (await box.other_process().orders.shop.availability(box.event_id)).offers

        assert (offer.performance_id, offer.ticket_type_id) == (box.performance_id, box.ticket_type_id)
        assert (offer.state, offer.left) == (state, left)

    async def test_it_says_no_more_than_one_order_may_take(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_order_max=4)

        [offer] = (await box.orders.shop.availability(box.event_id)).offers

        assert (offer.state, offer.left) == ("on_sale", 4)

    async def test_it_says_what_is_not_sold_yet_or_any_more(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(sales_from=closed_box.clock() + timedelta(days=1))

        states = []
        for days in (0, 2, 40):
            box.clock.advance(days=days)
            states.append([offer.state for offer in (await box.orders.shop.availability(box.event_id)).offers])

        assert states == [["not_yet"], ["on_sale"], ["over"]]

    async def test_what_is_hidden_or_sold_by_code_is_not_shown(self, box: BoxOffice) -> None:
        await box.make_ticket_type(visibility=Visibility.HIDDEN)
        await box.make_ticket_type(visibility=Visibility.CODE, codes=("amigos",))

        assert [offer.ticket_type_id for offer in (await box.orders.shop.availability(box.event_id)).offers] == [box.ticket_type_id]

    async def test_an_event_that_is_not_there_has_none(self, box: BoxOffice) -> None:
        with pytest.raises(EventNotFound):
            await box.orders.shop.availability(new_id())


class TestSeats:
    async def test_it_says_row_by_row_which_are_free(self, box: BoxOffice) -> None:
        hall = await box.make_sector(rows=(RowCreate("A", 1, 2), RowCreate("B", 5, 6)), capacity=None)
        stalls = await box.make_ticket_type(sector_id=hall)
        await box.catch_up()
        await box.hold(box.line(ticket_type_id=stalls, seats=("A-2", "B-5")))

        rows = await box.other_process().orders.shop.seats(box.event_id, box.performance_id, hall)

        assert [(row.label, [(seat.label, seat.is_free) for seat in row.seats]) for row in rows] == [
            ("A", [("A-1", True), ("A-2", False)]),
            ("B", [("B-5", False), ("B-6", True)]),
        ]

    async def test_a_sector_without_numbers_has_none(self, box: BoxOffice) -> None:
        hall = await box.make_sector(capacity=5)
        await box.make_ticket_type(sector_id=hall)

        assert await box.orders.shop.seats(box.event_id, box.performance_id, hall) == ()

    async def test_a_sector_in_which_nothing_is_offered_to_everybody_is_not_told(self, box: BoxOffice) -> None:
        hall = await box.make_sector(rows=(RowCreate("A", 1, 2),), capacity=None)
        await box.make_ticket_type(sector_id=hall, visibility=Visibility.HIDDEN)

        with pytest.raises(SectorNotFound):
            await box.orders.shop.seats(box.event_id, box.performance_id, hall)
        with pytest.raises(EventNotFound):
            await box.orders.shop.seats(new_id(), box.performance_id, hall)


class TestOrder:
    async def test_an_order_that_is_being_paid_is_shown_with_its_way_to_pay(self, box: BoxOffice) -> None:
        placed = await box.place((await box.hold(quantity=2)).hold_id)

        shown = await box.orders.shop.show(placed.order.order_id, secret_of(box, placed.order))

        assert isinstance(shown.step, Redirect)
        assert (shown.order, shown.step, shown.tickets) == (placed.order, placed.step, ())
        assert (shown.quote.totals.total.minor, shown.quote.priced_at) == (2 * PRICE, placed.order.placed_at)

    async def test_a_paid_order_is_shown_with_its_tickets(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=2)

        shown = await box.orders.shop.show(order.order_id, secret_of(box, order))

        assert (shown.order, shown.step) == (order, None)
        assert [one.ticket.number for one in shown.tickets] == [1, 2]
        assert all(one.code for one in shown.tickets)

    async def test_a_refunded_order_is_shown_with_tickets_that_open_nothing(self, box: BoxOffice) -> None:
        order = await box.paid()
        await box.refund(order)

        shown = await box.orders.shop.show(order.order_id, secret_of(box, order))

        assert [(one.ticket.status, one.code) for one in shown.tickets] == [("revoked", None)]

    async def test_nothing_is_shown_to_whoever_has_another_secret(self, box: BoxOffice) -> None:
        order, other = await box.paid(), await box.paid()
        [ticket] = await box.tickets(order)

        for secret in (secret_of(box, other), ""):
            with pytest.raises(OrderNotFound):
                await box.orders.shop.show(order.order_id, secret)
            with pytest.raises(OrderNotFound):
                await box.orders.shop.ticket(order.order_id, secret, ticket.ticket.ticket_id)
        with pytest.raises(NoSuchTicket):
            await box.orders.shop.ticket(other.order_id, secret_of(box, other), ticket.ticket.ticket_id)
        never = new_id()
        with pytest.raises(OrderNotFound):
            await box.orders.shop.show(never, box.orders.secrets.secret_of(box.organizer_id, never))
