"""Letters about what a buyer has changed: who goes in, a ticket's code, where they are written to. Pure."""

from alltickets.notifications.letters.letter import Letter, Link, Part
from alltickets.notifications.letters.pieces import Facts, footer_of, order_letter, organizer_name, paper_of, title_of, when_and_where
from alltickets.notifications.letters.words import Words

__all__ = ["address_changed", "code_replaced", "holder_corrected", "holder_replaced"]


def holder_corrected(facts: Facts, words: Words) -> Letter:
    return _ticket_letter(
        facts,
        words,
        subject=words.say("You changed the data of a ticket for {event}", event=title_of(facts.shown.event)),
        heading=words.say("The data of ticket {number} were changed", number=_ticket_number(facts)),
        said=(words.say("Its code is the same: what you printed or saved is still valid."),),
    )


def holder_replaced(facts: Facts, words: Words) -> Letter:
    return _ticket_letter(
        facts,
        words,
        subject=words.say("Somebody else goes in with your ticket for {event}", event=title_of(facts.shown.event)),
        heading=words.say("Ticket {number} has another holder", number=_ticket_number(facts)),
        said=_new_code(facts, words),
    )


def code_replaced(facts: Facts, words: Words) -> Letter:
    return _ticket_letter(
        facts,
        words,
        subject=words.say("Your ticket for {event} has a new code", event=title_of(facts.shown.event)),
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
    return order_letter(
        facts,
        words,
        subject=subject,
        heading=heading,
        paragraphs=(words.say("This is about your order {number}.", number=facts.shown.order.number), *said),
        parts=(Part(title=title_of(event), facts=facts_of_it, papers=(paper_of(event, ticket, words),)),),
        link=Link(words.say("See my order"), facts.url),
        notes=(words.say("If you know nothing of this, write to the organizer: somebody else may have the link of your order."),),
    )


def _ticket_number(facts: Facts) -> str:
    assert facts.ticket is not None, "it is about a ticket"
    return str(facts.ticket.number)


def address_changed(facts: Facts, words: Words) -> Letter:
    """To whoever reads the former address, which may be nobody's business any more: without the link, the new address or a name."""
    return Letter(
        locale=words.locale,
        subject=words.say("We no longer write to you about an order for {event}", event=title_of(facts.shown.event)),
        heading=words.say("We write to another address from now on"),
        paragraphs=(
            words.say("The mail address of order {number} was changed.", number=facts.shown.order.number),
            words.say("If it was you, or if you know nothing of this order, you do not have to do anything."),
            words.say("If it is your order and it was not you, write to the organizer, {organizer}.", organizer=organizer_name(facts)),
        ),
        organizer=organizer_name(facts),
        footer=footer_of(facts, words),
    )
