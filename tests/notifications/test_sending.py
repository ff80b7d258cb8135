"""Mails leave: once each, whatever the mail server does, and what became of them is seen."""

import asyncio
from datetime import timedelta

import pytest

from alltickets.notifications.interface import papers_of
from alltickets.notifications.rules import LEASE
from alltickets.orders.rules import Buyer
from alltickets.payments.interface import shown_code
from alltickets.platform.database import DatabaseUnavailable
from alltickets.platform.mail.message import Attachment, Mail
from alltickets.platform.mail.smtp import Outlet
from tests.notifications.post_office import SENDER, PostOffice, html_of, text_of
from tests.payments.office import TRANSFER


async def test_a_paid_order_is_confirmed_to_its_buyer_once(post: PostOffice) -> None:
    order = await post.box.paid(quantity=2)

    await post.deliver()
    await post.deliver()

    [message] = post.server.taken
    assert post.server.envelopes == [(SENDER, ["ana@example.com"])]
    assert message["From"] == f"Club Aurora <{SENDER}>"
    assert message["To"] == "ana@example.com"
    assert message["Subject"] == "Tus entradas para Noche de prueba"
    assert message["Auto-Submitted"] == "auto-generated"
    for said in (text_of(message), html_of(message)):
        assert post.url_of(order) in said
        assert order.number in said
        assert "$\N{NO-BREAK SPACE}20.000,00" in said
        assert "(hora de Buenos Aires)" in said
        assert said.count("Ana Paz") >= 2
    [mail] = await post.mails_of(order)
    assert (mail.kind, mail.recipient, mail.state, mail.tries, mail.fault) == ("confirmation", "ana@example.com", "sent", 1, None)
    assert mail.settled_at == post.box.clock()


async def test_a_free_order_is_confirmed_too(closed_post: PostOffice) -> None:
    await closed_post.box.open(price_minor=0, with_account=False)
    order = await closed_post.box.order()

    await closed_post.deliver()

    assert await closed_post.states_of(order) == [("confirmation", "sent")]


async def test_who_pays_by_transfer_is_written_how_and_not_once_they_pay_another_way(post: PostOffice) -> None:
    account = await post.box.process.payments.accounts.connect(
        post.box.actor, "transfer", label="Transferencia", currency="ARS", settings=TRANSFER, credentials={}
    )
    first = await post.box.order(option_id=account.id)
    await post.deliver()
    second = await post.box.order(option_id=account.id)
    await post.box.orders.placing.pay_again(post.box.organizer_id, second.order_id, option_id=post.box.account_id)
    await post.deliver()

    [message] = post.server.taken
    [awaited, _] = (
        await post.box.process.payments.confirming.page(post.box.organizer_id, search=None, is_open=None, cursor=None, size=9)
    ).items[::-1]
    assert message["Subject"] == "Cómo transferir por tus entradas para Noche de prueba"
    assert all(shown_code(awaited.code) in said and TRANSFER["cbu"] in said for said in (text_of(message), html_of(message)))
    assert await post.states_of(first) == [("payment_instructed", "sent")]
    assert await post.states_of(second) == [("payment_instructed", "dropped")]


async def test_nothing_is_sent_before_the_transaction_of_the_order_has_committed(post: PostOffice) -> None:
    order = await post.box.order()
    await post.deliver()

    assert (post.server.taken, await post.mails_of(order), post.waiting()) == ([], [], [])


async def test_a_mail_server_that_is_down_for_an_hour_gets_the_mail_when_it_is_back_and_once(post: PostOffice) -> None:
    order = await post.box.paid()
    began = post.box.clock()
    await post.server.stop()

    await post.deliver()
    while post.box.clock() < began + timedelta(hours=1):
        await next_try(post)
    [waiting] = await post.mails_of(order)
    await post.server.start()
    back_at = post.box.clock()
    await next_try(post)
    await post.deliver()

    assert (waiting.state, "127.0.0.1 does not take mail" in str(waiting.fault)) == ("queued", True)
    assert len(post.server.taken) == 1
    assert await post.states_of(order) == [("confirmation", "sent")]
    assert post.box.clock() - back_at <= timedelta(minutes=15)
    assert post.waiting() == []


