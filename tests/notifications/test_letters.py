"""What mails say, in text and in HTML, whatever somebody typed."""

import html as entities
import re
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest

from alltickets.kernel.money import Money
from alltickets.notifications.letters.letter import Letter, html_of, text_of
from alltickets.notifications.letters.wording import letter_about, recovery_letter
from alltickets.notifications.letters.words import LOCALES, words_of
from alltickets.notifications.rules import MailKind
from alltickets.orders.rules import Buyer, Holder, OrderStatus
from tests.notifications.facts import HOW_TO_PAY, NOW, URL, make_facts, make_show

KINDS = [kind for kind in MailKind if kind not in (MailKind.RECOVERED, MailKind.PLACES_FREED)]
STANDING: dict[MailKind, dict[str, Any]] = {
    MailKind.PAYMENT_INSTRUCTED: {
        "status": OrderStatus.AWAITING_PAYMENT,
        "payment_state": "open",
        "paid_at": None,
        "step": HOW_TO_PAY,
    },
    MailKind.PAYMENT_PENDING: {"status": OrderStatus.AWAITING_PAYMENT, "payment_state": "pending", "paid_at": None},
    MailKind.PAYMENT_REJECTED: {"status": OrderStatus.AWAITING_PAYMENT, "payment_state": "failed", "paid_at": None},
    MailKind.ORDER_EXPIRED: {"status": OrderStatus.EXPIRED, "payment_state": "pending", "paid_at": None},
    MailKind.MONEY_RETURNING: {"status": OrderStatus.EXPIRED, "payment_state": "returning", "paid_at": None},
    MailKind.CANCELLED: {"status": OrderStatus.CANCELLED, "payment_state": "returning"},
    MailKind.REFUNDED: {"status": OrderStatus.REFUNDED, "payment_state": "returned"},
}
NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><style>*{display:none}</style>",
    "{{7*7}} {% raw %} {number} %s",
    "🎟️ Ñandú " * 20,
    "مرحبا \u202egnp.exe שלום",
    "Ana\r\n\r\n-- \r\nEl banco: pagá acá http://evil.example",
    "&lt;b&gt; & <b>",
]


def letter_of(kind: MailKind, locale: str = "es-AR", **fields: Any) -> Letter:
    return letter_about(kind, make_facts(**{**STANDING.get(kind, {}), **fields}), words_of(locale))


