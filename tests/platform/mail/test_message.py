"""A mail as it goes out: whatever somebody typed, the headers are ours and the parts are whole."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alltickets.platform.mail.message import Attachment, Mail, message_of, single_line
from tests.platform.mail.mails import make_mail

HEADERS = ["Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language"]
NASTY = [
    "Ana\r\nBcc: todos@example.com",
    "Ana\nSubject: otra cosa\n\nun cuerpo",
    "Ana\u2028Bcc: todos@example.com",
    '"><script>alert(1)</script>',
    "🎟️ Ñandú " * 40,
    "مرحبا \u202egnp.exe שלום",
    "=?utf-8?q?Otra_persona?=",
    "=?utf-8?q?Ana=0D=0ABcc:_todos=40example.com?=",
    '"Otra" <otra@example.com>, ',
    "x" * 5_000,
    "\\",
    "",
]


def sent(mail: Mail) -> EmailMessage:
    """As whoever gets it reads it."""
    return message_from_bytes(bytes(message_of(mail)), policy=default)


def shown(text: str) -> str:
    """What is seen of a header, blanks apart: Python's parser takes the ends of encoded words in a name for blanks."""
    return "".join(text.replace("\N{WORD JOINER}", "").split())


@pytest.mark.parametrize("text", NASTY)
def test_what_somebody_typed_stays_in_its_place(text: str) -> None:
    mail = make_mail(sender_name=text, subject=text, text=text, html=text, attachments=(Attachment(text, "application/pdf", b"%PDF"),))

    message = sent(mail)

    assert sorted(message.keys()) == sorted(HEADERS)
    assert [address.addr_spec for address in message["From"].addresses] == ["entradas@tickets.example"]
    assert [address.addr_spec for address in message["To"].addresses] == ["ana@example.com"]
    assert shown(message["From"].addresses[0].display_name) == shown(single_line(text, 70))
    assert shown(message["Subject"]) == shown(single_line(text, 150))
    kinds = [part.get_content_type() for part in message.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "application/pdf"]


@given(text=st.text(max_size=300))
def test_any_text_makes_a_mail_with_the_same_headers(text: str) -> None:
    message = sent(make_mail(sender_name=text, subject=text, text=text))

    assert sorted(message.keys()) == sorted(HEADERS)
    assert [address.addr_spec for address in message["From"].addresses] == ["entradas@tickets.example"]


def test_a_mail_is_seven_bit_and_its_lines_are_short() -> None:
    content = bytes(message_of(make_mail(text="ñ" * 5_000, html=f"<p>{'🎟️' * 2_000}</p>", subject="ñ" * 140)))

    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_the_parts_say_what_they_said() -> None:
    message = sent(make_mail(text="Acá están: 🎟️\n", html="<p>Acá están: 🎟️</p>\n"))

    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content() == "Acá están: 🎟️\r\n"
    assert html.get_content() == "<p>Acá están: 🎟️</p>\r\n"


def test_an_address_beyond_ascii_keeps_its_name_and_gets_the_domain_that_dns_knows() -> None:
    message = message_of(make_mail(to="josé@ñandú.example", reply_to="hola@aurora.example"))

    assert message["To"].addresses[0].addr_spec == "josé@xn--and-6ma2c.example"
    assert message["Reply-To"] == "hola@aurora.example"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  Ana \t Paz ", "Ana Paz"),
        ("Ana\r\nBcc: x", "Ana Bcc: x"),
        ("a\u202eb\u2066c", "abc"),
        ("👨‍👩‍👧 familia", "👨‍👩‍👧 familia"),
        ("שלום", "שלום"),
        ("x" * 11, "x" * 9 + "…"),
    ],
)
def test_a_line_is_one_line(text: str, line: str) -> None:
    assert single_line(text, 10 if text.startswith("x") else None) == line
