"""Mail handed to a server: what its answers mean, and how a server that is away is treated."""

import pytest

from alltickets.platform.mail.server import MailServer
from alltickets.platform.mail.smtp import AWAY_SECONDS, IDLE_SECONDS_MAX, MailNotTaken, MailRefused, Smtp
from tests.conftest import SettableClock
from tests.mail_server import MailServerDouble
from tests.platform.mail.mails import make_mail


@pytest.fixture
def smtp(mail_server: MailServerDouble, clock: SettableClock) -> Smtp:
    return Smtp(MailServer.parse(mail_server.url), clock, own_name="tickets.example")


async def test_a_mail_arrives_as_it_was_written(smtp: Smtp, mail_server: MailServerDouble) -> None:
    await smtp.send(make_mail(sender_name="Peña Ñandú 🎟️", subject="Tus entradas para “Ñandú”", to="ana@example.com"))

    [message] = mail_server.taken
    assert mail_server.envelopes == [("entradas@tickets.example", ["ana@example.com"])]
    assert message["From"] == "Peña Ñandú 🎟️ <entradas@tickets.example>"
    assert message["Subject"] == "Tus entradas para “Ñandú”"


async def test_an_address_beyond_ascii_is_written_to(smtp: Smtp, mail_server: MailServerDouble) -> None:
    await smtp.send(make_mail(to="josé@example.com"))

    assert mail_server.envelopes == [("entradas@tickets.example", ["josé@example.com"])]


@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        ("RCPT", "550 5.1.1 No such user", MailRefused),
        ("DATA", "554 5.7.1 Spam", MailRefused),
        ("RCPT", "450 4.2.1 Mailbox busy", MailNotTaken),
        ("DATA", "452 4.3.1 Disk full", MailNotTaken),
        ("MAIL", "550 5.7.1 Who are you", MailNotTaken),
        ("MAIL", "421 4.3.2 Shutting down", MailNotTaken),
    ],
)
async def test_an_answer_says_whether_to_come_again(
    smtp: Smtp, mail_server: MailServerDouble, verb: str, answer: str, outcome: type[Exception]
) -> None:
    mail_server.answer(verb, answer)

    with pytest.raises(outcome, match=answer[:9]):
        await smtp.send(make_mail())
    await smtp.send(make_mail(subject="La siguiente"))

    assert mail_server.subjects() == ["La siguiente"]


async def test_mails_that_follow_each_other_share_a_connection(smtp: Smtp, mail_server: MailServerDouble, clock: SettableClock) -> None:
    for _ in range(3):
        await smtp.send(make_mail())
    shared = mail_server.connections
    clock.advance(seconds=IDLE_SECONDS_MAX + 1)
    await smtp.send(make_mail())

    assert (shared, mail_server.connections, len(mail_server.taken)) == (1, 2, 4)


async def test_a_kept_connection_that_the_server_has_dropped_costs_no_mail(smtp: Smtp, mail_server: MailServerDouble) -> None:
    await smtp.send(make_mail())
    await mail_server.stop()
    await mail_server.start()

    await smtp.send(make_mail())

    assert (mail_server.connections, len(mail_server.taken)) == (2, 2)


async def test_a_server_that_is_away_is_left_alone_for_a_moment(smtp: Smtp, mail_server: MailServerDouble, clock: SettableClock) -> None:
    await mail_server.stop()
    with pytest.raises(MailNotTaken, match=r"127\.0\.0\.1 does not take mail"):
        await smtp.send(make_mail())
    await mail_server.start()
    with pytest.raises(MailNotTaken, match=r"127\.0\.0\.1 does not take mail"):
        await smtp.send(make_mail())
    asked_meanwhile = mail_server.connections

    clock.advance(seconds=AWAY_SECONDS)
    await smtp.send(make_mail())

    assert (asked_meanwhile, len(mail_server.taken)) == (0, 1)


async def test_what_must_be_encrypted_is_not_sent_to_a_server_that_does_not_offer_it(
    mail_server: MailServerDouble, clock: SettableClock
) -> None:
    smtp = Smtp(MailServer.parse(f"smtp://ana:hunter2@127.0.0.1:{mail_server.port}"), clock, own_name="tickets.example")

    with pytest.raises(MailNotTaken) as refused:
        await smtp.send(make_mail())

    assert "hunter2" not in str(refused.value)
    assert mail_server.taken == []


async def test_a_check_goes_as_far_as_the_sender(smtp: Smtp, mail_server: MailServerDouble) -> None:
    await smtp.check("entradas@tickets.example")
    mail_server.answer("MAIL", "550 5.7.1 Sender not allowed")

    with pytest.raises(MailNotTaken, match="Sender not allowed"):
        await smtp.check("entradas@tickets.example")

    await smtp.close()
    assert mail_server.taken == []
