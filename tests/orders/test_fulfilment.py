"""What money and time do to orders: paid with their tickets or not at all, once each, and nobody's money is kept for nothing."""

from collections.abc import Sequence

import pytest

from alltickets.inventory.events import HoldsExpired
from alltickets.kernel.ids import new_id
from alltickets.orders.events import OrderExpired, OrderPaid, OrderRefunded, OrdersLeft, PaidLine, PaymentUnplaced
from alltickets.orders.records import Order
from alltickets.orders.rules import Buyer, Holder
from alltickets.payments.events import PaymentCaptured, PaymentFailed, PaymentPending, PaymentRefunded
from alltickets.platform.events import Event
from alltickets.platform.outbox import Recorded
from alltickets.tickets.events import TicketsIssued
from tests.orders.box_office import PRICE, BoxOffice


def captured(order: Order) -> PaymentCaptured:
    return PaymentCaptured(
        reference=order.order_id,
        payment_id=new_id(),
        attempt_id=new_id(),
        charge_id=new_id(),
        amount_minor=order.total_minor,
        currency="ARS",
    )


def refunded(order: Order, minor: int | None = None) -> PaymentRefunded:
    given_back = order.total_minor if minor is None else minor
    return PaymentRefunded(
        reference=order.order_id,
        payment_id=new_id(),
        charge_id=new_id(),
        amount_minor=given_back,
        refunded_minor=given_back,
        currency="ARS",
        is_full=given_back == order.total_minor,
    )


def pending(order: Order) -> PaymentPending:
    return PaymentPending(reference=order.order_id, payment_id=new_id(), attempt_id=new_id())


def failed(order: Order) -> PaymentFailed:
    return PaymentFailed(reference=order.order_id, payment_id=new_id(), attempt_id=new_id(), reason="declined")


def expired(box: BoxOffice, *orders: Order) -> HoldsExpired:
    return HoldsExpired(event_id=box.event_id, hold_ids=tuple(order.hold_id for order in orders))


async def lateness(box: BoxOffice) -> list[bool]:
    return [event.late for event in await box.told(OrderPaid) if isinstance(event, OrderPaid)]


class TestCaptured:
    async def test_money_makes_an_order_paid_with_a_ticket_for_each_place(self, box: BoxOffice) -> None:
        dearer = await box.make_ticket_type(price_minor=3 * PRICE)
        lines = (box.line(2), box.line(ticket_type_id=dearer))
        holders = (Holder("Eva Luz", document="30111222"), Holder("Leo Sol"), Holder("Isa Mar", mail="isa@example.com"))
        order = await box.order(*lines, holders=holders)

        await box.pay(order)

        assert await box.states(order) == [("paid", "captured")]
        tickets = [one.ticket for one in await box.tickets(order)]
        assert [(one.number, one.ticket_type_id, one.holder_name, one.price_minor) for one in tickets] == [
            (1, box.ticket_type_id, "Eva Luz", PRICE),
            (2, box.ticket_type_id, "Leo Sol", PRICE),
            (3, dearer, "Isa Mar", 3 * PRICE),
        ]
        assert {(one.sector_id, one.performance_id, one.event_id) for one in tickets} == {(box.sector_id, box.performance_id, box.event_id)}
        assert await box.places() == (0, 3)
        assert await box.told(OrderPaid) == [
            OrderPaid(
                order_id=order.order_id,
                event_id=box.event_id,
                lines=(PaidLine(box.performance_id, box.ticket_type_id, 2, 2 * PRICE), PaidLine(box.performance_id, dearer, 1, 3 * PRICE)),
                total_minor=5 * PRICE,
                currency="ARS",
                campaign=None,
                late=False,
            )
        ]

    async def test_a_crash_in_between_leaves_neither_a_paid_order_nor_a_ticket(self, box: BoxOffice) -> None:
        class Crash(Exception):
            pass

        order = await box.order(quantity=2)
        recorded = [Recorded(box.organizer_id, 1, box.clock(), captured(order))]

        async def fulfil_and_crash() -> None:
            async with box.database.transaction(box.organizer_id) as tx:
                await box.orders.fulfilment.on_events(tx, recorded)
                raise Crash

        with pytest.raises(Crash):
            await fulfil_and_crash()

        assert await box.states(order) == [("awaiting_payment", "open")]
        assert (await box.tickets(order), await box.places()) == ([], (2, 0))
        assert await box.told(OrderPaid, TicketsIssued) == []

    async def test_money_that_is_told_of_twice_sells_once(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)

        await box.tell(captured(order), captured(order))
        await box.tell(captured(order))

        assert await box.states(order) == [("paid", "captured")]
        assert (await box.ticket_states(order), await box.places()) == (["valid", "valid"], (0, 2))
        assert len(await box.told(OrderPaid)) == 1

    async def test_money_of_nobodys_is_passed_over(self, box: BoxOffice) -> None:
        order = await box.order()
        stranger = box.order_request(order.hold_id)

        await box.tell(PaymentPending(reference=stranger.order_id, payment_id=new_id(), attempt_id=new_id()), captured(order))

        assert await box.states(order) == [("paid", "captured")]