async def test_a_mail_that_nobody_takes_for_days_is_given_up_and_says_so(post: PostOffice) -> None:
    order = await post.box.paid()
    began = post.box.clock()
    await post.server.stop()

    await post.deliver()
    # Hundreds of tries later; that they are so many, `test_rules.py` knows.
    post.box.clock.advance(days=2, hours=22)
    while post.waiting():
        await next_try(post)

    [mail] = await post.mails_of(order)
    assert (mail.state, "does not take mail" in str(mail.fault)) == ("failed", True)
    assert timedelta(days=2, hours=23) < post.box.clock() - began <= timedelta(days=3)
    await post.server.start()
    await post.deliver()
    assert post.server.taken == []


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_says_later_is_asked_later(post: PostOffice, verb: str) -> None:
    order = await post.box.paid()
    post.server.answer(verb, "451 4.7.1 Greylisted, try again", "452 4.3.1 Too busy")

    await post.deliver()
    [waiting] = await post.mails_of(order)
    await next_try(post)
    await next_try(post)

    assert (waiting.state, waiting.tries) == ("queued", 1)
    assert "451 4.7.1 Greylisted" in str(waiting.fault)
    assert await post.states_of(order) == [("confirmation", "sent")]
    assert len(post.server.taken) == 1


@pytest.mark.parametrize("verb", ["RCPT", "DATA"])
async def test_a_refusal_for_good_is_a_bounce_that_the_organizer_sees(post: PostOffice, verb: str) -> None:
    order = await post.box.paid()
    post.server.answer(verb, "550 5.1.1 No such user here")

    await post.deliver()

    [mail] = await post.mails_of(order)
    assert (mail.state, mail.fault) == ("bounced", "550 5.1.1 No such user here")
    assert (post.waiting(), post.server.taken) == ([], [])


async def test_a_server_that_does_not_take_us_is_no_bounce(post: PostOffice) -> None:
    order = await post.box.paid()
    post.server.answer("MAIL", "550 5.7.1 Sender not allowed")

    await post.deliver()
    [waiting] = await post.mails_of(order)
    await next_try(post)

    assert (waiting.state, "550 5.7.1 Sender not allowed" in str(waiting.fault)) == ("queued", True)
    assert await post.states_of(order) == [("confirmation", "sent")]


async def test_of_two_mails_one_refused_does_not_keep_the_other(post: PostOffice) -> None:
    first, second = await post.box.paid(), await post.box.paid()
    post.server.answer("RCPT", "550 5.1.1 No such user here")

    await post.deliver()

    states = [state for order in (first, second) for _, state in await post.states_of(order)]
    assert sorted(states) == ["bounced", "sent"]


