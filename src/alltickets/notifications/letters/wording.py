"""What each kind of mail says: facts in, a letter in the reader's language out. Pure."""

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
from alltickets.notifications.rules import MailKind
from alltickets.orders.interface import OrderStatus, ShownOrder, Withdrawal
from alltickets.platform.mail.message import single_line
from alltickets.tickets.interface import Ticket

__all__ = ["ORGANIZER_CHARACTERS_MAX", "Facts", "letter_about", "recovery_letter", "typed", "when_and_where"]

NAME_CHARACTERS_MAX = 80
TITLE_CHARACTERS_MAX = 120
ORGANIZER_CHARACTERS_MAX = 70
REASON_CHARACTERS_MAX = 500

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


def letter_about(kind: MailKind, facts: Facts, words: Words) -> Letter:
    """The letter of this kind about an order."""
    assert kind in _LETTERS, f"{kind} is not about one order"
    return _LETTERS[kind](facts, words)


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


def _confirmation(facts: Facts, words: Words) -> Letter:
    shown = facts.shown
    number = len(shown.tickets)
    shows = words.count(
        "Show its code at the door: open it on your phone.",
        "Show the code of each ticket at the door: open them on your phone.",
        number,
    )
    carried = words.count("It is attached to this mail, too.", "They are attached to this mail, too.", number)
    return _letter(
        facts,
        words,
        subject=words.count("Your ticket for {event}", "Your tickets for {event}", number, event=_title(shown.event)),
        heading=words.count("Your ticket is here", "Your {number} tickets are here", number),
        paragraphs=(
            words.say("Your order {number} is confirmed.", number=shown.order.number),
            f"{shows} {carried}" if facts.has_attachments else shows,
        ),
        parts=tuple(_performances(facts, words)),
        total=(words.say("Total"), words.money(shown.order.total)),
        link=Link(words.count("See my ticket", "See my tickets", number), facts.url),
        notes=(words.say("This link is yours: whoever has it can see and use your tickets. Do not share it."),),
    )