class TestTooLate:
    @pytest.mark.parametrize("is_swept", [True, False])
    async def test_money_that_comes_late_buys_the_same_places_while_they_are_free(self, box: BoxOffice, is_swept: bool) -> None:
        order = await box.order(quantity=2)
        if is_swept:
            await box.expire()
            assert await box.states(order) == [("expired", "open")]
        else:
            box.clock.advance(seconds=box.settings.hold_seconds_max + 1)

        await box.pay(order)

        assert await box.states(order) == [("paid", "captured")]
        assert (await box.ticket_states(order), await box.places()) == (["valid", "valid"], (0, 2))
        assert await lateness(box) == [True]
        assert await box.refunds(order) == []

    async def test_money_for_places_that_are_somebody_elses_goes_back(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)
        await box.expire()
        await box.hold(quantity=9)

        await box.pay(order)

        assert await box.states(order) == [("expired", "returning")]
        assert (await box.tickets(order), await box.places()) == ([], (9, 0))
        assert await box.refunds(order) == [(2 * PRICE, "places_gone")]
        unplaced = PaymentUnplaced(order_id=order.order_id, event_id=box.event_id, amount_minor=2 * PRICE, currency="ARS")
        assert await box.told(PaymentUnplaced, OrderPaid) == [unplaced]
        await box.refund(order)
        assert await box.states(order) == [("expired", "returned")]
        assert await box.told(OrderRefunded) == []

    async def test_money_on_its_way_back_buys_nothing_even_when_the_places_are_free_again(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)
        await box.expire()
        other = await box.hold(quantity=10)
        await box.pay(order)
        await box.orders.holding.release(box.event_id, other.hold_id)

        await box.tell(captured(order))
        returning = await box.states(order)
        await box.refund(order)
        await box.tell(captured(order))

        assert (returning, await box.states(order)) == ([("expired", "returning")], [("expired", "returned")])
        assert (await box.tickets(order), len(await box.refunds(order)), len(await box.told(PaymentUnplaced))) == ([], 1, 1)

    async def test_money_for_a_cancelled_order_goes_back(self, box: BoxOffice) -> None:
        order = await box.order(quantity=2)
        await box.orders.back_office.cancel(box.actor, order.order_id, "double")

        await box.pay(order)
        await box.tell(captured(order))

        assert await box.states(order) == [("cancelled", "returning")]
        assert (await box.refunds(order), await box.places()) == ([(2 * PRICE, "places_gone")], (0, 0))
        assert len(await box.told(PaymentUnplaced)) == 1
        await box.refund(order)
        await box.tell(captured(order))
        assert await box.states(order) == [("refunded", "returned")]

    async def test_who_has_bought_up_to_the_limit_since_then_gets_the_late_money_back(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=4)
        late = await box.order(quantity=3)
        await box.expire()
        since = await box.paid(quantity=2)

        await box.pay(late)

        assert await box.states(late, since) == [("expired", "returning"), ("paid", "captured")]
        assert (await box.counted(), await box.places()) == (2, (0, 2))

    async def test_what_is_paid_late_counts_for_its_buyer_again(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=4)
        late = await box.order(quantity=3)
        await box.expire()

        await box.pay(late)

        assert await box.states(late) == [("paid", "captured")]
        assert await box.counted() == 3

    async def test_late_money_that_finds_no_places_does_not_count_for_its_buyer(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=4)
        late = await box.order(quantity=3)
        await box.expire()
        await box.hold(quantity=4)
        await box.hold(quantity=4)

        await box.pay(late)

        assert (await box.states(late), await box.counted()) == ([("expired", "returning")], 0)

    async def test_late_money_for_an_order_that_was_left_buys_its_places_while_they_are_free(self, box: BoxOffice) -> None:
        visitor = new_id()
        left = await box.order(quantity=4, visitor=visitor)
        await box.hold(quantity=6, visitor=visitor)

        # The order was left, which is told in the same breath as its money.
        await box.pay(left)

        assert await box.states(left) == [("paid", "captured")]
        assert await box.places() == (6, 4)


