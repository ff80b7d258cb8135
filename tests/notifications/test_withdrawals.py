"""Who withdraws is written to, and so is the organizer; nobody else learns of it."""

from alltickets.notifications.rules import MailKind
from tests.notifications.post_office import PostOffice, text_of

ADDRESS = "203.0.113.44"


async def test_by_number_and_mail_the_code_that_was_told_arrives_at_the_buyer_and_at_the_organizer(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.notifications.back_office.set_reply_address(post.box.actor, "boleteria@example.com")
    await post.deliver()
    before = len(post.server.taken)

    code = await post.notifications.queueing.ask_withdrawal(order.number, order.buyer.mail.upper(), address=ADDRESS)
    again = await post.notifications.queueing.ask_withdrawal(order.number, order.buyer.mail, address=ADDRESS)
    await post.work()
    await post.deliver()

    mails = {mail["To"]: text_of(mail) for mail in post.server.taken[before:]}
    assert again == code
    assert set(mails) == {order.buyer.mail, "boleteria@example.com"}
    assert all(code in text for text in mails.values())
    assert post.secret_of(order) not in mails["boleteria@example.com"]


async def test_whoever_has_not_bought_gets_a_code_like_anybody_and_no_mail_is_sent(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.deliver()
    before = len(post.server.taken)

    code = await post.notifications.queueing.ask_withdrawal(order.number, "stranger@example.com", address=ADDRESS)
    await post.work()
    await post.deliver()

    assert code.startswith("W-")
    assert len(post.server.taken) == before
    assert await post.box.rows("SELECT 1 FROM orders.withdrawals WHERE organizer_id = %(organizer_id)s") == []


async def test_the_answer_is_one_mail_and_not_two(post: PostOffice) -> None:
    accepted, declined = await post.box.paid(), await post.box.paid()
    withdrawing = post.box.orders.withdrawing
    for order in (accepted, declined):
        await withdrawing.ask(order.order_id, post.secret_of(order))
    await post.deliver()
    by_order = {one.order_id: one for one in (await withdrawing.page(post.box.actor, status=None, cursor=None, size=9)).items}

    await withdrawing.accept(post.box.actor, by_order[accepted.order_id].withdrawal_id)
    await withdrawing.decline(post.box.actor, by_order[declined.order_id].withdrawal_id, "La función es mañana.")
    await post.deliver()

    kinds = [[mail.kind for mail in await post.mails_of(order)][1:] for order in (accepted, declined)]
    assert kinds == [
        [MailKind.WITHDRAWAL_ASKED, MailKind.WITHDRAWAL_ACCEPTED],
        [MailKind.WITHDRAWAL_ASKED, MailKind.WITHDRAWAL_DECLINED],
    ]
    assert any("La función es mañana." in text_of(mail) for mail in post.server.taken)
