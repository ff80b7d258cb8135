"""What letters about orders are made of, in the reader's language: typed text, times and places, tickets, a frame for it all."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from alltickets.catalog.interface import EventSnapshot, VenueSnapshot
from alltickets.kernel.money import Money
from alltickets.notifications.letters.letter import Letter, Link, Paper, Part
from alltickets.notifications.letters.words import Words
from alltickets.orders.interface import Order, ShownOrder
from alltickets.platform.mail.message import single_line
from alltickets.tickets.interface import Ticket

__all__ = [
    "ORGANIZER_CHARACTERS_MAX",
    "Facts",
    "footer_of",
    "order_letter",
    "order_part",
    "organizer_name",
    "paper_of",
    "performance_parts",
    "title_of",
    "total_of",
    "typed",
    "when_and_where",
]

NAME_CHARACTERS_MAX = 80
TITLE_CHARACTERS_MAX = 120
ORGANIZER_CHARACTERS_MAX = 70

_LINKABLE = re.compile(r"(?<=\w)([.:@])(?=[\w/])")
WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a letter about an order is made of."""

    shown: ShownOrder
    organizer: str
    url: str
    amount: Money
    has_attachments: bool
    now: datetime
    ticket: Ticket | None = None
    """Where it is about one."""


def typed(text: str, characters_max: int = TITLE_CHARACTERS_MAX) -> str:
    """What somebody typed, as it may stand in a line of ours."""
    return single_line(text, characters_max)


def _typed_name(name: str) -> str:
    """A person's name, in which mail programs find no address to make a link of."""
    return _LINKABLE.sub(rf"\1{WORD_JOINER}", typed(name, NAME_CHARACTERS_MAX))


def _is_greetable(name: str) -> bool:
    """Whether it looks like a name. What else somebody types there (an address, an offer) is not repeated to whomever they wrote down as
    the buyer: our mail would carry their advertising.
    """
    letters = all(one.isalpha() or one in " '’.-" or unicodedata.category(one).startswith("M") for one in name)
    return letters and name[:1].isalpha() and not _LINKABLE.search(name)


def order_letter(
    facts: Facts,
    words: Words,
    *,
    subject: str,
    heading: str,
    paragraphs: tuple[str, ...],
    parts: tuple[Part, ...],
    link: Link,
    total: tuple[str, str] | None = None,
    notes: tuple[str, ...] = (),
) -> Letter:
    name = typed(facts.shown.order.buyer.name, NAME_CHARACTERS_MAX)
    greeting = words.say("Hello {name},", name=name) if _is_greetable(name) else words.say("Hello,")
    return Letter(
        locale=words.locale,
        subject=subject,
        heading=heading,
        paragraphs=(greeting, *paragraphs),
        parts=parts,
        total=total,
        link=link,
        notes=notes,
        organizer=organizer_name(facts),
        footer=footer_of(facts, words),
    )


def footer_of(facts: Facts, words: Words) -> str:
    return words.say("You get this mail because of an order at {site}.", site=urlsplit(facts.url).netloc)


def organizer_name(facts: Facts) -> str:
    return typed(facts.organizer, ORGANIZER_CHARACTERS_MAX)


def title_of(event: EventSnapshot) -> str:
    return typed(event.title)


def performance_parts(facts: Facts, words: Words) -> Iterable[Part]:
    """A part for each performance that there are tickets for, in order of start."""
    event = facts.shown.event
    by_performance: dict[UUID, list[Ticket]] = {}
    for shown in facts.shown.tickets:
        by_performance.setdefault(shown.ticket.performance_id, []).append(shown.ticket)
    for performance_id in event.performances:
        if performance_id in by_performance:
            papers = tuple(paper_of(event, ticket, words) for ticket in by_performance[performance_id])
            yield Part(title=title_of(event), facts=tuple(when_and_where(event, performance_id, words)), papers=papers)


def paper_of(event: EventSnapshot, ticket: Ticket, words: Words) -> Paper:
    kind, sector = event.ticket_types.get(ticket.ticket_type_id), event.sectors.get(ticket.sector_id)
    name, where = typed(kind.name) if kind else "", typed(sector.name) if sector else ""
    seat = words.say("seat {seat}", seat=typed(ticket.seat_label)) if ticket.seat_label else ""
    place = " · ".join(part for part in (where if where != name else "", seat) if part)
    return Paper(
        title=" · ".join(part for part in (name, place) if part),
        detail=_typed_name(ticket.holder_name),
        price=words.money(Money(ticket.price_minor, ticket.currency)),
    )


def when_and_where(event: EventSnapshot, performance_id: UUID, words: Words) -> Iterable[tuple[str, str]]:
    """A performance's times and place, by their names."""
    performance = event.performances[performance_id]
    yield words.say("When"), words.day_and_time(performance.starts_at, event.timezone)
    if performance.doors_at is not None and performance.doors_at != performance.starts_at:
        yield words.say("Doors"), words.time(performance.doors_at, event.timezone)
    if event.venue is not None:
        yield words.say("Where"), _place(event.venue)


def _place(venue: VenueSnapshot) -> str:
    return ", ".join(typed(part) for part in (venue.name, venue.address, venue.city) if part.strip())


def total_of(order: Order, words: Words) -> tuple[str, str]:
    """What the buyer pays; less than its places cost where a promotion of their bank took something off."""
    if not order.discount_minor:
        return words.say("Total"), words.money(order.total)
    return words.say("Total, {discount} off by your bank's promotion", discount=words.money(order.total - order.paid)), words.money(
        order.paid
    )


def order_part(facts: Facts, words: Words) -> Part:
    """The order in a few words: what for, when, how many, how much."""
    shown = facts.shown
    performances = sorted({line.performance_id for line in shown.quote.lines} & shown.event.performances.keys(), key=str)
    starts = sorted(shown.event.performances[one].starts_at for one in performances)
    when = words.day_and_time(starts[0], shown.event.timezone) if starts else ""
    rows = [
        (words.say("When"), when),
        (words.say("Order"), shown.order.number),
        (words.say("Tickets"), str(len(shown.order.holders))),
        total_of(shown.order, words),
    ]
    return Part(title=title_of(shown.event), facts=tuple(row for row in rows if row[1]))