async def test_a_job_that_runs_twice_at_once_sends_once(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.listen()
    [mail] = await post.mails_of(order)

    sending = post.notifications.sending
    await asyncio.gather(*(sending.send(post.box.organizer_id, mail.mail_id) for _ in range(4)))
    post.box.clock.advance(seconds=LEASE.total_seconds() + 1)
    await post.work()

    assert len(post.server.taken) == 1
    assert await post.states_of(order) == [("confirmation", "sent")]


async def test_a_process_that_dies_between_sending_and_writing_that_down_repeats_the_same_mail(post: PostOffice) -> None:
    order = await post.box.paid()
    await post.listen()
    [mail] = await post.mails_of(order)
    dying = PostOffice(post.box, post.url, post.server, through=DyingOutlet)
    with pytest.raises(DatabaseUnavailable):
        await dying.notifications.sending.send(post.box.organizer_id, mail.mail_id)

    early = await post.work()
    post.box.clock.advance(seconds=LEASE.total_seconds())
    await post.work()

    assert early == 1
    assert [message["Message-ID"] for message in post.server.taken] == [f"<{mail.mail_id}@127.0.0.1>"] * 2
    assert await post.states_of(order) == [("confirmation", "sent")]


async def test_what_goes_with_a_confirmation_is_attached_and_told_of(post: PostOffice) -> None:
    async def pdf(shown: object, locale: str) -> list[Attachment]:
        return [Attachment("entradas.pdf", "application/pdf", f"%PDF {locale}".encode())]

    post = PostOffice(post.box, post.url, post.server, [pdf])
    await post.box.paid()

    await post.deliver()

    [message] = post.server.taken
    [attachment] = list(message.iter_attachments())
    assert (attachment.get_filename(), attachment.get_content_type(), attachment.get_content()) == (
        "entradas.pdf",
        "application/pdf",
        b"%PDF es-AR",
    )
    assert "adjunta a este correo" in text_of(message)


async def test_the_printed_tickets_and_a_calendar_entry_go_with_a_confirmation_in_its_language(post: PostOffice) -> None:
    post = PostOffice(post.box, post.url, post.server, papers_of(post.box.orders))
    await post.box.paid(quantity=2, buyer=Buyer("Ana Paz", "ana@example.com", None, None, "en"))

    await post.deliver()

    [message] = post.server.taken
    pdf, calendar = message.iter_attachments()
    assert (pdf.get_content_type(), calendar.get_content_type()) == ("application/pdf", "text/calendar")
    assert str(pdf.get_filename()).startswith("tickets-")
    assert pdf.get_content().startswith(b"%PDF")
    assert "BEGIN:VCALENDAR" in calendar.get_content()
    assert "They are attached to this mail, too." in text_of(message)


async def test_a_confirmation_does_not_wait_for_an_attachment_that_cannot_be_made(post: PostOffice) -> None:
    async def broken(shown: object, locale: str) -> list[Attachment]:
        raise LookupError("no font")

    post = PostOffice(post.box, post.url, post.server, [broken])
    order = await post.box.paid()

    await post.deliver()

    [message] = post.server.taken
    assert list(message.iter_attachments()) == []
    assert "adjunta" not in text_of(message)
    assert await post.states_of(order) == [("confirmation", "sent")]


async def test_mail_is_written_in_the_buyers_language_else_in_the_organizers(closed_post: PostOffice) -> None:
    post = closed_post
    await post.box.open()
    for locale in ("en", "pt-BR", None):
        await post.box.paid(buyer=Buyer("Ana Paz", "ana@example.com", None, None, locale))

    await post.deliver()

    assert post.server.subjects() == [
        "Your ticket for Noche de prueba",
        "Seu ingresso para Noche de prueba",
        "Tu entrada para Noche de prueba",
    ]
    assert [message["Content-Language"] for message in post.server.taken] == ["en", "pt-BR", "es-AR"]


async def test_answers_go_where_the_organizer_says(post: PostOffice) -> None:
    await post.notifications.back_office.set_reply_address(post.box.actor, "hola@aurora.example")
    await post.box.paid()
    await post.deliver()
    await post.notifications.back_office.set_reply_address(post.box.actor, None)
    await post.box.paid()
    await post.deliver()

    assert [message["Reply-To"] for message in post.server.taken] == ["hola@aurora.example", None]


class DyingOutlet:
    """Its process loses the database as soon as the mail is out."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    async def send(self, mail: Mail) -> None:
        await self._outlet.send(mail)
        raise DatabaseUnavailable("gone")

    async def close(self) -> None:
        await self._outlet.close()


async def next_try(post: PostOffice) -> None:
    """Go to when the next job is due, and run it."""
    at = post.next_at()
    assert at is not None, "something is to be tried again"
    post.box.clock.now = max(at, post.box.clock())
    await post.work()
