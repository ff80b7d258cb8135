"""The mail server's URL: what it may say, and what is wrong with it, without its password."""

import pytest

from alltickets.platform.mail.server import MailServer


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", MailServer("mail.example", 587, "if_offered")),
        ("smtp://mail.example:25?starttls=off", MailServer("mail.example", 25, "none")),
        ("smtp://mail.example?starttls=off", MailServer("mail.example", 25, "none")),
        ("smtp://mail.example?starttls=required", MailServer("mail.example", 587, "starttls")),
        ("smtps://mail.example", MailServer("mail.example", 465, "tls")),
        ("smtps://ana:word@mail.example:2465/", MailServer("mail.example", 2465, "tls", "ana", "word")),
        ("smtp://ana%40example.com:w%2Fo%3Ard@mail.example", MailServer("mail.example", 587, "starttls", "ana@example.com", "w/o:rd")),
        ("smtp://ana:word@mail.example?starttls=off", MailServer("mail.example", 25, "none", "ana", "word")),
        ("smtp://[::1]:2525", MailServer("::1", 2525, "if_offered")),
    ],
)
def test_a_url_says_where_and_how(url: str, server: MailServer) -> None:
    assert MailServer.parse(url) == server


def test_a_password_is_sent_in_clear_only_where_that_is_said() -> None:
    assert MailServer.parse("smtp://ana:word@mail.example").encryption == "starttls"
    assert MailServer.parse("smtp://ana:word@mail.example?starttls=auto").encryption == "starttls"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("smtp://", "names no host"),
        ("smtp://:hunter2@", "names no host"),
        ("smtp://mail.example:port", "cannot be read"),
        ("smtp://mail.example:99999", "cannot be read"),
        ("smtp://[hunter2", "cannot be read"),
        ("smtp://mail.example/inbox", "more than host"),
        ("smtp://mail.example?hunter2=1", "more than host"),
        ("smtp://mail.example?starttls=perhaps", "must be one of auto, required, off"),
        ("smtp://ana@mail.example", "both a user and a password"),
        ("smtp://ana:hunt#er2@mail.example", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_without_being_quoted(url: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault) as refused:
        MailServer.parse(url)

    assert "hunt" not in str(refused.value)


def test_the_password_does_not_end_up_in_a_log() -> None:
    assert "hunter2" not in repr(MailServer.parse("smtps://ana:hunter2@mail.example"))