class Page(HTMLParser):
    """What a mail program finds in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.said = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += f" {data} "


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", KINDS)
def test_text_and_html_say_the_same_and_lead_to_the_order(kind: MailKind, locale: str) -> None:
    letter = letter_of(kind, locale)

    page, text = Page(html_of(letter)), text_of(letter)

    for said in (letter.heading, *letter.paragraphs, *(value for part in letter.parts for _, value in part.facts), letter.footer):
        assert said in text
        assert said in page.said
    links = [] if kind in (MailKind.ADDRESS_CHANGED, MailKind.WITHDRAWAL_NOTICE) else [URL]
    assert [attributes["href"] for tag, attributes in page.elements if tag == "a"] == links
    assert (URL in text) == bool(links)
    assert page.elements[0] == ("html", {"lang": locale, "xmlns": "http://www.w3.org/1999/xhtml"})
    assert "{" not in text.replace(URL, "")


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_needs_nothing_from_elsewhere_and_no_style_sheet(kind: MailKind) -> None:
    page = Page(html_of(letter_of(kind)))
    tags = {tag for tag, _ in page.elements}

    assert tags <= {"html", "head", "meta", "title", "body", "div", "table", "tr", "td", "h1", "h2", "p", "a"}
    assert {name for _, attributes in page.elements for name in attributes} & {"src", "srcset", "background", "class", "id"} == set()
    assert "url(" not in html_of(letter_of(kind))
    assert all(attributes.get("style") for tag, attributes in page.elements if tag in ("td", "p", "h1", "h2", "a") and tag != "td")
    assert len(html_of(letter_of(kind))) < 100_000, "Gmail cuts a mail off at 102 kB"


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("kind", KINDS)
def test_what_somebody_typed_stays_text(kind: MailKind, text: str) -> None:
    show = make_show(title=text)
    assert show.venue is not None
    venue = msgspec.structs.replace(show.venue, name=text, address=text, city=text)
    types = {key: msgspec.structs.replace(one, name=text) for key, one in show.ticket_types.items()}
    sectors = {key: msgspec.structs.replace(one, name=text) for key, one in show.sectors.items()}
    show = msgspec.structs.replace(show, venue=venue, ticket_types=types, sectors=sectors)
    plain, nasty = (
        letter_about(
            kind,
            make_facts(event, organizer=name, buyer=Buyer(name, "ana@example.com"), holders=(Holder(name),) * 3, **STANDING.get(kind, {})),
            words_of("es-AR"),
        )
        for event, name in ((make_show(), "Ana"), (show, text))
    )

    page, expected = Page(html_of(nasty)), Page(html_of(plain))

    assert [tag for tag, _ in page.elements] == [tag for tag, _ in expected.elements]
    assert [sorted(attributes) for _, attributes in page.elements] == [sorted(attributes) for _, attributes in expected.elements]
    assert len(text_of(nasty).splitlines()) == len(text_of(plain).splitlines()), "nobody adds a line to a mail of ours"
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text_of(nasty) + entities.unescape(html_of(nasty)))
    assert not re.search(r"[\r\n]", nasty.subject)


def test_a_name_of_200_characters_is_cut_and_the_mail_stays_readable() -> None:
    letter = letter_of(MailKind.CONFIRMATION, buyer=Buyer("Ñ" * 200, "ana@example.com"), holders=(Holder("X" * 200),) * 3)

    assert "X" * 79 + "…" in text_of(letter)
    assert "X" * 80 not in text_of(letter)
    assert max(len(line) for line in text_of(letter).splitlines()) < 250


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Ana Paz", "Hola, Ana Paz:"),
        ("María José O'Higgins-Núñez", "Hola, María José O'Higgins-Núñez:"),
        ("José M. Paz", "Hola, José M. Paz:"),
        ("محمد علي", "Hola, محمد علي:"),
        ("Ganaste, entrá en evil.example/premio", "Hola:"),
        ("www.evil.example", "Hola:"),
        ("ana@evil.example", "Hola:"),
        ("50% off", "Hola:"),
    ],
)
def test_whoever_writes_an_advertisement_as_a_name_does_not_have_it_greeted(name: str, greeting: str) -> None:
    letter = letter_of(MailKind.PAYMENT_REJECTED, buyer=Buyer(name, "ana@example.com"))

    assert letter.paragraphs[0] == greeting
    assert "evil.example" not in text_of(letter)


def test_mail_programs_find_no_address_in_a_holders_name_to_make_a_link_of() -> None:
    holders = (Holder("evil.example"), Holder("http://evil.example/x"), Holder("a@evil.example"))

    text = text_of(letter_of(MailKind.CONFIRMATION, holders=holders))

    assert "evil.example" not in text
    assert "evil.\u2060example" in text


def test_a_confirmation_lists_each_ticket_with_its_place_its_holder_and_its_price() -> None:
    letter = letter_of(MailKind.CONFIRMATION)

    [part] = letter.parts
    assert [(paper.title, paper.detail, paper.price.replace("\N{NO-BREAK SPACE}", " ")) for paper in part.papers] == [
        ("General · Campo", "Ana Paz", "$ 10.000,00"),
        ("Platea · Platea Baja · asiento A-11", "Bruno Gil", "$ 45.000,00"),
        ("Platea · Platea Baja · asiento A-12", "Carla Ríos", "$ 45.000,00"),
    ]
    assert dict(part.facts) == {
        "Cuándo": "sábado, 28 de noviembre de 2026, 21:00 (hora de Buenos Aires)",
        "Puertas": "19:00 (hora de Buenos Aires)",
        "Dónde": "Teatro Ópera, Corrientes 860, Buenos Aires",
    }
    assert letter.total == ("Total", "$\N{NO-BREAK SPACE}100.000,00")


def test_an_event_without_a_venue_or_a_ticket_type_that_is_gone_still_makes_a_mail() -> None:
    show = make_show(venue=None)
    facts = make_facts(show)
    bare = msgspec.structs.replace(show, ticket_types={}, sectors={})
    shown = facts.shown.__class__(facts.shown.order, facts.shown.quote, bare, None, facts.shown.tickets)

    letter = letter_about(
        MailKind.CONFIRMATION,
        facts.__class__(**{**{name: getattr(facts, name) for name in facts.__slots__}, "shown": shown}),
        words_of("en"),
    )

    assert "seat A-11" in text_of(letter)
    assert "Where" not in dict(letter.parts[0].facts)


def test_a_rejected_payment_says_until_when_it_may_be_tried_again_and_afterwards_that_it_is_over() -> None:
    open_, over = (letter_of(MailKind.PAYMENT_REJECTED, now=NOW + wait) for wait in (timedelta(0), timedelta(minutes=11)))

    assert "hasta las 12:10 (hora de Buenos Aires)" in text_of(open_)
    assert open_.link is not None
    assert open_.link.label == "Intentar de nuevo"
    assert "volvieron a la venta" in text_of(over)
    assert over.link is not None
    assert over.link.label == "Ver mi compra"


def test_a_cancelled_order_promises_money_back_only_if_there_was_money() -> None:
    paid = letter_of(MailKind.CANCELLED)
    unpaid = letter_of(MailKind.CANCELLED, paid_at=None, payment_state="open")

    assert "Te devolvemos $\N{NO-BREAK SPACE}100.000,00" in text_of(paid)
    assert "ya no valen" in text_of(paid)
    assert "devolvemos" not in text_of(unpaid)
    assert "valen" not in text_of(unpaid)


def test_a_refund_names_its_own_amount_and_what_becomes_of_the_tickets() -> None:
    part = letter_of(MailKind.REFUNDED, status=OrderStatus.PAID, amount=Money(500_000, "ARS"))

    assert part.subject == "Te devolvimos $\N{NO-BREAK SPACE}5.000,00"
    assert "siguen valiendo" in text_of(part)
    assert "ya no valen" in text_of(letter_of(MailKind.REFUNDED))


def test_recovered_orders_come_each_with_its_link() -> None:
    first, second = make_facts(), make_facts(make_show(title="Otra noche"), number="AAAA-BBBB", url=f"{URL}-2")

    letter = recovery_letter([first, second], words_of("es-AR"))

    page = Page(html_of(letter))
    assert [attributes["href"] for tag, attributes in page.elements if tag == "a"] == [URL, f"{URL}-2"]
    assert "7KQ2-M9XA" in text_of(letter)
    assert "AAAA-BBBB" in text_of(letter)
    assert letter.subject == "Tus compras en Club Aurora"


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("es-AR", ["Tu código", "$\N{NO-BREAK SPACE}24.000,00", "domingo, 29 de noviembre de 2026, 12:00"]),
        ("en", ["Your code", "ARS\N{NO-BREAK SPACE}24,000.00", "Sunday, November 29, 2026, 12:00 PM"]),
        ("pt-BR", ["Seu código", "24.000,00"]),
    ],
)
def test_who_transfers_finds_all_they_need_in_the_mail(locale: str, said: list[str]) -> None:
    text = text_of(letter_of(MailKind.PAYMENT_INSTRUCTED, locale))

    assert [one for one in (*said, "JGG-J26D", "2850590940090418135201", "medianoche.shows", "30-12345678-1") if one not in text] == []