def _payment_pending(facts: Facts, words: Words) -> Letter:
    return _letter(
        facts,
        words,
        subject=words.say("We are waiting for your payment for {event}", event=_title(facts.shown.event)),
        heading=words.say("Your payment is being processed"),
        paragraphs=(
            words.say(
                "Your payment of {amount} for order {number} is not confirmed yet.",
                amount=words.money(facts.amount),
                number=facts.shown.order.number,
            ),
            words.say("Do not pay again. We will send you your tickets as soon as the payment arrives."),
        ),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _payment_rejected(facts: Facts, words: Words) -> Letter:
    order = facts.shown.order
    is_open = order.status == OrderStatus.AWAITING_PAYMENT and facts.now < order.pay_until
    until = words.time(order.pay_until, facts.shown.event.timezone)
    return _letter(
        facts,
        words,
        subject=words.say("Your payment for {event} was not completed", event=_title(facts.shown.event)),
        heading=words.say("Your payment was not completed"),
        paragraphs=(
            words.say(
                "The payment of {amount} for order {number} was rejected, and we charged you nothing.",
                amount=words.money(facts.amount),
                number=order.number,
            ),
            words.say("Your places are kept until {time}. You can try again, with the same means of payment or another.", time=until)
            if is_open
            else words.say("The time to pay is over and your places went back on sale. If you still want to go, choose them again."),
        ),
        parts=(_order_part(facts, words),),
        link=Link(words.say("Try again") if is_open else words.say("See my order"), facts.url),
    )


def _order_expired(facts: Facts, words: Words) -> Letter:
    return _letter(
        facts,
        words,
        subject=words.say("The time to pay for {event} is over", event=_title(facts.shown.event)),
        heading=words.say("The time to pay is over"),
        paragraphs=(
            words.say(
                "Your payment of {amount} for order {number} did not arrive in time, and your places went back on sale.",
                amount=words.money(facts.amount),
                number=facts.shown.order.number,
            ),
            words.say(
                "If it arrives later, you get the same places if they are still free. If they are not, we return all of your money."
                " Do not pay again."
            ),
        ),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _money_returning(facts: Facts, words: Words) -> Letter:
    return _letter(
        facts,
        words,
        subject=words.say("We are returning your payment for {event}", event=_title(facts.shown.event)),
        heading=words.say("We are returning your payment"),
        paragraphs=(
            words.say(
                "Your payment of {amount} for order {number} arrived when your places were no longer available, so there are no tickets.",
                amount=words.money(facts.amount),
                number=facts.shown.order.number,
            ),
            words.say("We are returning all of it by the means you paid with. You do not have to do anything."),
        ),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _cancelled(facts: Facts, words: Words) -> Letter:
    order = facts.shown.order
    was_paid = order.paid_at is not None
    is_money_back = was_paid and order.total_minor > 0
    paragraphs = [words.say("{organizer} cancelled your order {number}.", organizer=_organizer(facts), number=order.number)]
    if was_paid:
        paragraphs.append(words.say("Its tickets are no longer valid."))
    if is_money_back:
        amount = words.money(facts.amount)
        paragraphs.append(words.say("You get {amount} back by the means you paid with. You do not have to do anything.", amount=amount))
    return _letter(
        facts,
        words,
        subject=words.say("Your order for {event} was cancelled", event=_title(facts.shown.event)),
        heading=words.say("Your order was cancelled"),
        paragraphs=tuple(paragraphs),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _refunded(facts: Facts, words: Words) -> Letter:
    order = facts.shown.order
    amount = words.money(facts.amount)
    paragraphs = [
        words.say("We returned {amount} of your order {number} by the means you paid with.", amount=amount, number=order.number),
        words.say("Your bank or card may take some days to show it."),
    ]
    if order.status == OrderStatus.PAID:
        paragraphs.append(words.say("Your tickets stay valid."))
    elif order.paid_at is not None:
        paragraphs.append(words.say("Its tickets are no longer valid."))
    return _letter(
        facts,
        words,
        subject=words.say("We returned {amount} to you", amount=amount),
        heading=words.say("We returned {amount} to you", amount=amount),
        paragraphs=tuple(paragraphs),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _holder_corrected(facts: Facts, words: Words) -> Letter:
    return _ticket_letter(
        facts,
        words,
        subject=words.say("You changed the data of a ticket for {event}", event=_title(facts.shown.event)),
        heading=words.say("The data of ticket {number} were changed", number=_ticket_number(facts)),
        said=(words.say("Its code is the same: what you printed or saved is still valid."),),
    )


def _holder_replaced(facts: Facts, words: Words) -> Letter:
    return _ticket_letter(
        facts,
        words,
        subject=words.say("Somebody else goes in with your ticket for {event}", event=_title(facts.shown.event)),
        heading=words.say("Ticket {number} has another holder", number=_ticket_number(facts)),
        said=_new_code(facts, words),
    )


def _code_replaced(facts: Facts, words: Words) -> Letter:
    return _ticket_letter(
        facts,
        words,
        subject=words.say("Your ticket for {event} has a new code", event=_title(facts.shown.event)),
        heading=words.say("Ticket {number} has a new code", number=_ticket_number(facts)),
        said=_new_code(facts, words),
    )


def _new_code(facts: Facts, words: Words) -> tuple[str, ...]:
    former = words.say("It has a new code. The former one, on paper or in an earlier mail, lets nobody in.")
    return (former, words.say("The new one is attached to this mail, too.")) if facts.has_attachments else (former,)


def _ticket_letter(facts: Facts, words: Words, *, subject: str, heading: str, said: tuple[str, ...]) -> Letter:
    """About one ticket of an order, which is shown as it is from now on."""
    ticket = facts.ticket
    assert ticket is not None, "it is about a ticket"
    event = facts.shown.event
    facts_of_it = tuple(when_and_where(event, ticket.performance_id, words))
    return _letter(
        facts,
        words,
        subject=subject,
        heading=heading,
        paragraphs=(words.say("This is about your order {number}.", number=facts.shown.order.number), *said),
        parts=(Part(title=_title(event), facts=facts_of_it, papers=(_paper(event, ticket, words),)),),
        link=Link(words.say("See my order"), facts.url),
        notes=(words.say("If you know nothing of this, write to the organizer: somebody else may have the link of your order."),),
    )


def _ticket_number(facts: Facts) -> str:
    assert facts.ticket is not None, "it is about a ticket"
    return str(facts.ticket.number)


def _address_changed(facts: Facts, words: Words) -> Letter:
    """To whoever reads the former address, which may be nobody's business any more: without the link, the new address or a name."""
    return Letter(
        locale=words.locale,
        subject=words.say("We no longer write to you about an order for {event}", event=_title(facts.shown.event)),
        heading=words.say("We write to another address from now on"),
        paragraphs=(
            words.say("The mail address of order {number} was changed.", number=facts.shown.order.number),
            words.say("If it was you, or if you know nothing of this order, you do not have to do anything."),
            words.say("If it is your order and it was not you, write to the organizer, {organizer}.", organizer=_organizer(facts)),
        ),
        organizer=_organizer(facts),
        footer=_footer(facts, words),
    )


def recovery_letter(orders: Iterable[Facts], words: Words) -> Letter:
    """The letter with the links of somebody's orders, of which there is at least one."""
    listed = list(orders)
    parts = []
    for facts in listed:
        part = _order_part(facts, words)
        parts.append(Part(title=part.title, facts=part.facts, link=Link(words.say("See my order"), facts.url)))
    first = listed[0]
    return Letter(
        locale=words.locale,
        subject=words.say("Your orders at {organizer}", organizer=_organizer(first)),
        heading=words.say("Here are your orders"),
        paragraphs=(words.say("You asked for the links of your orders. If it was not you, you do not have to do anything."),),
        parts=tuple(parts),
        notes=(words.say("These links are yours: whoever has one can see and use its tickets. Do not share them."),),
        organizer=_organizer(first),
        footer=_footer(first, words),
    )


def _withdrawal_asked(facts: Facts, words: Words) -> Letter:
    asked, order = _withdrawal(facts), facts.shown.order
    return _letter(
        facts,
        words,
        subject=words.say("You withdraw from your purchase for {event}", event=_title(facts.shown.event)),
        heading=words.say("Your request has the code {code}", code=asked.code),
        paragraphs=(
            words.say(
                "You want to withdraw from order {number}. Keep the code of your request: {code}.", number=order.number, code=asked.code
            ),
            *_lateness(facts, words),
            words.say("{organizer} answers within 24 hours, and we write to you then.", organizer=_organizer(facts)),
        ),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
        notes=(words.say("If it was not you who asked for this, write to the organizer: somebody else has the link of your order."),),
    )


def _withdrawal_notice(facts: Facts, words: Words) -> Letter:
    """To the organizer: without the order's link, which is its buyer's."""
    asked, order = _withdrawal(facts), facts.shown.order
    return Letter(
        locale=words.locale,
        subject=words.say("A buyer withdraws from order {number}", number=order.number),
        heading=words.say("A buyer withdraws from order {number}", number=order.number),
        paragraphs=(
            words.say("The code of the request is {code}. Its buyer has it too.", code=asked.code),
            *_lateness(facts, words),
            words.say("Answer within 24 hours: accept it, and the money goes back, or decline it and say why."),
        ),
        parts=(_order_part(facts, words),),
        organizer=_organizer(facts),
        footer=_footer(facts, words),
    )


def _lateness(facts: Facts, words: Words) -> tuple[str, ...]:
    if _withdrawal(facts).is_in_time:
        return ()
    return (words.say("It came later than ten days after the purchase, or less than 24 hours before the event."),)


def _withdrawal_accepted(facts: Facts, words: Words) -> Letter:
    asked, order = _withdrawal(facts), facts.shown.order
    paragraphs = [
        words.say(
            "{organizer} accepted your request {code} for order {number}.",
            organizer=_organizer(facts),
            code=asked.code,
            number=order.number,
        ),
        words.say("Its tickets are no longer valid."),
    ]
    if order.total_minor > 0:
        amount = words.money(order.total)
        paragraphs.append(words.say("You get {amount} back by the means you paid with. You do not have to do anything.", amount=amount))
    return _letter(
        facts,
        words,
        subject=words.say("Your withdrawal was accepted: {event}", event=_title(facts.shown.event)),
        heading=words.say("Your withdrawal was accepted"),
        paragraphs=tuple(paragraphs),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _withdrawal_declined(facts: Facts, words: Words) -> Letter:
    asked, order = _withdrawal(facts), facts.shown.order
    return _letter(
        facts,
        words,
        subject=words.say("Your withdrawal was not accepted: {event}", event=_title(facts.shown.event)),
        heading=words.say("Your withdrawal was not accepted"),
        paragraphs=(
            words.say(
                "{organizer} did not accept your request {code} for order {number}.",
                organizer=_organizer(facts),
                code=asked.code,
                number=order.number,
            ),
            words.say("What it says: {reason}", reason=typed(asked.reason or "", REASON_CHARACTERS_MAX)),
            words.say("If you do not agree, you may turn to the consumer authority with the code of your request."),
        ),
        parts=(_order_part(facts, words),),
        link=Link(words.say("See my order"), facts.url),
    )


def _withdrawal(facts: Facts) -> Withdrawal:
    assert facts.shown.withdrawal is not None, "it is about a withdrawal"
    return facts.shown.withdrawal


_LETTERS = {
    MailKind.CONFIRMATION: _confirmation,
    MailKind.PAYMENT_PENDING: _payment_pending,
    MailKind.PAYMENT_REJECTED: _payment_rejected,
    MailKind.ORDER_EXPIRED: _order_expired,
    MailKind.MONEY_RETURNING: _money_returning,
    MailKind.CANCELLED: _cancelled,
    MailKind.REFUNDED: _refunded,
    MailKind.WITHDRAWAL_ASKED: _withdrawal_asked,
    MailKind.WITHDRAWAL_NOTICE: _withdrawal_notice,
    MailKind.WITHDRAWAL_ACCEPTED: _withdrawal_accepted,
    MailKind.WITHDRAWAL_DECLINED: _withdrawal_declined,
    MailKind.HOLDER_CORRECTED: _holder_corrected,
    MailKind.HOLDER_REPLACED: _holder_replaced,
    MailKind.CODE_REPLACED: _code_replaced,
    MailKind.ADDRESS_CHANGED: _address_changed,
}


def _letter(
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
        organizer=_organizer(facts),
        footer=_footer(facts, words),
    )


def _footer(facts: Facts, words: Words) -> str:
    return words.say("You get this mail because of an order at {site}.", site=urlsplit(facts.url).netloc)


def _organizer(facts: Facts) -> str:
    return typed(facts.organizer, ORGANIZER_CHARACTERS_MAX)


def _title(event: EventSnapshot) -> str:
    return typed(event.title)


def _performances(facts: Facts, words: Words) -> Iterable[Part]:
    """A part for each performance that there are tickets for, in order of start."""
    event = facts.shown.event
    by_performance: dict[UUID, list[Ticket]] = {}
    for shown in facts.shown.tickets:
        by_performance.setdefault(shown.ticket.performance_id, []).append(shown.ticket)
    for performance_id in event.performances:
        if performance_id in by_performance:
            papers = tuple(_paper(event, ticket, words) for ticket in by_performance[performance_id])
            yield Part(title=_title(event), facts=tuple(when_and_where(event, performance_id, words)), papers=papers)


def _paper(event: EventSnapshot, ticket: Ticket, words: Words) -> Paper:
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


def _order_part(facts: Facts, words: Words) -> Part:
    """The order in a few words: what for, when, how many, how much."""
    shown = facts.shown
    performances = sorted({line.performance_id for line in shown.quote.lines} & shown.event.performances.keys(), key=str)
    starts = sorted(shown.event.performances[one].starts_at for one in performances)
    when = words.day_and_time(starts[0], shown.event.timezone) if starts else ""
    rows = [
        (words.say("When"), when),
        (words.say("Order"), shown.order.number),
        (words.say("Tickets"), str(len(shown.order.holders))),
        (words.say("Total"), words.money(shown.order.total)),
    ]
    return Part(title=_title(shown.event), facts=tuple(row for row in rows if row[1]))