class TestRefunded:
    async def test_all_money_back_revokes_the_tickets_and_frees_the_places_once(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=2)

        await box.refund(order)
        await box.tell(refunded(order), refunded(order))

        assert await box.states(order) == [("refunded", "returned")]
        assert (await box.ticket_states(order), await box.places()) == (["revoked", "revoked"], (0, 0))
        assert (await box.read(order.order_id)).refunded_minor == 2 * PRICE
        assert await box.told(OrderRefunded) == [OrderRefunded(order_id=order.order_id, event_id=box.event_id)]

    async def test_some_money_back_leaves_the_order_and_says_how_much(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=2)

        await box.refund(order, PRICE // 2)

        assert await box.states(order) == [("paid", "captured")]
        assert (await box.read(order.order_id)).refunded_minor == PRICE // 2
        assert (await box.ticket_states(order), await box.places()) == (["valid", "valid"], (0, 2))

    async def test_the_rest_of_the_money_back_ends_it(self, box: BoxOffice) -> None:
        order = await box.paid()

        await box.tell(refunded(order, PRICE // 2), refunded(order))

        assert await box.states(order) == [("refunded", "returned")]
        assert (await box.read(order.order_id)).refunded_minor == PRICE

    async def test_freed_places_can_be_bought_by_others(self, box: BoxOffice) -> None:
        order = await box.paid(quantity=10)
        await box.refund(order)

        other = await box.paid(quantity=10)

        assert await box.states(order, other) == [("refunded", "returned"), ("paid", "captured")]


class TestTold:
    @pytest.mark.parametrize(
        ("told", "state"),
        [("p", "pending"), ("f", "failed"), ("pf", "failed"), ("fp", "pending"), ("pfp", "pending")],
    )
    async def test_the_newest_word_of_a_payment_counts(self, box: BoxOffice, told: str, state: str) -> None:
        order = await box.order()

        await box.tell(*[pending(order) if word == "p" else failed(order) for word in told])

        assert await box.states(order) == [("awaiting_payment", state)]

    async def test_what_comes_after_the_money_says_nothing_more(self, box: BoxOffice) -> None:
        order, other = await box.order(), await box.order()

        await box.tell(captured(order), failed(order), captured(other))
        await box.tell(pending(other))

        assert await box.states(order, other) == [("paid", "captured")] * 2

    async def test_an_order_whose_time_is_over_is_told_once(self, box: BoxOffice) -> None:
        order, paid = await box.order(), await box.paid()

        await box.expire()
        await box.tell(expired(box, order, paid), OrdersLeft(order_ids=(order.order_id, paid.order_id)))

        assert await box.states(order, paid) == [("expired", "open"), ("paid", "captured")]
        assert await box.told(OrderExpired) == [OrderExpired(order_id=order.order_id, event_id=box.event_id)]


class TestBatches:
    @pytest.mark.parametrize(
        ("words", "state"),
        [
            (["captured", "refunded"], ("refunded", "returned")),
            (["pending", "captured"], ("paid", "captured")),
            (["captured", "pending"], ("paid", "captured")),
            (["expired", "captured"], ("paid", "captured")),
            (["captured", "expired"], ("paid", "captured")),
            (["expired", "captured", "refunded"], ("refunded", "returned")),
            (["failed", "expired"], ("expired", "failed")),
            (["expired", "left"], ("expired", "open")),
        ],
    )
    async def test_what_stands_together_in_the_log_ends_as_it_would_one_by_one(
        self, box: BoxOffice, words: Sequence[str], state: tuple[str, str]
    ) -> None:
        order = await box.order(quantity=2)
        events: dict[str, Event] = {
            "captured": captured(order),
            "refunded": refunded(order),
            "pending": pending(order),
            "failed": failed(order),
            "expired": expired(box, order),
            "left": OrdersLeft(order_ids=(order.order_id,)),
        }

        await box.tell(*[events[word] for word in words])

        assert await box.states(order) == [state]

    async def test_orders_of_several_events_move_together(self, closed_box: BoxOffice) -> None:
        box = await closed_box.open(per_buyer_max=10)
        first = [await box.order(quantity=2) for _ in range(4)]
        first_event = box.event_id
        await box.open(per_buyer_max=10)
        second = [await box.order(quantity=2) for _ in range(4)]

        await box.tell(
            *[captured(order) for order in (first[0], second[0], first[1], second[1])],
            refunded(first[1]),
            refunded(second[1]),
            HoldsExpired(event_id=first_event, hold_ids=(first[2].hold_id,)),
            expired(box, second[2]),
            pending(first[3]),
            failed(second[3]),
        )

        for orders, told in ((first, "pending"), (second, "failed")):
            assert await box.states(*orders) == [
                ("paid", "captured"),
                ("refunded", "returned"),
                ("expired", "open"),
                ("awaiting_payment", told),
            ]
            assert [len(await box.tickets(order)) for order in orders] == [2, 2, 0, 0]
        # Of each event's eight places two are refunded and two are expired.
        assert await box.counted() == 8

    async def test_of_many_paid_together_each_gets_its_own_places(self, box: BoxOffice) -> None:
        buyers = [Buyer(f"Eva {number}", f"eva{number}@example.com") for number in range(5)]
        orders = [await box.order(quantity=2, buyer=buyer) for buyer in buyers]
        await box.expire()
        await box.hold(quantity=3)

        await box.pay(*orders)

        states = await box.states(*orders)
        assert states == [("paid", "captured")] * 3 + [("expired", "returning")] * 2
        assert await box.places() == (3, 6)
        assert [len(await box.refunds(order)) for order in orders] == [0, 0, 0, 1, 1]
        assert {one.ticket.holder_name for order in orders[:3] for one in await box.tickets(order)} == {"Eva 0", "Eva 1", "Eva 2"}
