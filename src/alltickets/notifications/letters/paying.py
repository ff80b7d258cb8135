"""How to pay by transfer or in cash: what the order's page says, for whoever pays from another device or on another day."""

from collections.abc import Iterable

from alltickets.notifications.letters.letter import Letter, Link, Part
from alltickets.notifications.letters.pieces import Facts, order_letter, order_part, title_of, typed
from alltickets.notifications.letters.words import Words
from alltickets.orders.interface import ShownOrder
from alltickets.payments.interface import Instructions, shown_code

__all__ = ["is_instructed", "payment_instructed"]


def is_instructed(shown: ShownOrder) -> bool:
    """Whether the buyer is to pay by themselves, as things stand."""
    return isinstance(shown.step, Instructions)


def payment_instructed(facts: Facts, words: Words) -> Letter:
    """To be written only where `is_instructed`."""
    step, event = facts.shown.step, facts.shown.event
    assert isinstance(step, Instructions), "whoever is told how to pay has yet to pay"
    until = words.day_and_time(step.until, event.timezone)
    if step.method == "cash":
        subject = words.say("Pay for {event} at the box office", event=title_of(event))
        heading = words.say("Pay at the box office")
        first = words.say("Your tickets are reserved until {until}. Bring this amount in cash and say the code.", until=until)
        last = words.say("Once you have paid, we send you your tickets.")
    else:
        subject = words.say("How to transfer for {event}", event=title_of(event))
        heading = words.say("We are waiting for your transfer")
        first = words.say(
            "Your tickets are reserved until {until}. Transfer exactly this amount and write the code in the description:"
            " by it we know that the money is yours.",
            until=until,
        )
        last = words.say("People look at the account, so it may take some hours. We send you your tickets once they see your transfer.")
    return order_letter(
        facts,
        words,
        subject=subject,
        heading=heading,
        paragraphs=(first, last),
        parts=(Part(title=words.say("How to pay"), facts=tuple(_rows(step, words))), order_part(facts, words)),
        link=Link(words.say("See my order"), facts.url),
    )


def _rows(step: Instructions, words: Words) -> Iterable[tuple[str, str]]:
    yield words.say("Amount"), words.money(step.amount)
    yield words.say("Your code"), shown_code(step.code)
    names = {
        "holder": words.say("Account holder"),
        "cuit": "CUIT",
        "bank": words.say("Bank"),
        "cbu": "CBU/CVU",
        "alias": "Alias",
        "place": words.say("Box office"),
        "opening": words.say("Open"),
    }
    for line in step.lines:
        yield names[line.kind], typed(line.value)
