"""News become mails: each once, to whom they concern, and nobody is told what is no news."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from alltickets.identity.interface import TooManyTries
from alltickets.identity.rules import window_start
from alltickets.notifications.handlers import subscription
from alltickets.notifications.refusals import NothingToSend
from alltickets.notifications.rules import FRESH_FOR, SECOND_THOUGHTS
from alltickets.notifications.service.queueing import MAILS_PER_JOB
from alltickets.orders.records import Order
from alltickets.orders.refusals import OrderNotFound
from alltickets.orders.rules import Buyer
from alltickets.platform.outbox import Follower
from tests.notifications.post_office import PostOffice, text_of
from tests.orders.box_office import BoxOffice


async def report(box: BoxOffice, order: Order, status: str, *, sequence: int = 1) -> None:
    """The gateway says this of the order's payment."""
    payment = await box.payment_of(order)
    await box.report(replace(payment, status=status, sequence=sequence))
    await box.catch_up()


async def later(post: PostOffice) -> None:
    """Second thoughts are over."""
    await post.listen()
    post.box.clock.advance(seconds=SECOND_THOUGHTS.total_seconds())
    await post.work()


async def test_an_event_that_is_handled_twice_is_one_mail(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.deliver()

    async with post.box.database.transaction(post.box.organizer_id) as tx:
        await tx.execute("DELETE FROM platform.cursors WHERE organizer_id = %(organizer_id)s AND subscription = 'notifications'")
    await post.deliver()

    assert len(post.server.taken) == 1
    assert await post.states_of(order) == [("confirmation", "sent")]


async def test_many_orders_cost_a_handful_of_statements(post: PostOffice) -> None:
    orders = [await post.box.order() for _ in range(MAILS_PER_JOB + 2)]
    await post.box.pay(*orders)
    seen: list[str] = []
    watching = post.box.database.__class__(post.url, pool_size=2, observe=seen.append)
    await watching.open()

    await Follower(watching, [subscription(post.notifications)]).catch_up()
    await watching.close()

    written = [sql for sql in seen if "notifications." in sql or "orders.orders" in sql]
    assert len(written) == 3
    assert [len(job["args"]["mail_ids"]) for job in post.waiting()] == [MAILS_PER_JOB, 2]


async def test_a_payment_that_stays_pending_is_told_and_one_that_arrives_at_once_is_not(post: PostOffice) -> None:
    slow, quick = await post.box.order(), await post.box.order()
    await report(post.box, slow, "pending")
    await report(post.box, quick, "pending")
    await post.deliver()
    before = list(post.server.subjects())
    await post.box.pay(quick)

    await later(post)

    assert before == []
    assert sorted(post.server.subjects()) == ["Estamos esperando tu pago para Noche de prueba", "Tu entrada para Noche de prueba"]
    assert await post.states_of(slow) == [("payment_pending", "sent")]
    assert await post.states_of(quick) == [("payment_pending", "dropped"), ("confirmation", "sent")]


async def test_a_rejected_payment_is_told_with_the_time_that_is_left(post: PostOffice) -> None:
    order = await post.box.order()
    await report(post.box, order, "rejected")

    await later(post)

    assert post.server.subjects() == ["Tu pago para Noche de prueba no se completó"]
    assert "Tus lugares siguen reservados hasta las" in text_of(post.server.taken[0])
    assert post.url_of(order) in text_of(post.server.taken[0])


async def test_an_order_that_was_only_left_is_no_news(post: PostOffice) -> None:
    order = await post.box.order()
    await post.box.expire()

    await later(post)

    assert (await post.box.states(order), await post.mails_of(order), post.server.taken) == ([("expired", "open")], [], [])


async def test_an_order_that_expires_while_its_payment_is_pending_is_told(post: PostOffice) -> None:
    order = await post.box.order()
    await report(post.box, order, "pending")
    await later(post)
    await post.box.expire()

    await post.deliver()

    assert post.server.subjects()[1:] == ["Se terminó el tiempo para pagar Noche de prueba"]


async def test_money_that_came_too_late_is_told_to_be_on_its_way_back(closed_post: PostOffice) -> None:
    post, box = closed_post, await closed_post.box.open(capacity=1)
    late = await box.order()
    await box.expire()
    await box.paid(buyer=Buyer("Eva Luz", "eva@example.com"))

    await box.pay(late)
    await post.deliver()

    assert await post.states_of(late) == [("money_returning", "sent")]
    [told] = [message for message in post.server.taken if message["To"] == "ana@example.com"]
    assert "Te devolvemos todo" in text_of(told)


async def test_a_cancelled_order_is_told_and_its_refund_too(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.box.orders.back_office.cancel(post.box.actor, order.order_id, "sospecha de fraude")
    await post.deliver()
    await post.box.refund(order)
    await post.deliver()

    told = [message for message in post.server.taken if "Tu entrada" not in message["Subject"]]
    assert [message["Subject"] for message in told] == [
        "Tu compra para Noche de prueba fue cancelada",
        "Te devolvimos $ 10.000,00",
    ]
    assert all("fraude" not in text_of(message) for message in told), "the reason is the organizer's note, not for the buyer"


async def test_each_part_of_the_money_that_goes_back_is_told_by_its_amount(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.deliver()
    for minor in (300_000, 500_000):
        await post.box.refund(order, minor)
        await post.deliver()

    assert post.server.subjects()[1:] == [f"Te devolvimos $ {amount},00" for amount in ("3.000", "2.000")]
    assert "Tus entradas siguen valiendo." in text_of(post.server.taken[-1])


async def test_old_news_is_not_mailed_but_its_order_can_be_recovered(post: PostOffice) -> None:
    order = await post.box.paid()
    post.box.clock.advance(seconds=FRESH_FOR.total_seconds() + 60)

    await post.deliver()
    sent_at_first = list(post.server.taken)
    await post.notifications.queueing.ask_recovery("ana@example.com", address="198.51.100.1")
    await post.work()

    assert (sent_at_first, await post.states_of(order)) == ([], [("confirmation", "dropped")])
    assert post.server.subjects() == ["Tus compras en Club Aurora"]


async def test_a_buyer_who_lost_the_links_gets_those_of_all_orders_that_count(post: PostOffice) -> None:
    buyer = Buyer("Ana Paz", "Ana.Paz@Example.com")
    paid = [await post.box.paid(buyer=buyer) for _ in range(2)]
    expired = await post.box.order(buyer=buyer)
    other = await post.box.paid(buyer=Buyer("Eva Luz", "eva@example.com"))
    await post.box.expire()
    await post.deliver()
    post.server.taken.clear()

    await post.notifications.queueing.ask_recovery("ana.paz@example.com", address="198.51.100.2")
    await post.work()

    [message] = post.server.taken
    assert message["To"] == "ana.paz@example.com"
    assert [post.url_of(order) in text_of(message) for order in (*paid, expired, other)] == [True, True, False, False]


async def test_an_address_that_nobody_knows_gets_no_mail_and_nobody_is_told_so(post: PostOffice) -> None:
    await post.notifications.queueing.ask_recovery("nobody@example.com", address="198.51.100.3")
    asked = len(post.waiting())
    await post.work()

    assert (asked, post.server.taken, post.waiting()) == (1, [], [])


async def exhaust(ask: Callable[[], Awaitable[None]], times: int) -> None:
    for _ in range(times):
        await ask()
    with pytest.raises(TooManyTries):
        await ask()


async def test_recovering_is_limited_by_mail_and_by_address(post: PostOffice) -> None:
    queueing = post.notifications.queueing
    post.box.clock.now = window_start(post.box.clock.now, 3600) + timedelta(minutes=1)
    unique = post.box.organizer_id.hex

    await exhaust(lambda: queueing.ask_recovery(f"Ana-{unique}@example.com", address=f"a {unique}"), 3)
    with pytest.raises(TooManyTries):
        await queueing.ask_recovery(f"ana-{unique}@example.com", address=f"b {unique}")
    for number in range(16):
        await queueing.ask_recovery(f"{number}-{unique}@example.com", address=f"a {unique}")
    with pytest.raises(TooManyTries):
        await queueing.ask_recovery(f"another-{unique}@example.com", address=f"a {unique}")


async def test_a_buyer_may_have_the_mail_again_a_few_times(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.deliver()
    post.box.clock.now = window_start(post.box.clock.now, 3600) + timedelta(hours=1, minutes=1)

    async def again() -> None:
        await post.notifications.queueing.resend_to_buyer(order.order_id, post.secret_of(order), address=f"a {order.order_id}")

    await exhaust(again, 3)
    await post.work()

    assert post.server.subjects() == ["Tu entrada para Noche de prueba"] * 4
    assert len({message["Message-ID"] for message in post.server.taken}) == 4


async def test_somebody_elses_secret_sends_nothing(post: PostOffice) -> None:
    order, other = await post.box.paid(), await post.box.paid()

    for secret in (post.secret_of(other), "", "x.y"):
        with pytest.raises(OrderNotFound):
            await post.notifications.queueing.resend_to_buyer(order.order_id, secret, address="198.51.100.4")


async def test_what_there_is_no_mail_about_is_not_sent_again(post: PostOffice) -> None:
    order = await post.box.order()

    with pytest.raises(NothingToSend):
        await post.notifications.back_office.resend(post.box.actor, order.order_id)

    assert await post.mails_of(order) == []


async def test_an_organizer_sends_again_and_that_is_on_record(post: PostOffice) -> None:
    order = await post.box.paid()
    post.server.answer("RCPT", "550 5.1.1 No such user")
    await post.deliver()

    queued = await post.notifications.back_office.resend(post.box.actor, order.order_id)
    await post.work()

    assert (queued.kind, queued.state) == ("confirmation", "queued")
    assert await post.states_of(order) == [("confirmation", "bounced"), ("confirmation", "sent")]
    [(audited,)] = await post.box.rows(
        "SELECT count(*) FROM identity.audit_entries WHERE organizer_id = %(organizer_id)s AND action = 'mail.resent'"
    )
    assert audited == 1
