"""Buyers withdraw, once however often they ask; organizers answer, once; and the law's time is counted."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.identity.interface import Actor
from alltickets.kernel.ids import new_id
from alltickets.orders.events import OrderCancelled, WithdrawalAsked, WithdrawalSettled
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotFound, OrderNotOpen, WithdrawalIsSettled, WithdrawalNotFound
from alltickets.orders.withdrawals import Withdrawal, WithdrawalStatus, is_in_time
from tests.orders.box_office import PRICE, BoxOffice

PAID_AT = datetime(2026, 11, 1, 15, 0, tzinfo=UTC)
BUENOS_AIRES = "America/Argentina/Buenos_Aires"


async def ask(box: BoxOffice, order: Order) -> Withdrawal:
    return await box.orders.withdrawing.ask(order.order_id, box.orders.secrets.secret_of(box.organizer_id, order.order_id))


async def withdrawals(box: BoxOffice, *, status: WithdrawalStatus | None = None) -> list[Withdrawal]:
    return (await box.orders.withdrawing.page(box.actor, status=status, cursor=None, size=50)).items


async def test_whoever_asks_twice_is_told_the_same_code_and_the_organizer_told_once(box: BoxOffice) -> None:
    order = await box.paid()

    first, second = await asyncio.gather(ask(box, order), ask(box.other_process(), order))

    assert first == second
    assert (first.status, first.is_in_time) == (WithdrawalStatus.ASKED, True)
    assert first.code == box.orders.withdrawing.code_of(f" {order.number.lower().replace('-', '')}", order.buyer.mail.upper())
    assert first.code != box.orders.withdrawing.code_of(order.number, "other@example.com")
    assert len(await box.told(WithdrawalAsked)) == 1
    assert await withdrawals(box) == [first]


async def test_what_is_not_paid_is_not_withdrawn_from(box: BoxOffice) -> None:
    order = await box.order()

    with pytest.raises(OrderNotOpen):
        await ask(box, order)
    with pytest.raises(OrderNotFound):
        await box.orders.withdrawing.ask(order.order_id, "guessed")

    assert await withdrawals(box) == []


async def test_accepted_the_money_goes_back_the_places_are_free_and_the_tickets_let_nobody_in(box: BoxOffice) -> None:
    order = await box.paid(quantity=2)
    asked = await ask(box, order)

    once, twice = [await box.orders.withdrawing.accept(box.actor, asked.withdrawal_id) for _ in range(2)]
    await box.catch_up()

    assert once == twice
    assert once.status == WithdrawalStatus.ACCEPTED
    assert await box.states(order) == [("cancelled", "returning")]
    assert await box.refunds(order) == [(2 * PRICE, "order_cancelled")]
    assert await box.ticket_states(order) == ["revoked", "revoked"]
    assert await box.places() == (0, 0)
    assert [getattr(event, "is_withdrawn", None) for event in await box.told(OrderCancelled)] == [True]
    assert len(await box.told(WithdrawalSettled)) == 1
    assert await ask(box, order) == once


async def test_declined_everything_stays_as_it_is_and_nobody_can_accept_it_after(box: BoxOffice) -> None:
    order = await box.paid()
    asked = await ask(box, order)

    declined = await box.orders.withdrawing.decline(box.actor, asked.withdrawal_id, "La función es mañana.")
    with pytest.raises(WithdrawalIsSettled):
        await box.orders.withdrawing.accept(box.actor, asked.withdrawal_id)

    assert (declined.status, declined.reason) == (WithdrawalStatus.DECLINED, "La función es mañana.")
    assert await box.states(order) == [("paid", "captured")]
    assert await box.refunds(order) == []
    assert await withdrawals(box, status=WithdrawalStatus.ASKED) == []


async def test_two_who_answer_at_once_do_not_answer_both(box: BoxOffice) -> None:
    order = await box.paid()
    asked = await ask(box, order)
    other = box.other_process()

    outcomes = await asyncio.gather(
        box.orders.withdrawing.accept(box.actor, asked.withdrawal_id),
        other.orders.withdrawing.decline(box.actor, asked.withdrawal_id, "No."),
        return_exceptions=True,
    )

    assert sorted(type(one).__name__ for one in outcomes) == ["Withdrawal", "WithdrawalIsSettled"]
    assert len(await box.told(WithdrawalSettled)) == 1
    settled = (await withdrawals(box))[0].status
    assert (await box.states(order))[0][0] == ("cancelled" if settled == WithdrawalStatus.ACCEPTED else "paid")


async def test_another_organizers_withdrawal_is_nobodys(box: BoxOffice) -> None:
    asked = await ask(box, await box.paid())
    stranger = Actor.system(new_id(), "tests")

    for answer in (box.orders.withdrawing.accept(stranger, asked.withdrawal_id), box.orders.withdrawing.decline(stranger, new_id(), "No.")):
        with pytest.raises(WithdrawalNotFound):
            await answer


async def test_by_number_and_mail_only_the_order_that_has_both_is_meant(box: BoxOffice) -> None:
    order, other = await box.paid(), await box.paid()
    ids = [order.order_id, other.order_id]

    await box.orders.withdrawing.ask_matching(box.organizer_id, ids, order.number, "other@example.com")
    await box.orders.withdrawing.ask_matching(box.organizer_id, ids, "0000-0000", order.buyer.mail)
    nobody = await withdrawals(box)
    await box.orders.withdrawing.ask_matching(box.organizer_id, ids, order.number.lower(), f" {order.buyer.mail.upper()}")

    assert nobody == []
    assert [one.order_id for one in await withdrawals(box)] == [order.order_id]


async def test_one_that_comes_too_late_is_taken_and_says_so(box: BoxOffice) -> None:
    order = await box.paid()
    box.clock.advance(days=12)

    assert (await ask(box, order)).is_in_time is False


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=20)))
def test_the_tenth_day_is_the_last_whatever_the_hour(wait: timedelta) -> None:
    days = ((PAID_AT + wait - timedelta(hours=3)).date() - (PAID_AT - timedelta(hours=3)).date()).days

    assert is_in_time(PAID_AT, [PAID_AT + timedelta(days=90)], PAID_AT + wait, timezone=BUENOS_AIRES) == (days <= 10)


@pytest.mark.parametrize(("before", "good"), [(timedelta(hours=24), True), (timedelta(hours=23, minutes=59), False)])
def test_a_day_before_the_first_show_is_the_last_hour(before: timedelta, good: bool) -> None:
    first = PAID_AT + timedelta(days=5)

    assert is_in_time(PAID_AT, [first + timedelta(days=3), first], first - before, timezone=BUENOS_AIRES) is good
